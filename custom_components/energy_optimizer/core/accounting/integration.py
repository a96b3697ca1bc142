"""Energy from power, for devices that count none themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from ..model.energy import EnergyTotals
from ..model.powerwall import PowerwallReading

LONGEST_GAP = timedelta(minutes=5)
"""Across a longer silence no energy is invented."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Flow:
    """The energy of one stretch, split by direction."""

    forward_kwh: float
    backward_kwh: float


def integrate(totals: EnergyTotals, before: PowerwallReading, after: PowerwallReading) -> EnergyTotals:
    """Add to *totals* what flowed between two readings, taking power as changing evenly from one to the other.

    A total starts at 0 with the first stretch whose power is known at both ends. Nothing is added across a gap longer
    than five minutes, nor where a power is unknown.
    """
    gap = after.taken_at - before.taken_at
    if not timedelta(0) < gap <= LONGEST_GAP:
        return totals
    hours = gap.total_seconds() / 3600
    added: dict[str, float] = {}
    for start_kw, end_kw, forward, backward in _directions(before, after):
        if start_kw is None or end_kw is None:
            continue
        flow = _split(start_kw, end_kw, hours)
        added[forward] = flow.forward_kwh
        if backward is not None:
            added[backward] = flow.backward_kwh
    return replace(totals, **{name: (getattr(totals, name) or 0.0) + kwh for name, kwh in added.items()})


def complete(counted: EnergyTotals, integrated: EnergyTotals) -> EnergyTotals:
    """Return the device's own totals, with our integrated ones where it has none."""
    own = {each.name: getattr(counted, each.name) for each in fields(counted)}
    return replace(integrated, **{name: kwh for name, kwh in own.items() if kwh is not None})


def _directions(
    before: PowerwallReading, after: PowerwallReading
) -> Iterator[tuple[float | None, float | None, str, str | None]]:
    yield before.grid_kw, after.grid_kw, "grid_import_kwh", "grid_export_kwh"
    yield before.battery_kw, after.battery_kw, "battery_discharge_kwh", "battery_charge_kwh"
    yield before.solar_kw, after.solar_kw, "solar_kwh", None
    yield before.home_kw, after.home_kw, "home_kwh", None


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
