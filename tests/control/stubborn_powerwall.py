"""A Powerwall on a clock of its own that loses, refuses and delays commands on demand, with a control on top."""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.energy_optimizer.api.errors import (
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.powerwall import PowerwallAbilities, PowerwallPath, TeslaTariff
from custom_components.energy_optimizer.api.powerwall.tesla_tariff import TariffNames, tesla_tariff
from custom_components.energy_optimizer.control.powerwall import PowerwallControl
from custom_components.energy_optimizer.control.stored import state_from_json
from custom_components.energy_optimizer.core.model.powerwall import (
    ExportRule,
    GridStatus,
    OperationMode,
    PowerwallReading,
    PowerwallSettings,
)
from custom_components.energy_optimizer.core.tariffs.rolling_day import HalfHour, HalfHourSource, RollingDay

ZONE = ZoneInfo("Australia/Sydney")
BEGIN = datetime(2026, 3, 2, 1, 10, tzinfo=UTC)
SETTINGS = frozenset({"operation_mode", "backup_reserve_percent", "grid_charging", "export_rule"})
CLOUD = PowerwallAbilities(writable=SETTINGS, can_set_tariff=True, confirm_within=timedelta(seconds=60))
SETTINGS_ONLY = PowerwallAbilities(writable=SETTINGS, confirm_within=timedelta(seconds=30))
LOCAL = PowerwallAbilities(
    writable=SETTINGS,
    can_dispatch=True,
    confirm_within=timedelta(seconds=30),
    acts_within=timedelta(seconds=10),
    most_charge_kw=5.0,
    most_discharge_kw=5.0,
)
FAULTS = ("lost_before", "lost_after", "refused", "revoked", "limited", "late", "never", "half")


def tariff(name: str, cheap: float = 0.1, dear: float = 0.4) -> dict[str, Any]:
    """Return a tariff in Tesla's form, dear in the evening."""
    half_hours = tuple(
        HalfHour(
            number=number,
            import_per_kwh=dear if 32 <= number < 42 else cheap,
            export_per_kwh=0.05,
            source=HalfHourSource.PUBLISHED,
        )
        for number in range(48)
    )
    day = RollingDay(made_at=BEGIN, half_hours=half_hours)
    return tesla_tariff(day, TariffNames(name=name, utility="Test", currency="AUD"))


@dataclass
class VirtualClock:
    """Time that passes only when somebody sleeps or lets it pass."""

    at: datetime = BEGIN
    timers: list[tuple[datetime, Callable[[], Coroutine[None, None, None]]]] = field(default_factory=list)
    started: list[Coroutine[None, None, None]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def zone(self) -> tzinfo:
        return ZONE

    async def sleep(self, duration: timedelta) -> None:
        self.at += duration

    def wake_at(self, at: datetime, action: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
        timer = (at, action)
        self.timers.append(timer)
        return lambda: self.timers.remove(timer) if timer in self.timers else None

    def start(self, action: Coroutine[None, None, None]) -> None:
        self.started.append(action)

    async def run_started(self) -> None:
        while self.started:
            await self.started.pop(0)


@dataclass
class MemoryStore:
    """A file, as JSON."""

    text: str | None = None
    is_closed: bool = False
    is_full: bool = False
    writes: int = 0

    async def async_keep(self, data: Any) -> bool:
        if self.is_full:
            return False
        self.text = json.dumps(data)
        self.writes += 1
        return True


class StubbornPowerwall(PowerwallPath):
    """What is sent takes effect now, later or never, whatever is answered."""

    def __init__(self, clock: VirtualClock, abilities: PowerwallAbilities) -> None:
        self.clock = clock
        self._abilities = abilities
        self.values: dict[str, Any] = {
            "operation_mode": OperationMode.SELF_CONSUMPTION,
            "backup_reserve_percent": 20.0,
            "grid_charging": False,
            "export_rule": ExportRule.PV_ONLY,
            "tariff": tariff("Of old"),
        }
        self.coming: list[tuple[datetime, str, Any]] = []
        self.faults: list[str] = []
        self.commands: list[tuple[datetime, str, Any]] = []
        self.commands_in_an_outage = 0
        self.unreachable = self.outage = self.storm = self.deaf = False
        self.level_percent = 50.0
        self.ordered_kw = 0.0
        self.ordered_until = BEGIN

    @property
    def abilities(self) -> PowerwallAbilities:
        return self._abilities

    @property
    def poll_interval(self) -> timedelta:
        return timedelta(seconds=30)

    @property
    def dispatched_kw(self) -> float:
        """The power that is ordered now."""
        return self.ordered_kw if self.clock.at < self.ordered_until and not self.deaf else 0.0

    def settle(self) -> None:
        """Let what is due take effect."""
        for effect in [each for each in self.coming if each[0] <= self.clock.at]:
            self.coming.remove(effect)
            self.values[effect[1]] = effect[2]

    async def read(self) -> PowerwallReading:
        if self.unreachable:
            raise UnreachableError("no answer")
        self.settle()
        return PowerwallReading(
            taken_at=self.clock.at,
            battery_kw=self.dispatched_kw,
            grid_kw=0.0,
            level_percent=self.level_percent,
            grid_status=GridStatus.ISLANDED if self.outage else GridStatus.CONNECTED,
            storm_watch=self.storm,
            settings=replace(PowerwallSettings(), **{name: self.values[name] for name in SETTINGS}),
        )

    async def apply(self, wanted: PowerwallSettings) -> None:
        for name, value in wanted.named.items():
            self._take(name, value)

    async def read_tariff(self) -> TeslaTariff | None:
        if self.unreachable:
            raise UnreachableError("no answer")
        self.settle()
        return self.values["tariff"]

    async def write_tariff(self, tariff: TeslaTariff) -> None:
        self._take("tariff", dict(tariff))

    async def dispatch(self, power_kw: float, lasting: timedelta) -> None:
        assert lasting <= timedelta(seconds=60)
        if self._fault("dispatch", power_kw) is not None:
            self.ordered_kw, self.ordered_until = power_kw, self.clock.at + lasting
        self._answer()

    async def stop_dispatch(self) -> None:
        if self._fault("dispatch", None) is not None:
            self.ordered_until = self.clock.at
        self._answer()

    def _take(self, name: str, value: Any) -> None:
        delay = self._fault(name, value)
        if delay is not None:
            self.coming.append((self.clock.at + delay, name, value))
            self.settle()
        self._answer()

    def _fault(self, name: str, value: Any) -> timedelta | None:
        """Return after how long a command takes effect; ``None`` for never."""
        self.error: SourceError | None = None
        self.commands.append((self.clock.at, name, value))
        self.commands_in_an_outage += self.outage or self.storm
        if self.unreachable:
            self.error = UnreachableError("no answer")
            return None
        fault = self.faults.pop(0) if self.faults else None
        self.error = {
            "lost_before": UnreachableError("lost"),
            "lost_after": UnreachableError("lost"),
            "refused": NotPermittedError("no"),
            "revoked": RefusedError("who are you"),
            "limited": CoolingDownError("slowly", until=self.clock.at + timedelta(seconds=90)),
            "half": NonsenseError("half of it"),
        }.get(fault or "")
        if fault in {"lost_before", "refused", "revoked", "limited", "never"} or self.deaf:
            return None
        return timedelta(seconds=40) if fault == "late" else timedelta()

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error


class Home:
    """A stubborn Powerwall, polled each half minute, and what controls it."""

    def __init__(self, abilities: PowerwallAbilities) -> None:
        self.clock = VirtualClock()
        self.path = StubbornPowerwall(self.clock, abilities)
        self.store = MemoryStore()
        self.reading: PowerwallReading | None = None
        self.poll_at = self.clock.at
        self.control = self._make()

    def _make(self) -> PowerwallControl:
        return PowerwallControl(device=self, store=self.store, clock=self.clock, currency="AUD")

    async def look(self) -> None:
        try:
            self.reading = await self.path.read()
        except SourceError:
            self.reading = None

    async def start(self) -> None:
        await self.look()
        state = state_from_json(json.loads(self.store.text)) if self.store.text else None
        await self.control.async_start(state)

    async def restart(self) -> None:
        """Let Home Assistant die and come back."""
        self.clock.timers.clear()
        for each in self.clock.started:
            each.close()
        self.clock.started.clear()
        self.reading, self.control = None, self._make()
        await self.start()

    async def live(self, duration: timedelta) -> None:
        """Let time pass, with polls and timers."""
        end = self.clock.at + duration
        while True:
            next_at = min([self.poll_at, end, *(at for at, _ in self.clock.timers)])
            self.clock.at = max(self.clock.at, next_at)
            for timer in [each for each in self.clock.timers if each[0] <= self.clock.at]:
                self.clock.timers.remove(timer)
                await timer[1]()
            if self.poll_at <= self.clock.at:
                self.poll_at = self.clock.at + self.path.poll_interval
                await self.look()
                self.control.on_look()
            await self.clock.run_started()
            if self.clock.at >= end:
                return


def run[T](action: Coroutine[Any, Any, T]) -> T:
    """Run to the end what never really waits, time being virtual."""
    try:
        action.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something real")
