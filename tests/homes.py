"""Homes that several tests set up.

The settings of one way to a Powerwall stand here with the way's name beside them, as ``path``.
"""

from typing import Any

from homeassistant.config_entries import ConfigSubentry, ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.api.powerwall.ways import identity_of
from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_POWERWALL, SUBENTRY_TARIFF

HOME_DATA = {"latitude": 37.77, "longitude": -122.42, "currency": "USD", "main_fuse_a": 100, "phases": 2}

BATTERY_ENTITIES = {
    "path": "entities",
    "grid_power": "sensor.grid",
    "grid_inverted": False,
    "battery_power": "sensor.battery",
    "battery_inverted": False,
    "solar_power": "sensor.solar",
    "home_power": "sensor.home",
    "level": "sensor.level",
}
SIMULATED = {
    "path": "simulated",
    "solar_kwp": 7.0,
    "batteries": 1,
    "home_kwh_per_year": 5500,
    "seed": 1,
}
FLAT = {"format": 1, "kind": "flat", "tier": "Standard", "import_per_kwh": 0.31, "export_per_kwh": 0.06}


def by_ways(*ways: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a Powerwall that is reached by *ways*."""
    return {"ways": {way["path"]: {name: value for name, value in way.items() if name != "path"} for way in ways}}


def powerwall(*ways: dict[str, Any], title: str = "Powerwall") -> ConfigSubentryData:
    """Return a Powerwall subentry."""
    data = by_ways(*ways)
    return ConfigSubentryData(data=data, subentry_type=SUBENTRY_POWERWALL, title=title, unique_id=identity_of(data))


def settings_of(subentry: ConfigSubentry, way: str = "gateway") -> dict[str, Any]:
    """Return the settings of one way to a Powerwall."""
    return dict(subentry.data["ways"][way])


def home(*subentries: ConfigSubentryData) -> MockConfigEntry:
    """Return a home with *subentries*, not yet set up."""
    return MockConfigEntry(
        domain=DOMAIN,
        version=2,
        title="Home",
        unique_id="home",
        data=HOME_DATA,
        subentries_data=list(subentries),
    )


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Set *entry* up in Home Assistant."""
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


def show_battery(hass: HomeAssistant, **kw: float) -> None:
    """Let another integration's entities show powers in kW and a level in percent."""
    for name, value in ({"grid": 0.0, "battery": 0.0, "solar": 0.0, "home": 0.0, "level": 50.0} | kw).items():
        unit, device_class = ("%", "battery") if name == "level" else ("kW", "power")
        hass.states.async_set(f"sensor.{name}", str(value), {"unit_of_measurement": unit, "device_class": device_class})


def hide_battery(hass: HomeAssistant) -> None:
    """Let the other integration's entities become unavailable."""
    for name in ("grid", "battery", "solar", "home", "level"):
        hass.states.async_set(f"sensor.{name}", "unavailable")


def flat_tariff(title: str = "Flat") -> ConfigSubentryData:
    """Return a tariff subentry with one price for all times."""
    return ConfigSubentryData(data=FLAT, subentry_type=SUBENTRY_TARIFF, title=title, unique_id="tariff")
