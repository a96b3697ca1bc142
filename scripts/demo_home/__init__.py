"""Runs a real Home Assistant with a simulated home in it: what stands behind ``scripts/demo``."""
