"""An Amber tariff in the real core, with Amber's service on loopback."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.energy_optimizer import diagnostics
from custom_components.energy_optimizer.amber_sensors import DESCRIPTIONS
from custom_components.energy_optimizer.const import DOMAIN
from tests.amber_homes import LATEST_ASKED, amber_home, go_to, settings, state
from tests.coordinators.tariff_in_san_diego import read
from tests.homes import set_up
from tests.servers.amber import CURRENT, SITE, TOKEN, AmberServer, Site
from tests.servers.amber_market import SLOT

SYDNEY = ZoneInfo("Australia/Sydney")
START = datetime(2026, 1, 15, 14, 1, tzinfo=SYDNEY).astimezone(UTC)
FIRST = START.replace(minute=0)


@pytest.fixture(autouse=True)
async def _in_sydney(hass: HomeAssistant, freezer: FrozenDateTimeFactory, amber: AmberServer) -> None:
    await hass.config.async_set_time_zone("Australia/Sydney")
    freezer.move_to(START)


@pytest.fixture
async def entry(hass: HomeAssistant, amber: AmberServer) -> AsyncIterator[MockConfigEntry]:
    entry = await set_up(hass, amber_home(settings(amber)))
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def prices(hass: HomeAssistant, start: datetime, end: datetime) -> list[dict[str, Any]]:
    answer = await hass.services.async_call(
        DOMAIN, "get_prices", {"start": start, "end": end}, blocking=True, return_response=True
    )
    return answer["slots"]


def final(amber: AmberServer, start: datetime) -> tuple[float, float]:
    """Return what a slot of five minutes finally costs and earns."""
    quote = amber.market.quote(start, SLOT)
    return pytest.approx(quote.general / 100), pytest.approx(-quote.feed_in / 100)


def shown(hass: HomeAssistant) -> tuple[float, float]:
    return float(state(hass, "import_price")), float(state(hass, "export_price"))


async def test_a_day_slot_by_slot(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer
) -> None:
    """Estimates become final, a spike comes and goes, one slot is never told, and the price is known all along."""
    spike = {FIRST + timedelta(hours=4) + SLOT * number for number in range(4)}
    amber.market.spot |= dict.fromkeys(spike, 900.0)
    hole = FIRST + timedelta(hours=9)
    amber.holes.add(hole)
    slots = [FIRST + SLOT * number for number in range(1, 288)]
    watched = {start for start in slots if (start - FIRST) % timedelta(hours=4.5) < timedelta(minutes=30)}
    for start in slots:
        if start in watched | spike | {hole - SLOT, hole + SLOT, slots[-1]}:
            await go_to(hass, freezer, start)
            if start == hole:
                assert state(hass, "import_price") == state(hass, "tier") == STATE_UNKNOWN
            else:
                assert state(hass, "next_price_change") == (start + SLOT).isoformat()
                assert shown(hass)[0] > -0.2, "until Amber tells the price, what it forecast stands for it"
            await go_to(hass, freezer, start + LATEST_ASKED)
            if start != hole:
                now, is_estimate = amber.market.present(start, SLOT)
                assert is_estimate
                assert shown(hass) == (pytest.approx(now.general / 100), pytest.approx(-now.feed_in / 100))
        elif start.minute % 20:
            continue
        await go_to(hass, freezer, start + timedelta(minutes=1) + LATEST_ASKED)
        if start != hole:
            assert shown(hass) == final(amber, start)
            assert hass.states.get("sensor.amber_price_spike").attributes["estimate"] is False
            assert (state(hass, "tier") == "Spike") == (state(hass, "price_spike") == "spike")
            assert start not in spike or state(hass, "price_spike") == "spike"
    assert amber.refused == 0
    past = await prices(hass, FIRST + SLOT, slots[-1])
    assert [slot["certainty"] for slot in past if slot["start"] != _local(hole)] == ["published"] * (len(past) - 1)
    known = {slot["start"]: (slot["import_price"], slot["export_price"]) for slot in past}
    assert {start: known[_local(start)] for start in slots[:-1] if start != hole} == {
        start: final(amber, start) for start in slots[:-1] if start != hole
    }
    (missing,) = [slot for slot in past if slot["import_source"] != "known"]
    around = [known[_local(hole + SLOT * step)] for step in (-1, 1)]
    assert (missing["start"], missing["import_source"], missing["export_source"]) == (
        _local(hole),
        "bridged",
        "bridged",
    )
    assert missing["import_price"] == max(buy for buy, _ in around)
    assert missing["export_price"] == min(sell for _, sell in around)


def _local(moment: datetime) -> str:
    return moment.astimezone(SYDNEY).isoformat()


async def test_the_coming_day_in_slots_of_both_lengths(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer
) -> None:
    coming = await prices(hass, START + SLOT, START + timedelta(hours=24))
    lengths = [datetime.fromisoformat(slot["end"]) - datetime.fromisoformat(slot["start"]) for slot in coming[1:-1]]
    assert sorted(set(lengths)) == [SLOT, timedelta(minutes=30)]
    assert lengths == sorted(lengths)
    for slot in coming[1:]:
        assert slot["certainty"] == "forecast"
        assert slot["import_low"] <= slot["import_predicted"] == slot["import_price"] <= slot["import_high"]
        assert slot["export_low"] <= slot["export_predicted"] == slot["export_price"] <= slot["export_high"]
    bought = [slot["import_price"] for slot in coming]
    assert float(state(hass, "lowest_forecast_price")) == min(bought)
    assert float(state(hass, "highest_forecast_price")) == max(bought)
    dearest = hass.states.get("sensor.amber_highest_forecast_price").attributes
    assert dearest["from"].isoformat() == coming[bought.index(max(bought))]["start"]
    assert dearest["forecast_until"] == FIRST + timedelta(hours=24, minutes=30)


async def test_history_is_there_from_the_first_minute_on(
    hass: HomeAssistant, entry: MockConfigEntry, amber: AmberServer
) -> None:
    past = await prices(hass, FIRST - timedelta(hours=24), FIRST)
    assert len(past) == 288
    assert {slot["certainty"] for slot in past} == {"published"}
    assert (past[0]["import_price"], past[0]["export_price"]) == final(amber, FIRST - timedelta(hours=24))
    assert amber.count(CURRENT) == 1, "one question tells it all"


async def test_forecasts_are_asked_for_every_five_minutes_and_an_estimate_every_minute(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer
) -> None:
    amber.market.final_after = timedelta(minutes=2, seconds=50)
    await go_to(hass, freezer, FIRST + SLOT + LATEST_ASKED)
    amber.requests.clear()
    for second in range(60, 600, 15):
        await go_to(hass, freezer, FIRST + SLOT + timedelta(seconds=second))
    whole = [bool(request.query) for request in amber.requests]
    assert whole == [False, False, False, True, False, False, False], "no more once it is final"


async def test_a_price_that_is_only_forecast_is_neither_shown_nor_counted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer
) -> None:
    await go_to(hass, freezer, FIRST + timedelta(minutes=3))
    amber.stop()
    await go_to(hass, freezer, FIRST + SLOT)
    assert shown(hass)[0] > -0.2, "the slot that was to come next is an estimate"
    await go_to(hass, freezer, FIRST + 2 * SLOT)
    assert state(hass, "import_price") == STATE_UNKNOWN
    (source,) = entry.runtime_data.sources.values()
    assert source.tariff.at(FIRST + 2 * SLOT).import_per_kwh is not None, "but it is planned with"
    await read(hass, freezer, entry, FIRST + 2 * SLOT + timedelta(seconds=10), 10.0)
    await read(hass, freezer, entry, FIRST + 2 * SLOT + timedelta(seconds=70), 10.5)
    assert state(hass, "cost_today") == STATE_UNKNOWN
    amber.start()
    away_until = FIRST + timedelta(hours=1, minutes=1)
    await go_to(hass, freezer, away_until)
    await go_to(hass, freezer, away_until + LATEST_ASKED)
    past = await prices(hass, FIRST, FIRST + timedelta(hours=1))
    assert [slot["certainty"] for slot in past] == ["published"] * 12
    assert shown(hass)[0] == final(amber, FIRST + timedelta(hours=1))[0]


async def test_prices_outlast_a_restart_without_network(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    amber: AmberServer,
    hass_storage: dict[str, Any],
) -> None:
    await go_to(hass, freezer, FIRST + timedelta(minutes=2) + LATEST_ASKED)
    before = shown(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert TOKEN not in str(hass_storage[f"{DOMAIN}.tariff_feed.tariff_1"])
    amber.stop()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert shown(hass) == before
    around = await prices(hass, FIRST - timedelta(minutes=45), FIRST + timedelta(hours=12))
    assert {slot["import_source"] for slot in around} == {"known"}
    assert state(hass, "price_spike") == STATE_UNKNOWN, "which is nothing one remembers"


async def test_without_any_answer_nothing_is_shown(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, amber: AmberServer
) -> None:
    amber.stop()
    entry = await set_up(hass, amber_home(settings(amber)))
    assert entry.state is ConfigEntryState.LOADED
    for name in ("import_price", "price_spike", "lowest_forecast_price", "tier"):
        assert state(hass, name) == STATE_UNAVAILABLE
    amber.start()
    await go_to(hass, freezer, START + timedelta(minutes=1) + LATEST_ASKED)
    assert shown(hass) == final(amber, FIRST)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_quota_of_others_is_left_alone(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer
) -> None:
    """Somebody else uses up the account's questions: nothing is asked until they are given anew."""
    amber.market.final_after = timedelta(minutes=5)
    amber._asked_at.extend([START] * (amber.limit - 2))
    await go_to(hass, freezer, START + LATEST_ASKED)
    assert amber.count(CURRENT) == 2
    for minute in range(1, 5):
        await go_to(hass, freezer, START + timedelta(minutes=minute) + LATEST_ASKED)
    assert amber.count(CURRENT) == 2
    await go_to(hass, freezer, START + timedelta(minutes=5, seconds=1))
    assert amber.count(CURRENT) == 3


async def test_amber_is_left_alone_when_it_asks_for_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer
) -> None:
    amber.fault(CURRENT, 429, times=1, RateLimit_Reset="250")
    await go_to(hass, freezer, START + LATEST_ASKED)
    (source,) = entry.runtime_data.sources.values()
    assert (source.connection, amber.count(CURRENT)) == ("cooling_down", 2)
    assert hass.states.get("sensor.amber_connection").state == "cooling_down"
    assert float(hass.states.get("sensor.amber_import_price").state), "the present price is known from before"
    await go_to(hass, freezer, START + LATEST_ASKED + timedelta(seconds=245))
    assert amber.count(CURRENT) == 2
    await go_to(hass, freezer, START + LATEST_ASKED + timedelta(seconds=251))
    assert (source.connection, amber.count(CURRENT)) == ("ok", 3)
    assert hass.states.get("sensor.amber_connection").state == "ok"


@pytest.mark.parametrize("fault", [500, "html", "half_body", "nan_price", "wrong_units", "no_general", "empty"])
async def test_an_answer_that_is_none_changes_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer, fault: str | int
) -> None:
    before = await prices(hass, FIRST - timedelta(hours=2), START + timedelta(hours=12))
    amber.fault(CURRENT, fault, times=1)
    await go_to(hass, freezer, START + LATEST_ASKED)
    assert amber.count(CURRENT) == 2
    assert await prices(hass, FIRST - timedelta(hours=2), START + timedelta(hours=12)) == before
    await go_to(hass, freezer, START + timedelta(minutes=1) + LATEST_ASKED)
    assert shown(hass) == final(amber, FIRST)


async def test_one_odd_interval_does_not_spoil_the_others(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer
) -> None:
    amber.fault(CURRENT, "odd_interval")
    await go_to(hass, freezer, FIRST + SLOT + LATEST_ASKED)
    assert shown(hass)[0] != final(amber, FIRST)[0]
    told = await diagnostics.async_get_config_entry_diagnostics(hass, entry)
    assert told["sources"][0]["state"]["feed"]["intervals_left_out"] == 1


async def test_a_revoked_token_asks_for_another(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    amber: AmberServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    amber.token = "another"
    await go_to(hass, freezer, START + LATEST_ASKED)
    (flow,) = [each for each in hass.config_entries.flow.async_progress() if each["context"]["source"] == SOURCE_REAUTH]
    assert flow["step_id"] == "reauth_amber"
    assert TOKEN not in caplog.text
    asked = amber.count(CURRENT)
    await go_to(hass, freezer, START + timedelta(minutes=50))
    assert amber.count(CURRENT) == asked, "asking does not help before there is another token"


async def test_a_site_without_solar_and_with_half_hours(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, amber: AmberServer
) -> None:
    amber.sites = [Site(minutes=30, channels=("general", "controlledLoad"))]
    amber.market.final_after = timedelta(minutes=29)
    entry = await set_up(hass, amber_home(settings(amber)))
    assert state(hass, "export_price") == STATE_UNKNOWN
    assert hass.states.get("sensor.amber_price_spike").attributes["estimate"] is True
    for half_hour in range(1, 5):
        start = FIRST + timedelta(minutes=30) * half_hour
        await go_to(hass, freezer, start)
        assert state(hass, "import_price") not in (STATE_UNKNOWN, STATE_UNAVAILABLE)
        await go_to(hass, freezer, start + LATEST_ASKED)
    past = await prices(hass, FIRST, FIRST + timedelta(hours=2))
    assert [slot["import_price"] for slot in past] == [
        pytest.approx(amber.market.quote(FIRST + timedelta(minutes=30) * number, timedelta(minutes=30)).general / 100)
        for number in range(4)
    ]
    assert {slot["certainty"] for slot in past} == {"published"}
    told = await diagnostics.async_get_config_entry_diagnostics(hass, entry)
    assert told["sources"][0]["state"]["feed"]["channels"] == ["controlledLoad", "general"]
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("zone", ["Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe"])
@pytest.mark.parametrize(("month", "day", "hours"), [(4, 5, 1), (10, 4, -1), (7, 1, 0)])
async def test_days_on_which_clocks_change(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, amber: AmberServer, zone: str, month: int, day: int, hours: int
) -> None:
    """Each day has all its slots, once: 25 hours of them, 23 or 24; half an hour more or less on Lord Howe Island."""
    await hass.config.async_set_time_zone(zone)
    midnight = datetime(2026, month, day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    tomorrow = datetime(2026, month, day + 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    change = timedelta(hours=hours) / (2 if zone == "Australia/Lord_Howe" else 1)
    assert tomorrow - midnight == timedelta(days=1) + change
    freezer.move_to(midnight + timedelta(minutes=1))
    entry = await set_up(hass, amber_home(settings(amber)))
    await go_to(hass, freezer, midnight + timedelta(hours=12))
    await go_to(hass, freezer, tomorrow + LATEST_ASKED)
    past = await prices(hass, midnight, tomorrow)
    assert len(past) == 288 + change // SLOT
    assert {slot["certainty"] for slot in past} == {"published"}
    for number, slot in enumerate(past):
        start = midnight + SLOT * number
        assert datetime.fromisoformat(slot["start"]) == start
        assert (slot["import_price"], slot["export_price"]) == final(amber, start)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_calendar_shows_past_and_coming_prices(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, amber: AmberServer
) -> None:
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {
            "entity_id": "calendar.amber_tiers",
            "start_date_time": FIRST - timedelta(hours=12),
            "end_date_time": FIRST + timedelta(hours=12),
        },
        blocking=True,
        return_response=True,
    )
    events = answer["calendar.amber_tiers"]["events"]
    assert events[0]["start"] <= _local(FIRST - timedelta(hours=12)) < events[0]["end"]
    assert len(events) < 60, "short slots of one tier are one event"
    assert all(one["end"] <= other["start"] for one, other in pairwise(events))
    assert "AUD/kWh" in events[0]["summary"]
    assert datetime.fromisoformat(events[-1]["end"]) >= FIRST + timedelta(hours=12)
    assert [event["description"].count("≈ ") for event in (events[0], events[-1])] == [0, 2], "both ways"


async def test_settings_that_cannot_be_read_do_not_stop_the_home(hass: HomeAssistant, amber: AmberServer) -> None:
    broken = settings(amber)
    del broken["site_id"]
    entry = await set_up(hass, amber_home(broken))
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, "import_price") == STATE_UNAVAILABLE


async def test_diagnostics_hold_no_secret(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    told = str(await diagnostics.async_get_config_entry_diagnostics(hass, entry))
    assert TOKEN not in told
    assert SITE not in told
    assert "'questions_left': 49" in told


async def test_entities(hass: HomeAssistant, snapshot: SnapshotAssertion, entry: MockConfigEntry) -> None:
    """Only what Amber has beyond other tariffs, word by word."""
    keys = {f"tariff_1_{description.key}" for description in DESCRIPTIONS}
    registry = er.async_get(hass)
    found = [each for each in er.async_entries_for_config_entry(registry, entry.entry_id) if each.unique_id in keys]
    assert len(found) == len(keys)
    for each in sorted(found, key=lambda each: each.entity_id):
        assert each == snapshot(name=f"{each.entity_id}-entry")
        assert hass.states.get(each.entity_id) == snapshot(name=f"{each.entity_id}-state")
