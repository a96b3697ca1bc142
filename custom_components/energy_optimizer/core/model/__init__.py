"""Frozen pictures of the home that travel between the layers.

Powers are in kW (grid + import, battery + discharge, solar and home ≥ 0), energies in kWh, times are aware.
An unknown value is ``None``, never 0.
"""
