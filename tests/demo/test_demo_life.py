"""A home's life while Home Assistant is off: the same that it would have lived."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.core.simulation.home import SimulatedHome
from custom_components.energy_optimizer.core.simulation.settings import SimulationSettings
from custom_components.energy_optimizer.core.tariffs.presets import DAY_NIGHT
from scripts.demo_home.errors import DemoError
from scripts.demo_home.folder import DemoFolder, Residence, write_json
from scripts.demo_home.history.life import Life, Moment
from scripts.demo_home.history.record import record
from scripts.demo_home.history.series import EntitySeries
from scripts.demo_home.options import find_place
from scripts.demo_home.stored_home import StoredEntity, StoredHome

SINCE = datetime(2026, 6, 1, tzinfo=UTC)
POWERWALL = {
    "since": SINCE.isoformat(),
    "solar_kwp": 6.0,
    "batteries": 1,
    "home_kwh_per_year": 7000,
}


def tariff() -> dict[str, object]:
    data = DAY_NIGHT.data()
    for price in data["prices"]:
        price |= {"import_per_kwh": 0.3 if price["tier"] == "Day" else 0.2, "export_per_kwh": 0.1}
    return data


@pytest.fixture
def folder(tmp_path: Path) -> DemoFolder:
    folder = DemoFolder(Residence(place=find_place("paris")), tmp_path)
    folder.prepare(8200)
    subentries = [
        {"subentry_id": "PW", "subentry_type": "powerwall", "data": {"ways": {"simulated": POWERWALL}}},
        {"subentry_id": "TA", "subentry_type": "tariff", "data": tariff()},
    ]
    other = {"domain": DOMAIN, "data": {}, "subentries": []}
    data = {"latitude": 48.83, "longitude": 2.34, "currency": "EUR"}
    home = {"entry_id": "HOME", "domain": DOMAIN, "data": data, "options": {}, "subentries": subentries}
    write_json(folder.storage / "core.config_entries", {"data": {"entries": [{"domain": "sun"}, other, home]}})
    keys = [("sensor", "PW", "home_energy"), ("sensor", "PW", "system_mode"), ("select", "PW", "operation_mode")]
    keys += [("number", "PW", "backup_reserve"), ("switch", "PW", "grid_charging"), ("sensor", "TA", "tier")]
    keys += [("sensor", "TA", "cost_today"), ("calendar", "TA", "tiers"), ("sensor", "ELSEWHERE", "home_energy")]
    entities = [
        {
            "entity_id": f"{domain}.{subentry.lower()}_{key}",
            "unique_id": f"{subentry}_{key}",
            "config_subentry_id": subentry,
            "platform": DOMAIN,
            "disabled_by": None,
        }
        for domain, subentry, key in keys
    ]
    write_json(folder.storage / "core.entity_registry", {"data": {"entities": entities}})
    return folder


@asynccontextmanager
async def living(folder: DemoFolder, begin_at: datetime | None = None) -> AsyncIterator[Life]:
    life = await Life.resume(folder, begin_at=begin_at)
    assert life is not None
    async with aclosing(life):
        yield life


async def lived(folder: DemoFolder, start: datetime, end: datetime, *, begin: bool = False) -> list[Moment]:
    async with living(folder, start if begin else None) as life:
        moments = [moment async for moment in life.live(start, end)]
        life.keep()
    return moments


async def test_it_is_the_life_of_the_simulated_home(folder: DemoFolder) -> None:
    end = SINCE + timedelta(days=1)
    moments = await lived(folder, SINCE, end, begin=True)
    assert len(moments) == 289
    assert moments[-1].at == end
    home = SimulatedHome(SimulationSettings.from_data(POWERWALL), StoredHome(folder).place())
    totals = home.advance(home.begin(SINCE), end).counters.totals
    assert moments[-1].powerwall.totals.home_kwh == pytest.approx(totals.home_kwh)
    assert moments[-1].powerwall.totals.solar_kwh == pytest.approx(totals.solar_kwh)


async def test_a_pause_changes_nothing(folder: DemoFolder) -> None:
    pause, end = SINCE + timedelta(hours=15, minutes=2), SINCE + timedelta(days=2)
    whole = await lived(folder, SINCE, end, begin=True)
    await lived(folder, SINCE, pause, begin=True)
    rest = await lived(folder, pause, end)
    assert rest[0].at - pause < timedelta(minutes=5)
    before, after = whole[-1], rest[-1]
    assert after.powerwall.totals.grid_import_kwh == pytest.approx(before.powerwall.totals.grid_import_kwh)
    assert after.powerwall.reading.level_percent == pytest.approx(before.powerwall.reading.level_percent)
    assert after.tariffs["TA"].today.cost == pytest.approx(before.tariffs["TA"].today.cost)
    assert after.powerwall.day.today == before.powerwall.day.today


async def test_states_are_those_of_the_live_entities(folder: DemoFolder) -> None:
    entities = StoredHome(folder).entities()
    assert "sensor.elsewhere_home_energy" not in {each.entity_id for each in entities}
    attributes = {each.entity_id: {"friendly_name": each.key} for each in entities if each.key != "system_mode"}
    end = SINCE + timedelta(hours=8)
    async with living(folder, SINCE) as life:
        many = {each.entity_id: each for each in await record(life.live(SINCE, end), entities, attributes)}
    assert set(many) == {
        "sensor.pw_home_energy",
        "select.pw_operation_mode",
        "number.pw_backup_reserve",
        "switch.pw_grid_charging",
        "sensor.ta_tier",
        "sensor.ta_cost_today",
    }
    assert _states(many["select.pw_operation_mode"]) == ["self_consumption"]
    assert _states(many["number.pw_backup_reserve"]) == ["20"]
    assert _states(many["switch.pw_grid_charging"]) == ["off"]
    energies = [float(point.state) for point in many["sensor.pw_home_energy"].points]
    assert energies == sorted(energies)
    assert energies[-1] > 1


SIX_IN_PARIS = datetime(2026, 6, 1, 4, tzinfo=UTC)
TEN_AT_NIGHT_IN_PARIS = datetime(2026, 6, 1, 20, tzinfo=UTC)


@pytest.mark.parametrize("key", ["tier", "next_change", "import_price"])
async def test_a_price_changes_on_the_minute(folder: DemoFolder, key: str) -> None:
    series = await prices(folder, key, SINCE, SINCE + timedelta(hours=21))
    changes = series.changes()
    assert [point.at_s for point in changes[1:]] == [SIX_IN_PARIS.timestamp(), TEN_AT_NIGHT_IN_PARIS.timestamp()]
    assert changes[0].state != changes[1].state


@pytest.mark.parametrize("minutes", [1, 4, 5])
async def test_a_price_is_not_written_before_what_is_recorded_already(folder: DemoFolder, minutes: int) -> None:
    start = SIX_IN_PARIS + timedelta(minutes=minutes)
    for end in (start + timedelta(minutes=2), start + timedelta(hours=1)):
        series = await prices(folder, "tier", start, end)
        times = [point.at_s for point in series.points]
        assert times == sorted(times)
        assert times[0] >= start.timestamp()


async def prices(folder: DemoFolder, key: str, start: datetime, end: datetime) -> EntitySeries:
    """Return what a sensor of the tariff shows."""
    sensor = StoredEntity(entity_id=f"sensor.ta_{key}", subentry_id="TA", key=key)
    async with living(folder, SINCE) as life:
        (series,) = await record(life.live(start, end), [sensor], {sensor.entity_id: {}})
    return series


async def test_money_starts_anew_at_midnight(folder: DemoFolder) -> None:
    cost = StoredEntity(entity_id="sensor.ta_cost_today", subentry_id="TA", key="cost_today")
    async with living(folder, SINCE) as life:
        (series,) = await record(life.live(SINCE, SINCE + timedelta(days=2)), [cost], {cost.entity_id: {}})
    days: dict[object, list[float]] = {}
    for point in series.points:
        days.setdefault(dict(point.attributes)["last_reset"], []).append(float(point.state))
    assert len(days) == 3
    for costs in days.values():
        assert costs == sorted(costs)


async def test_a_home_without_its_simulated_powerwall_has_no_life(folder: DemoFolder, tmp_path: Path) -> None:
    path = tmp_path / "paris" / ".storage" / "core.config_entries"
    path.write_text(json.dumps({"data": {"entries": []}}), encoding="utf-8")
    assert await Life.resume(folder) is None
    assert StoredHome(folder).entities() == []


@pytest.mark.parametrize(
    ("kind", "subentry_id", "content"),
    [
        ("powerwall", "PW", {"integrated": {}, "day": None, "simulation": None}),
        ("powerwall", "PW", {"meters": None, "day": None, "simulation": None}),
        ("powerwall", "PW", {"meters": {"origin": "x", "channels": {}}, "day": {"day": "?"}, "simulation": None}),
        ("tariff", "TA", {"day": "2026-06-01", "cost": 1.5}),
    ],
)
async def test_a_home_of_an_earlier_format_asks_for_a_fresh_one(
    folder: DemoFolder, kind: str, subentry_id: str, content: dict[str, object]
) -> None:
    await lived(folder, SINCE, SINCE + timedelta(hours=1), begin=True)
    StoredHome(folder).write_source_data(kind, subentry_id, content)
    with pytest.raises(DemoError, match="--fresh"):
        await Life.resume(folder)


def _states(series: EntitySeries) -> list[str]:
    return [point.state for point in series.changes()]
