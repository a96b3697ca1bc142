"""Totals that only rise, whatever the counters behind them do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.accounting.meters import Meter, Meters
from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.model.powerwall import PowerwallReading

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
GATEWAY = "gateway 1"


def seen(counters: list[float | None], *, meters: Meters | None = None, power_kw: float = 6.0) -> list[float | None]:
    """Return the solar total after each of some readings, ten seconds apart."""
    meters = meters or Meters(origin=GATEWAY)
    before, totals = None, []
    for number, counter in enumerate(counters):
        after = PowerwallReading(
            taken_at=START + timedelta(seconds=10 * number), solar_kw=power_kw, totals=EnergyTotals(solar_kwh=counter)
        )
        meters, before = meters.advance(before, after), after
        totals.append(meters.totals.solar_kwh)
    return totals


def test_the_devices_own_counter_is_shown() -> None:
    assert seen([15000.0, 15000.02, 15000.04]) == pytest.approx([15000.0, 15000.02, 15000.04])


@pytest.mark.parametrize("silence", [1, 2, 30])
def test_a_counter_that_is_silent_is_waited_for(silence: int) -> None:
    totals = seen([15000.0, *[None] * silence, 15000.1])
    assert totals == pytest.approx([15000.0] * (silence + 1) + [15000.1])


@pytest.mark.parametrize("glitch", [0.0, 3.0, 14999.0, 1_000_000.0])
def test_a_counter_that_shows_nonsense_for_a_moment_adds_nothing(glitch: float) -> None:
    assert seen([15000.0, glitch, 15000.01])[-1] == pytest.approx(15000.0, abs=0.02)


def test_a_counter_that_was_reset_goes_on_from_the_total_reached() -> None:
    assert seen([15000.0, 0.0, 0.02, 0.04]) == pytest.approx([15000.0, 15000.0, 15000.02, 15000.04])


def test_a_counter_may_step_by_whole_kilowatt_hours() -> None:
    assert seen([100.0, 100.0, 101.0]) == [100.0, 100.0, 101.0]


def test_power_stands_in_for_a_counter_that_never_was() -> None:
    assert seen([None, None, None])[1:] == pytest.approx([1 / 60, 2 / 60])


def test_a_counter_that_appears_late_goes_on_from_what_was_integrated() -> None:
    assert seen([None, None, 15000.0, 15000.05]) == pytest.approx([None, 1 / 60, 1 / 60, 1 / 60 + 0.05])


def test_another_device_goes_on_from_the_total_reached() -> None:
    meters = Meters(origin=GATEWAY, channels={"solar_kwh": Meter(total_kwh=6800.0, counter_kwh=6800.0, read_at=START)})
    assert seen([15000.0, 15000.02], meters=meters.of("entities")) == pytest.approx([6800.0, 6800.02])
    assert seen([None, None], meters=meters.of("entities"))[-1] == pytest.approx(6800 + 1 / 60)
    assert meters.of(GATEWAY) is meters


def test_a_counter_that_starts_each_day_from_nothing() -> None:
    day = [number / 100 for number in range(91)]
    assert seen(day * 5)[-1] == pytest.approx(4.5)


@pytest.mark.parametrize("looks", [1, 90, 1000])
def test_an_outage_that_shows_zeros_counts_nothing_twice(looks: int) -> None:
    assert seen([30.0, *[0.0] * looks, 30.0, 30.02])[-1] == pytest.approx(30.02)


@given(st.lists(st.none() | st.floats(0, 20000), max_size=40))
def test_no_total_ever_falls_or_jumps(counters: list[float | None]) -> None:
    totals = [total for total in seen(counters) if total is not None]
    for earlier, later in pairwise(totals):
        assert 0 <= later - earlier <= 150 * 10 * len(counters) / 3600 + 1.0 + 1e-6


@given(st.lists(st.floats(0, 0.3), max_size=40), st.sets(st.integers(1, 38)))
def test_what_a_counter_gains_is_never_lost_in_silence(gains: list[float], silent: set[int]) -> None:
    counters: list[float | None] = [1000.0]
    for gain in gains:
        counters.append(counters[-1] + gain)
    heard = [None if number in silent and number < len(counters) - 1 else each for number, each in enumerate(counters)]
    assert seen(heard)[-1] == pytest.approx(counters[-1])


CLOUD = "cloud 1"


def turns(gateway_kwh: list[float | None], power_kw: float) -> list[float]:
    """Return the solar total while a gateway that counts and a cloud that shows power take turns, minute by minute.

    Where the gateway's counter is ``None``, it was silent and the cloud stood in.
    """
    meters, before, totals = Meters(origin=GATEWAY), None, []
    for minute, counter in enumerate(gateway_kwh):
        after = PowerwallReading(
            taken_at=START + timedelta(minutes=minute), solar_kw=power_kw, totals=EnergyTotals(solar_kwh=counter)
        )
        meters = meters.of(CLOUD if counter is None else GATEWAY).advance(before, after)
        before = after
        totals.append(meters.totals.solar_kwh or 0.0)
    return totals


def test_a_way_that_comes_back_tells_what_flowed_meanwhile() -> None:
    assert turns([100.0, None, None, 100.5], power_kw=6.0) == pytest.approx([100.0, 100.1, 100.2, 100.5])


def test_what_another_way_counted_too_much_is_waited_for() -> None:
    totals = turns([100.0, None, None, None, 100.1, 100.2, 100.5], power_kw=6.0)
    assert totals == pytest.approx([100.0, 100.1, 100.2, 100.3, 100.3, 100.3, 100.5])


def test_a_counter_that_began_anew_while_another_way_stood_in() -> None:
    assert turns([100.0, None, None, 0.0, 0.1], power_kw=6.0)[-2:] == pytest.approx([100.2, 100.3])


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 0.3)), min_size=1, max_size=40), st.floats(0.0, 20.0))
def test_taking_turns_never_falls_and_ends_at_the_counter_or_above_it_for_a_while(
    minutes: list[tuple[bool, float]], power_kw: float
) -> None:
    true, counters = 100.0, [100.0]
    for silent, gain in minutes:
        true += gain
        counters.append(None if silent else true)
    totals = turns(counters, power_kw)
    assert all(later >= earlier for earlier, later in pairwise(totals))
    integrated = power_kw / 60 * sum(counter is None for counter in counters)
    assert totals[-1] <= true + integrated + 1e-9
    if counters[-1] is not None:
        assert totals[-1] >= true - 1e-9


def test_history_is_counted_where_no_counter_is_known() -> None:
    meters = Meters(origin=CLOUD, channels={"solar_kwh": Meter(total_kwh=5.0)})
    credited = meters.credit(EnergyTotals(solar_kwh=0.5, home_kwh=1.0))
    assert (credited.totals.solar_kwh, credited.totals.home_kwh) == (5.5, 1.0)
    counting = Meters(origin=GATEWAY, channels={"solar_kwh": Meter(total_kwh=5.0, counter_kwh=5.0, read_at=START)})
    assert counting.credit(EnergyTotals(solar_kwh=0.5)).totals.solar_kwh == 5.0
    assert "solar_kwh" not in counting.uncounted


def test_ways_that_are_gone_are_forgotten() -> None:
    meters = Meters(origin=GATEWAY, channels={"solar_kwh": Meter(total_kwh=5.0, counter_kwh=5.0, read_at=START)})
    away = meters.of(CLOUD)
    assert away.knowing([CLOUD, GATEWAY]).of(GATEWAY).channels["solar_kwh"].counter_kwh == 5.0
    assert away.knowing([CLOUD]).of(GATEWAY).channels["solar_kwh"].counter_kwh is None
