"""How good forecasts were: each is kept until its time has come and is then held against what was measured."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from ..model.epoch_slots import slot_index, slot_starts_at
from ..model.forecast import MEDIAN, QUANTILES, Floats, Forecast, Series
from ..model.regrid import quantiles_between, regridded

LEADS: Final = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""How long before its time a forecast is kept."""
HALF_HOUR: Final = timedelta(minutes=30)
KEPT_DAYS: Final = 30
LONGEST_WAIT: Final = timedelta(days=2)
"""For so long a forecast waits for what was measured; a meter that was away may be caught up with."""
_SLOT_S: Final = int(HALF_HOUR.total_seconds())
_DAY_S: Final = 86400
_DIGITS: Final = 6
_LEAST_MEASURED: Final = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastScore:
    """The errors of forecasts, in the unit of what was forecast; ``None`` if none has come true yet."""

    mae: float | None
    """The mean distance of the median from what was."""
    bias: float | None
    """The mean of the median less what was: positive where forecasts are too high."""
    pinball: float | None
    """The mean pinball loss over all quantiles, which tells how good the range was."""
    count: int


@dataclass(frozen=True, slots=True)
class _Errors:
    """Sums over what came true on one day."""

    count: int = 0
    absolute: float = 0.0
    signed: float = 0.0
    pinball: float = 0.0

    def __add__(self, other: _Errors) -> _Errors:
        return _Errors(
            self.count + other.count,
            self.absolute + other.absolute,
            self.signed + other.signed,
            self.pinball + other.pinball,
        )

    def score(self) -> ForecastScore:
        if not self.count:
            return ForecastScore(mae=None, bias=None, pinball=None, count=0)
        return ForecastScore(
            mae=self.absolute / self.count,
            bias=self.signed / self.count,
            pinball=self.pinball / self.count,
            count=self.count,
        )


def pinball_loss(quantiles: Floats, measured: float) -> float:
    """Return the mean pinball loss of a column of ``QUANTILES``."""
    short = measured - quantiles
    shares = np.array(QUANTILES)
    return float(np.maximum(shares * short, (shares - 1.0) * short).mean())


class ForecastBook:
    """Forecasts that wait for their time, and the errors of those whose time has come.

    For each half-hour of the clock one forecast is kept from each of ``LEADS`` before it.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int, int], tuple[float, ...]] = {}
        """By quantity, lead in seconds and half-hour."""
        self._days: dict[tuple[str, int, int], _Errors] = {}
        """By quantity, lead in seconds and day."""

    def note(self, quantity: str, forecast: Forecast, now: datetime) -> None:
        """Keep what *forecast*, made *now*, says of the half-hours that are a lead away."""
        for lead in LEADS:
            index = slot_index(now + lead, HALF_HOUR)
            key = (quantity, int(lead.total_seconds()), index)
            if key in self._waiting:
                continue
            quantiles = quantiles_between(
                forecast, slot_starts_at(index, HALF_HOUR), slot_starts_at(index + 1, HALF_HOUR)
            )
            if np.isfinite(quantiles).all():
                self._waiting[key] = tuple(round(value, _DIGITS) for value in quantiles.tolist())

    def settle(self, quantity: str, measured: Series) -> None:
        """Score what *measured* covers by now; what it does not know for long is dropped."""
        until_s = measured.ends_at.timestamp()
        due = [key for key in self._waiting if key[0] == quantity and (key[2] + 1) * _SLOT_S <= until_s]
        if due:
            first, last = min(key[2] for key in due), max(key[2] for key in due)
            span = regridded(
                measured, slot_starts_at(first, HALF_HOUR), HALF_HOUR, last - first + 1, least_known=_LEAST_MEASURED
            )
            for key in due:
                value = float(span.values[key[2] - first])
                if np.isfinite(value):
                    self._add(key, np.array(self._waiting.pop(key)), value)
                elif until_s - key[2] * _SLOT_S > LONGEST_WAIT.total_seconds():
                    del self._waiting[key]
        oldest = int(until_s) // _DAY_S - KEPT_DAYS
        self._days = {key: errors for key, errors in self._days.items() if key[0] != quantity or key[2] > oldest}

    def _add(self, waited: tuple[str, int, int], quantiles: Floats, measured: float) -> None:
        quantity, lead_s, index = waited
        key = (quantity, lead_s, index * _SLOT_S // _DAY_S)
        error = float(quantiles[MEDIAN]) - measured
        news = _Errors(1, abs(error), error, pinball_loss(quantiles, measured))
        self._days[key] = self._days.get(key, _Errors()) + news

    def scores(self, now: datetime, *, days: int = 7, lead: timedelta | None = None) -> dict[str, ForecastScore]:
        """Return the scores of the last *days* by quantity, of one *lead* or of all together."""
        newest = int(now.timestamp()) // _DAY_S
        lead_s = None if lead is None else int(lead.total_seconds())
        sums: defaultdict[str, _Errors] = defaultdict(_Errors)
        for (quantity, its_lead_s, day), errors in self._days.items():
            if newest - days < day <= newest and lead_s in (None, its_lead_s):
                sums[quantity] += errors
        return {quantity: errors.score() for quantity, errors in sorted(sums.items())}

    def to_json(self) -> dict[str, Any]:
        """Return all as plain JSON data."""
        return {
            "waiting": [[*key, *quantiles] for key, quantiles in self._waiting.items()],
            "days": [
                [*key, errors.count, errors.absolute, errors.signed, errors.pinball]
                for key, errors in self._days.items()
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ForecastBook:
        """Read back what ``to_json`` returned.

        Raises:
            KeyError, TypeError, ValueError: if it did not come from there.
        """
        book = cls()
        for quantity, lead_s, index, *quantiles in stored.get("waiting", ()):
            if len(quantiles) != len(QUANTILES):
                raise ValueError("a forecast with another number of quantiles")
            book._waiting[str(quantity), int(lead_s), int(index)] = _finite(quantiles)
        for quantity, lead_s, day, count, *sums in stored.get("days", ()):
            absolute, signed, pinball = _finite(sums)
            book._days[str(quantity), int(lead_s), int(day)] = _Errors(int(count), absolute, signed, pinball)
        return book


def _finite(values: Iterable[Any]) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if not np.isfinite(numbers).all():
        raise ValueError("a number that is none")
    return numbers
