"""The home's options about forecasts."""

from types import SimpleNamespace
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_integration,
    mock_platform,
)

from custom_components.energy_optimizer.coordinators.planning_options import ForecastOptions
from custom_components.energy_optimizer.core.model.site import SolarPanels
from tests.homes import home, set_up


@pytest.fixture
async def entry(hass: HomeAssistant) -> MockConfigEntry:
    """A home beside an integration that foretells the sun."""

    async def foretell(hass: HomeAssistant, entry_id: str) -> None:
        return None

    mock_integration(hass, MockModule("sunny"))
    mock_platform(hass, "sunny.energy", SimpleNamespace(async_get_solar_forecast=foretell))
    assert await async_setup_component(hass, "sunny", {})
    MockConfigEntry(domain="sunny", title="East", entry_id="east").add_to_hass(hass)
    return await set_up(hass, home())


async def opened(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    result = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"next_step_id": "forecasts"})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "forecasts")
    return result


def suggested(result: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, field in result["data_schema"].schema.items():
        inner = getattr(field, "schema", None)
        if str(key) == "panels" and inner is not None:
            shown["panels"] = {
                str(each): each.description["suggested_value"]
                for each in inner.schema
                if (each.description or {}).get("suggested_value") is not None
            }
        else:
            shown[str(key)] = (key.description or {}).get("suggested_value")
    return shown


async def test_everything_is_kept_and_shown_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    registry = er.async_get(hass)
    car = registry.async_get_or_create("sensor", "car", "power", suggested_object_id="car_power")
    typed = {
        "solar_forecasts": ["east"],
        "weather": "weather.here",
        "left_out_loads": [car.entity_id, "sensor.plug"],
        "panels": {"kwp": 6.5, "tilt": 30, "azimuth": 175},
    }
    hass.config_entries.async_update_entry(entry, options={"max_import_kw": 9.0})
    await hass.async_block_till_done()
    result = await opened(hass, entry)
    choices = next(field for key, field in result["data_schema"].schema.items() if key == "solar_forecasts")
    assert choices.config["options"] == [{"value": "east", "label": "East (sunny)"}]
    result = await hass.config_entries.options.async_configure(result["flow_id"], typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["max_import_kw"] == 9.0
    await hass.async_block_till_done()
    assert ForecastOptions.of(entry.options) == ForecastOptions(
        solar_forecasts=("east",),
        weather="weather.here",
        left_out_loads=(car.id, "sensor.plug"),
        panels=(SolarPanels(kwp=6.5, tilt_degrees=30.0, azimuth_degrees=175.0),),
    )
    registry.async_update_entity(car.entity_id, new_entity_id="sensor.renamed")
    shown = suggested(await opened(hass, entry))
    assert shown == typed | {"left_out_loads": ["sensor.renamed", "sensor.plug"]}


async def test_what_is_gone_is_not_shown(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    told = {"solar_forecasts": ["gone"], "left_out_loads": ["0123456789abcdef0123456789abcdef"]}
    hass.config_entries.async_update_entry(entry, options={"forecasts": told})
    await hass.async_block_till_done()
    shown = suggested(await opened(hass, entry))
    assert (shown["solar_forecasts"], shown["left_out_loads"], shown["panels"]) == ([], [], {})


async def test_nothing_told_leaves_nothing(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(entry, options={"forecasts": {"weather": "weather.here"}})
    await hass.async_block_till_done()
    result = await opened(hass, entry)
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"panels": {}})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {}
    assert ForecastOptions.of(entry.options) == ForecastOptions()
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("panels", "error"),
    [
        ({"kwp": 5}, "panels_incomplete"),
        ({"tilt": 0, "azimuth": 0}, "panels_incomplete"),
        ({"kwp": 0, "tilt": 30, "azimuth": 180}, "panels_incomplete"),
        ({"kwp": float("nan"), "tilt": 30, "azimuth": 180}, "number_needed"),
    ],
)
async def test_half_a_description_of_panels_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, panels: dict[str, float], error: str
) -> None:
    result = await opened(hass, entry)
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"panels": panels})
    assert result["errors"] == {"panels": error}
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"panels": {"kwp": 5, "tilt": 0, "azimuth": 0}}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
