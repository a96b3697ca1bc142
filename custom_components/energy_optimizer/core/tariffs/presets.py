"""Tariffs to start from: common shapes without prices, and plans as their suppliers published them."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from .days import EVERY_DAY, WEEKDAYS, WEEKEND, DateRange, DayKind, MonthDay, Season
from .holiday_rule import HolidayRule, Substitutes
from .serialisation import plan_to_data
from .time_of_use import DAY_MINUTES, TierPrice, TimeOfUsePlan, Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """A plan to start from."""

    key: str
    plan: TimeOfUsePlan
    holidays: HolidayRule | None = None
    title: str | None = None
    """The supplier's own name of the plan; ``None`` for a shape that belongs to nobody."""
    currency: str | None = None
    """The currency of the prices (ISO 4217); ``None`` where there are none."""
    in_force_since: date | None = None
    source: str | None = None
    """Where the prices were published."""

    def data(self) -> dict[str, Any]:
        """Return the settings of a tariff that is this preset, unchanged."""
        rule = None if self.holidays is None else self.holidays.to_data()
        return {**plan_to_data(self.plan), "holidays": rule, "preset": self.key}


_ALL_YEAR: Final = (Season(name="All year"),)
_SUMMER_FROM_JUNE: Final = (
    Season(name="Summer", ranges=(DateRange(MonthDay(6, 1), MonthDay(9, 30)),)),
    Season(name="Winter", ranges=(DateRange(MonthDay(10, 1), MonthDay(5, 31)),)),
)
_SUMMER_TO_OCTOBER: Final = (
    Season(name="Summer", ranges=(DateRange(MonthDay(6, 1), MonthDay(10, 31)),)),
    Season(name="Winter", ranges=(DateRange(MonthDay(11, 1), MonthDay(5, 31)),)),
)
_OFF_DAYS: Final = WEEKEND | {DayKind.HOLIDAY}

# The eight days of the Californian utilities' time-of-use rules: a holiday on a Sunday moves to Monday, one on a
# Saturday does not move to Friday (PG&E's page on TOU holidays, SDG&E's Electric Rule 1).
CALIFORNIAN_HOLIDAYS: Final = HolidayRule(
    country="US",
    names=frozenset(
        {
            "New Year's Day",
            "Washington's Birthday",
            "Memorial Day",
            "Independence Day",
            "Labor Day",
            "Veterans Day",
            "Thanksgiving Day",
            "Christmas Day",
        }
    ),
    substitutes=Substitutes.AFTER_SUNDAY,
)


def _window(
    tier: str, start_hour: int, end_hour: int, days: frozenset[DayKind] = EVERY_DAY, season: str | None = None
) -> Window:
    return Window(
        tier=tier,
        start_minute=start_hour * 60,
        end_minute=min(end_hour * 60, DAY_MINUTES),
        days=days,
        seasons=frozenset() if season is None else frozenset({season}),
    )


def _price(season: str | None, tier: str, import_per_kwh: float | None = None) -> TierPrice:
    return TierPrice(season=season, tier=tier, import_per_kwh=import_per_kwh)


DAY_NIGHT: Final = Preset(
    key="day_night",
    plan=TimeOfUsePlan(
        seasons=_ALL_YEAR,
        prices=(_price(None, "Day"), _price(None, "Night")),
        windows=(_window("Night", 22, 6),),
        rest_tier="Day",
    ),
)

PEAK_SHOULDER: Final = Preset(
    key="peak_shoulder",
    plan=TimeOfUsePlan(
        seasons=_ALL_YEAR,
        prices=(_price(None, "Peak"), _price(None, "Shoulder"), _price(None, "Off-peak")),
        windows=(
            _window("Peak", 15, 21, WEEKDAYS),
            _window("Shoulder", 7, 15, WEEKDAYS),
            _window("Shoulder", 21, 22, WEEKDAYS),
        ),
        rest_tier="Off-peak",
    ),
)

HEURES_CREUSES: Final = Preset(
    key="heures_creuses",
    plan=TimeOfUsePlan(
        seasons=_ALL_YEAR,
        prices=(_price(None, "Heures pleines"), _price(None, "Heures creuses")),
        windows=(_window("Heures creuses", 22, 6),),
        rest_tier="Heures pleines",
    ),
    title="Heures pleines / heures creuses",
)

PGE_E_ELEC: Final = Preset(
    key="pge_e_elec",
    title="PG&E E-ELEC",
    currency="USD",
    in_force_since=date(2026, 6, 1),
    source="PG&E, schedule E-ELEC, total bundled rates",
    plan=TimeOfUsePlan(
        seasons=_SUMMER_FROM_JUNE,
        prices=(
            _price("Summer", "Peak", 0.55214),
            _price("Summer", "Part-peak", 0.39026),
            _price("Summer", "Off-peak", 0.33358),
            _price("Winter", "Peak", 0.32063),
            _price("Winter", "Part-peak", 0.29854),
            _price("Winter", "Off-peak", 0.28468),
        ),
        windows=(_window("Peak", 16, 21), _window("Part-peak", 15, 16), _window("Part-peak", 21, 24)),
        rest_tier="Off-peak",
    ),
)

SCE_TOU_D_PRIME: Final = Preset(
    key="sce_tou_d_prime",
    title="SCE TOU-D-PRIME",
    currency="USD",
    in_force_since=date(2026, 6, 1),
    source="Southern California Edison, schedule TOU-D, option PRIME, total bundled rates",
    holidays=CALIFORNIAN_HOLIDAYS,
    plan=TimeOfUsePlan(
        seasons=_SUMMER_FROM_JUNE,
        prices=(
            _price("Summer", "Peak", 0.59291),
            _price("Summer", "Mid-peak", 0.40182),
            _price("Summer", "Off-peak", 0.26698),
            _price("Winter", "Mid-peak", 0.56646),
            _price("Winter", "Off-peak", 0.24633),
            _price("Winter", "Super off-peak", 0.24633),
        ),
        windows=(
            _window("Peak", 16, 21, WEEKDAYS, "Summer"),
            _window("Mid-peak", 16, 21, _OFF_DAYS, "Summer"),
            _window("Mid-peak", 16, 21, season="Winter"),
            _window("Super off-peak", 8, 16, season="Winter"),
        ),
        rest_tier="Off-peak",
    ),
)

SDGE_EV_TOU_5: Final = Preset(
    key="sdge_ev_tou_5",
    title="SDG&E EV-TOU-5",
    currency="USD",
    in_force_since=date(2026, 8, 1),
    source="San Diego Gas & Electric, schedule EV-TOU-5, total bundled rates",
    holidays=CALIFORNIAN_HOLIDAYS,
    plan=TimeOfUsePlan(
        seasons=_SUMMER_TO_OCTOBER,
        prices=(
            _price("Summer", "Peak", 0.80205),
            _price("Summer", "Off-peak", 0.49627),
            _price("Summer", "Super off-peak", 0.13090),
            _price("Winter", "Peak", 0.52383),
            _price("Winter", "Off-peak", 0.46566),
            _price("Winter", "Super off-peak", 0.12332),
        ),
        windows=(
            _window("Peak", 16, 21),
            _window("Super off-peak", 0, 6, WEEKDAYS),
            _window("Super off-peak", 10, 14, WEEKDAYS),
            _window("Super off-peak", 0, 14, _OFF_DAYS),
        ),
        rest_tier="Off-peak",
    ),
)

PRESETS: Final = {
    preset.key: preset
    for preset in (DAY_NIGHT, PEAK_SHOULDER, HEURES_CREUSES, PGE_E_ELEC, SCE_TOU_D_PRIME, SDGE_EV_TOU_5)
}
"""All presets by key, shapes first."""
