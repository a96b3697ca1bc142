"""A home that is planned, in real Home Assistant with time that passes on demand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.energy_optimizer.const import SUBENTRY_TARIFF
from custom_components.energy_optimizer.coordinators.planning import PlanningCoordinator, planning_of
from custom_components.energy_optimizer.core.tariffs.presets import PGE_E_ELEC
from tests.forced_homes import powerwall_of
from tests.homes import SIMULATED

NOON = datetime(2026, 6, 1, 19, tzinfo=UTC)
"""In San Francisco."""
LIVING = SIMULATED | {"since": (NOON - timedelta(days=3)).isoformat()}


def tariff(data: dict[str, Any]) -> ConfigSubentryData:
    """Return a tariff subentry."""
    return ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Tariff", unique_id="tariff")


def by_hours(export: float | None = 0.05) -> ConfigSubentryData:
    """Return a tariff with dear evenings."""
    data = PGE_E_ELEC.data()
    return tariff(data | {"prices": [{**price, "export_per_kwh": export} for price in data["prices"]]})


def planning(hass: HomeAssistant) -> PlanningCoordinator:
    """Return the planner of the only home."""
    return planning_of(powerwall_of(hass))


async def go_on(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time go by at once, and wait for what that starts."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
