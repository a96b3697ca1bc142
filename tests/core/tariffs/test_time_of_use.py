"""A whole year of each tariff against rules written down a second time, minute by minute."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, override
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.core.tariffs import BEGINNING, FOREVER, clipped
from custom_components.energy_optimizer.core.tariffs.days import (
    WEEKDAYS,
    DateRange,
    DayKind,
    Holidays,
    MonthDay,
    Season,
)
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.presets import SDGE_EV_TOU_5
from custom_components.energy_optimizer.core.tariffs.time_of_use import (
    TierPrice,
    TimeOfUsePlan,
    TimeOfUseTariff,
    Window,
)

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
ADELAIDE = ZoneInfo("Australia/Adelaide")
AZORES = ZoneInfo("Atlantic/Azores")

SAN_DIEGO_HOLIDAYS = frozenset({date(2026, 1, 1), date(2026, 5, 25), date(2026, 11, 26), date(2026, 12, 25)})
SAN_DIEGO = TimeOfUseTariff(
    plan=SDGE_EV_TOU_5.plan,
    time_zone=LOS_ANGELES,
    holidays=Holidays(dates=SAN_DIEGO_HOLIDAYS, known_until=date(2027, 1, 1)),
)


def san_diego(local: datetime) -> tuple[str, float]:
    """Restate the table of EV-TOU-5 by hand."""
    summer = 6 <= local.month <= 10
    off_day = local.weekday() >= 5 or local.date() in SAN_DIEGO_HOLIDAYS
    if 16 <= local.hour < 21:
        return "Peak", 0.80205 if summer else 0.52383
    cheap = local.hour < 14 if off_day else local.hour < 6 or 10 <= local.hour < 14
    if cheap:
        return "Super off-peak", 0.13090 if summer else 0.12332
    return "Off-peak", 0.49627 if summer else 0.46566


def window(tier: str, start: str, end: str, days: frozenset[DayKind] = frozenset(DayKind), *seasons: str) -> Window:
    def minute(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    return Window(tier=tier, start_minute=minute(start), end_minute=minute(end), days=days, seasons=frozenset(seasons))


# Summer over the year's end, half-hour zone, hours over midnight, a window within the hour that is skipped on the first
# Sunday of October and repeated on the first Sunday of April, a negative price and an unknown one.
SOUTHERN = TimeOfUseTariff(
    plan=TimeOfUsePlan(
        seasons=(
            Season(name="Summer", ranges=(DateRange(MonthDay(11, 15), MonthDay(2, 29)),)),
            Season(name="Rest", ranges=(DateRange(MonthDay(3, 1), MonthDay(11, 14)),)),
        ),
        prices=(
            TierPrice(season="Summer", tier="Night", import_per_kwh=0.2, export_per_kwh=0.01),
            TierPrice(season="Rest", tier="Night", import_per_kwh=0.25, export_per_kwh=None),
            TierPrice(tier="Dip", import_per_kwh=-0.03, export_per_kwh=-0.05),
            TierPrice(tier="Day", import_per_kwh=0.4, export_per_kwh=0.06),
            TierPrice(tier="Evening", import_per_kwh=None),
        ),
        windows=(
            window("Night", "23:30", "02:15"),
            window("Dip", "02:15", "02:45"),
            window("Evening", "18:00", "20:30", WEEKDAYS, "Rest"),
            window("Evening", "17:00", "20:30", frozenset({DayKind.SUNDAY}), "Summer"),
        ),
        rest_tier="Day",
    ),
    time_zone=ADELAIDE,
)


def southern(local: datetime) -> tuple[str, float | None]:
    minute = local.hour * 60 + local.minute
    summer = (local.month, local.day) >= (11, 15) or local.month <= 2
    if minute >= 23 * 60 + 30 or minute < 2 * 60 + 15:
        return "Night", 0.2 if summer else 0.25
    if minute < 2 * 60 + 45:
        return "Dip", -0.03
    if not summer and local.weekday() < 5 and 18 * 60 <= minute < 20 * 60 + 30:
        return "Evening", None
    if summer and local.weekday() == 6 and 17 * 60 <= minute < 20 * 60 + 30:
        return "Evening", None
    return "Day", 0.4


# In the Azores clocks change at midnight: one day has no 00:00 to 01:00, another has it twice.
ISLANDS = TimeOfUseTariff(
    plan=TimeOfUsePlan(
        seasons=(Season(name="All year"),),
        prices=(TierPrice(tier="Low", import_per_kwh=0.1), TierPrice(tier="High", import_per_kwh=0.2)),
        windows=(window("Low", "23:00", "00:30"),),
        rest_tier="High",
    ),
    time_zone=AZORES,
)


def islands(local: datetime) -> tuple[str, float]:
    low = local.hour == 23 or (local.hour == 0 and local.minute < 30)
    return ("Low", 0.1) if low else ("High", 0.2)


@pytest.mark.parametrize(
    ("tariff", "rule", "year"),
    [(SAN_DIEGO, san_diego, 2026), (SOUTHERN, southern, 2024), (ISLANDS, islands, 2026)],
)
def test_each_minute_of_a_year(
    tariff: TimeOfUseTariff, rule: Callable[[datetime], tuple[str, float | None]], year: int
) -> None:
    start = datetime(year, 1, 1, tzinfo=tariff.time_zone).astimezone(UTC)
    end = datetime(year + 1, 1, 1, tzinfo=tariff.time_zone).astimezone(UTC)
    instant, previous = start, None
    for slot in tariff.slots(start, end):
        if previous is not None:
            assert slot.starts_at == previous.ends_at
            assert (slot.tier, slot.import_per_kwh, slot.export_per_kwh) != (
                previous.tier,
                previous.import_per_kwh,
                previous.export_per_kwh,
            )
        previous = slot
        while instant < min(slot.ends_at, end):
            assert (slot.tier, slot.import_per_kwh) == rule(instant.astimezone(tariff.time_zone)), instant
            instant += timedelta(minutes=1)
    assert instant == end


def test_edges_of_a_window() -> None:
    def tier(*clock: int) -> str:
        return SAN_DIEGO.at(datetime(2026, 7, 1, *clock, tzinfo=LOS_ANGELES)).tier

    assert tier(5, 59, 59, 999999) == "Super off-peak"
    assert tier(6, 0) == "Off-peak"
    assert tier(15, 59, 59) == "Off-peak"
    assert tier(16, 0) == "Peak"
    assert tier(20, 59) == "Peak"
    assert tier(21, 0) == "Off-peak"


def test_skipped_and_repeated_hours() -> None:
    def tiers(day: date) -> list[tuple[str, float]]:
        start = datetime(day.year, day.month, day.day, tzinfo=ADELAIDE)
        after = day + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=ADELAIDE)
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        return [
            (slot.tier, (slot.ends_at - slot.starts_at) / timedelta(hours=1))
            for slot in clipped(SOUTHERN.slots(start, end), start, end)
        ]

    # 2024-10-06: 02:00 is followed by 03:00, so the night ends early and the dip never comes.
    assert tiers(date(2024, 10, 6)) == [("Night", 2.0), ("Day", 20.5), ("Night", 0.5)]
    # 2024-04-07: 03:00 is followed by 02:00, so the dip and the night's last quarter come twice.
    assert tiers(date(2024, 4, 7)) == [
        ("Night", 2.25),
        ("Dip", 0.5),
        ("Day", 0.25),
        ("Night", 0.25),
        ("Dip", 0.5),
        ("Day", 20.75),
        ("Night", 0.5),
    ]


def test_slots_run_through_midnight_and_new_year() -> None:
    slot = SAN_DIEGO.at(datetime(2026, 12, 31, 23, 30, tzinfo=LOS_ANGELES))
    assert slot.starts_at == datetime(2026, 12, 31, 21, tzinfo=LOS_ANGELES)
    slot = SOUTHERN.at(datetime(2024, 12, 31, 23, 45, tzinfo=ADELAIDE))
    assert slot.ends_at == datetime(2025, 1, 1, 2, 15, tzinfo=ADELAIDE)


def test_leap_day_belongs_to_its_season() -> None:
    assert SOUTHERN.at(datetime(2024, 2, 29, 23, 45, tzinfo=ADELAIDE)).import_per_kwh == 0.2
    assert SOUTHERN.at(datetime(2024, 3, 1, 0, 15, tzinfo=ADELAIDE)).import_per_kwh == 0.25


def plan_by_season(*seasons: tuple[str, float]) -> TimeOfUsePlan:
    names = [name for name, _ in seasons]
    ranges = [(DateRange(MonthDay(4, 1), MonthDay(9, 30)),), (DateRange(MonthDay(10, 1), MonthDay(3, 31)),)]
    return TimeOfUsePlan(
        seasons=tuple(Season(name=name, ranges=part) for name, part in zip(names, ranges, strict=True)),
        prices=tuple(TierPrice(season=name, tier="Any", import_per_kwh=price) for name, price in seasons),
        rest_tier="Any",
    )


def test_a_slot_as_long_as_a_season() -> None:
    tariff = TimeOfUseTariff(plan=plan_by_season(("Low", 0.1), ("High", 0.3)), time_zone=LOS_ANGELES)
    slot = tariff.at(datetime(2026, 12, 24, tzinfo=UTC))
    assert slot.starts_at == datetime(2026, 10, 1, tzinfo=LOS_ANGELES)
    assert slot.ends_at == datetime(2027, 4, 1, tzinfo=LOS_ANGELES)
    assert slot.import_per_kwh == 0.3


def test_prices_that_never_differ_make_one_slot() -> None:
    tariff = TimeOfUseTariff(plan=plan_by_season(("Low", 0.2), ("High", 0.2)), time_zone=LOS_ANGELES)
    slot = tariff.at(datetime(2026, 12, 24, tzinfo=UTC))
    assert (slot.starts_at, slot.ends_at) == (BEGINNING, FOREVER)
    assert list(tariff.slots(datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))) == [slot]


def test_a_lonely_holiday_is_found_from_afar() -> None:
    plan = TimeOfUsePlan(
        seasons=(Season(name="All year"),),
        prices=(TierPrice(tier="Any", import_per_kwh=0.2), TierPrice(tier="Feast", import_per_kwh=0.1)),
        windows=(window("Feast", "00:00", "24:00", frozenset({DayKind.HOLIDAY})),),
        rest_tier="Any",
    )
    holidays = Holidays(dates=frozenset({date(2027, 5, 1)}), known_until=date(2029, 1, 1))
    tariff = TimeOfUseTariff(plan=plan, time_zone=LOS_ANGELES, holidays=holidays)
    slots = list(tariff.slots(datetime(2010, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)))
    assert [slot.tier for slot in slots] == ["Any", "Feast", "Any"]
    assert slots[1].starts_at == datetime(2027, 5, 1, tzinfo=LOS_ANGELES)
    assert slots[1].ends_at == datetime(2027, 5, 2, tzinfo=LOS_ANGELES)
    assert tariff.known_until == datetime(2029, 1, 1, tzinfo=LOS_ANGELES)


def test_what_the_plan_does_not_say_is_unknown() -> None:
    plan = TimeOfUsePlan(
        seasons=(Season(name="Half", ranges=(DateRange(MonthDay(1, 1), MonthDay(6, 30)),)),),
        prices=(TierPrice(tier="Day", import_per_kwh=0.2, export_per_kwh=0.1),),
        windows=(window("Day", "08:00", "20:00"),),
    )
    tariff = TimeOfUseTariff(plan=plan, time_zone=LOS_ANGELES)
    for unknown in (datetime(2026, 3, 1, 7, 59, tzinfo=LOS_ANGELES), datetime(2026, 8, 1, 12, tzinfo=LOS_ANGELES)):
        slot = tariff.at(unknown)
        assert (slot.tier, slot.import_per_kwh, slot.export_per_kwh) == ("", None, None)
    assert tariff.at(datetime(2026, 3, 1, 8, tzinfo=LOS_ANGELES)).import_per_kwh == 0.2


def test_flat_tariff() -> None:
    tariff = FlatTariff(tier="Single price", import_per_kwh=0.3, export_per_kwh=0.0)
    slot = tariff.at(datetime(2026, 3, 1, tzinfo=UTC))
    assert (slot.import_per_kwh, slot.export_per_kwh, slot.ends_at) == (0.3, 0.0, FOREVER)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert list(tariff.slots(start, start + timedelta(days=400))) == [slot]
    assert list(tariff.slots(start, start)) == []
    assert tariff.known_until is None
    assert tariff.tiers == ("Single price",)


@pytest.mark.parametrize(("start", "end"), [(-1, 60), (0, 1441), (1440, 60), (60, 60), (600, 0)])
def test_windows_refuse_hours_no_day_has(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(tier="Any", start_minute=start, end_minute=end)


def test_what_another_thread_forgets_at_once_is_not_missed() -> None:
    class Forgetful(dict[date, Any]):
        """Forgets each value as soon as it is put in, as if another thread had cleared it."""

        @override
        def __setitem__(self, key: date, value: object) -> None:
            self.clear()

    tariff = TimeOfUseTariff(plan=SAN_DIEGO.plan, time_zone=LOS_ANGELES)
    for name in ("_pieces", "_profiles"):
        object.__setattr__(tariff, name, Forgetful())
    assert tariff.at(datetime(2026, 3, 2, 17, tzinfo=LOS_ANGELES)).tier == "Peak"
