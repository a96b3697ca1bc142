"""Telling sound tariffs from unsound ones, and the same tariff from another."""

import random
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.powerwall.tesla_tariff import TariffNames, tesla_tariff
from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff, validate
from tests.api.powerwall.tesla_tariffs import day_of, users_tariff

NAMES = TariffNames(name="Plan", utility="Utility", currency="EUR")
PLAIN = tesla_tariff(day_of([0.2, 0.3, 0.0], [0.05]), NAMES)


def as_tesla_returns_it(value: Any, shuffle: random.Random) -> Any:
    """Reorder, drop what is 0 or empty among the times, and turn numbers into the other kind."""
    match value:
        case dict():
            kept = [
                (key, as_tesla_returns_it(content, shuffle))
                for key, content in value.items()
                if not (key.startswith(("from", "to")) and content == 0)
            ]
            shuffle.shuffle(kept)
            return dict(kept)
        case list():
            return [as_tesla_returns_it(content, shuffle) for content in value]
        case int():
            return float(value)
        case float() if value == int(value):
            return int(value)
        case float():
            return value + 1e-9
        case _:
            return value


@given(st.integers(0, 10_000), st.sampled_from([PLAIN, users_tariff()]))
@settings(max_examples=30, deadline=None)
def test_what_tesla_gives_back_is_the_same(seed: int, tariff: dict[str, Any]) -> None:
    returned = as_tesla_returns_it(tariff, random.Random(seed))
    assert same_tariff(tariff, returned)
    assert same_tariff(returned, tariff)


def test_names_empty_parts_and_a_missing_currency_do_not_count() -> None:
    bare = {name: PLAIN[name] for name in ("seasons", "energy_charges", "sell_tariff")} | {"name": "Something else"}
    bare["sell_tariff"] = {name: PLAIN["sell_tariff"][name] for name in ("seasons", "energy_charges")}
    assert same_tariff(PLAIN, bare)
    assert same_tariff(None, {})
    assert same_tariff({}, None)
    assert not same_tariff(PLAIN, None)
    assert not same_tariff({}, PLAIN)


def test_the_same_week_in_other_words() -> None:
    one = users_tariff()
    other = deepcopy(one)
    for side in (other, other["sell_tariff"]):
        side["seasons"]["Winter"]["tou_periods"] = {
            "DAY": {"periods": [{"fromHour": 7, "toHour": 22}]},
            "NIGHT": {"periods": [{"fromHour": 22, "toHour": 7}]},
        }
        rate = side["energy_charges"]["Winter"]["rates"]["OFF_PEAK"]
        side["energy_charges"]["Winter"] = {"rates": {"DAY": rate, "ALL": rate}}
    assert same_tariff(one, other)
    other["energy_charges"]["Winter"]["rates"]["DAY"] += 0.01
    assert not same_tariff(one, other)


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """Return the user's tariff with one value changed."""
    tariff = users_tariff()
    place: Any = tariff
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return tariff


PERIODS = ("seasons", "Summer", "tou_periods")


@pytest.mark.parametrize(
    "other",
    [
        changed("currency", to="EUR"),
        changed("energy_charges", "Summer", "rates", "ON_PEAK", to=0.5001),
        changed("energy_charges", "Summer", "rates", "ON_PEAK", to=None),
        changed("sell_tariff", "energy_charges", "Winter", "rates", "OFF_PEAK", to=0.0),
        changed("sell_tariff", to=None),
        changed("seasons", "Summer", "toDay", to=29),
        changed(*PERIODS, "ON_PEAK", "periods", 0, "fromMinute", to=30),
        changed(*PERIODS, "ON_PEAK", "periods", 0, "toDayOfWeek", to=3),
        changed(*PERIODS, "ON_PEAK", "periods", 0, "toHour", to=20),
        changed("daily_charges", 0, "amount", to=0.8),
        changed("demand_charges", to={"Summer": {"rates": {"ON_PEAK": 5}}}),
        changed("seasons", to="broken"),
    ],
)
def test_what_differs_is_not_the_same(other: dict[str, Any]) -> None:
    assert not same_tariff(users_tariff(), other)
    assert not same_tariff(other, users_tariff())
    assert same_tariff(other, deepcopy(other))


@pytest.mark.parametrize(
    ("tariff", "words"),
    [
        (changed("currency", to=None), "currency"),
        (changed("seasons", "Summer", "toDay", to=29), "buying: 30 September is in no season"),
        (changed("seasons", "Winter", "fromDay", to=1) | {"seasons": {}}, "buying: 01 January is in no season"),
        (changed("seasons", "Winter", "fromMonth", to=9), "buying: 01 September is in Summer and Winter"),
        (
            changed(*PERIODS, "ON_PEAK", "periods", 0, "fromHour", to=17),
            "buying: Summer: nothing covers weekday 0, 16:00",
        ),
        (
            changed(*PERIODS, "ON_PEAK", "periods", 0, "fromHour", to=15),
            "buying: Summer: OFF_PEAK covers weekday 0, 15:00 again|ON_PEAK covers weekday 0, 15:00 again",
        ),
        (
            changed(*PERIODS, "OFF_PEAK", "periods", 2, "toDayOfWeek", to=5),
            "buying: Summer: nothing covers weekday 6, 00:00",
        ),
        (changed("energy_charges", "Summer", "rates", to={"ON_PEAK": 0.5}), "buying: Summer: OFF_PEAK has no price"),
        (changed("energy_charges", "Summer", "rates", "ON_PEAK", to=-0.1), "ON_PEAK costs less than nothing"),
        (changed("energy_charges", "Summer", "rates", "ON_PEAK", to="dear"), "the price of ON_PEAK is no number"),
        (changed("energy_charges", "Summer", "rates", "ON_PEAK", to=True), "the price of ON_PEAK is no number"),
        (changed("energy_charges", "Summer", "rates", "ON_PEAK", to=float("nan")), "the price of ON_PEAK is no number"),
        (changed("sell_tariff", to=None), "selling: 01 January is in no season"),
        (changed("sell_tariff", "energy_charges", "Summer", "rates", "ON_PEAK", to=0.6), "selling earns more"),
        (changed(*PERIODS, "ON_PEAK", "periods", 0, "toDayOfWeek", to=7), "toDayOfWeek is 7"),
        (changed(*PERIODS, "ON_PEAK", "periods", 0, "toHour", to="21"), "toHour is '21'"),
        (changed(*PERIODS, "ON_PEAK", "periods", to=None), "the period ON_PEAK has no times"),
        (changed(*PERIODS, "ON_PEAK", to=[]), "ON_PEAK is no object"),
    ],
)
def test_unsound_tariffs_are_described(tariff: dict[str, Any], words: str) -> None:
    problems = validate(tariff)
    assert any(word in problem for problem in problems for word in words.split("|")), problems


def test_sound_tariffs_are_sound() -> None:
    assert validate(PLAIN) == ()
    assert validate(users_tariff()) == ()
