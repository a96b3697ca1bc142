"""A simulated Powerwall, as its coordinator meets it."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from homeassistant.core import HomeAssistant

from custom_components.energy_optimizer.api.errors import NonsenseError, UnreachableError
from custom_components.energy_optimizer.api.powerwall import PowerwallPath
from custom_components.energy_optimizer.api.powerwall.simulated import (
    SHOWN,
    SimulatedPowerwall,
    SimulationSettings,
    UnreadableSeries,
    load_series,
)
from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.powerwall import (
    ExportRule,
    GridStatus,
    OperationMode,
    PowerwallReading,
    PowerwallSettings,
)
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.simulation.home import SimulatedHome, history
from custom_components.energy_optimizer.core.simulation.series import HomeSeries
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff

PARIS = Place(latitude=48.85, longitude=2.35, time_zone=ZoneInfo("Europe/Paris"))
START = datetime(2026, 6, 15, 10, 0, 30, tzinfo=UTC)
BACKUP = PowerwallSettings(operation_mode=OperationMode.BACKUP)


class World:
    """A clock to turn, and a count of what was sent to a thread."""

    def __init__(self) -> None:
        self.now = START
        self.threads = 0

    def clock(self) -> datetime:
        return self.now

    def wait(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def run[*Ts, T](self, target: Callable[[*Ts], T], /, *args: *Ts) -> Awaitable[T]:
        self.threads += 1
        return asyncio.get_running_loop().run_in_executor(None, target, *args)

    def powerwall(self, settings: SimulationSettings | None = None, **more: object) -> SimulatedPowerwall:
        return SimulatedPowerwall(
            settings=settings or SimulationSettings(seed=3), place=PARIS, now=self.clock, run=self.run, **more
        )


@pytest.fixture
def world() -> World:
    return World()


def rises(one: PowerwallReading, other: PowerwallReading) -> bool:
    return all(getattr(other.totals, each.name) >= getattr(one.totals, each.name) for each in fields(EnergyTotals))


def through_json(powerwall: SimulatedPowerwall) -> dict[str, object]:
    stored = json.loads(json.dumps(powerwall.state))
    assert isinstance(stored, dict)
    return stored


async def test_first_look_begins_the_home(world: World) -> None:
    path: PowerwallPath = world.powerwall()
    reading = await path.read()
    assert reading.taken_at == START
    assert reading.totals == EnergyTotals(**dict.fromkeys([each.name for each in fields(EnergyTotals)], 0.0))
    assert path.poll_interval == timedelta(seconds=10)
    assert path.abilities.writable == {each.name for each in fields(PowerwallSettings)}
    assert timedelta(seconds=2) < path.abilities.confirm_within < timedelta(seconds=30)
    await path.close()


async def test_all_that_is_promised_is_shown(world: World) -> None:
    reading = await world.powerwall().read()
    for name in SHOWN:
        holder = next(part for part in (reading, reading.settings, reading.identity) if hasattr(part, name))
        assert getattr(holder, name) is not None, name
    assert world.powerwall().abilities.has_solar
    assert not world.powerwall(SimulationSettings(solar_kwp=0.0)).abilities.has_solar


async def test_history_written_before_meets_the_live_counters(world: World) -> None:
    settings = SimulationSettings(seed=3, since=START - timedelta(days=2))
    *_, last = history(SimulatedHome(settings, PARIS), START - timedelta(days=2), START)
    assert await world.powerwall(settings).read() == last


async def test_since_in_the_future_begins_now(world: World) -> None:
    reading = await world.powerwall(SimulationSettings(since=START + timedelta(hours=1))).read()
    assert reading.taken_at == START


async def test_long_times_are_lived_in_a_thread_and_short_ones_here(world: World) -> None:
    powerwall = world.powerwall()
    await powerwall.read()
    assert world.threads == 1, "the first look also reckons the household's year"
    for _ in range(5):
        world.wait(seconds=10)
        await powerwall.read()
    assert world.threads == 1
    world.wait(hours=3)
    await powerwall.read()
    assert world.threads == 2


async def test_settings_hold_after_a_moment(world: World) -> None:
    powerwall = world.powerwall()
    wanted = PowerwallSettings(
        operation_mode=OperationMode.BACKUP,
        backup_reserve_percent=35.0,
        grid_charging=True,
        export_rule=ExportRule.NEVER,
        storm_mode=True,
    )
    await powerwall.apply(wanted)
    world.wait(seconds=1)
    assert (await powerwall.read()).settings == SimulationSettings().first
    world.wait(seconds=1)
    assert (await powerwall.read()).settings == wanted
    world.wait(minutes=1)
    assert (await powerwall.read()).battery_kw < -3.0, "it fills from the grid"


async def test_only_what_is_wanted_changes(world: World) -> None:
    powerwall = world.powerwall()
    await powerwall.apply(PowerwallSettings(backup_reserve_percent=0.0))
    world.wait(seconds=3)
    settings = (await powerwall.read()).settings
    assert settings.backup_reserve_percent == 0.0
    assert settings.operation_mode is OperationMode.SELF_CONSUMPTION


@pytest.mark.parametrize("reserve", [-1.0, 100.5, float("nan")])
async def test_impossible_reserves_are_refused(world: World, reserve: float) -> None:
    with pytest.raises(NonsenseError, match="reserve"):
        await world.powerwall().apply(PowerwallSettings(backup_reserve_percent=reserve))


async def test_a_restart_goes_on_as_if_nothing_had_been(world: World) -> None:
    one, other = world.powerwall(), world.powerwall()
    await one.read()
    await other.read()
    world.wait(seconds=95)
    await one.apply(BACKUP)
    await other.apply(BACKUP)
    restarted = world.powerwall(stored=through_json(one))
    assert restarted.state == one.state
    world.wait(hours=7, seconds=13)
    assert await restarted.read() == await other.read()
    assert (await restarted.read()).settings.operation_mode is OperationMode.BACKUP


async def test_state_is_not_lost_when_nobody_looks_before_the_next_restart(world: World) -> None:
    powerwall = world.powerwall()
    assert powerwall.state is None
    world.wait(hours=1)
    await powerwall.read()
    stored = through_json(powerwall)
    assert through_json(world.powerwall(stored=stored)) == stored


@pytest.mark.parametrize(
    "changed",
    [
        SimulationSettings(seed=3, solar_kwp=0.0),
        SimulationSettings(seed=99),
        SimulationSettings(seed=3, batteries=3),
        SimulationSettings(seed=3, since=START - timedelta(days=30)),
    ],
)
async def test_a_changed_home_keeps_its_counters(world: World, changed: SimulationSettings) -> None:
    powerwall = world.powerwall(SimulationSettings(seed=3, batteries=2))
    await powerwall.read()
    world.wait(hours=2, seconds=29)
    before = await powerwall.read()
    world.wait(seconds=0.5)
    after = await world.powerwall(changed, stored=through_json(powerwall)).read()
    assert rises(before, after)
    assert after.totals.home_kwh - before.totals.home_kwh < 0.01


async def test_fewer_batteries_hold_less(world: World) -> None:
    powerwall = world.powerwall(SimulationSettings(batteries=3, first_level_percent=100.0))
    await powerwall.read()
    reading = await world.powerwall(SimulationSettings(batteries=1), stored=through_json(powerwall)).read()
    assert reading.level_percent == 100.0
    assert reading.energy_left_kwh == reading.capacity_kwh == 13.5


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"home": "x", "state": None, "shown": None},
        {"shown": {"at": "never"}},
        {"shown": 3},
    ],
)
async def test_a_broken_memory_begins_anew_and_says_so(
    world: World, stored: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    powerwall = world.powerwall(stored=stored)
    assert "begins anew" in caplog.text
    assert powerwall.state is None
    assert (await powerwall.read()).totals.home_kwh == 0.0


async def test_an_outage_and_its_end(world: World) -> None:
    powerwall = world.powerwall()
    await powerwall.read()
    world.wait(seconds=10)
    powerwall.inject(outage=True)
    during = await powerwall.read()
    assert during.grid_status is GridStatus.ISLANDED
    assert during.grid_kw == 0.0
    restarted = world.powerwall(stored=through_json(powerwall))
    world.wait(minutes=20)
    assert (await restarted.read()).grid_status is GridStatus.ISLANDED, "a restart does not mend the grid"
    restarted.inject(outage=False)
    assert (await restarted.read()).grid_status is GridStatus.CONNECTED


async def test_a_powerwall_that_does_not_answer(world: World) -> None:
    powerwall = world.powerwall()
    before = await powerwall.read()
    powerwall.inject(unreachable=True)
    for call in (powerwall.read, lambda: powerwall.apply(BACKUP)):
        with pytest.raises(UnreachableError):
            await call()
    world.wait(hours=1)
    powerwall.inject(unreachable=False)
    after = await powerwall.read()
    assert after.totals.home_kwh > before.totals.home_kwh, "it lived on"
    assert after.settings.operation_mode is OperationMode.SELF_CONSUMPTION


async def test_a_powerwall_that_does_not_obey(world: World) -> None:
    powerwall = world.powerwall()
    powerwall.inject(disobedient=True)
    await powerwall.apply(BACKUP)
    world.wait(minutes=5)
    assert (await powerwall.read()).settings.operation_mode is OperationMode.SELF_CONSUMPTION


async def test_a_new_tariff_counts_from_now_on(world: World) -> None:
    tariff = FlatTariff(tier="flat", import_per_kwh=0.3, export_per_kwh=0.1)
    powerwall = world.powerwall()
    await powerwall.read()
    world.wait(seconds=20)
    before = await powerwall.read()
    powerwall.tariff = tariff
    assert powerwall.tariff is tariff
    world.wait(seconds=5)
    assert rises(before, await powerwall.read())
    threads = world.threads
    powerwall.tariff = FlatTariff(tier="flat", import_per_kwh=0.3, export_per_kwh=0.1)
    await powerwall.read()
    assert world.threads == threads, "the same prices change nothing"


@dataclass(frozen=True)
class DearNow:
    """Power is dear in the hour in which the tests begin."""

    known_until: datetime | None = None

    def at(self, instant: datetime) -> PriceSlot:
        starts_at = instant.replace(minute=0, second=0, microsecond=0)
        return PriceSlot(
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            tier="hour",
            import_per_kwh=0.5 if starts_at.hour == START.hour else 0.1,
            export_per_kwh=0.4,
        )

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        slot = self.at(start)
        while slot.starts_at < end:
            yield slot
            slot = self.at(slot.ends_at)


async def test_what_was_sold_under_the_old_tariff_stays_sold(world: World) -> None:
    first = replace(SimulationSettings().first, operation_mode=OperationMode.AUTONOMOUS)
    settings = SimulationSettings(first=first, first_level_percent=100.0, settings_delay_s=0.0)
    powerwall = world.powerwall(settings, tariff=DearNow())
    assert (await powerwall.read()).battery_kw == 11.5
    world.wait(seconds=50)
    powerwall.inject(outage=True)
    world.wait(seconds=10)
    powerwall.tariff = None
    world.wait(seconds=10)
    reading = await powerwall.read()
    assert reading.grid_status is GridStatus.ISLANDED
    assert reading.totals.grid_export_kwh >= 10.0 * 50 / 3600


async def test_a_clock_set_back_does_not_stop_the_home(world: World) -> None:
    powerwall = world.powerwall()
    world.wait(hours=5)
    await powerwall.read()
    world.wait(minutes=10)
    before = await powerwall.read()
    world.wait(hours=-3)
    back = await powerwall.read()
    assert back.taken_at == world.now
    assert rises(before, back)
    world.wait(minutes=30)
    assert (await powerwall.read()).totals.home_kwh > before.totals.home_kwh


async def test_calls_at_once_take_turns(world: World) -> None:
    powerwall = world.powerwall(SimulationSettings(seed=3, since=START - timedelta(days=3)))
    readings = await asyncio.gather(powerwall.read(), powerwall.read(), powerwall.apply(BACKUP), powerwall.read())
    assert readings[0] == readings[1] == readings[3]
    assert world.threads == 1


async def test_home_assistants_own_executor(hass: HomeAssistant, world: World) -> None:
    powerwall = SimulatedPowerwall(
        settings=SimulationSettings(since=START - timedelta(hours=1)),
        place=PARIS,
        now=world.clock,
        run=hass.async_add_executor_job,
    )
    assert (await powerwall.read()).totals.home_kwh > 0.0


def csv(home_ids: tuple[str, ...] = ()) -> str:
    lines = ["home_id,ts_utc,load_kw,pv_kw"]
    lines += [f"{home},2026-06-15T{hour:02}:00Z,2.5,1.25" for home in home_ids or ("",) for hour in range(24)]
    return "\n".join(lines)


async def test_a_real_home_is_played(world: World, tmp_path: Path) -> None:
    plain, packed = tmp_path / "home.csv", tmp_path / "homes.csv.gz"
    plain.write_text(csv())
    packed.write_bytes(gzip.compress(csv(("a", "b")).encode()))
    assert await load_series({}, world.run) is None
    for data in ({"series_file": str(plain)}, {"series_file": str(packed), "series_home_id": "b"}):
        series = await load_series(data, world.run)
        assert isinstance(series, HomeSeries)
        powerwall = world.powerwall(SimulationSettings(solar_kwp=0.0), series=series)
        reading = await powerwall.read()
        assert (reading.home_kw, reading.solar_kw) == (2.5, 1.25)
        assert powerwall.abilities.has_solar


async def test_an_unreadable_series_is_said_at_each_look_and_loses_nothing(world: World, tmp_path: Path) -> None:
    healthy = world.powerwall()
    await healthy.read()
    stored = through_json(healthy)
    missing, wrong, cut = (tmp_path / name for name in ("missing.csv", "wrong.csv", "cut.csv.gz"))
    wrong.write_text(csv().replace("2.5", "lots"))
    cut.write_bytes(gzip.compress(csv().encode())[:-9])
    for file, reason in ((missing, "missing.csv"), (wrong, "line 2, column load_kw"), (cut, "cut.csv.gz")):
        series = await load_series({"series_file": str(file)}, world.run)
        assert isinstance(series, UnreadableSeries)
        powerwall = world.powerwall(series=series, stored=stored)
        with pytest.raises(NonsenseError, match=reason):
            await powerwall.read()
        with pytest.raises(NonsenseError, match=reason):
            await powerwall.apply(BACKUP)
        assert through_json(powerwall)["shown"] == stored["shown"]
