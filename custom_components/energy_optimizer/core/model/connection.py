"""What a home's connection to the grid can carry."""

from typing import Final

VOLTS: Final = 230.0
_LEG_VOLTS: Final = 120.0
"""Between each of the two legs of a North American home and its neutral."""
_TOLERANCE: Final = 1.5
"""Breakers bear more for a while, and panels and battery may feed the house from behind the main fuse."""


def most_power_kw(fuse_a: float, phases: int) -> float:
    """Return the power above which a sensor of a home with this main fuse cannot be right."""
    return _TOLERANCE * fuse_a * phases * VOLTS / 1000


def fuse_power_kw(fuse_a: float, phases: int) -> float:
    """Return what a main fuse lets through; two phases are the two legs of North America."""
    return fuse_a * phases * (_LEG_VOLTS if phases == 2 else VOLTS) / 1000
