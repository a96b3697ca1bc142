"""Falling back from one way to the next, and coming back."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import override

import pytest
from homeassistant.core import HomeAssistant

from custom_components.energy_optimizer.api.errors import (
    CoolingDownError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.powerwall import PowerwallAbilities, PowerwallPath, TeslaTariff, several
from custom_components.energy_optimizer.api.powerwall.several import SeveralPaths
from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.model.powerwall import OperationMode, PowerwallReading, PowerwallSettings
from tests.api.powerwall.cloud_paths import Clock, make_path
from tests.servers.tesla_cloud import TeslaCloud

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOCAL = frozenset({"operation_mode", "backup_reserve_percent"})
ALL = LOCAL | {"storm_mode"}


class Scripted(PowerwallPath):
    """A way that answers unless a test says otherwise."""

    def __init__(self, now: Callable[[], datetime], names: frozenset[str], *, tariff: bool = False) -> None:
        self._now = now
        self._names = names
        self._tariff = tariff
        self.failure: SourceError | None = None
        self.reads = 0
        self.told: list[object] = []
        self.settings = PowerwallSettings(
            operation_mode=OperationMode.SELF_CONSUMPTION, backup_reserve_percent=20, storm_mode=True
        )

    @property
    @override
    def abilities(self) -> PowerwallAbilities:
        return PowerwallAbilities(
            writable=self._names, shown=self._names, can_set_tariff=self._tariff, can_dispatch=not self._tariff
        )

    @property
    @override
    def poll_interval(self) -> timedelta:
        return timedelta(minutes=20) if self._tariff else timedelta(seconds=10)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    @override
    async def read(self) -> PowerwallReading:
        self.reads += 1
        self._fail()
        return PowerwallReading(taken_at=self._now(), home_kw=1, settings=self.settings.only(self._names))

    @override
    def ask_anew(self) -> None:
        self.told.append("anew")

    @override
    async def apply(self, wanted: PowerwallSettings) -> None:
        self._fail()
        self.told.append(wanted.named)

    @override
    async def read_tariff(self) -> TeslaTariff | None:
        self._fail()
        return {"name": "kept"}

    @override
    async def write_tariff(self, tariff: TeslaTariff) -> None:
        self._fail()
        self.told.append(tariff)

    @override
    async def dispatch(self, power_kw: float, lasting: timedelta) -> None:
        self._fail()
        self.told.append((power_kw, lasting))

    @override
    async def stop_dispatch(self) -> None:
        self._fail()
        self.told.append("stop")

    @override
    async def energy_between(self, start: datetime, end: datetime) -> EnergyTotals | None:
        self._fail()
        return EnergyTotals(home_kwh=1) if self._tariff else None

    @override
    async def close(self) -> None:
        self.told.append("closed")


class Home:
    """A gateway, and Tesla's cloud behind it."""

    def __init__(self) -> None:
        self.now = START
        self.gateway = Scripted(lambda: self.now, LOCAL)
        self.cloud = Scripted(lambda: self.now, ALL, tariff=True)
        self.paths = SeveralPaths({"gateway": self.gateway, "fleet": self.cloud}, now=lambda: self.now)


@pytest.fixture
def home() -> Home:
    return Home()


async def test_falls_back_within_one_reading_and_comes_back(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await home.paths.read()
    assert (home.paths.active, dict(home.paths.failures)) == ("gateway", {})
    home.gateway.failure = UnreachableError("gone")
    for _ in range(10):
        assert (await home.paths.read()).home_kw == 1
        home.now += timedelta(seconds=5)
    assert home.paths.active == "fleet"
    assert list(home.paths.failures) == ["gateway"]
    assert home.gateway.reads == 2
    assert home.paths.poll_interval == timedelta(minutes=1)
    home.gateway.failure = None
    home.now += timedelta(seconds=15)
    await home.paths.read()
    assert (home.paths.active, dict(home.paths.failures)) == ("gateway", {})
    assert home.paths.poll_interval == timedelta(seconds=10)
    assert [record.levelname for record in caplog.records if "reached by" in record.message] == ["WARNING", "INFO"]


async def test_a_pause_that_was_asked_for_is_kept(home: Home) -> None:
    home.gateway.failure = CoolingDownError("wait", until=START + timedelta(minutes=7))
    await home.paths.read()
    home.gateway.failure = None
    home.now += timedelta(minutes=6, seconds=59)
    await home.paths.read()
    assert home.paths.active == "fleet"
    home.now += timedelta(seconds=1)
    await home.paths.read()
    assert home.paths.active == "gateway"


async def test_who_was_refused_is_named_and_left_alone(home: Home) -> None:
    home.gateway.failure = RefusedError("wrong password")
    for _ in range(4):
        await home.paths.read()
        home.now += timedelta(minutes=1)
    assert home.paths.refused == {"gateway"}
    assert home.gateway.reads == 1
    home.now += timedelta(minutes=2)
    await home.paths.read()
    assert home.gateway.reads == 2


async def test_when_none_answers_the_first_says_why_and_is_asked_each_time(home: Home) -> None:
    home.gateway.failure, home.cloud.failure = UnreachableError("no gateway"), RefusedError("no login")
    for _ in range(3):
        with pytest.raises(UnreachableError, match="no gateway"):
            await home.paths.read()
        home.now += timedelta(seconds=10)
    assert (home.gateway.reads, home.cloud.reads) == (3, 1)
    assert home.paths.refused == {"fleet"}


async def test_what_the_way_in_use_does_not_show_comes_from_one_that_does(home: Home) -> None:
    home.cloud.settings = PowerwallSettings(
        operation_mode=OperationMode.BACKUP, backup_reserve_percent=77, storm_mode=False
    )
    settings = (await home.paths.read()).settings
    assert settings.named == {"operation_mode": "self_consumption", "backup_reserve_percent": 20, "storm_mode": False}
    assert home.paths.active == "gateway"
    home.cloud.failure = UnreachableError("no internet")
    for _ in range(5):
        assert (await home.paths.read()).settings.storm_mode is None
        home.now += timedelta(minutes=1)
    assert home.cloud.reads == 2


async def test_nothing_comes_and_goes_with_the_way_in_use(home: Home) -> None:
    before = home.paths.abilities
    assert before.writable == before.shown == ALL
    assert before.can_set_tariff
    assert before.can_dispatch
    home.gateway.failure = UnreachableError("gone")
    await home.paths.read()
    assert home.paths.abilities == before


async def test_each_setting_goes_by_the_first_way_that_can(home: Home) -> None:
    await home.paths.apply(PowerwallSettings(operation_mode=OperationMode.BACKUP, storm_mode=False))
    assert home.gateway.told == [{"operation_mode": "backup"}]
    assert home.cloud.told == [{"storm_mode": False}]


async def test_a_command_falls_back_too(home: Home) -> None:
    home.gateway.failure = UnreachableError("gone")
    await home.paths.apply(PowerwallSettings(operation_mode=OperationMode.BACKUP))
    assert home.cloud.told == [{"operation_mode": "backup"}]
    home.cloud.failure = NotPermittedError("no")
    with pytest.raises(NotPermittedError, match="no"):
        await home.paths.apply(PowerwallSettings(storm_mode=True))
    with pytest.raises(NotPermittedError, match="grid_charging"):
        await home.paths.apply(PowerwallSettings(grid_charging=True))


async def test_the_way_that_ordered_a_power_takes_it_back(home: Home) -> None:
    await home.paths.dispatch(5, timedelta(seconds=30))
    home.gateway.failure = UnreachableError("gone")
    await home.paths.read()
    with pytest.raises(UnreachableError):
        await home.paths.stop_dispatch()
    home.gateway.failure = None
    await home.paths.stop_dispatch()
    assert home.gateway.told == [(5, timedelta(seconds=30)), "stop"]
    assert home.cloud.told == []


async def test_tariff_and_history_come_from_the_way_that_has_them(home: Home) -> None:
    assert await home.paths.read_tariff() == {"name": "kept"}
    await home.paths.write_tariff({"name": "new"})
    assert home.cloud.told == [{"name": "new"}]
    assert await home.paths.energy_between(START, START + timedelta(hours=1)) == EnergyTotals(home_kwh=1)
    home.cloud.failure = UnreachableError("no internet")
    assert await home.paths.energy_between(START, START + timedelta(hours=1)) is None
    home.paths.ask_anew()
    await home.paths.close()
    assert home.gateway.told == ["anew", "closed"]


async def test_from_one_cloud_to_another_and_back(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    clock = Clock()
    tesla_cloud.site.now = tesla_cloud.oauth.now = clock
    ways = {way: make_path(way, hass, tesla_cloud, clock) for way in ("fleet", "teslemetry", "owner")}
    paths = SeveralPaths(ways, now=clock)
    tesla_cloud.oauth.revoke_consent()
    assert (await paths.read()).home_kw == 1.5
    assert (paths.active, paths.refused) == ("teslemetry", {"fleet"})
    tesla_cloud.subscribed = False
    clock.pass_(minutes=2)
    with pytest.raises(SourceError):
        await paths.read()
    assert paths.refused == {"fleet", "owner"}
    assert isinstance(paths.failures["teslemetry"], NotPermittedError)
    tesla_cloud.subscribed = True
    clock.pass_(minutes=2)
    await paths.read()
    assert paths.active == "teslemetry"
    await paths.apply(PowerwallSettings(backup_reserve_percent=44))
    assert (await paths.read()).settings.backup_reserve_percent == 44
    await paths.close()


async def test_a_cloud_beside_a_gateway_is_asked_seldom_and_at_once_after_a_command(
    hass: HomeAssistant, tesla_cloud: TeslaCloud
) -> None:
    """The gateway shows all but storm watch: a metered cloud costs a third of what it does alone."""
    clock = Clock()
    tesla_cloud.site.now = tesla_cloud.oauth.now = clock
    gateway = Scripted(clock, LOCAL)
    cloud = make_path("fleet", hass, tesla_cloud, clock, shown=ALL)
    paths = SeveralPaths({"gateway": gateway, "fleet": cloud}, now=clock)
    for _ in range(6 * 24):
        assert (await paths.read()).settings.storm_mode is True, "the last value is kept in between"
        clock.pass_(minutes=10)
    assert cloud.meter.calls_this_month <= 2 * 24 + 2
    assert cloud.meter.cost_this_month_usd * 31 < 3.2
    before = cloud.meter.calls_this_month
    tesla_cloud.site.effects = {"storm": timedelta(seconds=40)}
    await paths.apply(PowerwallSettings(storm_mode=False))
    shown = []
    for _ in range(6):
        shown.append((await paths.read()).settings.storm_mode)
        clock.pass_(seconds=10)
    assert shown == [True] * 4 + [False] * 2
    assert cloud.meter.calls_this_month - before < 16
    await paths.close()


async def test_a_command_of_the_gateway_does_not_make_the_cloud_dear(
    hass: HomeAssistant, tesla_cloud: TeslaCloud
) -> None:
    clock = Clock()
    tesla_cloud.site.now = tesla_cloud.oauth.now = clock
    gateway = Scripted(clock, LOCAL)
    cloud = make_path("fleet", hass, tesla_cloud, clock, shown=ALL)
    paths = SeveralPaths({"gateway": gateway, "fleet": cloud}, now=clock)
    await paths.read()
    clock.pass_(minutes=6)
    tesla_cloud.site.settings["storm"] = False
    paths.ask_anew()
    assert (await paths.read()).settings.storm_mode is False
    before = cloud.meter.calls_this_month
    for _ in range(4 * 120):  # four hours of force, looked at anew each half minute
        clock.pass_(seconds=30)
        paths.ask_anew()
        await paths.read()
    assert cloud.meter.calls_this_month - before <= 2 * 4 * 12 + 2
    await paths.close()


async def test_time_does_not_go_back_when_a_cloud_that_remembers_stands_in(
    hass: HomeAssistant, tesla_cloud: TeslaCloud
) -> None:
    """What flowed between the cloud's last look and the gateway's would be counted twice."""
    clock = Clock()
    tesla_cloud.site.now = tesla_cloud.oauth.now = clock
    gateway = Scripted(clock, LOCAL)
    cloud = make_path("fleet", hass, tesla_cloud, clock, shown=ALL)
    paths = SeveralPaths({"gateway": gateway, "fleet": cloud}, now=clock)
    await paths.read()
    clock.pass_(minutes=15)
    last = await paths.read()
    gateway.failure = UnreachableError("gone")
    seen = [last]
    for _ in range(30):
        clock.pass_(minutes=1)
        seen.append(await paths.read())
    assert paths.active == "fleet"
    assert [each.taken_at for each in seen] == sorted(each.taken_at for each in seen)
    assert seen[1].home_kw == last.home_kw
    assert seen[-1].home_kw == 1.5
    assert clock() - seen[-1].taken_at <= timedelta(minutes=23)
    await paths.close()


async def test_a_clock_that_is_set_right_does_not_stop_readings(home: Home) -> None:
    home.now += timedelta(days=1)
    await home.paths.read()
    home.now = START
    home.gateway.settings = PowerwallSettings(backup_reserve_percent=33)
    reading = await home.paths.read()
    assert (reading.taken_at, reading.settings.backup_reserve_percent) == (START, 33)


async def test_a_slow_cloud_does_not_hold_up_the_gateway(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "BESIDE_PATIENCE_S", 0.05)
    answer = asyncio.Event()
    looks = home.cloud.read

    async def slowly() -> PowerwallReading:
        await answer.wait()
        return await looks()

    monkeypatch.setattr(home.cloud, "read", slowly)
    async with asyncio.timeout(2):
        assert [(await home.paths.read()).settings.storm_mode for _ in range(3)] == [None] * 3
    answer.set()
    assert (await home.paths.read()).settings.storm_mode is True
    assert home.cloud.reads == 1, "it was asked once"
    answer.clear()
    assert (await home.paths.read()).settings.storm_mode is True
    await home.paths.close()
    assert [task for task in asyncio.all_tasks() if "_try_read" in repr(task)] == []


async def test_a_clock_that_is_set_back_ends_a_pause(home: Home) -> None:
    home.now += timedelta(days=400)
    home.gateway.failure = CoolingDownError("wait", until=home.now + timedelta(hours=1))
    await home.paths.read()
    home.now, home.gateway.failure = START, None
    await home.paths.read()
    assert home.paths.active == "gateway"
