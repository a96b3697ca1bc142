"""Lists of prices of other integrations: units, times and shapes, as each of them writes them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.api.errors import NonsenseError
from custom_components.energy_optimizer.api.tariff.entity_shapes import (
    AmbiguousError,
    chosen,
    find_lists,
    read_lists,
)
from custom_components.energy_optimizer.api.tariff.entity_times import in_utc, read_time
from custom_components.energy_optimizer.api.tariff.entity_units import Measure, read_unit
from custom_components.energy_optimizer.core.model.price import Certainty, PriceRange

PARIS = ZoneInfo("Europe/Paris")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def read(content: dict[str, Any]) -> list[tuple[datetime, datetime, float]]:
    return [(each.starts_at, each.ends_at, each.value) for each in read_lists(find_lists(content), PARIS)]


@pytest.mark.parametrize(
    ("text", "measure", "fits", "does_not_fit"),
    [
        ("EUR/kWh", Measure.PER_KWH, "EUR", "USD"),
        ("€/MWh", Measure.PER_MWH, "EUR", "GBP"),
        ("EUR / MWh", Measure.PER_MWH, "EUR", "SEK"),
        ("ct/kWh", Measure.CENTS_PER_KWH, "EUR", "GBP"),
        ("Cent/kWh", Measure.CENTS_PER_KWH, "EUR", "GBP"),
        ("c/kWh", Measure.CENTS_PER_KWH, "AUD", "GBP"),
        ("¢/kWh", Measure.CENTS_PER_KWH, "USD", "SEK"),
        ("öre/kWh", Measure.CENTS_PER_KWH, "SEK", "EUR"),
        ("Øre/kWh", Measure.CENTS_PER_KWH, "NOK", "SEK"),
        ("p/kWh", Measure.CENTS_PER_KWH, "GBP", "EUR"),
        ("£/kWh", Measure.PER_KWH, "GBP", "EUR"),
        ("$/kWh", Measure.PER_KWH, "AUD", "EUR"),
        ("kr/kWh", Measure.PER_KWH, "DKK", "EUR"),
        ("zł/kWh", Measure.PER_KWH, "PLN", "EUR"),
        ("SEK per kWh", Measure.PER_KWH, "SEK", "NOK"),
    ],
)
def test_units(text: str, measure: Measure, fits: str, does_not_fit: str) -> None:
    unit = read_unit(text)
    assert unit is not None
    assert unit.measure is measure
    assert unit.fits(fits)
    assert not unit.fits(does_not_fit)


@pytest.mark.parametrize("text", ["", "EUR", "kWh", "EUR/m³", "%", "W/kWh", "ct/MWh", "/kWh"])
def test_what_is_no_price_of_energy(text: str) -> None:
    assert read_unit(text) is None


def test_factors_turn_prices_into_currency_per_kwh() -> None:
    assert [85.0 * measure.factor for measure in Measure] == pytest.approx([85.0, 0.085, 0.85])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20T13:00:00+01:00", utc(2026, 11, 20, 12)),
        ("2026-11-20 13:00", utc(2026, 11, 20, 12)),
        (datetime(2026, 11, 20, 13, tzinfo=PARIS), utc(2026, 11, 20, 12)),
        ("2026-11-20T12:00:01Z", utc(2026, 11, 20, 12)),
        ("2026-11-20T11:59:59Z", utc(2026, 11, 20, 12)),
        (1795176000, utc(2026, 11, 20, 12)),
        (1795176000000, utc(2026, 11, 20, 12)),
    ],
)
def test_times(value: object, expected: datetime) -> None:
    time = read_time(value)
    assert time is not None
    assert in_utc([time], PARIS) == [expected]


@pytest.mark.parametrize("value", ["2026-11-20", "noon", "", 13, -1, True, None, 0.25, 10**30])
def test_what_is_no_time(value: object) -> None:
    assert read_time(value) is None


def test_naive_times_of_the_day_with_25_hours() -> None:
    shown = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    walls = [datetime.fromisoformat(f"2026-10-25T{time}") for time in shown]
    assert in_utc(walls, PARIS) == [utc(2026, 10, 24, 23, 30) + timedelta(minutes=30 * n) for n in range(6)]


def test_naive_times_of_the_day_with_23_hours() -> None:
    walls = [datetime.fromisoformat(f"2026-03-29T{time}") for time in ("01:00", "02:00", "03:00")]
    assert in_utc(walls, PARIS) == [utc(2026, 3, 29, 0), None, utc(2026, 3, 29, 1)]


def test_hours_of_clock_change_days_without_ends_are_an_hour_long() -> None:
    for day, hours, first in ((25, [0, 1, 2, 2, 3], utc(2026, 10, 24, 22)), (29, [0, 1, 2, 3], utc(2026, 3, 28, 23))):
        month = 10 if day == 25 else 3
        rows = [{"start": f"2026-{month:02}-{day}T{hour:02}:00", "value": n / 10} for n, hour in enumerate(hours)]
        found = read({"raw_today": rows})
        assert [each[0] for each in found] == [first + timedelta(hours=n) for n in range(len(found))]
        assert len(found) == len(set(hours)) + (1 if day == 25 else -1)
        assert all(end - start == timedelta(hours=1) for start, end, _ in found)


def test_custom_nord_pool() -> None:
    day = datetime(2026, 11, 20, tzinfo=PARIS)
    content = {
        "raw_today": [
            {"start": day + timedelta(hours=n), "end": day + timedelta(hours=n + 1), "value": n / 100}
            for n in range(24)
        ],
        "raw_tomorrow": [],
        "today": [n / 100 for n in range(24)],
        "tomorrow_valid": False,
        "region": "FR",
    }
    found = read(content)
    assert len(found) == 24
    assert found[0] == (utc(2026, 11, 19, 23), utc(2026, 11, 20, 0), 0.0)


def test_entso_e_without_ends_and_with_lists_that_agree() -> None:
    today = [{"time": f"2026-11-20 {n:02}:00:00+01:00", "price": n / 100} for n in range(24)]
    tomorrow = [{"time": f"2026-11-21 {n:02}:00:00+01:00", "price": n / 50} for n in range(24)]
    found = read({"prices_today": today, "prices_tomorrow": tomorrow, "prices": [*today, *tomorrow]})
    assert len(found) == 48
    assert all(end - start == timedelta(hours=1) for start, end, _ in found)


def test_octopus_counts_pounds_with_tax() -> None:
    rates = [
        {"start": "2026-11-20T00:30:00Z", "end": "2026-11-20T01:00:00Z", "value_inc_vat": 0.21, "is_capped": False},
        {"start": "2026-11-20T00:00:00Z", "end": "2026-11-20T00:30:00Z", "value_inc_vat": -0.03, "is_capped": False},
    ]
    lists = find_lists({"rates": rates, "tariff_code": "E-1R"})
    assert lists["rates"].unit is not None
    assert lists["rates"].unit.fits("GBP")
    assert not lists["rates"].unit.fits("EUR")
    assert [each.value for each in read_lists(lists, PARIS)] == [-0.03, 0.21]


def test_amber_forecasts_carry_ranges_and_are_forecasts() -> None:
    row = {
        "duration": 30,
        "date": "2026-11-20",
        "nem_date": "2026-11-20T10:30:00+10:00",
        "per_kwh": 0.28,
        "spot_per_kwh": 0.11,
        "start_time": "2026-11-20T00:00:01+00:00",
        "end_time": "2026-11-20T00:30:00+00:00",
        "renewables": 45,
        "spike_status": "none",
        "range_min": 0.2,
        "range_max": 0.4,
    }
    advanced = row | {"advanced_price_low": -0.05, "advanced_price_predicted": -0.1, "advanced_price_high": -0.3}
    (plain,) = read_lists(find_lists({"forecasts": [row]}), PARIS)
    assert (plain.starts_at, plain.ends_at) == (utc(2026, 11, 20, 0), utc(2026, 11, 20, 0, 30))
    assert plain.certainty is Certainty.FORECAST
    assert plain.range_ == PriceRange(low=0.2, predicted=0.28, high=0.4)
    (better,) = read_lists(find_lists({"forecasts": [advanced]}), PARIS)
    assert better.range_ == PriceRange(low=-0.3, predicted=-0.1, high=-0.05)
    (earned,) = read_lists(find_lists({"forecasts": [row | {"range_min": -0.4, "range_max": -0.2}]}), PARIS)
    assert earned.range_ == PriceRange(low=0.2, predicted=0.28, high=0.4)
    (astray,) = read_lists(find_lists({"forecasts": [row | {"range_min": 0.9}]}), PARIS)
    assert astray.range_ is None


def test_tibber_and_energyzero_answers() -> None:
    tibber = {"prices": {"St. Olavs gate": [{"start_time": "2026-11-20T00:00:00.000+01:00", "price": 1.2}]}}
    assert read(tibber) == [(utc(2026, 11, 19, 23), utc(2026, 11, 20, 0), 1.2)]
    energyzero = {
        "prices": [
            {
                "price": 0.19,
                "timestamp": "2026-11-20 00:00:00+01:00",
                "start": "2026-11-20 00:00:00+01:00",
                "end": "2026-11-20 00:15:00+01:00",
            }
        ]
    }
    assert read(energyzero) == [(utc(2026, 11, 19, 23), utc(2026, 11, 19, 23, 15), 0.19)]


def test_a_mapping_of_times_to_prices() -> None:
    assert read({"data": {"2026-11-20T00:00:00Z": 0.1, "2026-11-20T00:30:00Z": "0.2"}}) == [
        (utc(2026, 11, 20, 0), utc(2026, 11, 20, 0, 30), 0.1),
        (utc(2026, 11, 20, 0, 30), utc(2026, 11, 20, 1), 0.2),
    ]


def test_a_value_of_its_own_name_is_found_if_it_is_the_only_number() -> None:
    rows = [{"from": "2026-11-20T00:00:00Z", "to": "2026-11-20T01:00:00Z", "prijs": 0.3, "note": "x"}]
    assert read({"anything": rows})[0][2] == 0.3
    assert find_lists({"anything": [rows[0] | {"wind": 5}]}) == {}


def test_missing_prices_are_holes_and_never_zero() -> None:
    rows = [{"start": f"2026-11-20T{n:02}:00:00Z", "value": value} for n, value in enumerate([0.1, None, "", 0.0, 0.2])]
    found = read({"raw_today": rows})
    assert [(start.hour, value) for start, _, value in found] == [(0, 0.1), (3, 0.0), (4, 0.2)]


def test_a_row_that_is_not_there_leaves_a_hole() -> None:
    rows = [{"start": f"2026-11-20T{n:02}:00:00Z", "value": 0.1} for n in (0, 1, 2, 6)]
    found = read({"raw_today": rows})
    assert [(start.hour, end.hour) for start, end, _ in found] == [(0, 1), (1, 2), (2, 3), (6, 7)]


def test_lists_that_contradict_each_other_must_be_told_apart() -> None:
    content = {
        "general": [{"start": "2026-11-20T00:00:00Z", "value": 0.3}],
        "feed_in": [{"start": "2026-11-20T00:00:00Z", "value": 0.1}],
    }
    with pytest.raises(AmbiguousError) as caught:
        read(content)
    assert set(caught.value.names) == {"general", "feed_in"}
    assert read_lists(chosen(find_lists(content), "feed_in"), PARIS)[0].value == 0.1
    assert chosen(find_lists(content), "nothing") == {}


def test_a_named_list_brings_those_of_the_days_around() -> None:
    rows = {
        f"raw_{day}": [{"start": f"2026-11-{number}T00:00:00Z", "value": 0.3}]
        for day, number in (("yesterday", 19), ("today", 20), ("tomorrow", 21))
    }
    assert set(chosen(find_lists(rows), "raw_today")) == set(rows)
    nested = {"prices": {"home": rows["raw_today"], "cabin": rows["raw_today"]}}
    assert set(chosen(find_lists(nested), "home")) == {"prices.home"}
    assert set(chosen(find_lists(nested), "prices")) == {"prices.home", "prices.cabin"}


def test_times_that_cannot_be_placed_are_said() -> None:
    rows = [{"start": "2026-03-29T02:30", "value": 0.3}]  # skipped that night
    with pytest.raises(NonsenseError, match="times"):
        read({"raw_today": rows})


def test_lists_of_other_things_are_no_prices() -> None:
    assert find_lists({"options": ["a"], "points": [1, 2], "friendly_name": "x", "people": [{"name": "x"}]}) == {}
