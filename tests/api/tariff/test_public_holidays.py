"""Holidays as the calendars have them, filtered as tariffs want them."""

from dataclasses import replace
from datetime import date

import pytest

from custom_components.energy_optimizer.api.errors import NonsenseError
from custom_components.energy_optimizer.api.tariff.public_holidays import (
    country_name,
    holiday_names,
    look_up,
    subdivisions,
    supported_countries,
)
from custom_components.energy_optimizer.core.tariffs.days import MonthDay
from custom_components.energy_optimizer.core.tariffs.holiday_rule import HolidayRule, Substitutes
from custom_components.energy_optimizer.core.tariffs.presets import SDGE_EV_TOU_5

CALIFORNIA = SDGE_EV_TOU_5.holidays or HolidayRule()


def test_californian_holidays_move_from_sunday_only() -> None:
    holidays = look_up(CALIFORNIA, 2026, 2027)
    assert {day for day in holidays.dates if day.month == 7} == {
        date(2026, 7, 4),  # a Saturday
        date(2027, 7, 4),
        date(2027, 7, 5),  # the Monday after a Sunday
    }
    assert len({day for day in holidays.dates if day.year == 2026}) == 8
    assert date(2026, 10, 12) not in holidays.dates, "Columbus Day is none of the eight"
    assert holidays.known_until == date(2028, 1, 1)


def test_every_preset_name_exists() -> None:
    assert CALIFORNIA.names is not None
    assert set(holiday_names("US", None, 2026)) >= CALIFORNIA.names


@pytest.mark.parametrize(
    ("substitutes", "expected"),
    [(Substitutes.ALL, True), (Substitutes.AFTER_SUNDAY, False), (Substitutes.NONE, False)],
)
def test_days_in_lieu(substitutes: Substitutes, expected: bool) -> None:
    dates = look_up(replace(CALIFORNIA, substitutes=substitutes), 2026, 2026).dates
    assert (date(2026, 7, 3) in dates) == expected
    assert date(2026, 7, 4) in dates


def test_a_substitute_over_the_year_end() -> None:
    every = HolidayRule(country="US")
    assert date(2027, 12, 31) in look_up(every, 2027, 2027).dates, "New Year's Day of 2028 is a Saturday"
    assert date(2028, 1, 1) not in look_up(every, 2027, 2027).dates


def test_parts_of_a_country() -> None:
    assert date(2026, 12, 26) in look_up(HolidayRule(country="FR", subdivision="57"), 2026, 2026).dates
    assert date(2026, 12, 26) not in look_up(HolidayRule(country="FR"), 2026, 2026).dates
    assert subdivisions("FR")["57"] == "Moselle"
    assert len(look_up(HolidayRule(country="FR"), 2026, 2026).dates) == 11


def test_days_of_the_users_own() -> None:
    rule = HolidayRule(own_days=(MonthDay(12, 24), MonthDay(2, 29)), own_dates=(date(2026, 5, 15), date(2031, 5, 15)))
    dates = look_up(rule, 2026, 2028).dates
    assert dates == {
        date(2026, 12, 24),
        date(2027, 12, 24),
        date(2028, 12, 24),
        date(2028, 2, 29),
        date(2026, 5, 15),
    }


def test_names_are_in_the_order_of_the_year() -> None:
    assert holiday_names("FR", None, 2026)[0] == "Jour de l'an"
    assert holiday_names("FR", None, 2026)[-1] == "Noël"


@pytest.mark.parametrize(
    ("country", "name"), [("NZ", "New Zealand"), ("IM", "Isle of Man"), ("FR", "France"), ("XX", "XX")]
)
def test_names_of_countries(country: str, name: str) -> None:
    assert country_name(country) == name


def test_countries() -> None:
    assert {"US", "FR", "AU", "DE"} <= set(supported_countries())
    assert all(len(country) == 2 for country in supported_countries())


@pytest.mark.parametrize("rule", [HolidayRule(country="ZZ"), HolidayRule(country="FR", subdivision="nowhere")])
def test_an_unknown_calendar_is_an_error_of_ours(rule: HolidayRule) -> None:
    with pytest.raises(NonsenseError):
        look_up(rule, 2026, 2026)
