"""Learns the colours of Tempo from RTE and from the public colour API, and compares what they say."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Protocol

from ...core.tariffs.tempo import TempoTariff
from ...core.tariffs.tempo_prices import TempoPrices
from ...core.tariffs.tempo_rules import (
    PARIS,
    Colour,
    days_left,
    dearest,
    possible_colours,
    season_of,
    season_starts,
    tempo_day,
)
from ..errors import CoolingDownError, NonsenseError, NotPermittedError, RefusedError, SourceError
from .tempo_days import KnownDays

RTE: Final = "rte"
COLOUR_API: Final = "colour_api"
ASKED_AT: Final = (time(11, 5), time(12, 5), time(20, 5))
"""When a new colour may be there, in Paris: after it is published, after the last change, and in the evening."""
FINAL_FROM: Final = time(12)
"""From when on the colour of the next day changes no more, in Paris."""
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_KEPT_SEASONS: Final = 3
_ASKED_AGAIN: Final = timedelta(days=7)
"""How long a past day that a source does not know is asked for again."""
_BEFORE_TEMPO: Final = date(2014, 1, 1)
_DAY: Final = timedelta(days=1)


class ColourSource(Protocol):
    """Somebody who knows colours."""

    async def colours(self, days: Collection[date]) -> dict[date, Colour]:
        """Return the colours of those of *days* that are known; raise ``SourceError`` if there is no answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Disagreement:
    """A day that is not over, and what each source says of it."""

    day: date
    rte: Colour
    colour_api: Colour


@dataclass(frozen=True, kw_only=True, slots=True)
class TempoFacts:
    """What is known of Tempo beyond the prices of slots; *today* and *tomorrow* begin at six."""

    today: date
    colour_today: Colour | None
    colour_tomorrow: Colour | None
    tomorrow_possible: tuple[Colour, ...]
    """What tomorrow may still become; one colour only once it is final."""
    tomorrow_final: bool
    days_left: Mapping[Colour, int] | None
    """After today, without tomorrow's; ``None`` while days of the season are unknown."""
    prices: TempoPrices | None
    """The six prices in force."""
    peak_today_per_kwh: float | None
    off_peak_today_per_kwh: float | None
    disagreements: tuple[Disagreement, ...]


class TempoFeed:
    """The colours as far as they are known, from one source or two."""

    def __init__(
        self,
        sources: Mapping[str, ColourSource],
        periods: tuple[TempoPrices, ...],
        export_per_kwh: float | None,
        *,
        delay: timedelta = timedelta(),
    ) -> None:
        """Ask *delay* later than others do, so that not all homes ask in the same second."""
        self._sources = sources
        self._periods = periods
        self._export_per_kwh = export_per_kwh
        self._delay = delay
        self._known = {name: KnownDays() for name in sources}
        self._failed: dict[str, SourceError] = {}
        self._failures = 0
        self._absent: dict[str, frozenset[date]] = {}
        self._tariff: TempoTariff | None = None
        self._today = _BEFORE_TEMPO

    @property
    def tariff(self) -> TempoTariff:
        """All that is known now."""
        if self._tariff is None:
            self._tariff = TempoTariff(
                colours=self._colours(),
                provisional=self._provisional(),
                today=self._today,
                periods=self._periods,
                export_per_kwh=self._export_per_kwh,
            )
        return self._tariff

    async def refresh(self, now: datetime) -> None:
        """Ask each source for the days it has not told for good.

        Raises:
            SourceError: if no source answered, or if one refuses the credentials it is given.
        """
        self._look_at(now)
        names = list(self._sources)
        wanted = [self._wanted(name) for name in names]
        results = await asyncio.gather(*(self._ask(name, days, now) for name, days in zip(names, wanted, strict=True)))
        self._failed = {name: err for name, err in zip(names, results, strict=True) if err is not None}
        self._failures = self._failures + 1 if self._failed else 0
        self._tariff = None
        denied = next((err for err in self._failed.values() if isinstance(err, RefusedError | NotPermittedError)), None)
        if denied is not None:
            raise denied
        if len(self._failed) == len(names):
            raise next(iter(self._failed.values()))

    def next_refresh(self, now: datetime) -> datetime:
        """Return when to ask next: at the hours of publication, sooner after a failure or while a colour is overdue."""
        scheduled = self._next_scheduled(now)
        if any(isinstance(err, RefusedError | NotPermittedError) for err in self._failed.values()):
            return scheduled
        if self._failed:
            pause = min(_FIRST_PAUSE * (1 << min(self._failures - 1, 10)), _LONGEST_PAUSE)
            wait = min(scheduled, now + pause)
            for err in self._failed.values():
                if isinstance(err, CoolingDownError) and err.until is not None:
                    wait = max(wait, err.until)
            return wait
        return min(scheduled, now + _LONGEST_PAUSE) if self._is_overdue(now) else scheduled

    def facts(self, now: datetime) -> TempoFacts:
        """Return colours, days left and prices as they are *now*."""
        today = tempo_day(now)
        tomorrow = today + _DAY
        colours, tariff = self.tariff.colours, self.tariff
        colour, prices = colours.get(today), tariff.prices_at(now)
        final = tomorrow in colours and tomorrow not in tariff.provisional
        peak = off_peak = None
        if prices is not None and colour is not None:
            peak, off_peak = prices.price(colour, peak=True), prices.price(colour, peak=False)
        return TempoFacts(
            today=today,
            colour_today=colour,
            colour_tomorrow=colours.get(tomorrow),
            tomorrow_possible=(colours[tomorrow],) if final else possible_colours(tomorrow, colours),
            tomorrow_final=final,
            days_left=days_left(today, colours) if colours else None,
            prices=prices,
            peak_today_per_kwh=peak,
            off_peak_today_per_kwh=off_peak,
            disagreements=self._disagreements(today),
        )

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take up what ``to_store`` returned in an earlier run.

        Raises:
            KeyError, TypeError, ValueError: if it did not come from there; nothing is taken up then.
        """
        today = date.fromisoformat(stored["today"])
        known = {name: KnownDays.from_data(each) for name, each in stored["sources"].items()}
        self._known = {name: known.get(name, KnownDays()) for name in self._sources}
        self._today = today
        self._tariff = None

    def to_store(self) -> dict[str, Any]:
        """Return what each source said."""
        return {
            "today": self._today.isoformat(),
            "sources": {name: known.to_data() for name, known in self._known.items()},
        }

    async def close(self) -> None:
        """Nothing is kept open: the session is Home Assistant's."""

    def diagnostics(self) -> dict[str, Any]:
        """Return who said what of the last days, and who failed."""
        recent = self._today - _ASKED_AGAIN
        return {
            "failures_in_a_row": self._failures,
            "failed": {name: repr(err) for name, err in self._failed.items()},
            "days_known": {name: len(known.colours) for name, known in self._known.items()},
            "recent": {name: known.since(recent).to_data() for name, known in self._known.items()},
        }

    def _look_at(self, now: datetime) -> None:
        """Forget what is too old to matter and move on to the present day."""
        self._today = tempo_day(now)
        oldest = season_starts(season_of(self._today) - _KEPT_SEASONS + 1)
        self._known = {name: known.since(oldest) for name, known in self._known.items()}
        self._tariff = None

    async def _ask(self, name: str, days: set[date], now: datetime) -> SourceError | None:
        try:
            answer = await self._sources[name].colours(days)
        except SourceError as err:
            return err
        if not answer and not self._known[name].colours:
            return NonsenseError("No colour of any day")
        self._known[name] = self._known[name].told(answer, now, FINAL_FROM)
        self._absent[name] = frozenset(days - answer.keys())
        return None

    def _wanted(self, name: str) -> set[date]:
        """Return today, tomorrow, what is disputed, and what the source never told for good since the last season."""
        known, absent = self._known[name], self._absent.get(name, frozenset())
        recent = self._today - _ASKED_AGAIN
        first = season_starts(season_of(self._today) - 1)
        days = {first + number * _DAY for number in range((self._today - first).days + 2)}
        days -= {day for day in absent if day < recent}
        return days - known.final | {self._today, self._today + _DAY} | self._disputed(recent)

    def _disputed(self, since: date) -> set[date]:
        """Return the days of which not all sources say the same."""
        said: dict[date, set[Colour]] = {}
        for known in self._known.values():
            for day, colour in known.colours.items():
                if day >= since:
                    said.setdefault(day, set()).add(colour)
        return {day for day, colours in said.items() if len(colours) > 1}

    def _colours(self) -> dict[date, Colour]:
        """Put together what the sources say: of days that are over RTE knows best, else the dearer colour counts."""
        merged: dict[date, Colour] = {}
        for known in self._known.values():
            for day, colour in known.colours.items():
                merged[day] = dearest((colour, merged[day])) if day in merged else colour
        if (rte := self._known.get(RTE)) is not None:
            merged |= {day: colour for day, colour in rte.colours.items() if day < self._today}
        return dict(sorted(merged.items()))

    def _provisional(self) -> frozenset[date]:
        """Return the days that no source has told for good."""
        told = {day for known in self._known.values() for day in known.colours}
        return frozenset(told.difference(*(known.final for known in self._known.values())))

    def _disagreements(self, today: date) -> tuple[Disagreement, ...]:
        rte, other = (self._known.get(name, KnownDays()).colours for name in (RTE, COLOUR_API))
        return tuple(
            Disagreement(day=day, rte=rte[day], colour_api=other[day])
            for day in (today, today + _DAY)
            if day in rte and day in other and rte[day] is not other[day]
        )

    def _next_scheduled(self, now: datetime) -> datetime:
        today = now.astimezone(PARIS).date()
        moments = (datetime.combine(day, hour, PARIS) for day in (today, today + _DAY) for hour in ASKED_AT)
        return next(asked_at for moment in moments if (asked_at := moment.astimezone(now.tzinfo) + self._delay) > now)

    def _is_overdue(self, now: datetime) -> bool:
        """Say whether a colour is missing that must have been published by now."""
        known, today = self.tariff.colours, tempo_day(now)
        return today not in known or (
            today + _DAY not in known and now >= datetime.combine(today, ASKED_AT[1], PARIS) + self._delay
        )
