"""When a home is planned again, and that rounds get in nobody's way."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.coordinators import planning as planning_module
from custom_components.energy_optimizer.coordinators.planning import WhyNot
from custom_components.energy_optimizer.coordinators.planning_problem import HomeNow, Round, plan_home
from custom_components.energy_optimizer.core.model.plan import Plan
from tests.homes import BATTERY_ENTITIES, home, powerwall, set_up, show_battery

from .planned_home import LIVING, NOON, by_hours, go_on, planning, tariff


class Watched:
    """Counts rounds and sees whether two run at once; makes them wait or fail on demand."""

    def __init__(self) -> None:
        self.at: list[datetime] = []
        self.running = self.most = 0
        self.go, self.began, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.go.set()
        self.fails = False

    def __call__(self, home: HomeNow, previous: Plan | None) -> Round:
        self.running += 1
        self.most = max(self.most, self.running)
        self.at.append(home.now)
        self.began.set()
        try:
            assert self.go.wait(10)
            if self.fails:
                raise RuntimeError("Something is wrong")
            return plan_home(home, previous)
        finally:
            self.running -= 1
            self.ended.set()


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    watched = Watched()
    monkeypatch.setattr(planning_module, "plan_home", watched)
    yield watched
    watched.go.set()


@pytest.fixture
async def entry(hass: HomeAssistant, freezer: FrozenDateTimeFactory, rounds: Watched) -> MockConfigEntry:
    """A home that was planned once, a minute before a quarter of an hour begins."""
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NOON + timedelta(minutes=14))
    show_battery(hass, level=50.0, home=0.5, grid=0.5)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES), by_hours()))
    await go_on(hass, freezer, 2)
    assert len(rounds.at) == 1
    return entry


async def test_rounds_come_on_the_clocks_grid(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, rounds: Watched
) -> None:
    for _ in range(240):
        await go_on(hass, freezer, 5)
    later = rounds.at[1:]
    assert [at.minute for at in later] == [15, 20, 25, 30]
    assert {at.second for at in later} <= set(range(2, 24))
    assert len({at.second // 6 for at in later}) == 1  # a home keeps its own delay


async def test_two_rounds_are_never_made_at_once(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, rounds: Watched
) -> None:
    await asyncio.gather(*(planning(hass).async_plan_now() for _ in range(3)), go_on(hass, freezer, 70))
    assert rounds.most == 1
    assert len(rounds.at) >= 4


async def test_what_is_asked_for_often_is_done_at_most_each_half_minute(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, rounds: Watched
) -> None:
    freezer.move_to(NOON + timedelta(minutes=15, seconds=40))
    await go_on(hass, freezer, 0)
    done = len(rounds.at)
    for number in range(45):
        await planning(hass).async_change(wear_per_kwh=0.001 * number)
        await go_on(hass, freezer, 2)
    gaps = [later - earlier for earlier, later in zip(rounds.at[done - 1 :], rounds.at[done:], strict=False)]
    assert len(rounds.at) - done == 3
    assert min(gaps) >= timedelta(seconds=30)


async def test_a_change_during_a_round_is_planned_for_in_another(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, rounds: Watched
) -> None:
    rounds.go.clear()
    rounds.began.clear()
    rounds.ended.clear()
    running = hass.async_create_task(planning(hass).async_plan_now())
    assert await hass.async_add_executor_job(rounds.began.wait, 10)
    await planning(hass).async_change(risk=0.9)
    rounds.go.set()
    await running
    problem = planning(hass).data.problem
    assert problem is not None
    assert problem.risk == 0.0
    await go_on(hass, freezer, 31)
    problem = planning(hass).data.problem
    assert problem is not None
    assert problem.risk == 0.9


async def test_unloading_does_not_wait_for_a_round(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, rounds: Watched
) -> None:
    rounds.go.clear()
    rounds.began.clear()
    rounds.ended.clear()
    freezer.tick(timedelta(seconds=75))
    async_fire_time_changed(hass)
    assert await hass.async_add_executor_job(rounds.began.wait, 10)
    planner = planning(hass)
    before = planner.data
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert rounds.running == 1
    rounds.go.set()
    assert await hass.async_add_executor_job(rounds.ended.wait, 10)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert planner.data is before
    done = len(rounds.at)
    await go_on(hass, freezer, 600)
    assert len(rounds.at) == done


async def test_a_mistake_is_told_once_and_the_next_round_tries_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    rounds: Watched,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rounds.fails = True
    for _ in range(2):
        await planning(hass).async_plan_now()
        assert (planning(hass).data.plan, planning(hass).data.why_not) == (None, WhyNot.FAILED)
    assert [record.levelno for record in caplog.records if "could not be planned" in record.message] == [logging.ERROR]
    rounds.fails = False
    await go_on(hass, freezer, 300)
    assert planning(hass).data.plan is not None


async def test_new_prices_are_planned_with_at_once_and_old_ones_are_not(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, rounds: Watched
) -> None:
    def show(price: float) -> None:
        rows: list[dict[str, Any]] = [
            {"start": (NOON + timedelta(hours=hour)).isoformat(), "value": price} for hour in range(24)
        ]
        hass.states.async_set("sensor.price", str(price), {"unit_of_measurement": "USD/kWh", "prices": rows})

    freezer.move_to(NOON + timedelta(seconds=40))
    show(0.3)
    source = {"way": "attributes", "measure": "per_kwh", "entity_id": "sensor.price"}
    data = {"format": 1, "kind": "entity", "import": {"source": source}, "export": {"mode": "fixed", "per_kwh": 0.1}}
    await set_up(hass, home(powerwall(LIVING), tariff(data)))
    await go_on(hass, freezer, 2)
    for _ in range(6):
        await go_on(hass, freezer, 20)
    assert len(rounds.at) == 1
    show(0.5)
    for _ in range(4):
        await go_on(hass, freezer, 2)
    assert len(rounds.at) == 2
    plan = planning(hass).data.plan
    assert plan is not None
    assert plan.steps[0].import_per_kwh == 0.5


async def test_a_house_that_lacks_far_more_than_was_foreseen_is_planned_anew_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, rounds: Watched
) -> None:
    freezer.move_to(NOON + timedelta(seconds=40))
    show_battery(hass, level=50.0, home=0.5, battery=0.5)
    await set_up(hass, home(powerwall(BATTERY_ENTITIES), by_hours()))
    await go_on(hass, freezer, 2)
    assert len(rounds.at) == 1
    for _ in range(8):
        await go_on(hass, freezer, 11)
    assert len(rounds.at) == 1
    show_battery(hass, level=50.0, home=9.0, grid=9.0)
    for _ in range(8):
        await go_on(hass, freezer, 11)
    assert len(rounds.at) == 2
