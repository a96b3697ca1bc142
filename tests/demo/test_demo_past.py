"""A home's past with its own prices and its own ledger: nothing is counted twice, and bills can be made of it."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.core.model.price import Certainty
from custom_components.energy_optimizer.core.tariffs.presets import DAY_NIGHT
from custom_components.energy_optimizer.storage.ledger import HomeLedger
from scripts.demo_home.countries import SITE, TOKEN
from scripts.demo_home.folder import DemoFolder, Residence, write_json
from scripts.demo_home.history.books import PastBooks
from scripts.demo_home.history.life import Life, Moment
from scripts.demo_home.history.record import record
from scripts.demo_home.options import find_country, find_place
from scripts.demo_home.stored_home import StoredEntity, StoredHome
from scripts.demo_home.world import World, around

SINCE = datetime(2026, 11, 15, 23, tzinfo=UTC)
"""Midnight in Paris, two days before it gets cold there."""
HOUSE = {"since": SINCE.isoformat(), "solar_kwp": 6.0, "batteries": 1, "home_kwh_per_year": 7000}
HALF_DAY = timedelta(hours=12)


def day_night() -> dict[str, Any]:
    data = DAY_NIGHT.data()
    for price in data["prices"]:
        price |= {"import_per_kwh": 0.3 if price["tier"] == "Day" else 0.2, "export_per_kwh": 0.1}
    return data


def home(tmp_path: Path, tariff: dict[str, Any], country: str | None = None) -> DemoFolder:
    """Lay out a home as Home Assistant leaves one behind."""
    chosen = find_country(country) if country else None
    folder = DemoFolder(Residence(place=chosen.place if chosen else find_place("paris"), country=chosen), tmp_path)
    folder.prepare(8200)
    subentries = [
        {"subentry_id": "PW", "subentry_type": "powerwall", "data": {"ways": {"simulated": HOUSE}}},
        {"subentry_id": "TA", "subentry_type": "tariff", "data": tariff},
    ]
    entry = {"entry_id": "HOME", "domain": DOMAIN, "data": {"currency": "EUR"}, "options": {}, "subentries": subentries}
    write_json(folder.storage / "core.config_entries", {"data": {"entries": [entry]}})
    return folder


async def live(
    folder: DemoFolder, start: datetime, end: datetime, world: World | None = None, *, begin: bool = False
) -> list[Moment]:
    life = await Life.resume(folder, begin_at=start if begin else None, world=world)
    assert life is not None
    async with aclosing(life):
        if world is None:
            moments = [moment async for moment in life.live(start, end)]
        else:
            with world.in_the_past(lambda: life.clock.now, end):
                moments = [moment async for moment in life.live(start, end)]
        life.keep()
    return moments


@asynccontextmanager
async def ledger_of(folder: DemoFolder) -> AsyncIterator[HomeLedger]:
    books = await PastBooks.open(folder, StoredHome(folder))
    try:
        yield books.ledger
    finally:
        await books.close()


async def test_the_ledger_holds_what_flowed_however_often_one_pauses(tmp_path: Path) -> None:
    folder = home(tmp_path, day_night())
    pauses = [SINCE, SINCE + timedelta(hours=7, minutes=3), SINCE + timedelta(hours=19, seconds=50)]
    end = SINCE + timedelta(days=1, minutes=1)
    for start, stop in zip(pauses, [*pauses[1:], end], strict=True):
        moments = await live(folder, start, stop, begin=start == SINCE)
    totals = moments[-1].powerwall.totals
    assert totals.home_kwh is not None
    assert totals.grid_import_kwh is not None
    async with ledger_of(folder) as ledger:
        for channel in ("home_kwh", "grid_import_kwh", "battery_charge_kwh"):
            slots = await ledger.energies("PW", channel, SINCE, end)
            assert sum(kwh for _, kwh, _ in slots) == pytest.approx(getattr(totals, channel), rel=0.01, abs=0.02)
        metered = await ledger.metered(SINCE, end)
        tracks = await ledger.tracks()
    assert all(each.import_kwh is not None for each in metered)
    assert tracks["PW", "home_kwh"].counter.kwh == pytest.approx(totals.home_kwh)
    assert tracks["PW", "home_kwh"].counter.read_at == end


async def test_living_a_stretch_twice_counts_it_once(tmp_path: Path) -> None:
    """As after a kill between the ledger's last word and that of the home's own files."""
    folder, end = home(tmp_path, day_night()), SINCE + HALF_DAY
    await live(folder, SINCE, SINCE + timedelta(hours=6), begin=True)
    kept = StoredHome(folder).source_data("powerwall", "PW")
    await live(folder, SINCE + timedelta(hours=6), end)
    async with ledger_of(folder) as ledger:
        once = await ledger.energies("PW", "home_kwh", SINCE, end)
    StoredHome(folder).write_source_data("powerwall", "PW", kept)
    await live(folder, SINCE + timedelta(hours=6), end)
    async with ledger_of(folder) as ledger:
        assert await ledger.energies("PW", "home_kwh", SINCE, end) == once


async def test_a_new_past_leaves_nothing_of_the_set_up(tmp_path: Path) -> None:
    folder = home(tmp_path, day_night())
    await live(folder, SINCE, SINCE + HALF_DAY, begin=True)
    await live(folder, SINCE + HALF_DAY, SINCE + 2 * HALF_DAY, begin=True)
    async with ledger_of(folder) as ledger:
        assert await ledger.energies("PW", "home_kwh", SINCE, SINCE + HALF_DAY) == []
        (terms,) = await ledger.terms(SINCE, SINCE + 2 * HALF_DAY)
    assert (terms.tariff, terms.kind, terms.since) == ("TA", "time_of_use", SINCE + HALF_DAY)


async def test_the_prices_of_the_past_are_in_the_ledger(tmp_path: Path) -> None:
    folder, end = home(tmp_path, day_night()), SINCE + 2 * HALF_DAY
    moments = await live(folder, SINCE, end, begin=True)
    async with ledger_of(folder) as ledger:
        slots = await ledger.prices(SINCE, end)
    assert slots[0].starts_at <= SINCE
    assert slots[-1].ends_at >= end
    for moment in moments[::20]:
        slot = next(each for each in slots if each.starts_at <= moment.at < each.ends_at)
        assert slot.import_per_kwh == moment.tariffs["TA"].slot.import_per_kwh


async def test_tempo_is_lived_through_as_it_was_published(socket_enabled: None, tmp_path: Path) -> None:
    country = find_country("fr")
    empty = DemoFolder(Residence(place=country.place, country=country), tmp_path)
    with around(empty) as world:
        assert world is not None
        tariff = {"format": 1, "kind": "tempo", "own_prices": [], "export_per_kwh": 0.04, "server": world.server.base}
        folder = home(tmp_path, tariff, "fr")
        middle, end = SINCE + timedelta(hours=20), SINCE + timedelta(days=2)
        moments = await live(folder, SINCE, middle, world, begin=True)
        moments += await live(folder, middle, end, world)
        tomorrow = [moment.tariffs["TA"].facts.colour_tomorrow for moment in moments]  # type: ignore[attr-defined] # Tempo's
        assert None in tomorrow
        assert tomorrow[-1] is not None
        assert {moment.tariffs["TA"].connection for moment in moments} == {"ok"}
        assert all(moment.tariffs["TA"].slot.import_per_kwh is not None for moment in moments)
        tiers = {moment.tariffs["TA"].slot.tier for moment in moments}
        assert {"Bleu HC", "Rouge HP"} <= tiers
        colour = StoredEntity(entity_id="sensor.colour", subentry_id="TA", key="colour_today")
        (series,) = await record(_again(moments), [colour], {colour.entity_id: {}})
        assert list(dict.fromkeys(point.state for point in series.points)) == ["blue", "red"]
        became_red = next(point for point in series.points if point.state == "red")
        assert datetime.fromtimestamp(became_red.at_s, UTC) == SINCE + timedelta(hours=6)
        async with ledger_of(folder) as ledger:
            slots = await ledger.prices(SINCE, end)
        assert {slot.tier for slot in slots} >= tiers
        assert all(later.starts_at == earlier.ends_at for earlier, later in pairwise(slots))


async def test_amber_is_lived_through_in_pieces(socket_enabled: None, tmp_path: Path) -> None:
    country = find_country("au")
    empty = DemoFolder(Residence(place=country.place, country=country), tmp_path)
    with around(empty) as world:
        assert world is not None
        server = {"server": world.server.base, "token": TOKEN, "site_id": SITE}
        folder = home(tmp_path, {"format": 1, "kind": "amber", **server}, "au")
        end = SINCE + timedelta(hours=14)
        moments = await live(folder, SINCE, end, world, begin=True)
        snapshots = [moment.tariffs["TA"] for moment in moments]
        assert {each.connection for each in snapshots} == {"ok"}
        assert all(each.slot.certainty is not Certainty.FORECAST for each in snapshots)
        assert all(each.slot.ends_at - each.slot.starts_at == timedelta(minutes=5) for each in snapshots)
        assert len({each.slot.import_per_kwh for each in snapshots}) > 100
        async with ledger_of(folder) as ledger:
            slots = await ledger.prices(SINCE, end)
        assert not any(slot.certainty is Certainty.FORECAST for slot in slots)
        prices = {slot.starts_at: slot.import_per_kwh for slot in slots}
        assert all(prices[each.slot.starts_at] == each.slot.import_per_kwh for each in snapshots[:-1])


async def test_whatever_is_published_elsewhere_is_known_as_far_as_the_ledger_goes(tmp_path: Path) -> None:
    folder = home(tmp_path, {"format": 1, "kind": "tempo", "own_prices": [], "export_per_kwh": None})
    (moment,) = await live(folder, SINCE, SINCE + timedelta(seconds=1), begin=True)
    assert moment.tariffs["TA"].slot.import_per_kwh is None
    colour = StoredEntity(entity_id="sensor.colour", subentry_id="TA", key="colour_today")
    assert await record(_again([moment]), [colour], {colour.entity_id: {}}) == []


async def _again(moments: list[Moment]) -> AsyncIterator[Moment]:
    for moment in moments:
        yield moment
