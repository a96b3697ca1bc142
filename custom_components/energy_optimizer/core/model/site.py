"""A home's panels and where they stand."""

from dataclasses import dataclass

from .place import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class SolarPanels:
    """Panels of one direction."""

    kwp: float
    tilt_degrees: float
    """From the horizontal."""
    azimuth_degrees: float
    """Clockwise from north."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SolarSite:
    """Where panels stand, and what is known of them."""

    place: Place
    panels: tuple[SolarPanels, ...] = ()
    """Empty if nobody said; what they can give is then learned from what they gave."""
