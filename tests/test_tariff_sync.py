"""The home's prices reach the Powerwall, and its old tariff comes back."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff
from custom_components.energy_optimizer.const import SUBENTRY_TARIFF
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff
from tests.cloud_ways import teslemetry_way
from tests.control.stubborn_powerwall import tariff
from tests.forced_homes import (
    COMMAND,
    FORCE,
    SPEAKER,
    SYNC,
    act,
    control_of,
    let_pass,
    let_sleep_pass,
    powerwall_of,
    reload,
)
from tests.homes import FLAT, SIMULATED, flat_tariff, home, powerwall, set_up
from tests.servers.tesla_cloud import TeslaCloud
from tests.servers.tesla_tariff_rules import price_at

NOON = datetime(2026, 6, 1, 19, 2, tzinfo=UTC)
OLD = tariff("Of old")


@pytest.fixture
async def entry(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NOON)
    let_sleep_pass(freezer, monkeypatch)
    tesla_cloud.site.now = lambda: datetime.now(UTC)
    tesla_cloud.site.settings["tariff"] = OLD
    return await set_up(hass, home(flat_tariff(), powerwall(teslemetry_way(tesla_cloud))))


async def switch(hass: HomeAssistant, action: str) -> None:
    await hass.services.async_call("switch", action, {"entity_id": SYNC}, blocking=True)
    await hass.async_block_till_done()


def written(cloud: TeslaCloud) -> int:
    """Say how often a tariff was written."""
    return cloud.commands().count("time_of_use_settings")


def buys_and_sells(cloud: TeslaCloud, hour: int) -> tuple[float | None, float | None]:
    """Return what the device itself reckons with at an hour of today."""
    at = datetime(2026, 6, 1, hour, 10, tzinfo=ZoneInfo("America/Los_Angeles"))
    now = cloud.site.settings["tariff"]
    return price_at(now, at), price_at(now["sell_tariff"], at)


def has_old(cloud: TeslaCloud, old: Mapping[str, Any] = OLD) -> bool:
    cloud.site.advance()
    return same_tariff(cloud.site.settings["tariff"], old)


def show_prices(hass: HomeAssistant, entry: MockConfigEntry, known: timedelta, hole: timedelta | None = None) -> None:
    """Let the home's tariff know prices of each half-hour until some time ahead, with a hole of an hour and a half."""
    (source,) = [each for each in entry.runtime_data.sources.values() if isinstance(each, TariffCoordinator)]
    start = datetime(2026, 6, 1, 7, tzinfo=UTC)
    slots = []
    for number in range(200):
        starts_at = start + timedelta(minutes=30 * number)
        if starts_at >= NOON + known or (hole and NOON + hole <= starts_at < NOON + hole + timedelta(minutes=90)):
            continue
        slots.append(
            PriceSlot(
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=30),
                tier="",
                import_per_kwh=0.2 + number / 1000,
                export_per_kwh=0.05,
            )
        )
    source.tariff = PublishedTariff(tuple(slots))
    source.async_update_listeners()


async def test_it_gives_the_homes_prices_and_puts_the_old_ones_back(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await switch(hass, "turn_on")
    state = hass.states.get(SYNC)
    assert state.state == "on"
    assert state.attributes["why_not"] is None
    assert state.attributes["last_sync"] is not None
    assert buys_and_sells(tesla_cloud, 3) == (0.31, 0.06)
    assert tesla_cloud.site.app_error is None
    assert hass.states.get(SPEAKER).state == "tariff_sync"
    assert hass.states.get(COMMAND).state == "confirmed"
    await let_pass(hass, freezer, timedelta(hours=2), 30)
    assert written(tesla_cloud) == 1
    await switch(hass, "turn_off")
    await let_pass(hass, freezer, timedelta(minutes=5), 5)
    assert has_old(tesla_cloud)
    assert hass.states.get(SPEAKER).state == "baseline"
    assert control_of(hass).state.held == {}


async def test_it_follows_prices_but_not_more_often_than_each_five_minutes(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    show_prices(hass, entry, timedelta(hours=30))
    await switch(hass, "turn_on")
    assert written(tesla_cloud) == 1
    for _ in range(4):
        freezer.tick(timedelta(seconds=30))
        show_prices(hass, entry, timedelta(hours=30))
        await hass.async_block_till_done(wait_background_tasks=True)
    assert written(tesla_cloud) == 1
    await let_pass(hass, freezer, timedelta(minutes=69), 23)  # some looks more, should one be answered late
    assert 3 <= written(tesla_cloud) <= 4  # at 12:30 and 13:00 a half-hour begins to carry tomorrow's price


async def test_a_hole_keeps_the_tariff_and_says_so(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await switch(hass, "turn_on")
    show_prices(hass, entry, timedelta(hours=30), hole=timedelta(hours=3))
    await let_pass(hass, freezer, timedelta(minutes=6), 6)
    assert hass.states.get(SYNC).attributes["why_not"] == "hole"
    assert buys_and_sells(tesla_cloud, 3) == (0.31, 0.06)
    with pytest.raises(HomeAssistantError) as error:
        await act(hass, "sync_tariff")
    assert error.value.translation_key == "not_synced_hole"
    show_prices(hass, entry, timedelta(hours=30))
    await let_pass(hass, freezer, timedelta(minutes=6), 6)
    assert hass.states.get(SYNC).attributes["why_not"] is None
    assert buys_and_sells(tesla_cloud, 14)[0] == pytest.approx(0.228)


async def test_stand_ins_are_counted(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    show_prices(hass, entry, timedelta(hours=17))  # until 5 tomorrow; today's are known since midnight
    await switch(hass, "turn_on")
    answer = await act(hass, "sync_tariff")
    assert answer["stand_ins"] == hass.states.get(SYNC).attributes["stand_ins"] > 10
    assert buys_and_sells(tesla_cloud, 8)[0] == pytest.approx(0.216)


@pytest.mark.parametrize("fault", ["lost", "half_body", 403, 429, 500])
async def test_a_sync_that_fails_keeps_the_old_and_is_tried_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    fault: str | int,
) -> None:
    headers = {"Retry_After": "60"} if fault == 429 else {}
    tesla_cloud.fault(tesla_cloud.path_of("time_of_use_settings"), fault, times=1, **headers)
    await switch(hass, "turn_on")
    await let_pass(hass, freezer, timedelta(minutes=4), 8)
    assert hass.states.get(SYNC).attributes["why_not"] is None
    assert buys_and_sells(tesla_cloud, 3) == (0.31, 0.06)
    await switch(hass, "turn_off")
    await let_pass(hass, freezer, timedelta(minutes=6), 6)
    assert has_old(tesla_cloud)


async def test_it_goes_on_after_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await switch(hass, "turn_on")
    await reload(hass, entry)
    await let_pass(hass, freezer, timedelta(minutes=6), 6)
    assert hass.states.get(SYNC).state == "on"
    assert written(tesla_cloud) == 1
    await switch(hass, "turn_off")
    await let_pass(hass, freezer, timedelta(minutes=5), 5)
    assert has_old(tesla_cloud)


async def test_without_a_tariff_the_old_one_comes_back(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await switch(hass, "turn_on")
    (subentry,) = entry.get_subentries_of_type(SUBENTRY_TARIFF)
    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await let_pass(hass, freezer, timedelta(minutes=5), 5)
    assert has_old(tesla_cloud)
    assert hass.states.get(SYNC).attributes["why_not"] == "no_tariff"
    await switch(hass, "turn_off")
    with pytest.raises(ServiceValidationError) as error:
        await switch(hass, "turn_on")
    assert error.value.translation_key == "sync_without_tariff"


async def test_a_changed_tariff_is_passed_on_without_going_back_first(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await switch(hass, "turn_on")
    (subentry,) = entry.get_subentries_of_type(SUBENTRY_TARIFF)
    hass.config_entries.async_update_subentry(entry, subentry, data=FLAT | {"import_per_kwh": 0.45})
    await let_pass(hass, freezer, timedelta(minutes=1), 4)
    assert buys_and_sells(tesla_cloud, 3) == (0.45, 0.06)
    assert written(tesla_cloud) == 2


async def test_a_tariff_chosen_in_teslas_app_stays_when_sync_ends(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await switch(hass, "turn_on")
    tesla_cloud.site.change_in_app(tariff=(chosen := tariff("New plan", 0.22)))
    await let_pass(hass, freezer, timedelta(minutes=35), 12)
    assert hass.states.get(SYNC).attributes["why_not"] == "changed_elsewhere"
    assert has_old(tesla_cloud, chosen)
    await act(hass, "sync_tariff")
    assert buys_and_sells(tesla_cloud, 3) == (0.31, 0.06)
    await switch(hass, "turn_off")
    await let_pass(hass, freezer, timedelta(minutes=5), 5)
    assert has_old(tesla_cloud, chosen)


async def test_a_force_goes_before_and_the_sync_comes_after(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await switch(hass, "turn_on")
    await act(hass, "force_discharge", duration={"minutes": 30})
    assert hass.states.get(SPEAKER).state == "force"
    assert buys_and_sells(tesla_cloud, 12)[1] > 1
    await let_pass(hass, freezer, timedelta(minutes=65), 26)
    assert hass.states.get(FORCE).state == "automatic"
    assert hass.states.get(SPEAKER).state == "tariff_sync"
    assert buys_and_sells(tesla_cloud, 12) == (0.31, 0.06)
    assert tesla_cloud.site.settings["mode"] == "self_consumption"
    await switch(hass, "turn_off")
    await let_pass(hass, freezer, timedelta(minutes=5), 5)
    assert has_old(tesla_cloud)


async def test_removing_the_home_gives_the_old_tariff_back(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud
) -> None:
    await switch(hass, "turn_on")
    await hass.config_entries.async_remove(entry.entry_id)
    assert has_old(tesla_cloud)


async def test_a_powerwall_that_had_no_tariff_has_none_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    freezer.move_to(NOON)
    let_sleep_pass(freezer, monkeypatch)
    parts: list[ConfigSubentryData] = [flat_tariff(), powerwall(SIMULATED)]
    await set_up(hass, home(*parts))
    await switch(hass, "turn_on")
    path = powerwall_of(hass).path
    assert await path.read_tariff()
    await switch(hass, "turn_off")
    await let_pass(hass, freezer, timedelta(minutes=5), 5)
    assert not await path.read_tariff()


async def test_what_another_tariff_cost_stands_in_for_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    """The home changed its contract this morning: the prices of the old one are not those of tomorrow."""
    ledger, day = entry.runtime_data.ledger, timedelta(days=1)
    former = PriceSlot(starts_at=NOON - day, ends_at=NOON, tier="Former", import_per_kwh=0.07, export_per_kwh=0.01)
    ledger.note_terms("former", "flat", {"kind": "flat"}, NOON - 30 * day)
    ledger.note_prices("former", [former], NOON - day)
    await ledger.flush()
    assert 0.07 in [each.import_per_kwh for each in await ledger.prices(NOON - day, NOON)]
    (source,) = [each for each in entry.runtime_data.sources.values() if isinstance(each, TariffCoordinator)]
    today = PriceSlot(starts_at=NOON, ends_at=NOON + timedelta(hours=9), tier="", import_per_kwh=0.3, export_per_kwh=0)
    source.tariff = PublishedTariff((today,))
    await switch(hass, "turn_on")
    assert hass.states.get(SYNC).attributes["why_not"] == "import_unknown"
    assert has_old(tesla_cloud)
