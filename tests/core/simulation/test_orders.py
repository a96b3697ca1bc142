"""Powers that are ordered directly, and storms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.powerwall import ExportRule, PowerwallReading, PowerwallSettings
from custom_components.energy_optimizer.core.simulation.home import SimulatedHome
from custom_components.energy_optimizer.core.simulation.settings import SimulationSettings
from custom_components.energy_optimizer.core.simulation.state import Change, HomeState, Order

PARIS = Place(latitude=48.85, longitude=2.35, time_zone=ZoneInfo("Europe/Paris"))
NIGHT = datetime(2026, 6, 15, 23, 0, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STRICT = replace(SimulationSettings().first, backup_reserve_percent=90.0, export_rule=ExportRule.NEVER)
HOME = SimulatedHome(SimulationSettings(seed=4, first=STRICT, first_level_percent=50.0), PARIS)


def ordered(power_kw: float, seconds: float, *, at: datetime = NIGHT) -> Change:
    return Change(at=at, order=Order(power_kw, at + timedelta(seconds=seconds)))


def after(*changes: Change, at: datetime, home: SimulatedHome = HOME) -> PowerwallReading:
    return home.reading(home.carry_on(home.begin(NIGHT), changes, at), at)


@pytest.mark.parametrize(("power_kw", "given_kw"), [(4.0, 4.0), (50.0, 11.5), (-3.0, -3.0), (-50.0, -5.0), (0.0, 0.0)])
def test_an_order_goes_before_reserve_and_export_rule(power_kw: float, given_kw: float) -> None:
    reading = after(ordered(power_kw, 600), at=NIGHT + 5 * MINUTE)
    assert reading.battery_kw == given_kw
    assert reading.grid_kw == pytest.approx(reading.home_kw - given_kw)
    assert reading.solar_kw == 0.0


def test_an_order_ends_by_itself_to_the_second() -> None:
    free = after(at=NIGHT + 5 * MINUTE)
    assert after(ordered(4.0, 290), at=NIGHT + timedelta(seconds=289)).battery_kw == 4.0
    ended = after(ordered(4.0, 290), at=NIGHT + 5 * MINUTE)
    assert ended.battery_kw == free.battery_kw == 0.0
    assert ended.totals.battery_discharge_kwh == pytest.approx(4.0 * 290 / 3600)
    late = HOME.carry_on(HOME.begin(NIGHT), (ordered(4.0, 290),), NIGHT + 10 * MINUTE)
    assert late.order is None


def test_a_later_order_takes_the_place_of_an_earlier_one() -> None:
    later = ordered(-2.0, 30, at=NIGHT + MINUTE)
    assert after(ordered(4.0, 600), later, at=NIGHT + 80 * timedelta(seconds=1)).battery_kw == -2.0
    assert after(ordered(4.0, 600), later, at=NIGHT + 2 * MINUTE).battery_kw == 0.0, "the first does not come back"
    taken_back = Change(at=NIGHT + MINUTE, order=Order(0.0, NIGHT + MINUTE))
    state = HOME.carry_on(HOME.begin(NIGHT), (ordered(4.0, 600), taken_back), NIGHT + 2 * MINUTE)
    assert state.order is None
    assert HOME.reading(state, NIGHT + 2 * MINUTE).battery_kw == 0.0


def test_nothing_is_ordered_of_an_empty_or_a_full_battery_or_in_an_outage() -> None:
    empty, full = (
        SimulatedHome(SimulationSettings(seed=4, first=STRICT, first_level_percent=level), PARIS)
        for level in (0.0, 100.0)
    )
    assert after(ordered(4.0, 600), at=NIGHT + MINUTE, home=empty).battery_kw == 0.0
    assert after(ordered(-4.0, 600), at=NIGHT + MINUTE, home=full).battery_kw == 0.0
    dark = after(ordered(-4.0, 600), Change(at=NIGHT + MINUTE, outage=True), at=NIGHT + 2 * MINUTE)
    assert dark.grid_kw == 0.0
    assert dark.battery_kw == pytest.approx(dark.home_kw)


@given(
    orders=st.lists(st.tuples(st.floats(0.0, 900.0), st.floats(-12.0, 12.0), st.floats(0.0, 400.0)), max_size=4),
    looks=st.lists(st.floats(0.0, 1000.0), max_size=5),
)
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_how_often_one_looks(orders: list[tuple[float, float, float]], looks: list[float]) -> None:
    changes = tuple(
        ordered(power_kw, seconds, at=NIGHT + timedelta(seconds=start)) for start, power_kw, seconds in orders
    )
    end = NIGHT + timedelta(seconds=1000)
    at_once = HOME.carry_on(HOME.begin(NIGHT), changes, end)
    state, done = HOME.begin(NIGHT), NIGHT - MINUTE
    for look in [*sorted(looks), 1000.0]:
        at = NIGHT + timedelta(seconds=look)
        state = HomeState.from_dict(
            HOME.carry_on(state, tuple(each for each in changes if done < each.at <= at), at).as_dict()
        )
        done = at
    assert state == at_once


def test_before_a_storm_the_battery_fills_where_that_is_wished() -> None:
    storm, wished = Change(at=NIGHT, storm=True), Change(at=NIGHT, settings=PowerwallSettings(storm_mode=True))
    home = SimulatedHome(SimulationSettings(seed=4, first_level_percent=50.0), PARIS)
    calm = after(wished, at=NIGHT + MINUTE, home=home)
    unheard = after(storm, at=NIGHT + MINUTE, home=home)
    assert (calm.storm_watch, unheard.storm_watch) == (False, False)
    assert min(calm.battery_kw or 0.0, unheard.battery_kw or 0.0) > 0.0
    filling = after(storm, wished, at=NIGHT + MINUTE, home=home)
    assert (filling.storm_watch, filling.battery_kw) == (True, -5.0)
    assert filling.settings.grid_charging is False, "its settings stay as they are"
    over = after(storm, wished, Change(at=NIGHT + MINUTE, storm=False), at=NIGHT + 2 * MINUTE, home=home)
    assert over.storm_watch is False
    assert over.battery_kw == pytest.approx(over.home_kw)
