"""A tariff with prices for both directions, in San Diego, whose meters tests read by hand."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from custom_components.energy_optimizer.coordinators.signals import signal_energy
from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.tariffs.presets import SDGE_EV_TOU_5

ZONE = ZoneInfo("America/Los_Angeles")
PRICED = SDGE_EV_TOU_5.data() | {
    "prices": [{**price, "export_per_kwh": 0.05} for price in SDGE_EV_TOU_5.data()["prices"]]
}
# What the store file is called, without the subentry's id.
STORE = f"{DOMAIN}.tariff"


def tariff(data: dict[str, Any]) -> ConfigSubentryData:
    return ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Tariff", unique_id=None)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


async def go_to(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime) -> None:
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done(wait_background_tasks=True)


async def read(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    moment: datetime,
    bought: float | None,
    sold: float | None = None,
) -> None:
    """Let the home's meters be read at *moment*."""
    await go_to(hass, freezer, moment)
    totals = EnergyTotals(grid_import_kwh=bought, grid_export_kwh=sold)
    async_dispatcher_send(hass, signal_energy(entry.entry_id), totals, moment.astimezone(UTC))
    await hass.async_block_till_done()


def state(hass: HomeAssistant, name: str) -> str:
    found = hass.states.get(f"sensor.tariff_{name}")
    assert found is not None
    return found.state
