"""Statistics of a series, as Home Assistant would have compiled them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import STATISTIC_UNIT_TO_UNIT_CONVERTER

from .series import EVERY_S, EntitySeries, Point

HOUR_S = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The statistics of one stretch of time; what a kind of sensor does not have is ``None``."""

    start_s: float
    mean: float | None = None
    least: float | None = None
    most: float | None = None
    state: float | None = None
    sum: float | None = None
    last_reset: str | None = None


def has_sum(series: EntitySeries) -> bool:
    """Say whether the sensor counts (and does not merely measure)."""
    return series.state_class in ("total", "total_increasing")


def rows(series: EntitySeries, length_s: int, until_s: float) -> list[Row]:
    """Return one row for each stretch of *length_s* that is over by *until_s*.

    Sums end at 0 with the last point of the series: from there Home Assistant goes on counting from 0.
    """
    if series.state_class is None:
        return []
    make = _counted(series.points) if has_sum(series) else _measured
    grouped = groupby(series.points, key=lambda point: point.at_s // length_s * length_s)
    made = (make(start_s, list(points)) for start_s, points in grouped if start_s + length_s <= until_s)
    return [row for row in made if row is not None]


def hourly(series: EntitySeries, until_s: float) -> list[Row]:
    """Return the long-term statistics."""
    return rows(series, HOUR_S, until_s)


def short_term(series: EntitySeries, until_s: float) -> list[Row]:
    """Return the five-minute statistics."""
    return rows(series, EVERY_S, until_s)


def _measured(start_s: float, points: list[Point]) -> Row | None:
    numbers = [point.number for point in points if point.number is not None]
    if not numbers:
        return None
    return Row(start_s=start_s, mean=sum(numbers) / len(numbers), least=min(numbers), most=max(numbers))


def _counted(points: Iterable[Point]) -> Callable[[float, list[Point]], Row | None]:
    """Add up what the counter gained until each point, less what it gained in all."""
    gained: dict[float, float] = {}
    total = 0.0
    before: Point | None = None
    for point in points:
        if point.number is None:
            continue
        if before is not None and before.number is not None:
            began_anew = _last_reset(point) != _last_reset(before) or point.number < before.number
            total += point.number if began_anew else point.number - before.number
        gained[point.at_s] = total
        before = point

    def row(start_s: float, stretch: list[Point]) -> Row | None:
        known = [point for point in stretch if point.at_s in gained]
        if not known:
            return None
        last = known[-1]
        return Row(
            start_s=start_s,
            state=last.number,
            sum=gained[last.at_s] - total,
            last_reset=_last_reset(last),
        )

    return row


def _last_reset(point: Point) -> str | None:
    return next((str(value) for name, value in point.attributes if name == "last_reset" and value is not None), None)


def metadata(series: EntitySeries) -> StatisticMetaData:
    """Describe a series' statistics as Home Assistant's sensor platform does."""
    unit = series.attributes.get("unit_of_measurement")
    converter = STATISTIC_UNIT_TO_UNIT_CONVERTER.get(unit if isinstance(unit, str) else None)
    return StatisticMetaData(
        has_sum=has_sum(series),
        mean_type=StatisticMeanType.NONE if has_sum(series) else StatisticMeanType.ARITHMETIC,
        name=None,
        source="recorder",
        statistic_id=series.entity_id,
        unit_class=converter.UNIT_CLASS if converter else None,
        unit_of_measurement=unit if isinstance(unit, str) else None,
    )
