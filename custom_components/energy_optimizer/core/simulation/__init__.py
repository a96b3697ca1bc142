"""The physics of a home, for the simulated devices, the demo, the benchmarks and the tests."""
