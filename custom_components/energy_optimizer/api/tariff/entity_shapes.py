"""Lists of prices in attributes and answers of other integrations, whatever their keys are called."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from math import isfinite
from typing import Any, Final

from ...core.model.price import Certainty, PriceRange
from ..errors import NonsenseError
from .entity_times import in_utc, read_time
from .entity_units import Measure, PriceUnit

STARTS: Final = (
    *("start", "start_time", "starts_at", "startsAt", "valid_from", "from", "start_timestamp", "period_start"),
    *("begin", "time_start", "timestamp", "datetime", "time", "hour", "date"),
)
ENDS: Final = (
    *("end", "end_time", "ends_at", "endsAt", "valid_to", "till", "to", "until", "end_timestamp", "period_end"),
    "time_end",
)
VALUES: Final[dict[str, PriceUnit | None]] = {
    "value_inc_vat": PriceUnit(measure=Measure.PER_KWH, currencies=frozenset({"GBP"})),
    "advanced_price_predicted": None,
    "per_kwh": None,
    "price_per_kwh": PriceUnit(measure=Measure.PER_KWH),
    "price_ct_per_kwh": PriceUnit(measure=Measure.CENTS_PER_KWH, currencies=frozenset({"EUR"})),
    "price_eur_per_mwh": PriceUnit(measure=Measure.PER_MWH, currencies=frozenset({"EUR"})),
    **dict.fromkeys(("total", "price", "value", "total_price", "price_total", "electricity_price", "rate"), None),
}
"""Keys of a price, those that win where a row has several first, and what the key itself says about the unit."""
_RANGES: Final = (("advanced_price_low", "advanced_price_high"), ("range_min", "range_max"))
_DEEPEST: Final = 4
_SAME: Final = 1e-9
LONGEST_SLOT: Final = timedelta(hours=1)
"""Without an end, a slot lasts until the next one starts, unless that is later than this and later than usual."""


class AmbiguousError(NonsenseError):
    """Several lists give different prices for the same time."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"Several lists of prices: {', '.join(self.names)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class RawPrice:
    """One slot as it was read, in the unit of whoever published it."""

    starts_at: datetime
    ends_at: datetime
    value: float
    range_: PriceRange | None = None
    certainty: Certainty = Certainty.PUBLISHED


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceList:
    """A list of prices that was found."""

    rows: tuple[Mapping[str, Any], ...]
    value_key: str

    @property
    def unit(self) -> PriceUnit | None:
        """What the key of the price says about its unit."""
        return VALUES.get(self.value_key)


def find_lists(content: Mapping[str, Any], path: str = "") -> dict[str, PriceList]:
    """Return all lists of prices in *content*, at any depth, by where they are."""
    found: dict[str, PriceList] = {}
    for key, value in content.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            if (rows := _timeline(value)) is not None:
                found[here] = PriceList(rows=rows, value_key="value")
            elif here.count(".") < _DEEPEST:
                found |= find_lists(value, here)
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes) and value:
            rows = tuple(row for row in value if isinstance(row, Mapping))
            if len(rows) == len(value) and (value_key := _value_key(rows)) is not None:
                found[here] = PriceList(rows=rows, value_key=value_key)
    return found


def chosen(lists: Mapping[str, PriceList], name: str) -> dict[str, PriceList]:
    """Return the lists that a user's *name* means: that list, all within it, and those of the days around it."""
    names = {name}
    for day in ("today", "tomorrow", "yesterday"):
        if day in name:
            names |= {name.replace(day, other) for other in ("today", "tomorrow", "yesterday")}
    return {
        path: found
        for path, found in lists.items()
        if any(path == each or path.endswith(f".{each}") or path.startswith(f"{each}.") for each in names)
    }


def read_lists(lists: Mapping[str, PriceList], zone: tzinfo) -> list[RawPrice]:
    """Return the prices of all *lists*, in order, each slot once.

    Raises:
        AmbiguousError: if they contradict each other.
        NonsenseError: if a list has no slot whose time can be read.
    """
    found: dict[datetime, tuple[RawPrice, str]] = {}
    for name, each in lists.items():
        prices = list(read_rows(each, zone))
        if not prices and any(read_number(row.get(each.value_key)) is not None for row in each.rows):
            raise NonsenseError(f"The times of {name} cannot be read")
        for price in prices:
            before = found.setdefault(price.starts_at, (price, name))
            if abs(before[0].value - price.value) > _SAME:
                raise AmbiguousError(dict.fromkeys((before[1], name)))
    return [found[starts_at][0] for starts_at in sorted(found)]


def read_rows(prices: PriceList, zone: tzinfo) -> Iterator[RawPrice]:
    """Yield the slots of a list; rows without a price leave a hole.

    Naive times are local to *zone*. Slots without an end last until the next one starts.
    """
    timed = [(row, start) for row in prices.rows if (start := _time(row, STARTS)) is not None]
    if all(start.tzinfo is not None for _, start in timed):
        timed.sort(key=lambda each: each[1].astimezone(UTC))
    starts = in_utc((start for _, start in timed), zone)
    usable = [(row, start) for (row, _), start in zip(timed, starts, strict=True) if start is not None]
    usual = _usual_length([start for _, start in usable])
    for index, (row, start) in enumerate(usable):
        following = usable[index + 1][1] if index + 1 < len(usable) else None
        end = _end(row, start, zone)
        if end is None or end <= start:  # some add minutes to the wall's clock, in the hour that is repeated too
            end = _until_next(start, following, usual)
        value = read_number(row.get(prices.value_key))
        if value is not None and end > start:
            yield RawPrice(
                starts_at=start,
                ends_at=end,
                value=value,
                range_=_range(row, value),
                certainty=_certainty(row),
            )


def _timeline(content: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...] | None:
    """Return the rows of a mapping of times to prices; ``None`` if it is none."""
    if not content or any(read_time(key) is None for key in content):
        return None
    if all(read_number(value) is None for value in content.values()):
        return None
    return tuple({"start": key, "value": value} for key, value in content.items())


def _value_key(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the key of the price; one of its own making counts if it is the only number of the rows."""
    if not all(_time(row, STARTS) is not None for row in rows):
        return None
    for key in VALUES:
        if any(read_number(row.get(key)) is not None for row in rows):
            return key
    known = {*STARTS, *ENDS, "duration"}
    numbers = {key for row in rows for key, value in row.items() if key not in known and read_number(value) is not None}
    return numbers.pop() if len(numbers) == 1 else None


def _time(row: Mapping[str, Any], keys: Sequence[str]) -> datetime | None:
    return next((time for key in keys if (time := read_time(row.get(key))) is not None), None)


def _end(row: Mapping[str, Any], start: datetime, zone: tzinfo) -> datetime | None:
    """Return the end that a row names; in the hour that is repeated, the one after its start."""
    if (time := _time(row, ENDS)) is not None:
        if time.tzinfo is not None:
            return in_utc([time], zone)[0]
        return in_utc([start, time], zone)[1]
    minutes = read_number(row.get("duration"))
    return start + timedelta(minutes=minutes) if minutes else None


def _usual_length(starts: Sequence[datetime]) -> timedelta:
    lengths = Counter(later - earlier for earlier, later in pairwise(starts) if later > earlier)
    return lengths.most_common(1)[0][0] if lengths else LONGEST_SLOT


def _until_next(start: datetime, following: datetime | None, usual: timedelta) -> datetime:
    if following is None or following - start > max(usual, LONGEST_SLOT):
        return start + usual
    return following


def _range(row: Mapping[str, Any], predicted: float) -> PriceRange | None:
    """Return the range around a price. Amber turns the sign of what is earned, but not always that of its range."""
    for low_key, high_key in _RANGES:
        first, second = read_number(row.get(low_key)), read_number(row.get(high_key))
        if first is None or second is None:
            continue
        for sign in (1, -1):
            low, high = sorted((sign * first, sign * second))
            if low <= predicted <= high:
                return PriceRange(low=low, predicted=predicted, high=high)
    return None


def _certainty(row: Mapping[str, Any]) -> Certainty:
    """Return how sure a price is: those whose rows speak of it are Amber's."""
    if row.get("estimate") is True:
        return Certainty.ESTIMATE
    is_foretold = "nem_date" in row and "estimate" not in row
    return Certainty.FORECAST if is_foretold else Certainty.PUBLISHED


def read_number(value: object) -> float | None:
    """Return a finite number, also one that is written as text; ``None`` for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)
