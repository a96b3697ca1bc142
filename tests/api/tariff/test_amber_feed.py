"""What is known of Amber's prices, whatever its answers and their faults are."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.errors import (
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.tariff.amber import KEPT, AmberFeed
from custom_components.energy_optimizer.api.tariff.amber_answers import AmberAnswer, SpikeStatus, read_intervals
from custom_components.energy_optimizer.api.tariff.amber_client import Quota
from custom_components.energy_optimizer.core.model.price import Certainty
from tests.servers.amber import CURRENT, SITE, TOKEN, AmberServer, Site
from tests.servers.amber_market import HALF_HOUR, SLOT, AmberMarket
from tests.servers.https import Request

NOON = datetime(2026, 1, 15, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Amber:
    """A feed and what it asks, without a network between them; time stands where it is put."""

    now: datetime = NOON + timedelta(seconds=30)
    server: AmberServer = field(default_factory=AmberServer)
    failure: SourceError | None = None
    change: Callable[[AmberAnswer], AmberAnswer] = lambda answer: answer
    quota: Quota | None = None
    asked: list[tuple[int, int]] = field(default_factory=list)
    delay: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.server.market = AmberMarket(now=lambda: self.now)
        self.feed = AmberFeed(self, SITE, delay=self.delay)

    async def prices(self, site_id: str, *, ahead: int = 0, back: int = 0) -> AmberAnswer:
        self.asked.append((ahead, back))
        if self.failure is not None:
            raise self.failure
        headers = {"Authorization": f"Bearer {TOKEN}"}
        query = f"next={ahead}&previous={back}"
        path = CURRENT.replace(SITE, site_id)
        self.server._asked_at.clear()
        reply = self.server.answer(Request(method="GET", path=path, headers=headers, body=b"", query=query))
        return self.change(read_intervals(json.loads(reply.body)))

    async def close(self) -> None:
        """Nothing is open."""

    async def at(self, moment: datetime) -> None:
        """Let it become *moment*, and ask."""
        self.now = moment
        await self.feed.refresh(moment)

    def next(self) -> datetime:
        """Return when it is asked next."""
        return self.feed.next_refresh(self.now)


async def test_when_amber_is_asked() -> None:
    amber = Amber()
    amber.server.market.final_after = timedelta(seconds=80)
    await amber.at(NOON + timedelta(seconds=12))
    assert amber.next() == NOON + timedelta(seconds=30)
    await amber.at(NOON + timedelta(seconds=30))
    assert amber.next() == NOON + timedelta(seconds=90), "it is an estimate"
    await amber.at(NOON + timedelta(seconds=90))
    assert amber.next() == NOON + SLOT + timedelta(seconds=30), "it is final"
    await amber.at(NOON + SLOT + timedelta(seconds=30))
    assert amber.asked == [(576, 289), (0, 0), (0, 0), (576, 3)]


async def test_homes_do_not_all_ask_in_the_same_second() -> None:
    amber = Amber(delay=timedelta(seconds=14))
    await amber.at(NOON + timedelta(seconds=30))
    assert amber.next() == NOON + timedelta(seconds=44)
    await amber.at(NOON + timedelta(seconds=104))
    assert amber.next() == NOON + SLOT + timedelta(seconds=44)


async def test_half_hours_are_looked_at_every_five_minutes() -> None:
    amber = Amber()
    amber.server.sites = [Site(minutes=30)]
    await amber.at(NOON + timedelta(minutes=7, seconds=30))
    assert amber.feed.tariff.at(amber.now).ends_at == NOON + HALF_HOUR
    assert amber.next() == NOON + timedelta(minutes=12, seconds=30)
    await amber.at(NOON + timedelta(minutes=28, seconds=30))
    assert amber.next() == NOON + timedelta(minutes=30, seconds=30)


async def test_failures_are_tried_again_and_ever_later() -> None:
    amber = Amber(failure=UnreachableError())
    pauses = []
    for _ in range(6):
        with pytest.raises(UnreachableError):
            await amber.at(amber.now)
        pauses.append(amber.next() - amber.now)
        amber.now = amber.next()
    assert pauses == [minutes * MINUTE for minutes in (1, 2, 4, 5, 5, 5)]


@pytest.mark.parametrize("failure", [RefusedError(), NotPermittedError()])
async def test_a_refusal_is_for_the_user_to_mend(failure: SourceError) -> None:
    amber = Amber(failure=failure)
    with pytest.raises(type(failure)):
        await amber.at(NOON)
    assert amber.next() == NOON + timedelta(hours=1)


async def test_rests_that_amber_asks_for() -> None:
    until = NOON + timedelta(minutes=4, seconds=17)
    amber = Amber(failure=CoolingDownError(until=until))
    with pytest.raises(CoolingDownError):
        await amber.at(NOON)
    assert amber.next() == until
    amber = Amber(quota=Quota(remaining=1, resets_at=until))
    await amber.at(NOON)
    assert amber.next() == until
    amber.quota = Quota(remaining=2, resets_at=until)
    assert amber.next() == NOON + timedelta(seconds=30)


async def test_the_slot_that_comes_next_is_an_estimate_and_no_other() -> None:
    amber = Amber()
    await amber.at(NOON + timedelta(minutes=2))
    sure = [slot.certainty for slot in amber.feed.tariff.slots(NOON, NOON + 4 * SLOT)]
    assert sure == [Certainty.PUBLISHED, Certainty.ESTIMATE, Certainty.FORECAST, Certainty.FORECAST]
    assert amber.feed.facts(NOON + SLOT).is_estimate is True
    assert amber.feed.facts(NOON + 2 * SLOT).is_estimate is None, "a forecast is no price"


async def test_a_newer_forecast_of_the_next_slot_counts() -> None:
    amber = Amber()
    market = amber.server.market
    await amber.at(NOON + timedelta(minutes=29))
    before = amber.feed.tariff.at(NOON + HALF_HOUR + SLOT).import_per_kwh
    market.spot[NOON + HALF_HOUR + SLOT] = 200.0
    await amber.at(NOON + HALF_HOUR + timedelta(minutes=1))
    slot = amber.feed.tariff.at(NOON + HALF_HOUR + SLOT)
    assert slot.certainty is Certainty.ESTIMATE
    assert slot.import_per_kwh > 2 > before


async def test_a_newer_forecast_of_the_next_half_hour_counts() -> None:
    amber = Amber()
    amber.server.sites = [Site(minutes=30)]
    following = NOON + HALF_HOUR
    await amber.at(NOON + timedelta(minutes=3))
    amber.server.market.spot[following] = 1200.0
    await amber.at(NOON + timedelta(minutes=8))
    slot = amber.feed.tariff.at(following)
    assert slot.certainty is Certainty.ESTIMATE
    assert slot.import_per_kwh > 2


async def test_forecasts_that_are_withdrawn_are_forgotten() -> None:
    amber = Amber()
    await amber.at(NOON + timedelta(minutes=2))
    gone = NOON + timedelta(hours=3)
    assert amber.feed.tariff.at(gone).import_per_kwh is not None
    amber.server.holes.add(gone)
    await amber.at(NOON + timedelta(minutes=3))
    assert amber.feed.tariff.at(gone).import_per_kwh is not None, "a light answer says nothing of it"
    await amber.at(NOON + timedelta(minutes=8))
    assert amber.feed.tariff.at(gone).import_per_kwh is None


async def test_a_price_that_was_final_stays_final() -> None:
    """An answer from a cache of a minute ago comes last."""
    amber = Amber()
    await amber.at(NOON + timedelta(minutes=2))
    final = amber.feed.tariff.at(NOON)
    assert final.certainty is Certainty.PUBLISHED
    amber.server.market.final_after = SLOT
    await amber.at(NOON + timedelta(minutes=3))
    assert amber.feed.tariff.at(NOON) == final
    amber.server.market.now = lambda: NOON - SLOT
    await amber.at(NOON + timedelta(minutes=4))
    assert amber.feed.tariff.at(NOON) == final


async def test_a_missing_price_of_the_past_is_asked_for_again() -> None:
    amber = Amber()
    late = NOON - timedelta(hours=5)
    amber.server.holes.add(late)
    await amber.at(NOON + timedelta(minutes=2))
    amber.server.holes.clear()
    for minutes in range(7, 62, 5):
        await amber.at(NOON + minutes * MINUTE)
        assert amber.feed.tariff.at(late).import_per_kwh is None
        assert amber.asked[-1] == (576, 2), "not all the time"
    await amber.at(NOON + 62 * MINUTE)
    assert amber.asked[-1] == (576, 289)
    assert amber.feed.tariff.at(late).import_per_kwh is not None


async def test_spikes_and_renewables_come_with_the_slot_they_belong_to() -> None:
    amber = Amber()
    amber.server.market.spot[NOON + SLOT] = 400.0
    await amber.at(NOON + timedelta(minutes=2))
    facts = amber.feed.facts(NOON + timedelta(minutes=4))
    assert (facts.spike, facts.descriptor) == (SpikeStatus.NONE, amber.feed.tariff.at(NOON).tier)
    assert facts.highest is not None
    assert (facts.highest.starts_at, facts.highest.ends_at) == (NOON + SLOT, NOON + 2 * SLOT)
    facts = amber.feed.facts(NOON + SLOT)
    assert (facts.spike, facts.descriptor) == (SpikeStatus.SPIKE, "Spike")
    assert facts.renewables_percent == amber.server.market.quote(NOON, SLOT).renewables
    far = amber.feed.facts(NOON + timedelta(days=5))
    assert (far.spike, far.renewables_percent, far.descriptor, far.lowest, far.forecast_until) == (None,) * 5


async def test_a_present_without_price_is_asked_for_every_minute_and_an_empty_answer_changes_nothing() -> None:
    amber = Amber()
    amber.server.holes.add(NOON + SLOT)
    await amber.at(NOON + timedelta(minutes=5, seconds=30))
    assert amber.feed.tariff.at(amber.now).import_per_kwh is None
    assert amber.next() == NOON + timedelta(minutes=6, seconds=30)
    known = amber.feed.tariff
    await amber.at(NOON + timedelta(minutes=6, seconds=30))
    assert (amber.asked[-1], amber.feed.tariff) == ((0, 0), known)
    assert amber.next() == NOON + timedelta(minutes=7, seconds=30)
    amber.change = lambda _: AmberAnswer(intervals=(), left_out=0)
    with pytest.raises(NonsenseError):
        await amber.at(NOON + timedelta(minutes=11))
    assert amber.feed.tariff == known


async def test_another_site_begins_anew() -> None:
    amber = Amber()
    await amber.at(NOON)
    stored = json.loads(json.dumps(amber.feed.to_store()))
    other = AmberFeed(amber, "another", delay=timedelta())
    other.restore(stored)
    assert other.tariff.published == ()
    with pytest.raises((KeyError, TypeError, ValueError)):
        other.restore({"site_id": "another", "slots": [{"start": "soon"}]})
    assert other.tariff.published == ()


_STEPS = st.lists(
    st.tuples(
        st.one_of(
            st.integers(1, 90),
            st.sampled_from([300, 600]),
            st.integers(1800, 4 * 3600),
            st.just(26 * 3600),
            st.integers(-400, -1),
        ),
        st.sampled_from(["ok", "ok", "ok", "fails", "hole", "restart", "truncated"]),
    ),
    min_size=1,
    max_size=12,
)


@examples(max_examples=25, deadline=None)
@given(st.sampled_from([5, 30]), st.integers(0, 3000), _STEPS)
def test_whatever_happens_no_price_is_invented(minutes: int, begins: int, steps: list[tuple[int, str]]) -> None:
    asyncio.run(_live(minutes, begins, steps))


async def _live(minutes: int, begins: int, steps: list[tuple[int, str]]) -> None:
    amber = Amber(now=NOON + timedelta(seconds=begins))
    amber.server.sites = [Site(minutes=minutes)]
    market, latest = amber.server.market, amber.now
    for seconds, event in steps:
        amber.now += timedelta(seconds=seconds)
        latest = max(latest, amber.now)
        amber.failure = UnreachableError() if event == "fails" else None
        amber.change = _truncated if event == "truncated" else lambda answer: answer
        if event == "hole":
            amber.server.holes.add(amber.now.replace(minute=amber.now.minute // minutes * minutes, second=0))
        if event == "restart":
            stored = json.loads(json.dumps(amber.feed.to_store()))
            before, amber.feed = amber.feed, AmberFeed(amber, SITE)
            amber.feed.restore(stored)
            assert set(amber.feed.tariff.published) <= set(before.tariff.published)
            coming = {slot for slot in before.tariff.published if slot.ends_at > latest}
            assert coming <= set(amber.feed.tariff.published)
        known = _final(amber)
        try:
            await amber.feed.refresh(amber.now)
        except SourceError:
            assert event == "fails"
        assert amber.next() > amber.now
        still = {start for start in known if start >= amber.now - KEPT}
        assert still <= _final(amber).keys(), "what was published is kept"
        slots = amber.feed.tariff.published
        assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(slots))
        for slot in slots:
            if slot.certainty is Certainty.PUBLISHED:
                quote = market.quote(slot.starts_at, slot.ends_at - slot.starts_at)
                assert slot.import_per_kwh == pytest.approx(quote.general / 100)
                assert slot.export_per_kwh == pytest.approx(-quote.feed_in / 100)
                assert slot.starts_at <= latest
            elif slot.certainty is Certainty.ESTIMATE:
                assert slot.starts_at <= latest + timedelta(minutes=minutes)
        amber.feed.facts(amber.now)


def _final(amber: Amber) -> dict[datetime, float | None]:
    published = amber.feed.tariff.published
    return {slot.starts_at: slot.import_per_kwh for slot in published if slot.certainty is Certainty.PUBLISHED}


def _truncated(answer: AmberAnswer) -> AmberAnswer:
    """Only the first interval of each channel reached us."""
    firsts = {each.channel: each for each in reversed(answer.intervals)}
    return AmberAnswer(intervals=tuple(firsts.values()), left_out=len(answer.intervals) - len(firsts))
