"""What a day saved: sound for any home, and never a silent zero."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.accounting.counterfactual import Habit, live_on, stored_by, stored_kwh
from custom_components.energy_optimizer.core.accounting.metered_steps import FLOWS, MeteredSteps, metered_steps
from custom_components.energy_optimizer.core.accounting.savings import (
    DaySavings,
    Levels,
    Settlement,
    Standing,
    level_between,
    settle_day,
    share_of_possible,
    steered_share,
    stored_value,
)
from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.forecast import Floats
from custom_components.energy_optimizer.core.model.powerwall import ExportRule, OperationMode
from custom_components.energy_optimizer.core.model.price import Certainty, PriceSlot
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff

START = datetime(2026, 7, 1, tzinfo=UTC)
DAY = 288
BATTERY = BatteryModel(
    capacity_kwh=13.5,
    reserve_kwh=1.35,
    max_charge_kw=5.0,
    max_discharge_kw=5.0,
    charge_efficiency=0.95,
    discharge_efficiency=0.94,
)
HABIT = Habit(reserve_percent=10.0)
STEERED = DaySavings(day=START.date(), currency="EUR", steered_share=1.0)
IDLE = replace(STEERED, steered_share=0.0)


def home(
    load_kw: Floats, solar_kw: Floats, battery_kw: Floats, import_per_kwh: Floats, export_per_kwh: Floats
) -> MeteredSteps:
    """Return what meters would have shown."""
    load, solar, battery = (each / 12.0 for each in (load_kw, solar_kw, battery_kw))
    grid = load - solar - battery
    return MeteredSteps(
        starts_at=START,
        import_kwh=np.maximum(grid, 0.0),
        export_kwh=np.maximum(-grid, 0.0),
        charge_kwh=np.maximum(-battery, 0.0),
        discharge_kwh=np.maximum(battery, 0.0),
        solar_kwh=solar,
        import_per_kwh=import_per_kwh,
        export_per_kwh=export_per_kwh,
        is_estimated=np.zeros(load.size, dtype=np.bool_),
    )


def followed(battery_kw: Floats, start_kwh: float) -> tuple[Floats, float]:
    """Return what a real battery makes of wanted powers, and what it holds then."""
    level, flows = start_kwh, []
    for wanted in battery_kw:
        most = min(BATTERY.max_discharge_kw / 12, level * BATTERY.discharge_efficiency)
        least = -min(BATTERY.max_charge_kw / 12, (BATTERY.capacity_kwh - level) / BATTERY.charge_efficiency)
        flow = min(max(float(wanted) / 12, least), most)
        level += stored_by(BATTERY, flow)
        flows.append(flow * 12)
    return np.array(flows), level


def some_home(seed: int, count: int = DAY) -> tuple[Floats, Floats, Floats, Floats]:
    """Return load, sun and prices of a home."""
    luck = np.random.default_rng(seed)
    hour = np.arange(count) % DAY / 12
    load = 0.3 + luck.gamma(1.0, 0.5, count) + 1.5 * (hour > 17)
    solar = np.maximum(0.0, 5.0 * np.sin((hour - 6) / 12 * np.pi)) * luck.uniform(0.2, 1.0)
    imports = np.repeat(luck.normal(0.25, 0.15, count // 12 + 1), 12)[:count]
    return load, solar, imports, imports - luck.uniform(0.0, 0.2)


def settled(steps: MeteredSteps, start: float, end: float, **changes: Any) -> DaySavings:
    return settlement(steps, start, end, **changes).savings


def settlement(
    steps: MeteredSteps,
    start: float,
    end: float,
    *,
    empty: DaySavings = STEERED,
    habit: Habit = HABIT,
    standing: Standing | None = None,
    value: float | None = None,
) -> Settlement:
    levels = Levels(start_kwh=start, end_kwh=end)
    return settle_day(empty, steps, levels, habit, BATTERY, standing, value_per_kwh=value)


seeds = st.integers(0, 10_000)
levels = st.floats(0.0, BATTERY.capacity_kwh)


@settings(max_examples=60)
@given(seed=seeds, start=levels)
def test_a_battery_that_did_what_it_always_did_saved_nothing(seed: int, start: float) -> None:
    load, solar, imports, exports = some_home(seed)
    other = live_on(home(load, solar, np.zeros(DAY), imports, exports), HABIT, BATTERY, start)
    battery_kw = (load - solar) - (other.import_kwh - other.export_kwh) * 12
    day = settled(home(load, solar, battery_kw, imports, exports), start, float(other.level_kwh[-1]))
    assert day.saved == pytest.approx(0.0, abs=1e-6)
    assert day.stored_difference_kwh == pytest.approx(0.0, abs=1e-6)
    assert day.unknown_steps == 0


@settings(max_examples=60)
@given(seed=seeds, start=levels, mode=st.sampled_from(OperationMode), reserve=st.floats(0.0, 100.0))
def test_the_other_home_keeps_to_physics(seed: int, start: float, mode: OperationMode, reserve: float) -> None:
    load, solar, imports, exports = some_home(seed)
    steps = home(load, solar, np.zeros(DAY), imports, exports)
    lived = live_on(steps, Habit(mode=mode, reserve_percent=reserve), BATTERY, start)
    flow = steps.net_kwh - (lived.import_kwh - lived.export_kwh)
    assert (np.abs(flow) <= 5.0 / 12 + 1e-9).all()
    assert (lived.level_kwh >= -1e-9).all()
    assert (lived.level_kwh <= BATTERY.capacity_kwh + 1e-9).all()
    assert np.diff(lived.level_kwh) == pytest.approx([stored_by(BATTERY, each) for each in flow], abs=1e-9)
    falls = np.diff(lived.level_kwh) < -1e-9
    assert (lived.level_kwh[1:][falls] >= reserve / 100 * BATTERY.capacity_kwh - 1e-9).all()
    assert (np.minimum(lived.import_kwh, lived.export_kwh) == 0.0).all()
    if mode is OperationMode.BACKUP:
        assert (flow <= 0.0).all()


@settings(max_examples=40)
@given(seed=seeds, start=levels, cut=st.integers(1, 2 * DAY - 1))
def test_cutting_the_time_elsewhere_changes_no_sum(seed: int, start: float, cut: int) -> None:
    load, solar, imports, exports = some_home(seed, 2 * DAY)
    wanted = np.random.default_rng(seed + 1).uniform(-5.0, 5.0, 2 * DAY)
    battery_kw, end = followed(wanted, start)
    whole = settled(home(load, solar, battery_kw, imports, exports), start, end, value=0.3)
    _, middle = followed(battery_kw[:cut], start)
    first = settled(
        home(load[:cut], solar[:cut], battery_kw[:cut], imports[:cut], exports[:cut]), start, middle, value=0.11
    )
    later = (each[cut:] for each in (load, solar, battery_kw, imports, exports))
    second = settled(home(*later), middle, end, value=0.3, standing=first.standing)
    assert whole.saved is not None
    assert first.saved is not None
    assert second.saved is not None
    assert first.saved + second.saved == pytest.approx(whole.saved, abs=1e-9)
    assert second.stored_difference_kwh == pytest.approx(whole.stored_difference_kwh, abs=1e-9)


def test_what_is_stored_in_the_evening_is_worth_what_it_will_save() -> None:
    """Bought by night for the morning after: the night pays, and is credited with what it holds."""
    nothing = np.zeros(DAY)
    battery_kw = np.where(np.arange(DAY) < 24, -3.0, 0.0)
    cheap = np.full(DAY, 0.10)
    start = 1.35
    night = settled(home(nothing, nothing, battery_kw, cheap, cheap), start, start + 6 * 0.95, value=0.4)
    assert night.measured == pytest.approx(0.60)
    assert night.without == pytest.approx(6 * 0.95 * 0.4)
    assert night.standing == Standing(level_kwh=start, difference_value=pytest.approx(6 * 0.95 * 0.4))
    drawn = np.where(np.arange(DAY) < 24, 6 * 0.95 * 0.94 / 2, 0.0)
    morning = settled(
        home(drawn, nothing, drawn, np.full(DAY, 0.5), cheap), start + 6 * 0.95, start, standing=night.standing
    )
    assert night.saved is not None
    assert morning.saved is not None
    assert night.saved + morning.saved == pytest.approx(6 * 0.95 * 0.94 * 0.5 - 0.60)


def test_what_nobody_knows_counts_on_no_side() -> None:
    load, solar, imports, exports = some_home(1)
    battery_kw, end = followed(np.where(np.arange(DAY) < 36, -2.0, 0.0), 3.0)
    steps = home(load, solar, battery_kw, imports, exports)
    hole = np.isin(np.arange(DAY), range(100, 130))
    energy = replace(steps, import_kwh=np.where(hole, np.nan, steps.import_kwh))
    price = replace(steps, import_per_kwh=np.where(hole, np.nan, imports))
    for holed in (energy, price):
        one = settlement(holed, 3.0, end)
        assert one.savings.unknown_steps == 30
        money = np.where(steps.import_kwh > 0, steps.import_kwh * imports, -steps.export_kwh * exports)
        assert one.savings.measured == pytest.approx(float(money[~hole].sum()))
        assert one.load_kw.size == one.solar_kw.size == DAY - 30
    half = replace(steps, import_kwh=np.where(np.arange(DAY) < 144, np.nan, steps.import_kwh))
    day = settled(half, 3.0, end)
    assert (day.saved, day.measured, day.without, day.best, day.standing) == (None, None, None, None, None)
    nobody = settle_day(STEERED, steps, None, HABIT, BATTERY, None).savings
    assert (nobody.saved, nobody.unknown_steps, nobody.steps) == (None, DAY, DAY)
    unpriced = settled(replace(steps, import_per_kwh=np.full(DAY, np.nan)), 3.0, end)
    assert unpriced.saved is None


def test_through_a_gap_both_batteries_move_alike() -> None:
    nothing, prices = np.zeros(DAY), np.full(DAY, 0.2)
    steps = home(nothing, nothing, nothing, prices, prices)
    gap = np.isin(np.arange(DAY), range(50, 60))
    steps = replace(steps, discharge_kwh=np.where(gap, np.nan, steps.discharge_kwh))
    day = settled(steps, 10.0, 8.0)
    assert day.stored_difference_kwh == pytest.approx(0.0)
    assert day.saved == pytest.approx(0.0)


def test_an_export_price_matters_only_where_somebody_exports() -> None:
    load, solar, imports, _ = some_home(3)
    unknown = np.full(DAY, np.nan)
    by_night = settled(home(load, np.zeros(DAY), np.zeros(DAY), imports, unknown), 1.35, 1.35)
    assert by_night.unknown_steps == 0
    assert by_night.saved == pytest.approx(0.0)
    sunny = settled(home(np.zeros(DAY), solar, np.zeros(DAY), imports, unknown), 13.5, 13.5)
    assert sunny.unknown_steps == int((solar > 0).sum())


def test_on_a_day_without_us_the_difference_is_the_models_error() -> None:
    load, solar, imports, exports = some_home(4)
    battery_kw, end = followed(np.zeros(DAY), 5.0)
    day = settled(
        home(load, solar, battery_kw, imports, exports),
        5.0,
        end,
        empty=IDLE,
        standing=Standing(level_kwh=2.0, difference_value=9.0),
    )
    assert day.saved == 0.0
    assert day.without is not None
    assert day.measured is not None
    assert day.model_error == pytest.approx(day.without - day.measured)
    assert day.model_error != pytest.approx(0.0)
    assert day.standing == Standing(level_kwh=end)
    assert settled(home(load, solar, battery_kw, imports, exports), 5.0, end).model_error is None


def test_cars_and_appliances_run_at_once_in_the_other_home() -> None:
    load, solar, imports, exports = np.full(DAY, 0.5), np.zeros(DAY), np.full(DAY, 0.4), np.zeros(DAY)
    imports[:72] = 0.1
    placed, unplaced = np.where(np.arange(DAY) < 24, 7.0, 0.0), np.where(np.arange(DAY) // 24 == 9, 7.0, 0.0)
    steps = replace(home(load + placed, solar, np.zeros(DAY), imports, exports), placed_kw=placed, unplaced_kw=unplaced)
    assert settled(steps, 1.35, 1.35).saved == pytest.approx(14.0 * 0.3)


def test_a_home_that_may_not_export_earns_nothing_with_its_surplus() -> None:
    nothing, sun, prices = np.zeros(DAY), np.full(DAY, 1.0), np.full(DAY, 0.2)
    steps = home(nothing, sun, nothing, prices, prices)
    assert live_on(steps, replace(HABIT, export_rule=ExportRule.NEVER), BATTERY, 13.5).export_kwh.sum() == 0.0
    assert live_on(steps, HABIT, BATTERY, 13.5).export_kwh.sum() == pytest.approx(24.0)


def test_what_flows_both_ways_within_a_step_is_nobodys_merit() -> None:
    load, solar, imports, exports = some_home(5)
    other = live_on(home(load, solar, np.zeros(DAY), imports, exports), HABIT, BATTERY, 5.0)
    battery_kw = (load - solar) - (other.import_kwh - other.export_kwh) * 12
    steps = home(load, solar, battery_kw, imports, exports)
    steps = replace(steps, import_kwh=steps.import_kwh + 0.01, export_kwh=steps.export_kwh + 0.01)
    assert settled(steps, 5.0, float(other.level_kwh[-1])).saved == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=30)
@given(seed=seeds, start=levels)
def test_the_best_is_told_by_the_same_measure(seed: int, start: float) -> None:
    """Whoever does exactly what was measured is as good as what was measured."""
    load, solar, imports, exports = some_home(seed)
    battery_kw, end = followed(np.random.default_rng(seed).uniform(-5.0, 5.0, DAY), start)
    one = settlement(home(load, solar, battery_kw, imports, exports), start, end)
    assert one.load_kw - one.solar_kw == pytest.approx(load - solar, abs=1e-9)
    assert one.with_best(battery_kw).best == pytest.approx(one.savings.measured, abs=1e-6)


def test_shares_are_of_what_was_possible() -> None:
    day = replace(STEERED, measured=2.0, without=3.0, best=1.0)
    assert day.saved == 1.0
    assert day.possible == 2.0
    assert share_of_possible([day]) == 0.5
    assert share_of_possible([day, replace(day, measured=3.5)]) == pytest.approx(0.125)
    assert share_of_possible([replace(day, measured=0.5)]) == 1.0
    assert share_of_possible([replace(day, best=2.995)]) is None
    assert share_of_possible([replace(day, best=None)]) is None
    assert share_of_possible([replace(day, steered_share=0.0)]) is None
    assert share_of_possible([]) is None


def test_the_share_of_a_day_that_was_steered() -> None:
    hours = [START + timedelta(hours=hour) for hour in range(25)]
    assert steered_share([], hours[0], hours[24]) == 0.0
    assert steered_share([(hours[6], True)], hours[0], hours[24]) == 0.75
    assert steered_share([(hours[0] - timedelta(days=3), True), (hours[6], False)], hours[0], hours[24]) == 0.25
    assert steered_share([(hours[2], True), (hours[4], False), (hours[5], True)], hours[0], hours[6]) == 0.5


def test_a_stored_kwh_is_never_worth_less_than_nothing() -> None:
    assert stored_value(np.array([0.2, 0.4, np.nan]), BATTERY) == pytest.approx(0.3 * 0.94)
    assert stored_value(np.array([-0.2]), BATTERY) == 0.0
    assert stored_value(np.array([np.nan]), BATTERY) is None


def test_a_level_that_was_not_read_follows_the_energies() -> None:
    changes = stored_kwh(BATTERY, np.array([0.1, 0.1, 0.0, 0.0]), np.array([0.0, 0.0, 0.094, np.nan]))
    assert level_between(changes, 13.5, 5.0, None, 2) == pytest.approx(5.19)
    assert level_between(changes, 13.5, None, 5.09, 2) == pytest.approx(5.19)
    assert level_between(changes, 13.5, 5.0, 5.49, 2) == pytest.approx(5.19 + 0.2)
    assert level_between(changes, 13.5, 13.5, None, 2) == 13.5
    assert level_between(changes, 13.5, None, None, 2) is None
    assert level_between(changes[:0], 13.5, 5.0, 5.0, 0) == 5.0


def test_the_ledgers_rows_become_steps() -> None:
    tariff = PublishedTariff(
        (
            _slot(0, 7, 0.1, 0.0),
            _slot(7, 20, 0.2, None),
            replace(_slot(20, 30, 0.9, 0.9), certainty=Certainty.FORECAST),
        )
    )
    rows = {name: [(START + timedelta(minutes=5 * step), 0.1, step == 3) for step in range(6)] for name in FLOWS}
    rows["solar_kwh"].pop(2)
    steps = metered_steps(START, START + timedelta(minutes=35), rows, tariff)
    assert steps.count == 7
    assert steps.ends_at == START + timedelta(minutes=35)
    assert steps.are_known.tolist() == [True, True, False, True, True, True, False]
    assert steps.is_estimated.tolist() == [False] * 3 + [True] + [False] * 3
    assert steps.import_per_kwh[:4] == pytest.approx([0.1, 0.1 * 0.4 + 0.2 * 0.6, 0.2, 0.2])
    assert np.isnan(steps.import_per_kwh[4:]).all()
    assert np.isnan(steps.export_per_kwh[1:]).all()
    assert steps.export_per_kwh[0] == 0.0
    without_sun = metered_steps(START, START + timedelta(minutes=35), rows, tariff, has_solar=False)
    assert without_sun.solar_kwh.tolist() == [0.0] * 7
    assert without_sun.are_known.tolist() == [True] * 6 + [False]


def test_a_day_is_as_long_as_its_clock() -> None:
    flat = FlatTariff(tier="", import_per_kwh=0.3, export_per_kwh=0.1)
    long = metered_steps(START, START + timedelta(hours=25), {}, flat)
    assert (long.count, long.import_per_kwh[-1]) == (300, 0.3)
    assert not long.are_known.any()


def _slot(start: int, end: int, import_per_kwh: float, export_per_kwh: float | None) -> PriceSlot:
    return PriceSlot(
        starts_at=START + timedelta(minutes=start),
        ends_at=START + timedelta(minutes=end),
        tier="",
        import_per_kwh=import_per_kwh,
        export_per_kwh=export_per_kwh,
    )


def test_a_day_knows_its_date() -> None:
    assert STEERED.day == date(2026, 7, 1)
    assert (STEERED.saved, STEERED.possible, STEERED.stored_difference_kwh) == (None, None, None)
