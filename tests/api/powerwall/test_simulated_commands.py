"""What a simulated Powerwall can be told beyond its settings: a tariff, a power, and to wait for a storm."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.api.errors import NonsenseError, NotPermittedError, UnreachableError
from custom_components.energy_optimizer.api.powerwall.simulated import SimulatedPowerwall, SimulationSettings, Skills
from custom_components.energy_optimizer.api.powerwall.tesla_tariff import forced_tariff, tesla_tariff
from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff
from custom_components.energy_optimizer.core.model.force import Force, ForceKind
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.powerwall import OperationMode, PowerwallSettings
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from tests.api.powerwall.tesla_tariffs import NAMES, day_of

ZONE = ZoneInfo("Europe/Paris")
PARIS = Place(latitude=48.85, longitude=2.35, time_zone=ZONE)
EVENING = datetime(2026, 6, 15, 20, 0, 30, tzinfo=UTC)
FIRST = replace(
    SimulationSettings().first,
    operation_mode=OperationMode.AUTONOMOUS,
    backup_reserve_percent=10.0,
    grid_charging=True,
)
AUTONOMOUS = SimulationSettings(seed=3, first=FIRST, first_level_percent=60.0)
PLAIN = tesla_tariff(day_of([0.3], [0.05]), NAMES)


class World:
    """A clock to turn."""

    def __init__(self) -> None:
        self.now = EVENING

    def wait(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def run[*Ts, T](self, target: Callable[[*Ts], T], /, *args: *Ts) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(None, target, *args)

    def powerwall(self, **more: Any) -> SimulatedPowerwall:
        return SimulatedPowerwall(
            **{"settings": AUTONOMOUS, "place": PARIS, "now": lambda: self.now, "run": self.run, **more}
        )

    def restarted(self, powerwall: SimulatedPowerwall, **more: Any) -> SimulatedPowerwall:
        return self.powerwall(stored=json.loads(json.dumps(powerwall.state)), **more)

    def forced(self, kind: ForceKind) -> dict[str, Any]:
        """Return the tariff that forces something for an hour from now."""
        return forced_tariff(
            PLAIN, Force(kind=kind, starts_at=self.now, ends_at=self.now + timedelta(hours=1)), self.now, ZONE
        )


@pytest.fixture
def world() -> World:
    return World()


async def test_what_it_can(world: World) -> None:
    abilities = world.powerwall().abilities
    assert abilities.can_set_tariff
    assert abilities.can_dispatch
    assert (abilities.most_charge_kw, abilities.most_discharge_kw) == (5.0, 11.5)
    assert abilities.acts_within < timedelta(minutes=1)


async def test_no_tariff_before_one_is_written_and_after_an_empty_one(world: World) -> None:
    powerwall = world.powerwall(tariff=FlatTariff(tier="flat", import_per_kwh=0.3))
    assert await powerwall.read_tariff() is None
    await powerwall.write_tariff(PLAIN)
    assert await powerwall.read_tariff() is None, "it takes a moment"
    world.wait(seconds=3)
    assert await powerwall.read_tariff() == PLAIN
    await powerwall.write_tariff({})
    world.wait(seconds=3)
    assert await powerwall.read_tariff() is None


async def test_what_was_written_cannot_be_changed_from_outside(world: World) -> None:
    powerwall = world.powerwall()
    tariff = json.loads(json.dumps(PLAIN))
    await powerwall.write_tariff(tariff)
    world.wait(seconds=3)
    tariff["seasons"].clear()
    read = await powerwall.read_tariff()
    assert read == PLAIN
    dict(read)["energy_charges"].clear()
    assert await powerwall.read_tariff() == PLAIN


@pytest.mark.parametrize(
    ("kind", "grid_charging", "battery_kw"),
    [(ForceKind.CHARGE, True, -5.0), (ForceKind.DISCHARGE, True, 11.5), (ForceKind.HOLD, False, 0.0)],
)
async def test_autonomous_operation_follows_a_forced_tariff(
    world: World, kind: ForceKind, *, grid_charging: bool, battery_kw: float
) -> None:
    first = replace(FIRST, grid_charging=grid_charging)
    powerwall = world.powerwall(settings=replace(AUTONOMOUS, first=first))
    assert (await powerwall.read()).battery_kw > 0.0
    await powerwall.write_tariff(world.forced(kind))
    world.wait(seconds=20)
    assert (await powerwall.read()).battery_kw == battery_kw
    await powerwall.write_tariff(PLAIN)
    world.wait(seconds=20)
    after = await powerwall.read()
    assert after.battery_kw == pytest.approx(after.home_kw - after.solar_kw)


async def test_a_tariff_says_nothing_to_other_modes(world: World) -> None:
    first = replace(FIRST, operation_mode=OperationMode.SELF_CONSUMPTION)
    powerwall = world.powerwall(settings=replace(AUTONOMOUS, first=first))
    await powerwall.write_tariff(world.forced(ForceKind.CHARGE))
    world.wait(seconds=20)
    assert (await powerwall.read()).battery_kw > 0.0


async def test_a_restart_forgets_neither_a_tariff_nor_one_on_its_way(world: World) -> None:
    powerwall = world.powerwall()
    await powerwall.write_tariff(PLAIN)
    world.wait(seconds=10)
    await powerwall.read()
    forced = world.forced(ForceKind.CHARGE)
    await powerwall.write_tariff(forced)
    again = world.restarted(powerwall)
    assert again.state == powerwall.state
    assert await again.read_tariff() == PLAIN
    world.wait(seconds=10)
    assert same_tariff(await again.read_tariff(), forced)
    world.wait(minutes=5)
    assert await again.read() == await powerwall.read()
    assert (await again.read()).battery_kw == -5.0
    assert same_tariff(await world.restarted(again).read_tariff(), forced)


async def test_the_homes_prices_wait_behind_a_written_tariff(world: World) -> None:
    powerwall = world.powerwall()
    await powerwall.write_tariff(world.forced(ForceKind.CHARGE))
    world.wait(seconds=5)
    await powerwall.read()
    powerwall.tariff = FlatTariff(tier="flat", import_per_kwh=0.3)
    world.wait(seconds=5)
    assert (await powerwall.read()).battery_kw == -5.0
    await powerwall.write_tariff({})
    world.wait(seconds=5)
    assert (await powerwall.read()).battery_kw > 0.0


async def test_a_stored_tariff_that_is_broken_begins_anew(world: World, caplog: pytest.LogCaptureFixture) -> None:
    powerwall = world.powerwall()
    await powerwall.read()
    for broken in (
        {"tariff": {"seasons": 1}},
        {"tariff": 3},
        {"new_tariffs": [{"at": "2026-06-15T20:00:00", "tariff": {}}]},
        {"new_tariffs": [{"at": "never", "tariff": {}}]},
        {"new_tariffs": [{"at": "2026-06-15T20:00:00+00:00"}]},
    ):
        caplog.clear()
        again = world.powerwall(stored=powerwall.state | broken)
        assert "begins anew" in caplog.text
        assert await again.read_tariff() is None


async def test_an_order_lasts_as_long_as_it_says(world: World) -> None:
    powerwall = world.powerwall()
    await powerwall.dispatch(6.0, timedelta(seconds=60))
    assert (await powerwall.read()).battery_kw == 6.0
    world.wait(seconds=30)
    again = world.restarted(powerwall)
    assert (await again.read()).battery_kw == 6.0
    world.wait(seconds=29)
    assert (await again.read()).battery_kw == 6.0
    world.wait(seconds=1)
    after = await again.read()
    assert after.battery_kw == pytest.approx(after.home_kw - after.solar_kw)
    assert after.settings == FIRST


async def test_an_order_is_taken_back(world: World) -> None:
    powerwall = world.powerwall()
    await powerwall.stop_dispatch()
    await powerwall.dispatch(-2.0, timedelta(minutes=10))
    world.wait(seconds=10)
    assert (await powerwall.read()).battery_kw == -2.0
    await powerwall.stop_dispatch()
    assert (await powerwall.read()).battery_kw > 0.0


@pytest.mark.parametrize(
    ("power_kw", "lasting"),
    [(float("nan"), timedelta(minutes=1)), (1.0, timedelta()), (1.0, timedelta(days=2)), (1.0, -timedelta(seconds=1))],
)
async def test_orders_that_make_no_sense(world: World, power_kw: float, lasting: timedelta) -> None:
    with pytest.raises(NonsenseError):
        await world.powerwall().dispatch(power_kw, lasting)


async def test_a_tariff_that_makes_no_sense(world: World) -> None:
    powerwall = world.powerwall()
    with pytest.raises(NonsenseError, match="seasons is no object"):
        await powerwall.write_tariff({"seasons": 1})
    world.wait(seconds=5)
    assert await powerwall.read_tariff() is None


async def test_what_it_may_not_or_cannot_now(world: World) -> None:
    commands: list[Callable[[SimulatedPowerwall], Awaitable[object]]] = [
        lambda powerwall: powerwall.read_tariff(),
        lambda powerwall: powerwall.write_tariff(PLAIN),
        lambda powerwall: powerwall.dispatch(1.0, timedelta(minutes=1)),
        lambda powerwall: powerwall.stop_dispatch(),
    ]
    poor = world.powerwall(skills=Skills(can_set_tariff=False, can_dispatch=False))
    assert not poor.abilities.can_set_tariff
    assert not poor.abilities.can_dispatch
    silent = world.powerwall()
    silent.inject(unreachable=True)
    for command in commands:
        with pytest.raises(NotPermittedError):
            await command(poor)
        with pytest.raises(UnreachableError):
            await command(silent)


async def test_a_powerwall_that_does_not_obey(world: World) -> None:
    powerwall = world.powerwall()
    powerwall.inject(disobedient=True)
    await powerwall.write_tariff(PLAIN)
    await powerwall.dispatch(-3.0, timedelta(minutes=1))
    world.wait(seconds=10)
    assert await powerwall.read_tariff() is None
    assert (await powerwall.read()).battery_kw > 0.0


async def test_a_sluggish_powerwall_shows_what_it_does_not_do_yet(world: World) -> None:
    powerwall = world.powerwall(skills=Skills(acts_after=timedelta(minutes=5)))
    assert powerwall.abilities.acts_within > timedelta(minutes=5)
    await powerwall.write_tariff(world.forced(ForceKind.CHARGE))
    await powerwall.apply(PowerwallSettings(backup_reserve_percent=42.0))
    world.wait(seconds=5)
    reading = await powerwall.read()
    assert reading.settings.backup_reserve_percent == 42.0
    assert reading.battery_kw > 0.0
    assert await powerwall.read_tariff() is not None
    again = world.restarted(powerwall, skills=Skills(acts_after=timedelta(minutes=5)))
    assert (await again.read()).settings.backup_reserve_percent == 42.0
    world.wait(minutes=5)
    assert (await again.read()).battery_kw == -5.0
    assert (await again.read()).settings.backup_reserve_percent == 42.0


async def test_a_storm_is_waited_for(world: World) -> None:
    powerwall = world.powerwall()
    powerwall.inject(storm=True)
    assert (await powerwall.read()).storm_watch is False
    await powerwall.apply(PowerwallSettings(storm_mode=True))
    world.wait(seconds=5)
    reading = await world.restarted(powerwall).read()
    assert (reading.storm_watch, reading.battery_kw) == (True, -5.0)
