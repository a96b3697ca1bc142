"""When colours are asked for, what is made of the answers of two sources, and what outlasts a restart."""

import json
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from custom_components.energy_optimizer.api.errors import (
    CoolingDownError,
    NonsenseError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.tariff.tempo import COLOUR_API, RTE, TempoFeed
from custom_components.energy_optimizer.core.model.price import Certainty
from custom_components.energy_optimizer.core.tariffs.tempo_prices import PUBLISHED
from custom_components.energy_optimizer.core.tariffs.tempo_rules import Colour
from tests.servers.tempo_year import TempoYear, paris

BLUE, WHITE, RED = Colour
DAY = timedelta(days=1)
FRIDAY = date(2026, 11, 20)


class Source:
    """A source that says what its year says at the time of the test."""

    def __init__(self, clock: Clock) -> None:
        self.year = TempoYear(now=clock)
        self.failing: SourceError | None = None
        self.asked: list[set[date]] = []

    async def colours(self, days: Collection[date]) -> dict[date, Colour]:
        self.asked.append(set(days))
        if self.failing is not None:
            raise self.failing
        found = {day: self.year.colour(day) for day in days}
        return {day: Colour(word.lower()) for day, word in found.items() if word}


class Clock:
    def __init__(self) -> None:
        self.now = paris(2026, 11, 20, 9)

    def __call__(self) -> datetime:
        return self.now


class Home:
    """A feed with both sources and a clock."""

    def __init__(self, *names: str) -> None:
        self.clock = Clock()
        self.sources = {name: Source(self.clock) for name in names or (COLOUR_API, RTE)}
        self.feed = self.make()

    def make(self) -> TempoFeed:
        return TempoFeed(self.sources, PUBLISHED, 0.04)

    async def refresh(self, *clock: int) -> None:
        if clock:
            self.clock.now = paris(*clock)
        await self.feed.refresh(self.clock.now.astimezone(UTC))

    @property
    def next(self) -> datetime:
        return self.feed.next_refresh(self.clock.now.astimezone(UTC))

    @property
    def facts(self) -> Any:
        return self.feed.facts(self.clock.now)

    def say(self, day: date, **words: str | None) -> None:
        for name, word in words.items():
            self.sources[name].year.said[day] = word


async def test_the_first_time_this_season_and_the_last_are_asked_for() -> None:
    home = Home()
    await home.refresh()
    for source in home.sources.values():
        assert (min(source.asked[0]), max(source.asked[0])) == (date(2025, 9, 1), FRIDAY + DAY)
    assert len(home.feed.tariff.colours) == (FRIDAY - date(2025, 9, 1)).days + 1
    await home.refresh(2026, 11, 20, 11, 5)
    assert home.sources[RTE].asked[1] == {FRIDAY, FRIDAY + DAY}


async def test_the_hours_at_which_is_asked() -> None:
    home = Home()
    moments = []
    for _ in range(4):
        await home.refresh()
        home.clock.now = home.next
        moments.append(home.clock.now)
    friday = [paris(2026, 11, 20, *clock) for clock in ((11, 5), (12, 5), (20, 5))]
    assert moments == [*friday, paris(2026, 11, 21, 11, 5)]


@pytest.mark.parametrize("change", [(2026, 3, 29), (2026, 10, 25)])
async def test_the_hours_on_days_of_clock_changes(change: tuple[int, int, int]) -> None:
    home = Home()
    await home.refresh(*change, 1, 0)
    assert home.next == paris(*change, 11, 5)
    await home.refresh(*change, 20, 5)
    year, month, day = change
    assert home.next == paris(year, month, day + 1, 11, 5)


async def test_homes_do_not_all_ask_in_the_same_second() -> None:
    clock = Clock()
    feed = TempoFeed({COLOUR_API: Source(clock)}, PUBLISHED, None, delay=timedelta(seconds=41))
    await feed.refresh(clock.now)
    assert feed.next_refresh(clock.now) == paris(2026, 11, 20, 11, 5) + timedelta(seconds=41)
    assert feed.next_refresh(paris(2026, 11, 20, 11, 5)) == paris(2026, 11, 20, 11, 5) + timedelta(seconds=41)


async def test_a_colour_that_does_not_come_is_asked_for_each_hour() -> None:
    home = Home()
    home.say(FRIDAY + DAY, rte=None, colour_api=None)
    await home.refresh(2026, 11, 20, 12, 5)
    assert home.next == paris(2026, 11, 20, 13, 5)
    await home.refresh(2026, 11, 20, 23, 30)
    assert home.next == paris(2026, 11, 21, 0, 30)
    await home.refresh(2026, 11, 21, 3, 0)
    assert home.next == paris(2026, 11, 21, 4, 0), "what was due yesterday noon is still due"
    facts = home.facts
    assert (facts.colour_tomorrow, facts.tomorrow_possible, facts.tomorrow_final) == (None, (BLUE, WHITE), False)


async def test_a_colour_that_changes_between_eleven_and_twelve() -> None:
    home = Home()
    home.say(FRIDAY + DAY, rte="BLUE", colour_api="BLUE")
    await home.refresh(2026, 11, 20, 11, 5)
    noon = paris(2026, 11, 21, 12)
    assert (home.feed.tariff.at(noon).tier, home.feed.tariff.at(noon).certainty) == ("Bleu HP", Certainty.ESTIMATE)
    assert (home.facts.colour_tomorrow, home.facts.tomorrow_final) == (BLUE, False)
    assert home.facts.tomorrow_possible == (BLUE, WHITE)
    home.say(FRIDAY + DAY, rte="WHITE", colour_api="WHITE")
    before = home.feed.tariff
    await home.refresh(2026, 11, 20, 12, 5)
    assert home.feed.tariff is not before
    assert (home.feed.tariff.at(noon).tier, home.feed.tariff.at(noon).certainty) == ("Blanc HP", Certainty.PUBLISHED)
    assert (home.facts.colour_tomorrow, home.facts.tomorrow_possible) == (WHITE, (WHITE,))


async def test_the_dearer_colour_counts_while_sources_disagree() -> None:
    home = Home()
    monday = date(2026, 11, 23)
    for rte, colour_api in (("BLUE", "RED"), ("RED", "BLUE")):
        home.say(monday, rte=rte, colour_api=colour_api)
        await home.refresh(2026, 11, 22, 20, 5)
        assert home.facts.colour_tomorrow is RED
        (found,) = home.facts.disagreements
        assert (found.day, found.rte, found.colour_api) == (monday, Colour(rte.lower()), Colour(colour_api.lower()))
    await home.refresh(2026, 11, 23, 11, 5)
    assert (home.facts.colour_today, len(home.facts.disagreements)) == (RED, 1)
    home.say(monday, rte="BLUE", colour_api="RED")
    await home.refresh(2026, 11, 24, 11, 5)
    assert home.facts.disagreements == ()
    assert home.feed.tariff.colours[monday] is BLUE, "of a day that is over RTE knows best"


async def test_one_source_is_enough() -> None:
    home = Home()
    home.sources[RTE].failing = UnreachableError()
    await home.refresh(2026, 11, 20, 12, 5)
    assert home.facts.colour_tomorrow is not None
    assert home.next == paris(2026, 11, 20, 12, 6), "the other is asked again soon"
    home.sources[RTE].failing = None
    await home.refresh(2026, 11, 20, 12, 6)
    assert home.next == paris(2026, 11, 20, 20, 5)


async def test_refused_credentials_are_told_and_colours_go_on() -> None:
    home = Home()
    home.sources[RTE].failing = RefusedError()
    with pytest.raises(RefusedError):
        await home.refresh(2026, 11, 20, 12, 5)
    assert home.facts.colour_tomorrow is not None
    assert home.next == paris(2026, 11, 20, 20, 5), "a refused login is not tried each minute"


async def test_after_a_failure_is_asked_later_and_later_but_at_the_known_hours_too() -> None:
    home = Home(COLOUR_API)
    home.sources[COLOUR_API].failing = UnreachableError()
    waits = []
    for _ in range(9):
        home.clock.now = paris(2026, 11, 20, 0)
        with pytest.raises(UnreachableError):
            await home.refresh()
        waits.append((home.next - home.clock.now) / timedelta(minutes=1))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    home.clock.now = paris(2026, 11, 20, 10, 50)
    assert home.next == paris(2026, 11, 20, 11, 5)


async def test_who_asks_to_be_left_alone_is() -> None:
    home = Home(COLOUR_API)
    until = paris(2026, 11, 20, 13)
    home.sources[COLOUR_API].failing = CoolingDownError(until=until.astimezone(UTC))
    with pytest.raises(CoolingDownError):
        await home.refresh(2026, 11, 20, 12, 5)
    assert home.next == until


async def test_days_missed_in_an_outage_are_fetched() -> None:
    home = Home()
    await home.refresh(2026, 11, 13, 12, 5)
    for source in home.sources.values():
        source.failing = UnreachableError()
    for day in range(14, 21):
        with pytest.raises(UnreachableError):
            await home.refresh(2026, 11, day, 12, 5)
    assert home.facts.colour_today is None
    assert home.facts.days_left is None
    today = home.feed.tariff.at(paris(2026, 11, 20, 15))
    assert (today.import_per_kwh, today.certainty) == (0.7295, Certainty.FORECAST)
    for source in home.sources.values():
        source.failing = None
    await home.refresh(2026, 11, 20, 15)
    assert home.sources[RTE].asked[-1] == {FRIDAY + number * DAY for number in range(-5, 2)}
    assert home.facts.colour_today is not None
    assert home.facts.days_left is not None


async def test_a_day_that_a_source_never_knew_is_not_asked_for_for_ever() -> None:
    home = Home(COLOUR_API)
    home.say(date(2026, 9, 9), colour_api=None)
    await home.refresh(2026, 11, 20, 11, 5)
    await home.refresh(2026, 11, 20, 12, 5)
    assert home.sources[COLOUR_API].asked[-1] == {FRIDAY, FRIDAY + DAY}
    assert home.feed.tariff.at(paris(2026, 9, 9, 12)).import_per_kwh is None
    assert home.facts.days_left is None


async def test_an_answer_without_any_colour_is_nonsense() -> None:
    home = Home(COLOUR_API)
    home.sources[COLOUR_API].year.now = lambda: paris(2000, 1, 1)
    with pytest.raises(NonsenseError):
        await home.refresh()
    assert home.facts.colour_today is None
    assert home.feed.tariff.at(home.clock.now).import_per_kwh is None, "unknown, not blue"


async def test_colours_outlast_a_restart() -> None:
    home = Home()
    await home.refresh(2026, 11, 20, 11, 5)
    stored = json.loads(json.dumps(home.feed.to_store()))
    again = home.make()
    again.restore(stored)
    assert again.tariff == home.feed.tariff
    assert again.tariff.provisional == {FRIDAY + DAY}
    assert again.to_store() == stored
    alone = TempoFeed({COLOUR_API: Source(home.clock)}, PUBLISHED, None)
    alone.restore(stored)
    assert alone.tariff.colours == home.feed.tariff.colours, "RTE was taken out of the settings"


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"today": "yesterday", "sources": {}},
        {"today": "2026-11-20", "sources": {"rte": {"colours": {"2026-11-20": "green"}, "provisional": []}}},
        {"today": "2026-11-20", "sources": {"rte": {"colours": {"x": "red"}, "provisional": []}}},
    ],
)
async def test_what_was_not_stored_by_us_is_not_taken_up(stored: dict[str, Any]) -> None:
    home = Home()
    await home.refresh()
    before = home.feed.to_store()
    with pytest.raises((KeyError, TypeError, ValueError)):
        home.feed.restore(stored)
    assert home.feed.to_store() == before


async def test_three_seasons_are_kept() -> None:
    home = Home(COLOUR_API)
    await home.refresh(2026, 11, 20, 12, 5)
    for year in (2027, 2028):
        await home.refresh(year, 11, 20, 12, 5)
    assert min(home.feed.tariff.colours) == date(2026, 9, 1)
    assert json.dumps(home.feed.diagnostics())
    assert len(home.feed.diagnostics()["recent"][COLOUR_API]["colours"]) == 9


async def test_days_left_do_not_count_tomorrow() -> None:
    home = Home()
    await home.refresh(2026, 11, 20, 9)
    before = home.facts.days_left
    home.say(FRIDAY + DAY, rte="WHITE", colour_api="WHITE")
    await home.refresh(2026, 11, 20, 12, 5)
    assert home.facts.days_left == before
    home.clock.now = paris(2026, 11, 21, 5, 59)
    assert home.facts.days_left == before
    home.clock.now = paris(2026, 11, 21, 6, 0)
    assert home.facts.days_left[WHITE] == before[WHITE] - 1
    assert (home.facts.peak_today_per_kwh, home.facts.off_peak_today_per_kwh) == (0.1921, 0.1536)
