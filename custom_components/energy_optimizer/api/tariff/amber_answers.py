"""What Amber's answers say: cents become dollars, starts lose their odd second, and feed-in becomes what one earns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from math import isfinite
from types import MappingProxyType
from typing import Any, Final

from ...core.model.price import Certainty, PriceRange, PriceSlot
from ...core.tariffs.published import PublishedTariff, merged
from ..errors import NonsenseError

TIERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "extremelyLow": "Extremely low",
        "veryLow": "Very low",
        "low": "Low",
        "neutral": "Neutral",
        "high": "High",
        "spike": "Spike",
    }
)
"""Amber's words for how dear a price is, cheapest first."""
_FORMER_TIERS: Final = MappingProxyType({"negative": "Extremely low"})
_CERTAINTY: Final = MappingProxyType(
    {"ActualInterval": Certainty.PUBLISHED, "ForecastInterval": Certainty.FORECAST}  # and CurrentInterval, which varies
)
_MOST_PER_KWH: Final = 50.0
"""Twice what the market's price cap can become on a bill; what is more was not in cents."""
_LEAST_SURE_FIRST: Final = (Certainty.FORECAST, Certainty.ESTIMATE, Certainty.PUBLISHED)


class Channel(StrEnum):
    """Through which register of the meter energy flows."""

    GENERAL = "general"
    CONTROLLED_LOAD = "controlledLoad"
    FEED_IN = "feedIn"


class SpikeStatus(StrEnum):
    """Whether the price of an interval jumps."""

    NONE = "none"
    POTENTIAL = "potential"
    SPIKE = "spike"


class SiteStatus(StrEnum):
    """Whether Amber supplies a site."""

    ACTIVE = "active"
    PENDING = "pending"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class AmberInterval:
    """One interval of one channel."""

    channel: Channel
    starts_at: datetime
    ends_at: datetime
    certainty: Certainty
    per_kwh: float
    """In dollars; of feed-in, what a kWh earns."""
    range_: PriceRange | None
    tier: str
    """Empty where Amber uses a word that we do not know."""
    spike: SpikeStatus | None
    renewables_percent: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AmberAnswer:
    """The intervals of one answer."""

    intervals: tuple[AmberInterval, ...]
    left_out: int
    """How many more there were that could not be read."""

    def of(self, channel: Channel) -> tuple[AmberInterval, ...]:
        """Return the intervals of one channel."""
        return tuple(each for each in self.intervals if each.channel is channel)


@dataclass(frozen=True, kw_only=True, slots=True)
class AmberSite:
    """A place that Amber supplies, will supply or has supplied."""

    site_id: str
    nmi: str
    """The number of the meter's connection to the grid."""
    network: str
    status: SiteStatus
    since: date | None
    """From when on it is or was active."""
    until: date | None
    channels: frozenset[Channel]


def read_intervals(answer: object) -> AmberAnswer:
    """Read the answer about prices. An interval that cannot be read is left out and so leaves a hole.

    An empty list is an answer, too: Amber has no price for the time that was asked for.

    Raises:
        NonsenseError: if it is no list, tells only other things than what one pays, or a price that no market has.
    """
    if not isinstance(answer, list):
        raise NonsenseError("Not a list of intervals")
    intervals: list[AmberInterval] = []
    left_out = 0
    for each in answer:
        try:
            intervals.append(_interval(each))
        except AttributeError, KeyError, OverflowError, TypeError, ValueError:
            left_out += 1
    if answer and not any(each.channel is Channel.GENERAL for each in intervals):
        raise NonsenseError(f"No price of the general channel; {left_out} intervals cannot be read")
    return AmberAnswer(intervals=tuple(intervals), left_out=left_out)


def read_sites(answer: object) -> tuple[AmberSite, ...]:
    """Read the answer about sites: first those that are active, then pending and closed ones.

    Raises:
        NonsenseError: if it makes no sense.
    """
    if not isinstance(answer, list):
        raise NonsenseError("Not a list of sites")
    try:
        sites = [_site(each) for each in answer]
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise NonsenseError(f"Not a site: {err!r}") from err
    order = list(SiteStatus)
    return tuple(sorted(sites, key=lambda site: (order.index(site.status), site.nmi)))


def slots_of(answer: AmberAnswer) -> tuple[PriceSlot, ...]:
    """Return what one buys and sells for, as slots in order; time without a price to buy has no slot.

    Where intervals of a channel overlap, the surer one counts, and of two as sure the shorter.
    """
    buying, selling = (PublishedTariff(_line(answer.of(each))) for each in (Channel.GENERAL, Channel.FEED_IN))
    borders = {edge for line in (buying, selling) for slot in line.published for edge in (slot.starts_at, slot.ends_at)}
    return tuple(_joined(buying, selling, sorted(borders)))


def _joined(buying: PublishedTariff, selling: PublishedTariff, borders: Sequence[datetime]) -> Iterator[PriceSlot]:
    for start, end in pairwise(borders):
        buy, sell = buying.at(start), selling.at(start)
        if buy.import_per_kwh is not None:
            yield PriceSlot(
                starts_at=start,
                ends_at=end,
                tier=buy.tier,
                import_per_kwh=buy.import_per_kwh,
                export_per_kwh=sell.export_per_kwh,
                certainty=buy.certainty,
                import_range=buy.import_range,
                export_range=sell.export_range,
            )


def _line(intervals: Iterable[AmberInterval]) -> tuple[PriceSlot, ...]:
    """Return one channel's slots, without overlaps."""

    def weight(each: AmberInterval) -> tuple[int, timedelta]:
        return _LEAST_SURE_FIRST.index(each.certainty), each.starts_at - each.ends_at

    line: tuple[PriceSlot, ...] = ()
    for _, group in groupby(sorted(intervals, key=weight), key=weight):
        line = merged(line, (_side(each) for each in sorted(group, key=lambda each: each.starts_at)))
    return line


def _side(each: AmberInterval) -> PriceSlot:
    sells = each.channel is Channel.FEED_IN
    return PriceSlot(
        starts_at=each.starts_at,
        ends_at=each.ends_at,
        tier=each.tier,
        import_per_kwh=None if sells else each.per_kwh,
        export_per_kwh=each.per_kwh if sells else None,
        certainty=each.certainty,
        import_range=None if sells else each.range_,
        export_range=each.range_ if sells else None,
    )


def _interval(data: Mapping[str, Any]) -> AmberInterval:
    channel = Channel(data["channelType"])
    starts_at, ends_at = _instant(data["startTime"]), _instant(data["endTime"])
    if ends_at - starts_at != timedelta(minutes=data["duration"]) or starts_at >= ends_at:
        raise ValueError("It does not last as long as it says")
    certainty = _certainty(data)
    per_kwh, range_ = _prices(data, channel, certainty)
    word = data.get("descriptor")
    return AmberInterval(
        channel=channel,
        starts_at=starts_at,
        ends_at=ends_at,
        certainty=certainty,
        per_kwh=per_kwh,
        range_=range_,
        tier=TIERS.get(str(word)) or _FORMER_TIERS.get(str(word), ""),
        spike=next((each for each in SpikeStatus if each == data.get("spikeStatus")), None),
        renewables_percent=_percent(data.get("renewables")),
    )


def _certainty(data: Mapping[str, Any]) -> Certainty:
    if data["type"] != "CurrentInterval":
        return _CERTAINTY[data["type"]]
    return Certainty.PUBLISHED if data["estimate"] is False else Certainty.ESTIMATE


def _prices(data: Mapping[str, Any], channel: Channel, certainty: Certainty) -> tuple[float, PriceRange | None]:
    """Return the price, and between which prices it lies as long as it is not final.

    Of a forecast, Amber's own prediction counts rather than the market's, if there is one.
    """
    sign = -1 if channel is Channel.FEED_IN else 1
    price = sign * _dollars(data["perKwh"])
    advanced, band = data.get("advancedPrice"), data.get("range")
    if certainty is Certainty.PUBLISHED:
        return price, None
    if advanced is not None:
        low, predicted, high = (sign * _dollars(advanced[name]) for name in ("low", "predicted", "high"))
        if certainty is Certainty.FORECAST:
            price = predicted
    elif band is not None:
        low, high = (sign * _dollars(band[name]) for name in ("min", "max"))
    else:
        return price, None
    low, high = min(low, high), max(low, high)
    return price, PriceRange(low=low, predicted=price, high=high) if low <= price <= high else None


def _dollars(cents: object) -> float:
    """Return a price in dollars.

    Raises:
        NonsenseError: if it is no number, or one that no market has: then the others are not to be trusted either.
        TypeError: if there is none.
    """
    if not isinstance(cents, int | float) or isinstance(cents, bool):
        raise TypeError("No price")
    price = cents / 100
    if not isfinite(price) or abs(price) > _MOST_PER_KWH:
        raise NonsenseError(f"{price} dollars per kWh")
    return round(price, 8)


def _percent(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 100 else None


def _instant(text: str) -> datetime:
    """Read a time and floor it to the minute, because intervals start a second late."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("No time zone")
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def _site(data: Mapping[str, Any]) -> AmberSite:
    known = set(Channel)
    return AmberSite(
        site_id=_text(data["id"]),
        nmi=_text(data["nmi"]),
        network=str(data.get("network") or ""),
        status=SiteStatus(data["status"]),
        since=_date(data.get("activeFrom")),
        until=_date(data.get("closedOn")),
        channels=frozenset(Channel(each["type"]) for each in data.get("channels") or () if each["type"] in known),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("No text")
    return value


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text[:10])
