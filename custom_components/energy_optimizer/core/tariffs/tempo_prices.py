"""What EDF's Tempo costs: the regulated prices since 2024 and those a user entered instead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import Any, Final

from .tempo_rules import Colour

PRICE_KEYS: Final = ("blue_off_peak", "blue_peak", "white_off_peak", "white_peak", "red_off_peak", "red_peak")
"""The six prices, as they are called in settings and forms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TempoPrices:
    """The six prices from a date on, in EUR per kWh with taxes."""

    since: date
    """They hold from midnight of this date in Paris, also for the hours of a colour that began the day before."""
    per_kwh: Mapping[str, float]
    """By the names in ``PRICE_KEYS``."""
    source: str = ""
    """Where they were published; empty if the user entered them."""

    def price(self, colour: Colour, *, peak: bool) -> float:
        """Return what a kWh costs."""
        return self.per_kwh[f"{colour}_peak" if peak else f"{colour}_off_peak"]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TempoPrices:
        """Read what ``to_data`` wrote.

        Raises:
            KeyError, TypeError, ValueError: if it did not come from there.
        """
        per_kwh = {key: float(data[key]) for key in PRICE_KEYS}
        if not all(isfinite(price) for price in per_kwh.values()):
            raise ValueError("A price is no number")
        return cls(since=date.fromisoformat(data["since"]), per_kwh=per_kwh)

    def to_data(self) -> dict[str, Any]:
        """Return the date and the six prices as plain data."""
        return {"since": self.since.isoformat(), **self.per_kwh}


def _published(since: date, source: str, *per_kwh: float) -> TempoPrices:
    return TempoPrices(since=since, per_kwh=dict(zip(PRICE_KEYS, per_kwh, strict=True)), source=source)


PUBLISHED: Final = (
    _published(date(2024, 2, 1), "github.com/JC144, es/tempo.js", 0.1296, 0.1609, 0.1486, 0.1894, 0.1568, 0.7562),
    _published(date(2025, 2, 1), "hass-tarif-edf, issue 14", 0.1288, 0.1552, 0.1447, 0.1792, 0.1518, 0.6586),
    _published(date(2025, 8, 1), "TeslaMateAgile, issue 106", 0.1232, 0.1494, 0.1391, 0.1730, 0.1460, 0.6468),
    _published(
        date(2026, 2, 1),
        "github.com/JC144, edf/bleu.js; TeslaMateAgile, issue 125",
        *(0.1325, 0.1612, 0.1499, 0.1871, 0.1575, 0.7060),
    ),
    _published(
        date(2026, 8, 1),
        "github.com/m-maillot/elec-ha, tariffs.ts (one source, called indicative there)",
        *(0.1356, 0.1654, 0.1536, 0.1921, 0.1615, 0.7295),
    ),
)
"""Taxes included, oldest first; EDF publishes new ones about each 1 February and 1 August."""


_REVISED_IN: Final = (2, 8)
_NEAR: Final = timedelta(days=31)


def next_revision_after(since: date) -> date:
    """Return when prices that hold *since* a date are usually replaced; a date shortly before counts as that one."""
    settled = since + _NEAR
    later = (date(year, month, 1) for year in (settled.year, settled.year + 1) for month in _REVISED_IN)
    return next(day for day in later if day > settled)


def with_own(own: Iterable[TempoPrices]) -> tuple[TempoPrices, ...]:
    """Return the published prices, those of the user in the place of published ones of the same date."""
    by_date = {prices.since: prices for prices in (*PUBLISHED, *own)}
    return tuple(by_date[since] for since in sorted(by_date))


def prices_on(day: date, periods: Sequence[TempoPrices]) -> TempoPrices | None:
    """Return the prices in force on *day*; ``None`` before the first that are known."""
    return next((prices for prices in reversed(periods) if prices.since <= day), None)
