"""Forces and syncs while Powerwalls, ways, tariffs and homes come, change and go."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.actions.steering import steering_of
from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff
from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallCoordinator
from tests.cloud_ways import fleet_way, teslemetry_way
from tests.control.stubborn_powerwall import tariff
from tests.forced_homes import SYNC, act, control_of, let_pass, let_sleep_pass, powerwall_of
from tests.homes import BATTERY_ENTITIES, SIMULATED, by_ways, flat_tariff, home, powerwall, set_up, show_battery
from tests.servers.tesla_cloud import TeslaCloud

NOON = datetime(2026, 6, 1, 19, 2, tzinfo=UTC)
OLD = {
    "mode": "self_consumption",
    "reserve": 30,
    "disallow": True,
    "export_rule": "pv_only",
    "storm": True,
    "tariff": tariff("Of old"),
}
HOUR = {"duration": {"hours": 1}}


@pytest.fixture(autouse=True)
async def _time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch, tesla_cloud: TeslaCloud
) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NOON)
    let_sleep_pass(freezer, monkeypatch)
    tesla_cloud.site.now = lambda: datetime.now(UTC)
    tesla_cloud.site.settings = dict(OLD)


def is_old(cloud: TeslaCloud) -> bool:
    cloud.site.advance()
    now = dict(cloud.site.settings)
    return same_tariff(now.pop("tariff"), OLD["tariff"]) and now == {
        name: value for name, value in OLD.items() if name != "tariff"
    }


async def turn(hass: HomeAssistant, action: str) -> None:
    await hass.services.async_call("switch", action, {"entity_id": SYNC}, blocking=True)
    await hass.async_block_till_done()


async def change(hass: HomeAssistant, entry: MockConfigEntry, *ways: dict[str, object]) -> None:
    """Give the Powerwall other ways, as its dialog does."""
    subentry = entry.subentries[powerwall_of(hass).subentry_id]
    hass.config_entries.async_update_subentry(entry, subentry, data=by_ways(*ways))
    await hass.async_block_till_done()


async def test_nothing_of_a_simulated_powerwall_is_put_back_on_the_real_one(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(flat_tariff(), powerwall(SIMULATED)))
    await turn(hass, "turn_on")
    assert control_of(hass).state.held
    await change(hass, entry, teslemetry_way(tesla_cloud))
    await let_pass(hass, freezer, timedelta(minutes=12), 12)
    assert is_old(tesla_cloud)
    assert tesla_cloud.commands() == []
    assert control_of(hass).state.held == {}


async def test_another_gateway_behind_the_same_way_gets_nothing_of_the_first(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    await act(hass, "force_charge", **HOUR)
    assert not is_old(tesla_cloud)
    other = teslemetry_way(tesla_cloud) | {"serial": "1232100-00-E--TG9999999999ZZ"}
    await change(hass, entry, other)
    assert is_old(tesla_cloud)
    assert control_of(hass).state.force is None
    assert control_of(hass).state.held == {}


async def test_a_force_goes_on_when_its_powerwall_is_only_renamed_or_gets_a_way_more(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    await act(hass, "force_charge", **HOUR)
    await change(hass, entry, teslemetry_way(tesla_cloud), fleet_way(tesla_cloud))
    assert control_of(hass).state.force is not None
    await let_pass(hass, freezer, timedelta(minutes=100), 25)
    assert is_old(tesla_cloud)


async def test_a_way_that_goes_puts_back_first_what_no_other_could(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(flat_tariff(), powerwall(teslemetry_way(tesla_cloud), BATTERY_ENTITIES)))
    await turn(hass, "turn_on")
    assert not is_old(tesla_cloud)
    await change(hass, entry, BATTERY_ENTITIES)
    assert is_old(tesla_cloud)
    assert not control_of(hass).state.sync_is_on
    assert control_of(hass).state.held == {}


async def test_a_synced_simulated_home_can_be_removed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await set_up(hass, home(flat_tariff(), powerwall(SIMULATED)))
    await turn(hass, "turn_on")
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]
    assert not [path for path in stored_files(hass) if "powerwall" in path]
    assert "may not have its former settings" not in caplog.text


def stored_files(hass: HomeAssistant) -> list[str]:
    return [path.name for path in Path(hass.config.path(".storage")).glob(f"{DOMAIN}*")]


async def test_a_powerwall_is_named_by_its_device(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    """Two homes: each force reaches the one that is meant, and no other."""
    first = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    second = MockConfigEntry(
        domain=DOMAIN,
        version=2,
        title="Cabin",
        unique_id="cabin",
        data=first.data,
        subentries_data=[powerwall(SIMULATED, title="Cabin")],
    )
    await set_up(hass, second)
    devices = dr.async_get(hass)

    def powerwall_in(entry: MockConfigEntry) -> PowerwallCoordinator:
        return next(each for each in entry.runtime_data.sources.values() if isinstance(each, PowerwallCoordinator))

    def device_of(entry: MockConfigEntry, identifier: str) -> str:
        device = devices.async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
        assert device is not None
        return device.id

    with pytest.raises(ServiceValidationError) as error:
        await act(hass, "force_charge", **HOUR)
    assert error.value.translation_placeholders == {"homes": "Home, Cabin"}
    cabin = device_of(second, powerwall_in(second).subentry_id)
    assert (await act(hass, "force_charge", device_id=cabin, **HOUR))["means"] == "dispatch"
    assert tesla_cloud.commands() == []
    house = device_of(first, first.entry_id)
    assert (await act(hass, "hold", device_id=house, **HOUR))["means"] == "settings"
    assert steering_of(powerwall_in(second)).control.state.force.force.kind == "charge"
    await act(hass, "back_to_automatic", device_id=cabin)
    assert steering_of(powerwall_in(first)).control.state.force is not None
    await hass.config_entries.async_remove(second.entry_id)
    assert steering_of(powerwall_in(first)).control.state.force is not None
    await let_pass(hass, freezer, timedelta(minutes=90), 30)
    assert is_old(tesla_cloud)
    for wrong in (cabin, "nonsense"):
        with pytest.raises(ServiceValidationError) as error:
            await act(hass, "hold", device_id=wrong, **HOUR)
        assert error.value.translation_key == "device_without_powerwall"


async def test_a_disk_that_cannot_be_written_begins_nothing(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    """Home Assistant only logs what it could not store; what a restart would make endless never begins."""
    await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))

    async def full(*_args: object) -> None:
        raise WriteError(OSError(28, "No space left on device"))

    with pytest.MonkeyPatch.context() as patched:  # undone before Home Assistant's own tests take their patch back
        patched.setattr(Store, "_async_write_data", full)
        with pytest.raises(ServiceValidationError) as error:
            await act(hass, "force_charge", **HOUR)
    assert error.value.translation_key == "force_not_storable"
    assert tesla_cloud.commands() == []
    assert control_of(hass).state.force is None


async def test_a_force_with_a_refused_login_says_so(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    tesla_cloud.teslemetry_token = "another"
    with pytest.raises(ServiceValidationError) as error:
        await act(hass, "force_charge", **HOUR)
    assert error.value.translation_key == "force_refused"
    assert tesla_cloud.commands() == []
