"""Prices that follow the clock, the day of the week, the holidays and the season."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from ..model.price import PriceSlot
from . import BEGINNING, FOREVER
from .days import ALL_WEEK, EVERY_DAY, DayKind, Holidays, MonthDay, Season
from .local_days import day_starts_at, wall_clock_breaks

DAY_MINUTES: Final = 24 * 60
_FAR_DAYS: Final = 9 * 366
"""Longer than any yearly pattern takes to repeat, 29 February over a skipped leap year included."""
_REMEMBERED_DAYS: Final = 2000


class TierAndPrice(NamedTuple):
    """What is in force over a stretch of a day."""

    tier: str
    import_per_kwh: float | None
    export_per_kwh: float | None


UNKNOWN: Final = TierAndPrice("", None, None)
"""What a minute costs about which the plan says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TierPrice:
    """What a tier costs and earns in a season."""

    season: str | None = None
    """``None`` for all seasons that give the tier no price of their own."""
    tier: str
    import_per_kwh: float | None
    export_per_kwh: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Local hours at which a tier applies, on each of its days by itself.

    A window that ends before it starts covers the end and the beginning of the same day: 22:00–06:00 on Mondays is
    Monday before 06:00 and Monday from 22:00.
    """

    tier: str
    start_minute: int
    """Minutes since local midnight, as the clock on the wall shows them."""
    end_minute: int
    """The first minute that is not covered any more; 1440 for the end of the day."""
    days: frozenset[DayKind] = EVERY_DAY
    seasons: frozenset[str] = frozenset()
    """Names of seasons; none for all of them."""

    def __post_init__(self) -> None:
        """Refuse hours that no day has."""
        if not (0 <= self.start_minute < DAY_MINUTES and 0 < self.end_minute <= DAY_MINUTES):
            raise ValueError("A window starts at 0 to 1439 and ends at 1 to 1440 minutes")
        if self.start_minute == self.end_minute:
            raise ValueError("A window must not be empty")

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The stretches of a day, in minutes, that are covered."""
        if self.start_minute < self.end_minute:
            return ((self.start_minute, self.end_minute),)
        return ((0, self.end_minute), (self.start_minute, DAY_MINUTES))

    def applies(self, season: str, kind: DayKind) -> bool:
        """Tell whether the window is open at some time on such a day."""
        return kind in self.days and (not self.seasons or season in self.seasons)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeOfUsePlan:
    """A time-of-use tariff as its supplier prints it: bound to no place and no year."""

    seasons: tuple[Season, ...]
    prices: tuple[TierPrice, ...]
    windows: tuple[Window, ...] = ()
    rest_tier: str | None = None
    """The tier of all minutes that no window covers."""

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of the tiers, in the order in which they were entered."""
        return tuple(dict.fromkeys(price.tier for price in self.prices))

    def season_of(self, day: MonthDay) -> Season | None:
        """Return the season of *day*; ``None`` if the plan has none for it."""
        return next((season for season in self.seasons if day in season), None)

    def price_of(self, season: str, tier: str) -> TierAndPrice:
        """Return what *tier* costs in *season*, with unknown prices if the plan does not say."""
        for wanted in (season, None):
            for price in self.prices:
                if price.tier == tier and price.season == wanted:
                    return TierAndPrice(tier, price.import_per_kwh, price.export_per_kwh)
        return TierAndPrice(tier, None, None)

    def profile(self, season: str, kind: DayKind) -> tuple[tuple[int, TierAndPrice], ...]:
        """Return the minutes of a day at which something changes, the first being 0, and what holds from there."""
        spans = sorted(
            (start, end, window.tier)
            for window in self.windows
            if window.applies(season, kind)
            for start, end in window.spans
        )
        rest = UNKNOWN if self.rest_tier is None else self.price_of(season, self.rest_tier)
        steps: list[tuple[int, TierAndPrice]] = []
        covered = 0
        for start, end, tier in spans:
            if start > covered:
                steps.append((covered, rest))
            if end > covered:
                steps.append((max(start, covered), self.price_of(season, tier)))
                covered = end
        if covered < DAY_MINUTES:
            steps.append((covered, rest))
        return tuple(step for index, step in enumerate(steps) if index == 0 or step[1] != steps[index - 1][1])


class _Piece(NamedTuple):
    """What holds from an instant on, within one local day."""

    starts_at: datetime
    price: TierAndPrice


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeOfUseTariff:
    """A time-of-use plan at a place, with its clock and its holidays; several threads may ask at once.

    What it remembers may be forgotten by another thread at any moment: nothing is looked up a second time.
    """

    plan: TimeOfUsePlan
    time_zone: tzinfo
    holidays: Holidays | None = None
    """``None`` where holidays are days like others."""
    _profiles: dict[tuple[str, DayKind], tuple[tuple[int, TierAndPrice], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _pieces: dict[date, tuple[_Piece, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _recent: list[PriceSlot] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of the tiers, in the order in which they were entered."""
        return self.plan.tiers

    @property
    def known_until(self) -> datetime | None:
        """Until when the holidays are known; beyond, they are taken for ordinary days."""
        return day_starts_at(self.holidays.known_until, self.time_zone) if self.holidays else None

    def at(self, instant: datetime) -> PriceSlot:
        """Return the slot in force at *instant*."""
        for slot in tuple(self._recent):
            if slot.starts_at <= instant < slot.ends_at:
                return slot
        instant = instant.astimezone(UTC)
        day = instant.astimezone(self.time_zone).date()
        pieces = self._pieces_of(day)
        index = max(index for index, piece in enumerate(pieces) if piece.starts_at <= instant)
        price = pieces[index].price
        slot = PriceSlot(
            starts_at=pieces[index].starts_at if index else self._begins(day, price),
            ends_at=pieces[index + 1].starts_at if index + 1 < len(pieces) else self._ends(day, price),
            tier=price.tier,
            import_per_kwh=price.import_per_kwh,
            export_per_kwh=price.export_per_kwh,
        )
        self._recent[:] = [slot]
        return slot

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        """Yield the slots that touch [*start*, *end*), whole, in order and without gaps."""
        instant = start
        while instant < end:
            slot = self.at(instant)
            yield slot
            instant = slot.ends_at

    def season_on(self, day: date) -> str | None:
        """Return the name of the season of a local day; ``None`` if the plan has none for it."""
        season = self.plan.season_of(MonthDay.of(day))
        return None if season is None else season.name

    def _begins(self, day: date, price: TierAndPrice) -> datetime:
        """Return since when *price*, in force as *day* starts, has held without a break."""
        oldest = day if self.holidays is None else min(self.holidays.dates, default=day)
        limit = min(day, oldest) - timedelta(days=_FAR_DAYS)
        while day > limit:
            before = day - timedelta(days=1)
            if self._is_uniform(before):
                if self._profile_of(before)[0][1] != price:
                    return day_starts_at(day, self.time_zone)
            else:
                pieces = self._pieces_of(before)
                if pieces[-1].price != price:
                    return day_starts_at(day, self.time_zone)
                if len(pieces) > 1:
                    return pieces[-1].starts_at
            day = before
        return BEGINNING

    def _ends(self, day: date, price: TierAndPrice) -> datetime:
        """Return until when *price*, in force as *day* ends, holds without a break."""
        newest = day if self.holidays is None else max(self.holidays.dates, default=day)
        limit = max(day, newest) + timedelta(days=_FAR_DAYS)
        while day < limit:
            day += timedelta(days=1)
            if self._is_uniform(day):
                if self._profile_of(day)[0][1] != price:
                    return day_starts_at(day, self.time_zone)
                continue
            pieces = self._pieces_of(day)
            if pieces[0].price != price:
                return day_starts_at(day, self.time_zone)
            if len(pieces) > 1:
                return pieces[1].starts_at
        return FOREVER

    def _is_uniform(self, day: date) -> bool:
        return len(self._profile_of(day)) == 1

    def _profile_of(self, day: date) -> tuple[tuple[int, TierAndPrice], ...]:
        season = self.plan.season_of(MonthDay.of(day))
        if season is None:
            return ((0, UNKNOWN),)
        is_holiday = self.holidays is not None and day in self.holidays.dates
        key = (season.name, DayKind.HOLIDAY if is_holiday else ALL_WEEK[day.weekday()])
        if (known := self._profiles.get(key)) is not None:
            return known
        profile = self.plan.profile(*key)
        self._profiles[key] = profile
        return profile

    def _price_at(self, local: datetime) -> TierAndPrice:
        minute = local.hour * 60 + local.minute
        return [price for start, price in self._profile_of(local.date()) if start <= minute][-1]

    def _pieces_of(self, day: date) -> tuple[_Piece, ...]:
        if (known := self._pieces.get(day)) is not None:
            return known
        minutes = {start for start, _ in self._profile_of(day)}
        pieces: list[_Piece] = []
        for instant in wall_clock_breaks(day, minutes, self.time_zone):
            price = self._price_at(instant.astimezone(self.time_zone))
            if not pieces or pieces[-1].price != price:
                pieces.append(_Piece(instant, price))
        if len(self._pieces) >= _REMEMBERED_DAYS:
            self._pieces.clear()
        found = tuple(pieces)
        self._pieces[day] = found
        return found
