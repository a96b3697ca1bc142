"""Reading as often as a monthly budget allows."""

from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.core import HomeAssistant
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.tesla.budget import (
    FASTEST_POLL,
    SLOWEST_POLL,
    CallClass,
    CallMeter,
    interval_within,
    monthly_estimate_usd,
    settings_interval,
)
from custom_components.energy_optimizer.storage.api_budget import ApiBudgetStore


@settings(max_examples=80)
@given(st.floats(1, 500))
def test_a_month_at_the_interval_costs_at_most_nine_tenths(budget_usd: float) -> None:
    interval = interval_within(budget_usd)
    assert FASTEST_POLL <= interval <= SLOWEST_POLL
    assert monthly_estimate_usd(interval) <= 0.9 * budget_usd * 1.0001


@settings(max_examples=40)
@given(st.floats(1, 500), st.floats(1, 500))
def test_more_money_never_means_fewer_readings(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert interval_within(more) <= interval_within(less)


def test_known_prices() -> None:
    assert monthly_estimate_usd(timedelta(minutes=1)) == pytest.approx(31 * 1440 * 1.2 / 500)
    assert monthly_estimate_usd(timedelta(minutes=30)) == pytest.approx(31 * 48 * (1 + 1 / 3 + 1) / 500)
    assert interval_within(10).total_seconds() == pytest.approx(31 * 86400 * (2 + 1 / 3) / 4500)
    assert interval_within(0) == SLOWEST_POLL


class At:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def spend(meter: CallMeter, usd: float) -> None:
    for _ in range(round(usd * 500)):
        meter.count(CallClass.DATA)


def test_commands_cost_half_as_much() -> None:
    meter = CallMeter(now=At(datetime(2026, 4, 1, tzinfo=UTC)), budget_usd=10)
    for _ in range(10):
        meter.count(CallClass.COMMAND)
        meter.count(CallClass.DATA)
    assert meter.calls_this_month == 20
    assert meter.cost_this_month_usd == pytest.approx(0.03)


def test_a_month_that_runs_ahead_slows_down_and_one_that_does_not_never_speeds_up() -> None:
    at = At(datetime(2026, 4, 1, tzinfo=UTC))
    meter = CallMeter(now=at, budget_usd=10)
    usual = interval_within(10)
    assert meter.poll_interval == usual
    spend(meter, 6)
    slowed = meter.poll_interval
    assert slowed > 2 * usual
    left = (meter.month_end - at.now) / slowed * (1 + slowed / settings_interval(slowed) + 1) / 500
    assert meter.cost_this_month_usd + left <= 10
    at.now = datetime(2026, 4, 30, tzinfo=UTC)
    assert meter.poll_interval == usual


def test_what_is_spent_is_spent_until_the_month_ends() -> None:
    at = At(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    meter = CallMeter(now=at, budget_usd=1)
    spend(meter, 0.998)
    assert not meter.is_used_up
    meter.count(CallClass.DATA)
    assert meter.is_used_up
    assert meter.poll_interval == SLOWEST_POLL
    assert meter.month_end == datetime(2027, 1, 1, tzinfo=UTC)
    at.now = datetime(2027, 1, 1, tzinfo=UTC)
    assert not meter.is_used_up
    assert (meter.calls_this_month, meter.cost_this_month_usd) == (0, 0)


def test_the_count_survives_a_restart() -> None:
    at, changes = At(datetime(2026, 4, 3, tzinfo=UTC)), []
    meter = CallMeter(now=at, budget_usd=10, changed=lambda: changes.append(1))
    spend(meter, 0.2)
    assert len(changes) == 100
    again = CallMeter(now=at, budget_usd=10, stored=meter.to_store())
    assert again.calls_this_month == 100
    assert again.to_store() == meter.to_store()


async def test_the_count_is_kept_on_disk(hass: HomeAssistant) -> None:
    at = At(datetime(2026, 4, 3, tzinfo=UTC))
    meter = CallMeter(now=at, budget_usd=10)
    spend(meter, 0.2)
    await ApiBudgetStore(hass, "source").async_save({"fleet": meter.to_store()})
    stored = await ApiBudgetStore(hass, "source").async_load_or_begin(dict)
    assert stored is not None
    assert CallMeter(now=at, budget_usd=10, stored=stored["fleet"]).calls_this_month == 100


@pytest.mark.parametrize(
    "stored", [None, {}, {"month": "2026-04"}, {"month": "2026-04", "calls": {"gift": 1}}, {"calls": 3}]
)
def test_a_damaged_count_begins_anew(stored: dict[str, object] | None) -> None:
    assert CallMeter(now=At(datetime(2026, 4, 3, tzinfo=UTC)), stored=stored).calls_this_month == 0


def test_free_calls_cost_nothing_and_are_counted() -> None:
    meter = CallMeter(now=At(datetime(2026, 4, 3, tzinfo=UTC)))
    spend(meter, 20)
    assert (meter.calls_this_month, meter.cost_this_month_usd, meter.is_used_up) == (10000, 0, False)
