"""The published plans against their tables, and every preset against the check."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.core.tariffs.days import Holidays
from custom_components.energy_optimizer.core.tariffs.presets import (
    PGE_E_ELEC,
    PRESETS,
    SCE_TOU_D_PRIME,
    SDGE_EV_TOU_5,
    Preset,
)
from custom_components.energy_optimizer.core.tariffs.time_of_use import TimeOfUseTariff
from custom_components.energy_optimizer.core.tariffs.validation import validate

ZONE = ZoneInfo("America/Los_Angeles")
HOLIDAYS = Holidays(dates=frozenset({date(2026, 9, 7)}), known_until=date(2027, 1, 1))

SUMMER_WEEKDAY, SUMMER_SATURDAY, LABOR_DAY = date(2026, 7, 15), date(2026, 7, 18), date(2026, 9, 7)
WINTER_WEEKDAY, WINTER_SATURDAY = date(2026, 1, 14), date(2026, 1, 17)


def price(preset: Preset, day: date, hour: int) -> float | None:
    tariff = TimeOfUseTariff(plan=preset.plan, time_zone=ZONE, holidays=HOLIDAYS if preset.holidays else None)
    return tariff.at(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)).import_per_kwh


@pytest.mark.parametrize(
    ("preset", "day", "hours", "expected"),
    [
        (PGE_E_ELEC, SUMMER_WEEKDAY, range(16, 21), 0.55214),
        (PGE_E_ELEC, SUMMER_SATURDAY, range(16, 21), 0.55214),
        (PGE_E_ELEC, SUMMER_WEEKDAY, [15, 21, 22, 23], 0.39026),
        (PGE_E_ELEC, SUMMER_SATURDAY, range(15), 0.33358),
        (PGE_E_ELEC, WINTER_WEEKDAY, range(16, 21), 0.32063),
        (PGE_E_ELEC, WINTER_SATURDAY, [15, 21, 22, 23], 0.29854),
        (PGE_E_ELEC, WINTER_WEEKDAY, range(15), 0.28468),
        (SCE_TOU_D_PRIME, SUMMER_WEEKDAY, range(16, 21), 0.59291),
        (SCE_TOU_D_PRIME, SUMMER_SATURDAY, range(16, 21), 0.40182),
        (SCE_TOU_D_PRIME, LABOR_DAY, range(16, 21), 0.40182),
        (SCE_TOU_D_PRIME, SUMMER_WEEKDAY, [*range(16), 21, 22, 23], 0.26698),
        (SCE_TOU_D_PRIME, WINTER_WEEKDAY, range(16, 21), 0.56646),
        (SCE_TOU_D_PRIME, WINTER_SATURDAY, range(16, 21), 0.56646),
        (SCE_TOU_D_PRIME, WINTER_WEEKDAY, [*range(16), 21, 22, 23], 0.24633),
        (SDGE_EV_TOU_5, SUMMER_SATURDAY, range(16, 21), 0.80205),
        (SDGE_EV_TOU_5, SUMMER_WEEKDAY, [6, 7, 8, 9, 14, 15, 21, 22, 23], 0.49627),
        (SDGE_EV_TOU_5, SUMMER_WEEKDAY, [*range(6), *range(10, 14)], 0.13090),
        (SDGE_EV_TOU_5, SUMMER_SATURDAY, range(14), 0.13090),
        (SDGE_EV_TOU_5, LABOR_DAY, range(14), 0.13090),
        (SDGE_EV_TOU_5, date(2026, 10, 30), [6], 0.49627),
        (SDGE_EV_TOU_5, WINTER_WEEKDAY, range(16, 21), 0.52383),
        (SDGE_EV_TOU_5, WINTER_SATURDAY, [14, 15, 21, 22, 23], 0.46566),
        (SDGE_EV_TOU_5, WINTER_WEEKDAY, [*range(6), *range(10, 14)], 0.12332),
    ],
)
def test_published_prices(preset: Preset, day: date, hours: list[int], expected: float) -> None:
    assert [price(preset, day, hour) for hour in hours] == [expected] * len(hours)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_presets_cover_every_minute_once(preset: Preset) -> None:
    assert validate(preset.plan, holidays_differ=preset.holidays is not None) == ()


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_prices_have_a_source_and_shapes_invent_none(preset: Preset) -> None:
    priced = [each.import_per_kwh is not None for each in preset.plan.prices]
    if preset.currency is None:
        assert not any(priced)
    else:
        assert all(priced)
        assert preset.source
        assert preset.in_force_since is not None
    assert all(each.export_per_kwh is None for each in preset.plan.prices)


def test_californian_holidays_are_the_utilities_eight() -> None:
    rule = SDGE_EV_TOU_5.holidays
    assert rule is not None
    assert rule.names is not None
    assert len(rule.names) == 8
    assert not rule.names & {"Columbus Day", "Juneteenth National Independence Day", "Martin Luther King Jr. Day"}
    assert replace(rule) == SCE_TOU_D_PRIME.holidays
    assert PGE_E_ELEC.holidays is None
