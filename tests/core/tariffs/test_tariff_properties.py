"""What holds of every tariff, however odd."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.tariffs import clipped
from custom_components.energy_optimizer.core.tariffs.days import (
    ALL_WEEK,
    DateRange,
    DayKind,
    Holidays,
    MonthDay,
    Season,
)
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.holiday_rule import HolidayRule, Substitutes
from custom_components.energy_optimizer.core.tariffs.serialisation import (
    flat_to_data,
    plan_to_data,
    tariff_from_data,
)
from custom_components.energy_optimizer.core.tariffs.time_of_use import (
    TierPrice,
    TimeOfUsePlan,
    TimeOfUseTariff,
    Window,
)
from custom_components.energy_optimizer.core.tariffs.validation import ProblemKind, validate

ZONES = [
    ZoneInfo(name)
    for name in (
        "America/Los_Angeles",
        "Europe/Paris",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Pacific/Auckland",
        "Atlantic/Azores",
        "Africa/Cairo",
        "UTC",
    )
]
TIERS = ["A", "B", "C"]
prices = st.none() | st.floats(-1, 2).map(lambda price: round(price, 4))
month_days = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(MonthDay.of)
minutes = st.integers(0, 96).map(lambda quarter: quarter * 15)


@st.composite
def windows(draw: st.DrawFn, seasons: list[str]) -> Window:
    start = draw(minutes.filter(lambda minute: minute < 1440))
    end = draw(minutes.filter(lambda minute: minute not in (0, start)))
    return Window(
        tier=draw(st.sampled_from(TIERS)),
        start_minute=start,
        end_minute=end,
        days=draw(st.frozensets(st.sampled_from(list(DayKind)), min_size=1)),
        seasons=draw(st.frozensets(st.sampled_from(seasons), max_size=1)),
    )


@st.composite
def plans(draw: st.DrawFn) -> TimeOfUsePlan:
    names = draw(st.sampled_from([["All"], ["Warm", "Cold"], ["One", "Two", "Three"]]))
    seasons = [
        Season(
            name=name,
            ranges=(DateRange(draw(month_days), draw(month_days)),) if len(names) > 1 else Season(name="").ranges,
        )
        for name in names
    ]
    return TimeOfUsePlan(
        seasons=tuple(seasons),
        prices=tuple(
            TierPrice(
                season=draw(st.none() | st.sampled_from(names)),
                tier=tier,
                import_per_kwh=draw(prices),
                export_per_kwh=draw(prices),
            )
            for tier in draw(st.lists(st.sampled_from(TIERS), max_size=4))
        ),
        windows=tuple(draw(st.lists(windows(names), max_size=4))),
        rest_tier=draw(st.none() | st.sampled_from(TIERS)),
    )


@st.composite
def tariffs(draw: st.DrawFn) -> TimeOfUseTariff:
    dates = draw(st.none() | st.frozensets(st.dates(date(2024, 1, 1), date(2026, 12, 31)), max_size=3))
    return TimeOfUseTariff(
        plan=draw(plans()),
        time_zone=draw(st.sampled_from(ZONES)),
        holidays=None if dates is None else Holidays(dates=dates, known_until=date(2027, 1, 1)),
    )


EARLIEST = datetime(2023, 12, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(), timedelta(days=1150)).map(lambda passed: EARLIEST + passed)


@settings(max_examples=60, deadline=None)
@given(tariff=tariffs(), start=instants, length=st.timedeltas(timedelta(), timedelta(days=40)), data=st.data())
def test_slots_partition_any_interval_and_agree_with_at(
    tariff: TimeOfUseTariff, start: datetime, length: timedelta, data: st.DataObject
) -> None:
    end = start + length
    slots = list(tariff.slots(start, end))
    if not length:
        assert slots == []
        return
    assert slots[0].starts_at <= start < slots[0].ends_at
    assert slots[-1].starts_at < end <= slots[-1].ends_at
    for before, after in pairwise(slots):
        assert before.ends_at == after.starts_at
    assert sum((slot.ends_at - slot.starts_at for slot in clipped(slots, start, end)), timedelta()) == length
    fresh = TimeOfUseTariff(plan=tariff.plan, time_zone=tariff.time_zone, holidays=tariff.holidays)
    for slot in data.draw(st.lists(st.sampled_from(slots), max_size=5)):
        first, last = max(slot.starts_at, start), min(slot.ends_at, end) - timedelta(microseconds=1)
        for instant in (first, last, first + data.draw(st.timedeltas(timedelta(), last - first))):
            assert fresh.at(instant) == slot


@settings(max_examples=60, deadline=None)
@given(tariff=tariffs(), instant=instants)
def test_at_follows_the_wall_clock(tariff: TimeOfUseTariff, instant: datetime) -> None:
    local = instant.astimezone(tariff.time_zone)
    plan, today = tariff.plan, MonthDay.of(local.date())
    seasons = [season.name for season in plan.seasons if today in season]
    if not seasons:
        assert tariff.at(instant).import_per_kwh is None
        return
    holiday = tariff.holidays is not None and local.date() in tariff.holidays.dates
    kind = DayKind.HOLIDAY if holiday else ALL_WEEK[local.weekday()]
    minute = local.hour * 60 + local.minute
    open_now = {
        window.tier
        for window in plan.windows
        if kind in window.days
        and (not window.seasons or seasons[0] in window.seasons)
        and any(start <= minute < end for start, end in window.spans)
    }
    expected = open_now or {plan.rest_tier or ""}
    assert tariff.at(instant).tier in expected


@settings(max_examples=80, deadline=None)
@given(plan=plans(), holidays_differ=st.booleans())
def test_validate_accepts_exactly_what_covers_each_minute_once(plan: TimeOfUsePlan, holidays_differ: bool) -> None:
    problems = {problem.kind for problem in validate(plan, holidays_differ=holidays_differ)}
    year = [MonthDay.of(date(2024, 1, 1) + timedelta(days=index)) for index in range(366)]
    counts = {sum(day in season for season in plan.seasons) for day in year}
    assert (ProblemKind.NO_SEASON in problems) == (0 in counts)
    assert (ProblemKind.TWO_SEASONS in problems) == (max(counts) > 1)
    none = twice = False
    for season in plan.seasons:
        for kind in DayKind if holidays_differ else ALL_WEEK:
            open_at = [0] * 1440
            for window in plan.windows:
                if window.applies(season.name, kind):
                    for start, end in window.spans:
                        for minute in range(start, end):
                            open_at[minute] += 1
            none = none or (0 in open_at and plan.rest_tier is None)
            twice = twice or max(open_at) > 1
    assert (ProblemKind.UNCOVERED in problems) == none
    assert (ProblemKind.COVERED_TWICE in problems) == twice


@settings(max_examples=60, deadline=None)
@given(tariff=tariffs())
def test_plans_survive_storage(tariff: TimeOfUseTariff) -> None:
    read = tariff_from_data(plan_to_data(tariff.plan), tariff.time_zone, tariff.holidays)
    assert read == tariff


@given(price=prices, export=prices)
def test_flat_tariffs_survive_storage(price: float | None, export: float | None) -> None:
    tariff = FlatTariff(tier="Any", import_per_kwh=price, export_per_kwh=export)
    assert tariff_from_data(flat_to_data(tariff), UTC, None) == tariff


@given(
    rule=st.builds(
        HolidayRule,
        country=st.none() | st.just("FR"),
        subdivision=st.none() | st.just("57"),
        names=st.none() | st.frozensets(st.text(max_size=4)),
        substitutes=st.sampled_from(Substitutes),
        own_days=st.lists(month_days, max_size=3).map(tuple),
        own_dates=st.lists(st.dates(), max_size=3).map(tuple),
    )
)
def test_holiday_rules_survive_storage(rule: HolidayRule) -> None:
    assert HolidayRule.from_data(rule.to_data()) == rule
