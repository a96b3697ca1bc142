"""The Tempo tariff: a colour for each day, two prices for each colour."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Final

from ..model.price import Certainty, PriceSlot
from . import BEGINNING, FOREVER
from .local_days import day_starts_at
from .tempo_prices import TempoPrices, prices_on
from .tempo_rules import (
    PARIS,
    Colour,
    dearest,
    peak_ends_at,
    possible_colours,
    tempo_day,
    tempo_day_starts_at,
)

COLOUR_NAMES: Final[Mapping[Colour, str]] = MappingProxyType(
    {Colour.BLUE: "Bleu", Colour.WHITE: "Blanc", Colour.RED: "Rouge"}
)
"""As EDF calls them on its bills."""
_DAY: Final = timedelta(days=1)
_FORETOLD: Final = timedelta(days=2)


def tier_name(colour: Colour, *, peak: bool) -> str:
    """Return what the bill calls the hours of a colour."""
    return f"{COLOUR_NAMES[colour]} {'HP' if peak else 'HC'}"


@dataclass(frozen=True, kw_only=True)
class TempoTariff:
    """The prices of each instant whose colour is known, and a cautious guess of the days that come next.

    A day without a known colour counts as the dearest it may have if it is *today* or one of the two days
    that follow: as a forecast, with a tier only where the rules leave one colour. Every other such day has no price.
    """

    colours: Mapping[date, Colour]
    provisional: frozenset[date] = frozenset()
    """Days whose colour was published but may still change."""
    today: date
    """The Tempo day in which all this was known."""
    periods: tuple[TempoPrices, ...]
    """Prices, oldest first."""
    export_per_kwh: float | None = None

    @cached_property
    def _first_day(self) -> date:
        return min(self.colours)

    @cached_property
    def _after_last_day(self) -> date:
        return max(*self.colours, self.today + _FORETOLD) + _DAY

    def at(self, instant: datetime) -> PriceSlot:
        """Return the slot in force at *instant*."""
        if not self.colours:
            return self._slot(BEGINNING, FOREVER)
        if instant < (first := tempo_day_starts_at(self._first_day)):
            return self._slot(BEGINNING, first)
        if instant >= (last := tempo_day_starts_at(self._after_last_day)):
            return self._slot(last, FOREVER)
        return next(slot for slot in self._slots_of_day(tempo_day(instant)) if instant < slot.ends_at)

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        """Yield the slots that touch [*start*, *end*), whole, in order and without gaps."""
        while start < end:
            slot = self.at(start)
            yield slot
            start = slot.ends_at

    @property
    def tiers(self) -> tuple[str, ...]:
        """The six tiers, off-peak before peak, from blue to red."""
        return tuple(tier_name(colour, peak=peak) for colour in Colour for peak in (False, True))

    @property
    def known_until(self) -> datetime:
        """The end of the days from today on whose colours are known; today's start if today's is not."""
        day = self.today
        while day in self.colours:
            day += _DAY
        return tempo_day_starts_at(day) if self.colours else BEGINNING

    def prices_at(self, instant: datetime) -> TempoPrices | None:
        """Return the six prices in force at *instant*; ``None`` where they are unknown."""
        return prices_on(instant.astimezone(PARIS).date(), self.periods)

    def _slots_of_day(self, day: date) -> Iterator[PriceSlot]:
        starts_at, peak_ends, ends_at = tempo_day_starts_at(day), peak_ends_at(day), tempo_day_starts_at(day + _DAY)
        yield self._priced(day, starts_at, peak_ends, peak=True)
        midnight = day_starts_at(day + _DAY, PARIS)
        if self.prices_at(peak_ends) is self.prices_at(midnight):
            yield self._priced(day, peak_ends, ends_at, peak=False)
        else:
            yield self._priced(day, peak_ends, midnight, peak=False)
            yield self._priced(day, midnight, ends_at, peak=False)

    def _priced(self, day: date, starts_at: datetime, ends_at: datetime, *, peak: bool) -> PriceSlot:
        colour, prices = self.colours.get(day), self.prices_at(starts_at)
        if colour is not None:
            certainty = Certainty.ESTIMATE if day in self.provisional else Certainty.PUBLISHED
            price = prices.price(colour, peak=peak) if prices else None
            return self._slot(starts_at, ends_at, tier_name(colour, peak=peak), price, certainty)
        if prices is None or not self.today <= day <= self.today + _FORETOLD:
            return self._slot(starts_at, ends_at)
        options = possible_colours(day, self.colours)
        guess = dearest(options)
        tier = tier_name(guess, peak=peak) if len(options) == 1 else ""
        return self._slot(starts_at, ends_at, tier, prices.price(guess, peak=peak), Certainty.FORECAST)

    def _slot(
        self,
        starts_at: datetime,
        ends_at: datetime,
        tier: str = "",
        price: float | None = None,
        certainty: Certainty = Certainty.PUBLISHED,
    ) -> PriceSlot:
        return PriceSlot(
            starts_at=starts_at.astimezone(UTC),
            ends_at=ends_at.astimezone(UTC),
            tier=tier,
            import_per_kwh=price,
            export_per_kwh=self.export_per_kwh,
            certainty=certainty,
        )
