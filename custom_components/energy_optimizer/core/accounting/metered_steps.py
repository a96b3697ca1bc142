"""What flowed through a home in steps of five minutes, and what it cost and earned then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..model.forecast import Floats
from ..model.metering import SLOT
from ..model.price import Certainty
from ..tariffs import Tariff, clipped

FLOWS: Final = ("grid_import_kwh", "grid_export_kwh", "battery_charge_kwh", "battery_discharge_kwh", "solar_kwh")
"""The channels without which nobody knows what happened in a step."""
_MICROSECOND: Final = timedelta(microseconds=1)

type SlotRow = tuple[datetime, float, bool]
"""A slot's start, its kWh, and whether that is an estimate."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MeteredSteps:
    """Energies and prices of equal steps; not a number where nobody knows."""

    starts_at: datetime
    step: timedelta = SLOT
    import_kwh: Floats
    export_kwh: Floats
    charge_kwh: Floats
    discharge_kwh: Floats
    solar_kwh: Floats
    import_per_kwh: Floats
    export_per_kwh: Floats
    is_estimated: NDArray[np.bool_]
    placed_kw: Floats | None = None
    """What cars and appliances drew when the home placed them; ``None`` where it placed nothing."""
    unplaced_kw: Floats | None = None
    """What the same would have drawn at once: at full power from when they were plugged in or asked for."""

    @property
    def count(self) -> int:
        """How many steps there are."""
        return int(self.import_kwh.size)

    @property
    def hours(self) -> float:
        """The length of a step."""
        return self.step / timedelta(hours=1)

    @property
    def ends_at(self) -> datetime:
        """When the last step ends."""
        return self.starts_at + self.step * self.count

    @property
    def are_known(self) -> NDArray[np.bool_]:
        """In which steps all energies are known."""
        return np.isfinite(self.net_kwh + self.solar_kwh)

    @property
    def net_kwh(self) -> Floats:
        """What the house lacked beyond the sun (negative: surplus), as it happened."""
        return self.import_kwh - self.export_kwh + self.discharge_kwh - self.charge_kwh

    @property
    def load_kwh(self) -> Floats:
        """What the house drew, as it happened; never negative."""
        return np.maximum(self.net_kwh + self.solar_kwh, 0.0)

    @property
    def unsteered_net_kwh(self) -> Floats:
        """What the house would have lacked had nothing been placed."""
        if self.placed_kw is None or self.unplaced_kw is None:
            return self.net_kwh
        return self.net_kwh + (self.unplaced_kw - self.placed_kw) * self.hours

    @property
    def both_ways_kwh(self) -> Floats:
        """What flowed in and out within the same step: faster than these steps tell, so it is left on all sides."""
        return np.minimum(self.import_kwh, self.export_kwh)


def metered_steps(
    start: datetime,
    end: datetime,
    flows: Mapping[str, Iterable[SlotRow]],
    tariff: Tariff,
    *,
    has_solar: bool = True,
) -> MeteredSteps:
    """Put the known slots of each channel in ``FLOWS`` into steps from *start* (on the grid of slots) to *end*.

    A home without panels has no sun to be unknown.
    """
    count = (end - start) // SLOT
    energies = {name: np.full(count, np.nan) for name in FLOWS}
    if not has_solar:
        energies["solar_kwh"] = np.zeros(count)
    estimated = np.zeros(count, dtype=np.bool_)
    for name, values in energies.items():
        for starts_at, kwh, is_estimate in flows.get(name, ()):
            index = (starts_at - start) // SLOT
            if 0 <= index < count and (has_solar or name != "solar_kwh"):
                values[index] = kwh
                estimated[index] |= is_estimate
    imports, exports = prices_of_steps(tariff, start, count)
    return MeteredSteps(
        starts_at=start,
        import_kwh=energies["grid_import_kwh"],
        export_kwh=energies["grid_export_kwh"],
        charge_kwh=energies["battery_charge_kwh"],
        discharge_kwh=energies["battery_discharge_kwh"],
        solar_kwh=energies["solar_kwh"],
        import_per_kwh=imports,
        export_per_kwh=exports,
        is_estimated=estimated,
    )


def prices_of_steps(tariff: Tariff, start: datetime, count: int, step: timedelta = SLOT) -> tuple[Floats, Floats]:
    """Return import and export prices as means over steps, as bills spread energy; forecasts are not known prices."""
    imports, exports = np.zeros(count), np.zeros(count)
    covered = np.zeros(count)
    for slot in clipped(tariff.slots(start, start + step * count), start, start + step * count):
        first = ((slot.starts_at - start) // _MICROSECOND) / (step // _MICROSECOND)
        last = ((slot.ends_at - start) // _MICROSECOND) / (step // _MICROSECOND)
        inside = slice(int(first), ceil(last))
        at = np.arange(inside.start, inside.stop)
        share = np.minimum(at + 1.0, last) - np.maximum(at, first)
        is_known = slot.certainty is not Certainty.FORECAST
        covered[inside] += share
        for prices, price in ((imports, slot.import_per_kwh), (exports, slot.export_per_kwh)):
            prices[inside] += share * (np.nan if price is None or not is_known else price)
    for prices in (imports, exports):
        prices[covered < 1.0 - 1e-9] = np.nan
    return imports, exports


def on_grid(rows: Iterable[SlotRow], start: datetime, count: int) -> Floats:
    """Return the kWh of each slot from *start* on; not a number where nobody knows."""
    values = np.full(count, np.nan)
    for starts_at, kwh, _ in rows:
        index = (starts_at - start) // SLOT
        if 0 <= index < count:
            values[index] = kwh
    return values
