"""How the price of this moment compares with those of the coming day."""

from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from ..model.price import PriceSlot
from ..tariffs import Tariff

_AHEAD = timedelta(hours=24)
_WINDOW_S = 1800
_NEAR = 0.25
"""Prices within this part of the day's spread of its cheapest or dearest count as such."""
_LEVEL_SHARE = 0.05


class Prices(Enum):
    """Where the present import price lies."""

    UNKNOWN = auto()
    LEVEL = auto()
    CHEAP = auto()
    MIDDLING = auto()
    DEAR = auto()


class Outlook(NamedTuple):
    """What a battery needs to know of a tariff now."""

    prices: Prices = Prices.UNKNOWN
    filling_pays: bool = False
    """Bought now and used at the dearest hours, a kWh costs less in spite of its losses."""
    selling_pays: bool = False
    """Sold now, a kWh earns more than it costs to buy it back at the cheapest hours."""
    dear_hours: float = 0.0
    """How long the present or the next dear stretch still lasts."""


class PriceWatch:
    """Answers for rising instants from one tariff; a pure function of the instant, with a small memory."""

    def __init__(self, tariff: Tariff | None, round_trip_efficiency: float) -> None:
        self._tariff = tariff
        self._efficiency = round_trip_efficiency
        self._valid_from_s = self._valid_until_s = 0.0
        self._outlook = Outlook()

    def at(self, epoch_s: float) -> Outlook:
        """Return the outlook at *epoch_s* (seconds since 1970, UTC)."""
        if self._tariff is None:
            return self._outlook
        if not self._valid_from_s <= epoch_s < self._valid_until_s:
            window_s = epoch_s // _WINDOW_S * _WINDOW_S
            slot = self._tariff.at(datetime.fromtimestamp(epoch_s, UTC))
            self._valid_from_s = max(window_s, slot.starts_at.timestamp())
            self._valid_until_s = min(window_s + _WINDOW_S, slot.ends_at.timestamp())
            self._outlook = self._look_ahead(self._tariff, slot, datetime.fromtimestamp(self._valid_from_s, UTC))
        return self._outlook

    def _look_ahead(self, tariff: Tariff, now: PriceSlot, instant: datetime) -> Outlook:
        price = now.import_per_kwh
        coming = [slot for slot in tariff.slots(instant, instant + _AHEAD) if slot.import_per_kwh is not None]
        if price is None or not coming:
            return Outlook()
        known = [slot.import_per_kwh for slot in coming if slot.import_per_kwh is not None]
        lowest, highest = min(known), max(known)
        spread = highest - lowest
        if spread <= _LEVEL_SHARE * abs(highest):
            return Outlook(Prices.LEVEL)
        if price >= highest - _NEAR * spread:
            prices = Prices.DEAR
        else:
            prices = Prices.CHEAP if price <= lowest + _NEAR * spread else Prices.MIDDLING
        earned = now.export_per_kwh
        return Outlook(
            prices,
            filling_pays=price < highest * self._efficiency,
            selling_pays=earned is not None and earned > 0.0 and earned * self._efficiency > lowest,
            dear_hours=_next_dear_hours(coming, highest - _NEAR * spread, instant),
        )


def _next_dear_hours(coming: list[PriceSlot], dear_from: float, instant: datetime) -> float:
    """Return the length of the first stretch whose price is at least *dear_from*, within a day of *instant*."""
    hours = 0.0
    for slot in coming:
        if slot.import_per_kwh is not None and slot.import_per_kwh >= dear_from:
            starts, ends = max(slot.starts_at, instant), min(slot.ends_at, instant + _AHEAD)
            hours += (ends - starts) / timedelta(hours=1)
        elif hours:
            break
    return hours
