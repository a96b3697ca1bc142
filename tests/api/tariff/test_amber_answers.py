"""What Amber's answers mean, whatever stands in them."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from amberelectric.models.interval import Interval
from amberelectric.models.site import Site as LibrarySite
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.errors import NonsenseError
from custom_components.energy_optimizer.api.tariff.amber_answers import (
    TIERS,
    Channel,
    SiteStatus,
    SpikeStatus,
    read_intervals,
    read_sites,
    slots_of,
)
from custom_components.energy_optimizer.core.model.price import Certainty, PriceRange, PriceSlot
from tests.servers.amber import CURRENT, SITES, TOKEN, AmberServer, Site
from tests.servers.amber_market import AmberMarket
from tests.servers.https import Request

NOON = datetime(2026, 1, 15, 2, tzinfo=UTC)
WORDS = {
    "ActualInterval": Certainty.PUBLISHED,
    "CurrentInterval": Certainty.ESTIMATE,
    "ForecastInterval": Certainty.FORECAST,
}


def interval(start: datetime, minutes: int = 5, cents: float = 30.0, **changes: Any) -> dict[str, Any]:
    end = start + timedelta(minutes=minutes)
    return {
        "type": "ForecastInterval",
        "duration": minutes,
        "spotPerKwh": cents / 2,
        "perKwh": cents,
        "date": start.date().isoformat(),
        "nemTime": end.isoformat(),
        "startTime": (start + timedelta(seconds=1)).isoformat(),
        "endTime": end.isoformat(),
        "renewables": 41.5,
        "channelType": "general",
        "spikeStatus": "none",
        "descriptor": "neutral",
    } | changes


def slots(*intervals: dict[str, Any]) -> tuple[PriceSlot, ...]:
    return slots_of(read_intervals(list(intervals)))


def only(*intervals: dict[str, Any]) -> PriceSlot:
    (slot,) = slots(*intervals)
    return slot


def asked(server: AmberServer, path: str, query: str = "") -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return json.loads(server.answer(Request(method="GET", path=path, headers=headers, body=b"", query=query)).body)


@pytest.mark.parametrize("minutes", [5, 30])
def test_the_loopback_server_speaks_as_the_library_expects(minutes: int) -> None:
    server = AmberServer(market=AmberMarket(now=lambda: NOON + timedelta(minutes=1)))
    server.sites = [Site(minutes=minutes, channels=("general", "controlledLoad", "feedIn"))]
    intervals = asked(server, CURRENT, "next=200&previous=20")
    assert {type(Interval.from_dict(each).actual_instance).__name__ for each in intervals} == set(WORDS)
    assert {each["duration"] for each in intervals} == {minutes, 30}
    assert all(each["startTime"].endswith(":01Z") for each in intervals)
    (site,) = [LibrarySite.from_dict(each) for each in asked(server, SITES)]
    assert site.interval_length == minutes
    answer = read_intervals(intervals)
    assert (len(answer.intervals), answer.left_out) == (len(intervals), 0)


def test_cents_odd_seconds_and_the_sign_of_feed_in() -> None:
    sold = interval(NOON, cents=-12.5, channelType="feedIn", descriptor="high")
    assert only(interval(NOON, cents=31.25), sold) == PriceSlot(
        starts_at=NOON,
        ends_at=NOON + timedelta(minutes=5),
        tier="Neutral",
        import_per_kwh=0.3125,
        export_per_kwh=0.125,
        certainty=Certainty.FORECAST,
    )


def test_feed_in_that_costs_earns_less_than_nothing() -> None:
    assert only(interval(NOON), interval(NOON, cents=4.0, channelType="feedIn")).export_per_kwh == -0.04


def test_a_site_without_feed_in_has_no_export_price() -> None:
    assert only(interval(NOON)).export_per_kwh is None


def test_controlled_load_is_no_price_of_the_home() -> None:
    answer = read_intervals([interval(NOON), interval(NOON, cents=9.0, channelType="controlledLoad")])
    assert len(answer.of(Channel.CONTROLLED_LOAD)) == 1
    (slot,) = slots_of(answer)
    assert slot.import_per_kwh == 0.3


def test_a_forecast_is_what_amber_predicts_and_not_the_market() -> None:
    advanced = {"low": 20.0, "predicted": 33.0, "high": 60.0}
    bought = interval(NOON, advancedPrice=advanced, range={"min": 1.0, "max": 2.0})
    sold = interval(
        NOON, cents=-9.0, channelType="feedIn", advancedPrice={"low": -2.0, "predicted": -8.0, "high": -30.0}
    )
    slot = only(bought, sold)
    assert (slot.import_per_kwh, slot.export_per_kwh) == (0.33, 0.08)
    assert slot.import_range == PriceRange(low=0.2, predicted=0.33, high=0.6)
    assert slot.export_range == PriceRange(low=0.02, predicted=0.08, high=0.3)


def test_a_forecast_without_prediction_has_the_market_s_range() -> None:
    assert only(interval(NOON, range={"min": 25.0, "max": 44.0})).import_range == PriceRange(
        low=0.25, predicted=0.3, high=0.44
    )
    assert only(interval(NOON, range={"min": 35.0, "max": 44.0})).import_range is None, "it does not hold the price"


def test_an_estimate_has_its_own_price_whatever_was_predicted() -> None:
    present = interval(
        NOON, type="CurrentInterval", estimate=True, advancedPrice={"low": 20.0, "predicted": 22.0, "high": 60.0}
    )
    slot = only(present)
    assert (slot.import_per_kwh, slot.certainty) == (0.3, Certainty.ESTIMATE)
    assert slot.import_range == PriceRange(low=0.2, predicted=0.3, high=0.6)
    final = only(present | {"estimate": False})
    assert (final.certainty, final.import_range) == (Certainty.PUBLISHED, None)


def test_overlaps_count_once() -> None:
    """A half-hour, one of its five minutes, and what that really cost."""
    later = NOON + timedelta(minutes=5)
    merged = slots(
        interval(later, type="ActualInterval", cents=50.0),
        interval(later, cents=40.0),
        interval(NOON, 30, cents=20.0),
    )
    assert [(slot.starts_at.minute, slot.ends_at.minute, slot.import_per_kwh) for slot in merged] == [
        (0, 5, 0.2), (5, 10, 0.5), (10, 30, 0.2)
    ]  # fmt: skip


def test_words_that_are_new_old_or_missing() -> None:
    assert only(interval(NOON, descriptor="negative")).tier == "Extremely low"
    assert only(interval(NOON, descriptor="cosy")).tier == ""
    for changes in ({"spikeStatus": "maybe"}, {"spikeStatus": None}):
        (each,) = read_intervals([interval(NOON, **changes)]).intervals
        assert each.spike is None
    (each,) = read_intervals([interval(NOON, spikeStatus="potential", renewables=None)]).intervals
    assert (each.spike, each.renewables_percent) == (SpikeStatus.POTENTIAL, None)
    (each,) = read_intervals([interval(NOON, renewables=4000)]).intervals
    assert each.renewables_percent is None


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "GuessedInterval"},
        {"type": None},
        {"channelType": "steam"},
        {"duration": 30},
        {"duration": "5"},
        {"duration": 0, "endTime": NOON.isoformat()},
        {"startTime": "2026-01-15T02:00:01"},
        {"startTime": 1768442401},
        {"endTime": "soon"},
        {"perKwh": None},
        {"perKwh": "31"},
        {"perKwh": True},
        {"advancedPrice": {"low": 1.0}},
        {"range": {"min": 1.0, "max": None}},
    ],
)
def test_an_odd_interval_leaves_a_hole(changes: dict[str, Any]) -> None:
    good = interval(NOON + timedelta(minutes=5))
    answer = read_intervals([interval(NOON, **changes), good])
    assert answer.left_out == 1
    assert [slot.starts_at for slot in slots_of(answer)] == [NOON + timedelta(minutes=5)]


@pytest.mark.parametrize("odd", ["text", None, 7, [], {"type": "ForecastInterval"}])
def test_what_is_no_interval_leaves_a_hole(odd: object) -> None:
    assert read_intervals([odd, interval(NOON)]).left_out == 1


def test_no_price_at_all_is_an_answer() -> None:
    assert slots() == ()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        "text",
        None,
        [interval(NOON, channelType="feedIn")],
        [interval(NOON, perKwh=None)],
        [interval(NOON), interval(NOON + timedelta(minutes=5), cents=float("nan"))],
        [interval(NOON), interval(NOON + timedelta(minutes=5), cents=float("inf"))],
        [interval(NOON, cents=5_001.0)],
        [interval(NOON, cents=-5_001.0)],
        [interval(NOON, advancedPrice={"low": 1.0, "predicted": 30.0, "high": 9_000.0})],
    ],
)
def test_nonsense(answer: object) -> None:
    with pytest.raises(NonsenseError):
        read_intervals(answer)


def test_sites_that_are_supplied_come_first() -> None:
    server = AmberServer(
        sites=[
            Site(id="c", status="closed", closed_on="2024-05-01"),
            Site(id="p", status="pending", active_from=None, network=""),
            Site(id="a", channels=("general", "controlledLoad")),
        ]
    )
    active, pending, closed = read_sites(asked(server, SITES))
    assert (active.site_id, active.status, active.since) == ("a", SiteStatus.ACTIVE, date(2023, 7, 1))
    assert active.channels == {Channel.GENERAL, Channel.CONTROLLED_LOAD}
    assert (pending.site_id, pending.since, pending.network) == ("p", None, "")
    assert (closed.site_id, closed.until) == ("c", date(2024, 5, 1))


@pytest.mark.parametrize(
    "answer", [{}, None, ["site"], [{}], [{"id": 5, "nmi": "41", "status": "active"}], [Site(status="lost").document()]]
)
def test_no_sites(answer: object) -> None:
    with pytest.raises(NonsenseError):
        read_sites(answer)


_CENTS = st.floats(-100, 2000, allow_nan=False).map(lambda cents: round(cents, 4))
_INTERVALS = st.builds(
    lambda slot, minutes, kind, cents, channel: interval(
        NOON + timedelta(minutes=5 * (slot // (minutes // 5)) * (minutes // 5)),
        minutes,
        cents,
        type=kind,
        channelType=channel,
        estimate=True,
    ),
    st.integers(0, 40),
    st.sampled_from([5, 15, 30]),
    st.sampled_from(list(WORDS)),
    _CENTS,
    st.sampled_from(["general", "feedIn", "controlledLoad"]),
)


@examples(max_examples=150, deadline=None)
@given(st.lists(_INTERVALS, min_size=1, max_size=30))
def test_every_price_was_published_for_its_time(intervals: list[dict[str, Any]]) -> None:
    """Whatever overlaps: slots are in order, and each holds the surest price said of it, with its sign and unit."""
    intervals.append(interval(NOON))
    result = slots(*intervals)
    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(result))
    start = NOON
    covered = {slot.starts_at: slot for slot in result}
    for each in result:
        assert each.tier in TIERS.values()
    while start < NOON + timedelta(hours=4):
        slot = next((each for each in covered.values() if each.starts_at <= start < each.ends_at), None)
        said = [
            each
            for each in intervals
            if each["channelType"] == "general"
            and datetime.fromisoformat(each["startTime"]) - timedelta(seconds=1)
            <= start
            < datetime.fromisoformat(each["endTime"])
        ]
        assert (slot is None) == (not said)
        if slot is not None:
            order = list(WORDS)
            surest = min(order.index(each["type"]) for each in said)
            assert slot.certainty is WORDS[order[surest]]
            shortest = min(each["duration"] for each in said if each["type"] == order[surest])
            prices = {
                round(each["perKwh"] / 100, 8)
                for each in said
                if each["type"] == order[surest] and each["duration"] == shortest
            }
            assert slot.import_per_kwh in prices
        start += timedelta(minutes=5)
