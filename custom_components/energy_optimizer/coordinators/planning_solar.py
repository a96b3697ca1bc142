"""What Home Assistant's solar forecasts say, added up, and what they said the day before."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

import numpy as np
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..core.model.epoch_slots import slot_index, slot_starts_at
from ..core.model.forecast import Series
from ..core.model.place import Place
from ..core.model.regrid import regridded
from ..core.model.sun import sun_position
from ..core.planning.foretold import HALF_HOUR, ForetoldBook
from .solar_platforms import async_solar_platforms, async_usual_entries

REFRESH: Final = timedelta(minutes=30)
RETRY: Final = timedelta(minutes=5)
ANSWER_WITHIN_S: Final = 20.0
LONGEST_PERIOD: Final = timedelta(hours=1)
KEYED_BY_END: Final = frozenset({"forecast_solar"})
"""Its energies are those of the period that ends at their time, the others' of the one that begins there."""


class SolarForecasts:
    """Asks the chosen forecasts now and then and keeps what they said."""

    def __init__(self, hass: HomeAssistant, chosen: Sequence[str], place: Place, book: ForetoldBook) -> None:
        self._hass = hass
        self._chosen = tuple(chosen)
        self._place = place
        self.book = book
        self._answers: dict[str, Series] = {}
        self._failing: frozenset[str] = frozenset()
        self._is_complete = False
        self._asked_at: datetime | None = None

    async def async_refresh(self, now: datetime, zone: tzinfo) -> None:
        """Ask again if it is time to; a forecast that does not answer keeps its last word."""
        pause = RETRY if self._failing else REFRESH
        if self._asked_at is not None and timedelta() <= now - self._asked_at < pause:
            return
        self._asked_at = now
        platforms = await async_solar_platforms(self._hass)
        entries = [self._hass.config_entries.async_get_entry(each) for each in await self._entry_ids()]
        asked = [entry for entry in entries if entry is not None and entry.domain in platforms]
        answers = await asyncio.gather(*(self._ask(entry.entry_id, entry.domain) for entry in asked))
        by_id = {entry.entry_id: answer for entry, answer in zip(asked, answers, strict=True)}
        self._note_failing({entry.title for entry in asked if by_id[entry.entry_id] is None})
        self._answers = {
            entry_id: known
            for entry_id, answer in by_id.items()
            if (known := answer or self._answers.get(entry_id)) is not None
        }
        self._is_complete = len(self._answers) == len(asked)
        if (total := self._total(now)) is not None:
            self.book.note(total, now, zone)

    async def _entry_ids(self) -> tuple[str, ...]:
        present = tuple(each for each in self._chosen if self._hass.config_entries.async_get_entry(each) is not None)
        return present or await async_usual_entries(self._hass)

    async def _ask(self, entry_id: str, domain: str) -> Series | None:
        platforms = await async_solar_platforms(self._hass)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await platforms[domain](self._hass, entry_id)
            return None if answer is None else half_hours(answer["wh_hours"], keyed_by_end=domain in KEYED_BY_END)
        except Exception as err:  # noqa: BLE001 - code of any other integration runs in it
            LOGGER.debug("A solar forecast of %s failed: %r", domain, err)
            return None

    def _note_failing(self, failing: set[str]) -> None:
        if news := failing - self._failing:
            LOGGER.warning("No solar forecast from %s; its last one is used as far as it goes", ", ".join(sorted(news)))
        self._failing = frozenset(failing)

    def _total(self, now: datetime) -> Series | None:
        """Return the sum of all forecasts, known where each of them is; ``None`` if one has never answered."""
        if not self._answers or not self._is_complete:
            return None
        starts_at = min(answer.starts_at for answer in self._answers.values())
        ends_at = max(answer.ends_at for answer in self._answers.values())
        count = round((ends_at - starts_at) / HALF_HOUR)
        rows = [regridded(answer, starts_at, HALF_HOUR, count).values for answer in self._answers.values()]
        dark = self._is_dark(starts_at, count)
        values = np.sum([np.where(dark & np.isnan(row), 0.0, row) for row in rows], axis=0)
        return Series(starts_at=starts_at, step=HALF_HOUR, values=values) if ends_at > now else None

    def _is_dark(self, starts_at: datetime, count: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Say of each half-hour whether the sun is below the horizon all the time: forecasts leave such hours out."""
        edges = starts_at.timestamp() + HALF_HOUR.total_seconds() * np.arange(count + 1, dtype=np.float64)
        below = sun_position(edges, self._place).elevation < 0.0
        return np.asarray(below[:-1] & below[1:])

    def given(self, now: datetime, starts_at: datetime, step: timedelta, count: int) -> Series | None:
        """Return the past as it was foretold the day before and the future as foretold now; ``None`` without both."""
        values = self.book.series(starts_at, step, count).values
        if (total := self._total(now)) is not None:
            first = max(round((now - starts_at) / step), 0)
            newest = regridded(total, starts_at, step, count).values
            newest[:first] = np.nan
            values = np.where(np.isfinite(newest), newest, values)
        return Series(starts_at=starts_at, step=step, values=values) if np.isfinite(values).any() else None


def half_hours(wh_hours: Mapping[str, float], *, keyed_by_end: bool = False) -> Series | None:
    """Return energies, each of the period to the next time or since the one before, as powers of half-hours.

    A period is as long as most are and an hour at most: forecasts leave the night out. ``None`` if there are none.
    """
    told = sorted(
        (at, float(wh)) for text, wh in wh_hours.items() if (at := _instant(text)) is not None and np.isfinite(wh)
    )
    if not told:
        return None
    times = [at for at, _ in told]
    gaps = [after - before for before, after in pairwise(times)]
    usual = min(sorted(gaps)[len(gaps) // 2], LONGEST_PERIOD) if gaps else LONGEST_PERIOD
    if keyed_by_end:
        spans = [(at - min(gap, usual), at) for at, gap in zip(times, [usual, *gaps], strict=True)]
    else:
        spans = [(at, at + min(gap, usual)) for at, gap in zip(times, [*gaps, usual], strict=True)]
    first = slot_index(spans[0][0], HALF_HOUR)
    count = slot_index(spans[-1][1] - timedelta(microseconds=1), HALF_HOUR) - first + 1
    starts_at = slot_starts_at(first, HALF_HOUR)
    minutes = np.full(count * 30, np.nan)
    for (begins_at, ends_at), (_, wh) in zip(spans, told, strict=True):
        low = round((begins_at - starts_at) / _MINUTE)
        high = max(round((ends_at - starts_at) / _MINUTE), low + 1)
        minutes[low:high] = max(wh, 0.0) / 1000.0 * 60.0 / (high - low)
    return regridded(Series(starts_at=starts_at, step=_MINUTE, values=minutes), starts_at, HALF_HOUR, count)


_MINUTE: Final = timedelta(minutes=1)


def _instant(text: str) -> datetime | None:
    """Return an instant; one without a zone is the home's own."""
    parsed = dt_util.parse_datetime(text)
    return None if parsed is None else dt_util.as_utc(parsed)
