"""Forecasts, the optimiser, and what to do now."""
