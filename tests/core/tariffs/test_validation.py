"""Each thing that can be wrong with a plan, found with its place."""

from custom_components.energy_optimizer.core.tariffs.days import (
    ALL_WEEK,
    WEEKDAYS,
    WEEKEND,
    DateRange,
    DayKind,
    MonthDay,
    Season,
)
from custom_components.energy_optimizer.core.tariffs.time_of_use import TierPrice, TimeOfUsePlan, Window
from custom_components.energy_optimizer.core.tariffs.validation import Problem, ProblemKind, validate

SUMMER = Season(name="Summer", ranges=(DateRange(MonthDay(6, 1), MonthDay(9, 30)),))
WINTER = Season(name="Winter", ranges=(DateRange(MonthDay(10, 1), MonthDay(5, 31)),))
PEAK = TierPrice(tier="Peak", import_per_kwh=0.5)
LOW = TierPrice(tier="Low", import_per_kwh=0.1)


def hours(tier: str, start: int, end: int, days: frozenset[DayKind] = frozenset(DayKind), *seasons: str) -> Window:
    return Window(tier=tier, start_minute=start * 60, end_minute=end * 60, days=days, seasons=frozenset(seasons))


def test_a_good_plan_has_no_problem() -> None:
    plan = TimeOfUsePlan(
        seasons=(SUMMER, WINTER), prices=(PEAK, LOW), windows=(hours("Peak", 16, 21),), rest_tier="Low"
    )
    assert validate(plan, holidays_differ=True) == ()


def test_uncovered_minutes_are_named_per_season_and_days() -> None:
    plan = TimeOfUsePlan(
        seasons=(SUMMER, WINTER),
        prices=(PEAK, LOW),
        windows=(hours("Peak", 8, 20, WEEKDAYS), hours("Low", 20, 8, WEEKDAYS), hours("Low", 0, 24, WEEKEND, "Winter")),
    )
    problems = validate(plan, holidays_differ=True)
    assert problems == (
        Problem(
            kind=ProblemKind.UNCOVERED,
            season="Summer",
            days=(DayKind.SATURDAY, DayKind.SUNDAY, DayKind.HOLIDAY),
            start_minute=0,
            end_minute=1440,
        ),
        Problem(kind=ProblemKind.UNCOVERED, season="Winter", days=(DayKind.HOLIDAY,), start_minute=0, end_minute=1440),
    )
    assert [problem.season for problem in validate(plan)] == ["Summer"]


def test_overlaps_are_named_with_both_tiers() -> None:
    plan = TimeOfUsePlan(
        seasons=(Season(name="All year"),),
        prices=(PEAK, LOW),
        windows=(hours("Peak", 16, 21), hours("Low", 20, 6, WEEKDAYS)),
        rest_tier="Low",
    )
    assert validate(plan) == (
        Problem(
            kind=ProblemKind.COVERED_TWICE,
            season="All year",
            tiers=("Peak", "Low"),
            days=ALL_WEEK[:5],
            start_minute=20 * 60,
            end_minute=21 * 60,
        ),
    )


def test_days_without_and_with_two_seasons() -> None:
    late = Season(name="Winter", ranges=(DateRange(MonthDay(9, 15), MonthDay(5, 15)),))
    plan = TimeOfUsePlan(seasons=(SUMMER, late), prices=(LOW,), rest_tier="Low")
    assert validate(plan) == (
        Problem(kind=ProblemKind.NO_SEASON, first_day=MonthDay(5, 16), last_day=MonthDay(5, 31)),
        Problem(kind=ProblemKind.TWO_SEASONS, season="Summer", first_day=MonthDay(9, 15), last_day=MonthDay(9, 30)),
    )


def test_a_forgotten_leap_day_is_found() -> None:
    seasons = (
        Season(name="A", ranges=(DateRange(MonthDay(3, 1), MonthDay(12, 31)),)),
        Season(name="B", ranges=(DateRange(MonthDay(1, 1), MonthDay(2, 28)),)),
    )
    problems = validate(TimeOfUsePlan(seasons=seasons, prices=(LOW,), rest_tier="Low"))
    assert [(each.kind, each.first_day) for each in problems] == [(ProblemKind.NO_SEASON, MonthDay(2, 29))]


def test_names_that_lead_nowhere() -> None:
    plan = TimeOfUsePlan(
        seasons=(SUMMER, WINTER),
        prices=(PEAK, TierPrice(season="Spring", tier="Low", import_per_kwh=0.1)),
        windows=(hours("Shoulder", 7, 9, frozenset(DayKind), "Autumn"),),
        rest_tier="Peak",
    )
    found = {(each.kind, each.season, each.tiers) for each in validate(plan)}
    assert found == {
        (ProblemKind.UNKNOWN_SEASON, "Spring", ()),
        (ProblemKind.UNKNOWN_SEASON, "Autumn", ()),
        (ProblemKind.UNKNOWN_TIER, None, ("Shoulder",)),
    }


def test_prices_missing_and_doubled() -> None:
    plan = TimeOfUsePlan(
        seasons=(SUMMER, WINTER),
        prices=(TierPrice(season="Summer", tier="Peak", import_per_kwh=0.5), LOW, LOW),
        windows=(hours("Peak", 16, 21),),
        rest_tier="Low",
    )
    assert validate(plan) == (
        Problem(kind=ProblemKind.TWO_PRICES, tiers=("Low",)),
        Problem(kind=ProblemKind.NO_PRICE, season="Winter", tiers=("Peak",)),
    )


def test_a_season_named_twice() -> None:
    plan = TimeOfUsePlan(seasons=(SUMMER, Season(name="Summer", ranges=WINTER.ranges)), prices=(LOW,), rest_tier="Low")
    assert validate(plan) == (Problem(kind=ProblemKind.SEASON_NAMED_TWICE, season="Summer"),)
