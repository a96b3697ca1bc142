"""What a home's connection to the grid can carry."""

from typing import Final

VOLTS: Final = 230.0
_TOLERANCE: Final = 1.5
"""Breakers bear more for a while, and panels and battery may feed the house from behind the main fuse."""


def most_power_kw(fuse_a: float, phases: int) -> float:
    """Return the power above which a sensor of a home with this main fuse cannot be right."""
    return _TOLERANCE * fuse_a * phases * VOLTS / 1000
