"""What today's energy cost, from counters that stand still, jump, fall back and fall silent."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.accounting.cost import DayCost
from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.tariffs.days import Season
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.time_of_use import (
    TierPrice,
    TimeOfUsePlan,
    TimeOfUseTariff,
    Window,
)

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 5, 20)
FLAT = FlatTariff(tier="Any", import_per_kwh=0.25, export_per_kwh=0.1)
TARIFF = TimeOfUseTariff(
    plan=TimeOfUsePlan(
        seasons=(Season(name="All year"),),
        prices=(
            TierPrice(tier="Night", import_per_kwh=0.1, export_per_kwh=0.05),
            TierPrice(tier="Noon", import_per_kwh=-0.02, export_per_kwh=None),
            TierPrice(tier="Day", import_per_kwh=0.3, export_per_kwh=0.08),
        ),
        windows=(
            Window(tier="Night", start_minute=22 * 60, end_minute=6 * 60),
            Window(tier="Noon", start_minute=12 * 60, end_minute=14 * 60),
        ),
        rest_tier="Day",
    ),
    time_zone=PARIS,
)


def clock(hour: int, minute: int = 0, second: int = 0, *, day: int = 20) -> datetime:
    return datetime(2026, 5, day, hour, minute, second, tzinfo=PARIS).astimezone(UTC)


def totals(bought: float | None, sold: float | None = None) -> EnergyTotals:
    return EnergyTotals(grid_import_kwh=bought, grid_export_kwh=sold)


def after(*readings: tuple[datetime, EnergyTotals], start: DayCost | None = None) -> DayCost:
    state = start or DayCost(day=TODAY)
    for at, read in readings:
        state = state.advance(read, at, TARIFF, PARIS)
    return state


def test_nothing_is_known_before_the_first_reading() -> None:
    state = DayCost(day=TODAY)
    assert (state.cost, state.earnings, state.counted_since) == (None, None, None)


def test_the_first_reading_starts_at_nothing() -> None:
    state = after((clock(8), totals(5000.0)))
    assert state.cost == 0
    assert state.earnings is None
    assert state.counted_since == clock(8)


def test_each_moment_has_its_price() -> None:
    state = after(
        (clock(5, 56), totals(100.0, 50.0)),
        (clock(6), totals(101.0, 50.0)),
        (clock(6, 4), totals(103.0, 50.5)),
    )
    assert state.cost == Decimal("0.1") + 2 * Decimal("0.3")
    assert state.earnings == Decimal("0.04")
    assert state.bought is not None
    assert state.bought.kwh == pytest.approx(3.0)
    assert state.bought.estimated_kwh == 0


def test_energy_across_a_price_change_is_split_by_time() -> None:
    state = after((clock(5, 57), totals(100.0)), (clock(6, 1), totals(100.4)))
    assert float(state.cost or 0) == pytest.approx(0.3 * 0.1 + 0.1 * 0.3)


def test_negative_prices_lower_the_cost() -> None:
    state = after((clock(12), totals(100.0)), (clock(12, 5), totals(101.0)))
    assert state.cost == Decimal("-0.02")


def test_energy_without_a_price_makes_the_figure_unknown_and_keeps_what_is_known() -> None:
    state = after((clock(11, 56), totals(0.0, 50.0)), (clock(12), totals(0.0, 51.0)))
    assert state.earnings == Decimal("0.08")
    state = after((clock(12, 4), totals(0.0, 51.0)), start=state)
    assert state.earnings == Decimal("0.08"), "no energy flowed without a price"
    state = after((clock(12, 8), totals(0.0, 51.5)), start=state)
    assert state.earnings is None
    assert state.sold is not None
    assert (state.sold.unpriced_kwh, state.sold.kwh, state.sold.money) == (0.5, 1.5, Decimal("0.08"))


def test_a_lower_counter_starts_anew_and_invents_nothing() -> None:
    state = after(
        (clock(8), totals(100.0)), (clock(8, 1), totals(101.0)), (clock(8, 2), totals(0.2)), (clock(8, 3), totals(0.7))
    )
    assert state.bought is not None
    assert state.bought.kwh == pytest.approx(1.5)
    assert float(state.cost or 0) == pytest.approx(0.3 * 1.5)


def test_a_counter_that_came_back_from_zero_does_not_bring_its_whole_life() -> None:
    state = after((clock(8), totals(5000.0)), (clock(8, 1), totals(0.0)), (clock(8, 2), totals(5000.1)))
    assert state.cost == 0
    state = after((clock(8, 3), totals(5000.2)), start=state)
    assert float(state.cost or 0) == pytest.approx(0.1 * 0.3)


def test_a_coarse_counter_is_believed() -> None:
    readings = [(clock(8, 0, 5 * index), totals(100.0)) for index in range(12)]
    state = after(*readings, (clock(8, 1), totals(101.0)))
    assert state.cost == Decimal("0.3")


def standing(kwh: float, start: datetime, end: datetime, every_s: int = 10) -> list[tuple[datetime, EnergyTotals]]:
    """Read a counter that stands still, from *start* until just before *end*."""
    count = int((end - start).total_seconds()) // every_s
    return [(start + timedelta(seconds=every_s * index), totals(kwh)) for index in range(count)]


def test_a_coarse_counter_does_not_put_its_step_into_the_next_price() -> None:
    state = after(*standing(100.0, clock(5, 30), clock(6)), (clock(6), totals(100.0)), (clock(6, 0, 10), totals(101.0)))
    in_night = 1800 / 1810
    assert float(state.cost or 0) == pytest.approx(in_night * 0.1 + (1 - in_night) * 0.3)
    assert state.bought is not None
    assert state.bought.kwh == pytest.approx(1.0)
    assert state.bought.estimated_kwh == pytest.approx(1.0)
    assert state.counted_since == clock(5, 30)


def test_a_coarse_counter_that_is_read_rarely_is_known_by_its_steps() -> None:
    """After one step, which its speed does not betray, a step counts from when the counter last changed."""
    taught = after(
        *standing(100.0, clock(4, 56), clock(5), 240),
        (clock(5), totals(100.2)),
        *standing(100.2, clock(5, 4), clock(6), 240),
    )
    state = after((clock(6), totals(100.4)), start=taught)
    assert float(state.cost or 0) == pytest.approx(0.4 * 0.1)
    assert state.bought is not None
    assert state.bought.estimated_kwh == pytest.approx(0.2)
    more = after((clock(6, 4), totals(100.9)), start=after((clock(6), totals(100.2)), start=taught))
    in_night = 0.2 * 60 / 64
    assert float(more.cost or 0) == pytest.approx((0.2 + in_night) * 0.1 + (0.7 - in_night) * 0.3)


@pytest.mark.parametrize("first_rises", [(), (0.001, 0.004), (0.03, 0.001)])
def test_a_fine_counter_that_stood_still_is_not_smeared(first_rises: tuple[float, ...]) -> None:
    kwh, readings = 100.0, [(clock(0), totals(100.0))]
    for index, rise in enumerate(first_rises, 1):
        kwh += rise
        readings.append((clock(0, 0, 10 * index), totals(kwh)))
    state = after(*readings, *standing(kwh, clock(0, 1), clock(6)), (clock(6), totals(kwh)))
    before = float(state.cost or 0)
    for index in range(1, 6):  # 18 kW
        state = after((clock(6, 0, 10 * index), totals(kwh + 0.05 * index)), start=state)
    assert float(state.cost or 0) - before == pytest.approx(0.25 * 0.3)
    assert state.bought is not None
    assert state.bought.estimated_kwh == 0


def test_a_fine_counter_that_stood_still_while_nothing_had_a_price_keeps_its_figure() -> None:
    state = after((clock(11, 59, 40), totals(0.0, 50.0)), (clock(11, 59, 50), totals(0.0, 50.001)))
    state = after(*((at, totals(0.0, 50.001)) for at, _ in standing(0, clock(12), clock(14, 1))), start=state)
    state = after((clock(14, 1), totals(0.0, 50.02)), start=state)
    assert float(state.earnings or 0) == pytest.approx(0.02 * 0.08)


def test_a_rise_less_than_the_known_step_shows_that_the_counter_is_fine() -> None:
    state = after((clock(5), totals(100.0)), (clock(5, 0, 10), totals(101.0)), (clock(5, 59, 50), totals(101.0)))
    state = after((clock(6), totals(101.0)), (clock(6, 0, 10), totals(101.05)), start=state)
    assert float(state.cost or 0) == pytest.approx(0.1 + 0.05 * 0.3)


def test_a_coarse_step_over_midnight_leaves_yesterday_its_part() -> None:
    state = DayCost(day=date(2026, 5, 19))
    state = after(*standing(100.0, clock(23, 30, day=19), clock(0, 30)), (clock(0, 30), totals(101.0)), start=state)
    assert state.bought is not None
    assert state.bought.kwh == pytest.approx(0.5)
    assert state.bought.estimated_kwh == pytest.approx(0.5)
    assert float(state.cost or 0) == pytest.approx(0.05)
    assert state.counted_since == clock(0)


def test_a_step_longer_than_a_reading_but_short_is_no_estimate() -> None:
    state = after(*standing(100.0, clock(8), clock(8, 4)), (clock(8, 4), totals(101.0)))
    assert state.bought is not None
    assert (state.bought.kwh, state.bought.estimated_kwh) == (pytest.approx(1.0), 0)


def test_a_moved_home_counts_from_its_last_reading() -> None:
    west = ZoneInfo("America/Los_Angeles")
    at = datetime(2026, 6, 1, 6, tzinfo=UTC)  # the evening of May 31 in the west, the morning of June 1 in Paris
    state = DayCost(day=date(2026, 5, 31)).advance(totals(100.0), at - timedelta(hours=10), FLAT, west)
    state = state.advance(totals(110.0), at, FLAT, west)
    state = state.advance(totals(110.1), at + timedelta(seconds=10), FLAT, PARIS)
    assert state.day == date(2026, 6, 1)
    assert state.counted_since == at
    assert float(state.cost or 0) == pytest.approx(0.1 * 0.25)


def test_a_counter_reset_overnight_counts_from_its_first_reading() -> None:
    state = after((clock(20, day=19), totals(100.0)), start=DayCost(day=date(2026, 5, 19)))
    state = after((clock(15), totals(5.0)), start=state)
    assert (state.cost, state.counted_since) == (0, clock(15))


def test_a_clock_put_back_moves_the_start_of_the_figures_with_it() -> None:
    state = after((clock(9), totals(100.0)), (clock(8), totals(101.0)), (clock(8, 1), totals(101.5)))
    assert state.counted_since == clock(8)


def test_another_currency_drops_the_money_and_keeps_the_counters() -> None:
    dollars = DayCost(day=TODAY).in_currency("USD")
    state = after((clock(8), totals(100.0, 50.0)), (clock(8, 4), totals(101.0, None)), start=dollars)
    assert state.in_currency("USD") == state
    yen = state.in_currency("JPY")
    assert (yen.currency, yen.cost, yen.earnings) == ("JPY", 0, 0)
    assert yen.counted_since == clock(8)
    assert (yen.import_counter, yen.export_counter) == (state.import_counter, state.export_counter)
    assert after((clock(8, 5), totals(101.5, None)), start=yen).cost == Decimal("0.15")


def test_another_currency_leaves_unknown_what_was_unknown() -> None:
    state = after((clock(8), totals(100.0)), start=DayCost(day=TODAY, currency="USD")).in_currency("EUR")
    assert (state.cost, state.earnings, state.counted_since) == (0, None, clock(8))
    nothing = DayCost(day=TODAY, currency="USD").in_currency("EUR")
    assert (nothing.cost, nothing.earnings, nothing.counted_since) == (None, None, None)


def test_a_step_from_before_another_currency_counts_only_from_there_on() -> None:
    state = after(*standing(100.0, clock(8), clock(8, 30)), (clock(8, 30), totals(100.0)))
    euros = replace(state, currency="USD").in_currency("EUR")
    stepped = after((clock(8, 40), totals(108.0)), start=euros)
    assert stepped.bought is not None
    assert stepped.bought.kwh == pytest.approx(8.0 * 10 / 40)


def test_new_meters_keep_the_money_and_invent_nothing() -> None:
    state = after((clock(8), totals(100.0, 50.0)), (clock(8, 4), totals(101.0, 51.0)))
    state = after((clock(8, 8), totals(101.5, 80.0)), start=state.with_new_meters())
    assert (state.cost, state.earnings, state.counted_since) == (Decimal("0.3"), Decimal("0.08"), clock(8))
    assert after((clock(8, 9), totals(102.5, 80.0)), start=state).cost == Decimal("0.6")


def test_a_missing_counter_changes_nothing() -> None:
    state = after((clock(8), totals(100.0)), (clock(8, 1), totals(None)), (clock(8, 2), totals(100.5)))
    assert state.cost == Decimal("0.15")
    assert state.earnings is None


def test_a_reading_that_comes_twice_counts_once() -> None:
    state = after((clock(8), totals(100.0)), (clock(8, 1), totals(101.0)), (clock(8, 1), totals(101.0)))
    assert state.cost == Decimal("0.3")


def test_a_clock_put_back_starts_anew() -> None:
    state = after((clock(9), totals(100.0)), (clock(8), totals(101.0)), (clock(8, 1), totals(101.5)))
    assert state.cost == Decimal("0.15")


def test_a_gap_is_spread_evenly_and_marked() -> None:
    state = after((clock(4), totals(100.0)), (clock(8), totals(104.0)))
    assert float(state.cost or 0) == pytest.approx(2 * 0.1 + 2 * 0.3)
    assert state.bought is not None
    assert state.bought.estimated_kwh == pytest.approx(4.0)


def test_midnight_splits_the_days() -> None:
    state = after((clock(23, 58, day=19), totals(100.0)), start=DayCost(day=date(2026, 5, 19)))
    state = after((clock(0, 2), totals(100.4)), start=state)
    assert state.day == TODAY
    assert state.bought is not None
    assert state.bought.kwh == pytest.approx(0.2)
    assert float(state.cost or 0) == pytest.approx(0.02)
    assert state.counted_since == clock(0)


def test_a_gap_over_midnight_leaves_yesterday_its_part() -> None:
    state = after((clock(18, day=19), totals(100.0)), start=DayCost(day=date(2026, 5, 19)))
    state = after((clock(6), totals(112.0)), start=state)
    assert state.bought is not None
    assert state.bought.kwh == pytest.approx(6.0)
    assert state.bought.estimated_kwh == pytest.approx(6.0)
    assert state.counted_since == clock(0)


def test_a_new_day_starts_at_nothing_only_while_the_counters_are_read() -> None:
    state = after((clock(23, 59, 55, day=19), totals(100.0)), start=DayCost(day=date(2026, 5, 19)))
    assert state.on(TODAY, PARIS).cost == 0
    silent = after((clock(20, day=19), totals(100.0)), start=DayCost(day=date(2026, 5, 19)))
    assert silent.on(TODAY, PARIS).cost is None
    back = after((clock(2), totals(106.0)), start=silent.on(TODAY, PARIS))
    assert float(back.cost or 0) == pytest.approx(0.2)


steps = st.lists(st.tuples(st.integers(1, 20_000), st.floats(0, 3)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_no_energy_is_lost_or_invented_within_a_day(steps: list[tuple[int, float]]) -> None:
    at, kwh = clock(0), 1000.0
    state, last = DayCost(day=TODAY).advance(totals(kwh, kwh), at, FLAT, PARIS), kwh
    for seconds, more in steps:
        at, kwh = at + timedelta(seconds=seconds), kwh + min(more, seconds / 60)
        if at.astimezone(PARIS).date() != TODAY:
            break
        state, last = state.advance(totals(kwh, kwh), at, FLAT, PARIS), kwh
    assert state.bought is not None
    assert state.bought.kwh == pytest.approx(last - 1000.0, abs=1e-9)
    assert float(state.cost or 0) == pytest.approx((last - 1000.0) * 0.25, abs=1e-9)
    assert float(state.earnings or 0) == pytest.approx((last - 1000.0) * 0.1, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(counters=st.lists(st.tuples(st.integers(1, 9_000), st.none() | st.floats(0, 1e4)), max_size=15))
def test_whatever_counters_do_nothing_negative_and_nothing_impossible_is_counted(
    counters: list[tuple[int, float | None]],
) -> None:
    at, state, hours = clock(0), DayCost(day=TODAY), 0.0
    for seconds, kwh in counters:
        at, hours = at + timedelta(seconds=seconds), hours + seconds / 3600
        state = state.advance(totals(kwh, kwh), at, FLAT, PARIS)
        for energy in (state.bought, state.sold):
            assert energy is None or 0 <= energy.kwh <= 150 * hours + len(counters)
            assert energy is None or energy.kwh >= energy.estimated_kwh >= 0
