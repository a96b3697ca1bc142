"""What was planned for each step of the last day, and what happened."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ..model.decision import DecisionKind
from ..model.epoch_slots import slot_index, slot_starts_at
from ..model.metering import SLOT
from ..model.plan import Plan
from ..model.powerwall import PowerwallReading

KEPT: Final = timedelta(hours=24)
_POWERS: Final = ("home_kw", "solar_kw", "battery_kw", "grid_kw")


@dataclass(frozen=True, kw_only=True, slots=True)
class PastStep:
    """One slot of the clock: what the plan in force at its start expected, and the means of what was read."""

    starts_at: datetime
    decision: DecisionKind | None
    """``None`` if there was no plan."""
    planned_battery_kw: float | None
    planned_level_kwh: float | None
    """At the end of the plan's step."""
    load_kw: float | None
    solar_kw: float | None
    battery_kw: float | None
    grid_kw: float | None
    level_percent: float | None
    """As it was last read in the slot."""


@dataclass(kw_only=True, slots=True)
class PlanHistory:
    """A day of past steps, in memory."""

    steps: deque[PastStep] = field(default_factory=lambda: deque(maxlen=KEPT // SLOT))
    _slot: datetime | None = None
    _plan: Plan | None = None
    _sums: dict[str, tuple[float, int]] = field(default_factory=dict)
    _level_percent: float | None = None

    def take_in(self, reading: PowerwallReading, plan: Plan | None) -> None:
        """Note a reading; the first one of a slot ends the slot before and takes *plan* for the new one."""
        slot = slot_starts_at(slot_index(reading.taken_at, SLOT), SLOT)
        if slot != self._slot:
            self._end()
            self._slot, self._plan = slot, plan
        for name in _POWERS:
            value: float | None = getattr(reading, name)
            if value is not None:
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = (total + value, count + 1)
        if reading.level_percent is not None:
            self._level_percent = reading.level_percent

    def _end(self) -> None:
        if self._slot is None:
            return
        planned = self._plan.at(self._slot) if self._plan else None
        means = {name: total / count for name, (total, count) in self._sums.items()}
        self.steps.append(
            PastStep(
                starts_at=self._slot,
                decision=planned.decision.kind if planned else None,
                planned_battery_kw=planned.battery_kw if planned else None,
                planned_level_kwh=planned.level_kwh if planned else None,
                load_kw=means.get("home_kw"),
                solar_kw=means.get("solar_kw"),
                battery_kw=means.get("battery_kw"),
                grid_kw=means.get("grid_kw"),
                level_percent=self._level_percent,
            )
        )
        self._sums, self._level_percent = {}, None
