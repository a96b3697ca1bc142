"""Tariffs as plain data, the way they are kept in a home's settings."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final, cast

from .days import DateRange, DayKind, Holidays, MonthDay, Season
from .flat import FlatTariff
from .kinds import KIND_FLAT, KIND_TIME_OF_USE
from .text import clock_text
from .time_of_use import TierPrice, TimeOfUsePlan, TimeOfUseTariff, Window

FORMAT: Final = 1

type Data = Mapping[str, Any]


class UnreadableTariffError(ValueError):
    """The data do not describe a tariff of ours."""


def flat_to_data(tariff: FlatTariff) -> dict[str, Any]:
    """Return *tariff* as plain data."""
    return {
        "format": FORMAT,
        "kind": KIND_FLAT,
        "tier": tariff.tier,
        "import_per_kwh": tariff.import_per_kwh,
        "export_per_kwh": tariff.export_per_kwh,
    }


def plan_to_data(plan: TimeOfUsePlan) -> dict[str, Any]:
    """Return *plan* as plain data."""
    return {
        "format": FORMAT,
        "kind": KIND_TIME_OF_USE,
        "seasons": [
            {"name": season.name, "ranges": [[str(each.first), str(each.last)] for each in season.ranges]}
            for season in plan.seasons
        ],
        "prices": [
            {
                "season": price.season,
                "tier": price.tier,
                "import_per_kwh": price.import_per_kwh,
                "export_per_kwh": price.export_per_kwh,
            }
            for price in plan.prices
        ],
        "windows": [
            {
                "tier": window.tier,
                "start": clock_text(window.start_minute),
                "end": clock_text(window.end_minute),
                "days": [kind.value for kind in DayKind if kind in window.days],
                "seasons": sorted(window.seasons),
            }
            for window in plan.windows
        ],
        "rest_tier": plan.rest_tier,
    }


def tariff_from_data(data: Data, time_zone: tzinfo, holidays: Holidays | None) -> FlatTariff | TimeOfUseTariff:
    """Read a tariff, to stand at a place with its clock and holidays.

    Raises:
        UnreadableTariffError: if the data are of another format, incomplete or nonsense.
    """
    try:
        if data["format"] != FORMAT:
            raise UnreadableTariffError(f"Format {data['format']} is not known")
        if data["kind"] == KIND_FLAT:
            return FlatTariff(
                tier=str(data["tier"]),
                import_per_kwh=_price(data["import_per_kwh"]),
                export_per_kwh=_price(data["export_per_kwh"]),
            )
        if data["kind"] == KIND_TIME_OF_USE:
            return TimeOfUseTariff(plan=_plan(data), time_zone=time_zone, holidays=holidays)
    except (KeyError, TypeError, ValueError) as err:
        raise UnreadableTariffError(f"Not a tariff: {err!r}") from err
    raise UnreadableTariffError(f"Kind {data['kind']} is not known")


def minute_of(text: str) -> int:
    """Read what ``clock_text`` wrote; raise ``ValueError`` if it is no time of a day."""
    hours, _, minutes = text.partition(":")
    if not (0 <= int(minutes) < 60):
        raise ValueError(f"{text} is no time of a day")
    return int(hours) * 60 + int(minutes)


def _price(value: float | None) -> float | None:
    return None if value is None else float(value)


def _plan(data: Data) -> TimeOfUsePlan:
    rest_tier = cast("str | None", data["rest_tier"])
    return TimeOfUsePlan(
        seasons=tuple(_season(each) for each in cast("Sequence[Data]", data["seasons"])),
        prices=tuple(
            TierPrice(
                season=each["season"],
                tier=str(each["tier"]),
                import_per_kwh=_price(each["import_per_kwh"]),
                export_per_kwh=_price(each["export_per_kwh"]),
            )
            for each in cast("Sequence[Data]", data["prices"])
        ),
        windows=tuple(
            Window(
                tier=str(each["tier"]),
                start_minute=minute_of(each["start"]),
                end_minute=minute_of(each["end"]),
                days=frozenset(DayKind(kind) for kind in each["days"]),
                seasons=frozenset(each["seasons"]),
            )
            for each in cast("Sequence[Data]", data["windows"])
        ),
        rest_tier=rest_tier,
    )


def _season(data: Data) -> Season:
    ranges = cast("Sequence[Sequence[str]]", data["ranges"])
    return Season(
        name=str(data["name"]),
        ranges=tuple(DateRange(MonthDay.parse(first), MonthDay.parse(last)) for first, last in ranges),
    )
