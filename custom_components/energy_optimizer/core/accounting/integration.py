"""Energy from power, for devices that count none themselves."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ..model.powerwall import PowerwallReading

LONGEST_GAP: Final = timedelta(minutes=5)
"""Across a longer silence no energy is invented."""
_DIRECTIONS: Final = (
    ("grid_kw", "grid_import_kwh", "grid_export_kwh"),
    ("battery_kw", "battery_discharge_kwh", "battery_charge_kwh"),
    ("solar_kw", "solar_kwh", None),
    ("home_kw", "home_kwh", None),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Flow:
    """The energy of one stretch, split by direction."""

    forward_kwh: float
    backward_kwh: float


def flowed(before: PowerwallReading, after: PowerwallReading) -> dict[str, float]:
    """Return what flowed between two readings, by the names of ``EnergyTotals``.

    Power is taken as changing evenly from one reading to the other. Nothing is returned across a gap longer than five
    minutes, nor for a power that is unknown or stale.
    """
    gap = after.taken_at - before.taken_at
    if not timedelta(0) < gap <= LONGEST_GAP:
        return {}
    hours = gap.total_seconds() / 3600
    added: dict[str, float] = {}
    for power, forward, backward in _DIRECTIONS:
        start_kw, end_kw = getattr(before, power), getattr(after, power)
        if start_kw is None or end_kw is None or power in after.stale:
            continue
        flow = _split(start_kw, end_kw, hours)
        added[forward] = flow.forward_kwh
        if backward is not None:
            added[backward] = flow.backward_kwh
    return added


def _split(start_kw: float, end_kw: float, hours: float) -> _Flow:
    """Integrate a straight line from *start_kw* to *end_kw*, its part above zero and its part below apart."""
    if start_kw >= 0 and end_kw >= 0:
        return _Flow(forward_kwh=(start_kw + end_kw) / 2 * hours, backward_kwh=0.0)
    if start_kw <= 0 and end_kw <= 0:
        return _Flow(forward_kwh=0.0, backward_kwh=-(start_kw + end_kw) / 2 * hours)
    share = abs(start_kw) / (abs(start_kw) + abs(end_kw))  # of the time until the line crosses zero
    first_kwh, second_kwh = abs(start_kw) / 2 * hours * share, abs(end_kw) / 2 * hours * (1 - share)
    if start_kw > 0:
        return _Flow(forward_kwh=first_kwh, backward_kwh=second_kwh)
    return _Flow(forward_kwh=second_kwh, backward_kwh=first_kwh)
