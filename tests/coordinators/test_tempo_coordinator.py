"""A Tempo tariff in the real core, with RTE and the colour API on loopback."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.energy_optimizer import diagnostics
from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.core.tariffs.tempo_prices import PUBLISHED
from custom_components.energy_optimizer.tempo_sensors import DESCRIPTIONS
from tests.coordinators.tariff_in_san_diego import read
from tests.homes import set_up
from tests.servers.colour_api import DAYS, ColourApiServer
from tests.servers.rte import CALENDAR, CLIENT_ID, CLIENT_SECRET, RteServer
from tests.servers.tempo_year import paris
from tests.tempo_homes import go_to, settings, state, tempo_home

MONDAY = date(2026, 11, 23)
ISSUE = (DOMAIN, "tempo_sources_disagree_tariff_1")


@pytest.fixture(autouse=True)
async def _in_france(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, colour_api: ColourApiServer, rte: RteServer
) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(paris(2026, 11, 22, 9))
    said = {MONDAY + timedelta(days=number): word for number, word in enumerate(("BLUE", "RED", "WHITE"), -1)}
    colour_api.year.said |= said
    rte.year.said |= said


@pytest.fixture
async def entry(hass: HomeAssistant, colour_api: ColourApiServer, rte: RteServer) -> AsyncIterator[MockConfigEntry]:
    entry = await set_up(hass, tempo_home(settings(colour_api, rte)))
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_colours_are_asked_for_at_their_hours(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, colour_api: ColourApiServer
) -> None:
    assert (state(hass, "colour_today"), state(hass, "colour_tomorrow")) == ("blue", STATE_UNKNOWN)
    tomorrow = hass.states.get("sensor.tempo_colour_tomorrow")
    assert tomorrow.attributes["possible"] == ["blue", "white", "red"]
    asked = len(colour_api.requests)
    await go_to(hass, freezer, paris(2026, 11, 22, 11, 4))
    assert len(colour_api.requests) == asked
    await go_to(hass, freezer, paris(2026, 11, 22, 11, 6))
    assert len(colour_api.requests) == asked + 1
    assert state(hass, "colour_tomorrow") == "red"
    assert hass.states.get("sensor.tempo_colour_tomorrow").attributes["final"] is False
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 6))
    assert hass.states.get("sensor.tempo_colour_tomorrow").attributes["final"] is True
    await go_to(hass, freezer, paris(2026, 11, 22, 20, 6))
    assert len(colour_api.requests) == asked + 3
    await go_to(hass, freezer, paris(2026, 11, 23, 1, 0))
    assert len(colour_api.requests) == asked + 3


async def test_prices_turn_at_six_and_at_ten_in_the_evening(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 6))
    left = int(state(hass, "red_days_left"))
    for moment, price, tier, colour in (
        (paris(2026, 11, 22, 22), "0.1356", "Bleu HC", "blue"),
        (paris(2026, 11, 23, 0), "0.1356", "Bleu HC", "blue"),
        (paris(2026, 11, 23, 6), "0.7295", "Rouge HP", "red"),
        (paris(2026, 11, 23, 22), "0.1615", "Rouge HC", "red"),
    ):
        await go_to(hass, freezer, moment)
        assert (state(hass, "import_price"), state(hass, "tier")) == (price, tier)
        assert state(hass, "colour_today") == colour
        assert int(state(hass, "red_days_left")) == left - (colour == "red")
    assert state(hass, "next_price_change") == "2026-11-24T05:00:00+00:00"
    assert (state(hass, "peak_price_today"), state(hass, "off_peak_price_today")) == ("0.7295", "0.1615")


async def test_a_newcomer_without_network_sees_nothing_not_blue(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, colour_api: ColourApiServer
) -> None:
    colour_api.stop()
    entry = await set_up(hass, tempo_home(settings(colour_api)))
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, "colour_today") == STATE_UNAVAILABLE
    assert state(hass, "import_price") == STATE_UNAVAILABLE
    colour_api.start()
    await go_to(hass, freezer, paris(2026, 11, 22, 9, 2))
    assert (state(hass, "colour_today"), state(hass, "import_price")) == ("blue", "0.1654")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_colours_outlast_a_restart_without_network(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    colour_api: ColourApiServer,
    rte: RteServer,
    hass_storage: dict[str, Any],
) -> None:
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 6))
    before = state(hass, "red_days_left")
    assert await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"{DOMAIN}.tariff_feed.tariff_1"]["data"]
    assert stored["sources"]["rte"]["colours"]["2026-11-23"] == "red"
    assert CLIENT_SECRET not in str(stored)
    colour_api.stop()
    rte.stop()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert (state(hass, "colour_today"), state(hass, "colour_tomorrow")) == ("blue", "red")
    assert state(hass, "red_days_left") == before


async def test_days_of_an_outage_are_learned_afterwards(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    colour_api: ColourApiServer,
    rte: RteServer,
) -> None:
    colour_api.stop()
    rte.stop()
    await go_to(hass, freezer, paris(2026, 11, 22, 11, 6))
    for hour in (6, 12, 20):
        await go_to(hass, freezer, paris(2026, 11, 23, hour, 6))
        assert state(hass, "colour_today") == STATE_UNKNOWN
        assert state(hass, "import_price") == STATE_UNKNOWN, "what is only guessed is no price"
        assert state(hass, "tier") == STATE_UNKNOWN
    (source,) = entry.runtime_data.sources.values()
    assert source.tariff.at(paris(2026, 11, 23, 21)).import_per_kwh == 0.7295, "but it is planned with"
    await read(hass, freezer, entry, paris(2026, 11, 23, 20, 10), 10.0)
    await read(hass, freezer, entry, paris(2026, 11, 23, 20, 14), 11.0)
    assert state(hass, "cost_today") == STATE_UNKNOWN
    colour_api.start()
    rte.start()
    await go_to(hass, freezer, paris(2026, 11, 24, 12, 6))
    assert state(hass, "colour_today") == "white"
    assert source.tariff.at(paris(2026, 11, 23, 12)).tier == "Rouge HP"
    assert state(hass, "red_days_left").isdigit()


async def test_two_opinions_make_a_repair_until_they_are_one(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, rte: RteServer
) -> None:
    issues = ir.async_get(hass).issues
    assert ISSUE not in issues
    rte.year.said[MONDAY] = "WHITE"
    await go_to(hass, freezer, paris(2026, 11, 22, 11, 6))
    assert state(hass, "colour_tomorrow") == "red"
    assert issues[ISSUE].translation_placeholders == {
        "name": "Tempo",
        "date": "2026-11-23",
        "rte": "Blanc",
        "colour_api": "Rouge",
        "counted": "Rouge",
    }
    rte.year.said[MONDAY] = "RED"
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 6))
    assert ISSUE not in issues


async def test_a_repair_goes_with_its_tariff(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, rte: RteServer
) -> None:
    rte.year.said[MONDAY] = "WHITE"
    await go_to(hass, freezer, paris(2026, 11, 22, 11, 6))
    assert ISSUE in ir.async_get(hass).issues
    hass.config_entries.async_remove_subentry(entry, "tariff_1")
    await hass.async_block_till_done()
    assert ISSUE not in ir.async_get(hass).issues


async def test_a_refused_login_asks_for_another_and_colours_go_on(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    rte: RteServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rte.client_secret = "changed"
    rte.tokens.clear()
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 6))
    (flow,) = [each for each in hass.config_entries.flow.async_progress() if each["context"]["source"] == SOURCE_REAUTH]
    assert flow["step_id"] == "reauth_tempo"
    assert state(hass, "colour_tomorrow") == "red"
    assert CLIENT_SECRET not in caplog.text


async def test_one_source_that_fails_does_not_matter(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, colour_api: ColourApiServer
) -> None:
    colour_api.fault(DAYS, "half_body", times=1)
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 6))
    assert state(hass, "colour_tomorrow") == "red"
    asked = colour_api.count(DAYS)
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 8))
    assert colour_api.count(DAYS) == asked + 1


async def test_rte_is_left_alone_when_it_asks_for_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, rte: RteServer
) -> None:
    rte.fault(CALENDAR, 429, times=1, Retry_After="3600")
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 6))
    asked = rte.count(CALENDAR)
    await go_to(hass, freezer, paris(2026, 11, 22, 13, 4))
    assert rte.count(CALENDAR) == asked
    await go_to(hass, freezer, paris(2026, 11, 22, 13, 7))
    assert rte.count(CALENDAR) == asked + 1


async def test_the_calendar_shows_colours(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    await go_to(hass, freezer, paris(2026, 11, 22, 12, 6))
    now = hass.states.get("calendar.tempo_colours")
    assert (now.state, now.attributes["message"]) == ("on", "Bleu")
    assert await events(hass, "calendar.tempo_colours", paris(2026, 11, 22, 7), paris(2026, 11, 30)) == [
        ("2026-11-22T06:00:00+01:00", "2026-11-23T06:00:00+01:00", "Bleu"),
        ("2026-11-23T06:00:00+01:00", "2026-11-24T06:00:00+01:00", "Rouge"),
    ]


async def test_the_price_tells_how_sure_it_is_and_how_far_prices_are_known(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    def told() -> tuple[str, datetime]:
        price = hass.states.get("sensor.tempo_import_price").attributes
        return price["certainty"], price["known_until"]

    assert told() == ("published", paris(2026, 11, 23, 6))
    await go_to(hass, freezer, paris(2026, 11, 22, 11, 6))
    assert told() == ("published", paris(2026, 11, 24, 6))


async def test_the_price_of_a_guessed_colour_is_no_event(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, colour_api: ColourApiServer, rte: RteServer
) -> None:
    """Saturday morning: Sunday can only be blue, Monday may be anything and counts as red until its colour is known."""
    freezer.move_to(paris(2026, 11, 21, 9))
    await set_up(hass, tempo_home(settings(colour_api, rte)))
    shown = await events(hass, "calendar.tempo_tiers", paris(2026, 11, 21, 7), paris(2026, 11, 30))
    assert [(start, summary.split(" · ")) for start, _, summary in shown] == [
        ("2026-11-21T06:00:00+01:00", ["Bleu HP", "0.1654 EUR/kWh"]),
        ("2026-11-21T22:00:00+01:00", ["Bleu HC", "0.1356 EUR/kWh"]),
        ("2026-11-22T06:00:00+01:00", ["Bleu HP", "≈ 0.1654 EUR/kWh"]),
        ("2026-11-22T22:00:00+01:00", ["Bleu HC", "≈ 0.1356 EUR/kWh"]),
    ]


async def events(hass: HomeAssistant, calendar: str, start: datetime, end: datetime) -> list[tuple[str, str, str]]:
    """Return start, end and summary of what a calendar shows."""
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": calendar, "start_date_time": start, "end_date_time": end},
        blocking=True,
        return_response=True,
    )
    return [(event["start"], event["end"], event["summary"]) for event in answer[calendar]["events"]]


async def test_settings_that_cannot_be_read_do_not_stop_the_home(
    hass: HomeAssistant, colour_api: ColourApiServer
) -> None:
    broken = settings(colour_api, own_prices=[{"since": "soon"}])
    entry = await set_up(hass, tempo_home(broken))
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, "import_price") == STATE_UNAVAILABLE


async def test_diagnostics_hold_no_secret(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    told = str(await diagnostics.async_get_config_entry_diagnostics(hass, entry))
    assert CLIENT_SECRET not in told
    assert CLIENT_ID not in told
    assert "'2026-11-22': 'blue'" in told


async def test_entities(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    snapshot: SnapshotAssertion,
    colour_api: ColourApiServer,
    rte: RteServer,
) -> None:
    """Only what Tempo has beyond other tariffs, word by word."""
    freezer.move_to(paris(2026, 11, 22, 13))
    entry = await set_up(hass, tempo_home(settings(colour_api, rte)))
    keys = {f"tariff_1_{description.key}" for description in DESCRIPTIONS} | {"tariff_1_colours"}
    registry = er.async_get(hass)
    found = [each for each in er.async_entries_for_config_entry(registry, entry.entry_id) if each.unique_id in keys]
    assert len(found) == len(keys)
    for each in sorted(found, key=lambda each: each.entity_id):
        assert each == snapshot(name=f"{each.entity_id}-entry")
        assert hass.states.get(each.entity_id) == snapshot(name=f"{each.entity_id}-state")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_prices_entered_late_correct_the_days_since_their_date(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    """On 26 November prices of the 24th are entered, two days late; the days before stay as they were."""
    ledger = entry.runtime_data.ledger
    since = paris(2026, 11, 20)
    ledger.note_terms("tariff_1", "tempo", dict(entry.subentries["tariff_1"].data) | {"currency": "EUR"}, since)
    await go_to(hass, freezer, paris(2026, 11, 26, 9))
    before = await ledger.prices(paris(2026, 11, 23), paris(2026, 11, 26))
    dearer = {name: price + 1 for name, price in PUBLISHED[-1].per_kwh.items()}
    data = dict(entry.subentries["tariff_1"].data) | {"own_prices": [{"since": "2026-11-24", **dearer}]}
    hass.config_entries.async_update_subentry(entry, entry.subentries["tariff_1"], data=data)
    await hass.async_block_till_done()
    changed_at = paris(2026, 11, 24)
    after = await ledger.prices(paris(2026, 11, 23), paris(2026, 11, 26))
    assert {slot.starts_at for slot in after} >= {slot.starts_at for slot in before}
    for slot in after:
        old = next(each for each in before if each.starts_at <= slot.starts_at < each.ends_at)
        rise = 1 if slot.starts_at >= changed_at else 0
        assert slot.import_per_kwh == pytest.approx(old.import_per_kwh + rise)
    assert any(slot.starts_at >= changed_at for slot in after)


@pytest.mark.parametrize(
    ("own_since", "is_due"), [(None, True), ("2027-02-01", False), ("2027-01-20", False), ("2026-09-01", True)]
)
async def test_prices_that_should_have_changed_are_asked_about(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    colour_api: ColourApiServer,
    own_since: str | None,
    is_due: bool,
) -> None:
    own = [] if own_since is None else [{"since": own_since, **PUBLISHED[-1].per_kwh}]
    freezer.move_to(paris(2027, 1, 31, 9))
    entry = await set_up(hass, tempo_home(settings(colour_api, own_prices=own)))
    issue_id = (DOMAIN, "tempo_prices_due_tariff_1")
    assert ir.async_get(hass).async_get_issue(*issue_id) is None
    await go_to(hass, freezer, paris(2027, 2, 1, 6, 1))
    await go_to(hass, freezer, paris(2027, 2, 1, 6, 5))
    assert (ir.async_get(hass).async_get_issue(*issue_id) is not None) is is_due
    await hass.config_entries.async_unload(entry.entry_id)
    assert ir.async_get(hass).async_get_issue(*issue_id) is None
