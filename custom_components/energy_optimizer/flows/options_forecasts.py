"""Where forecasts come from, and what they shall leave out."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlow
from homeassistant.const import DEGREE
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..coordinators.planning_options import (
    CONF_AZIMUTH,
    CONF_FORECASTS,
    CONF_KWP,
    CONF_LEFT_OUT_LOADS,
    CONF_PANELS,
    CONF_SOLAR_FORECASTS,
    CONF_TILT,
    CONF_WEATHER,
)
from ..coordinators.runtime import HomeConfigEntry
from ..coordinators.solar_platforms import async_solar_entries
from .numbers import number_errors


def _number(most: float, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(min=0, max=most, step="any", unit_of_measurement=unit, mode=NumberSelectorMode.BOX)
    )


_PANELS: Final = probatio.Schema(
    {
        probatio.Optional(CONF_KWP): _number(1000, "kWp"),
        probatio.Optional(CONF_TILT): _number(90, DEGREE),
        probatio.Optional(CONF_AZIMUTH): _number(360, DEGREE),
    }
)


def _form(solar: list[ConfigEntry[Any]]) -> probatio.Schema:
    choices = [SelectOptionDict(value=entry.entry_id, label=f"{entry.title} ({entry.domain})") for entry in solar]
    return probatio.Schema(
        {
            probatio.Optional(CONF_SOLAR_FORECASTS): SelectSelector(
                SelectSelectorConfig(options=choices, multiple=True, mode=SelectSelectorMode.DROPDOWN)
            ),
            probatio.Optional(CONF_WEATHER): EntitySelector(EntitySelectorConfig(filter=[{"domain": "weather"}])),
            probatio.Optional(CONF_LEFT_OUT_LOADS): EntitySelector(
                EntitySelectorConfig(filter=[{"domain": "sensor", "device_class": ["power", "energy"]}], multiple=True)
            ),
            probatio.Required(CONF_PANELS): section(_PANELS, {"collapsed": True}),
        }
    )


class ForecastSteps(OptionsFlow):
    """The dialog about forecasts."""

    config_entry: HomeConfigEntry

    async def async_step_forecasts(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for forecasts of sun and weather, loads that are planned apart, and panels."""
        solar = await async_solar_entries(self.hass)
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := _errors(user_input)):
            told = _to_options(self.hass, user_input)
            others = {name: value for name, value in self.config_entry.options.items() if name != CONF_FORECASTS}
            return self.async_create_entry(data=others | ({CONF_FORECASTS: told} if told else {}))
        known = {entry.entry_id for entry in solar}
        shown = user_input or _to_input(self.hass, self.config_entry.options.get(CONF_FORECASTS, {}), known)
        return self.async_show_form(
            step_id="forecasts",
            data_schema=self.add_suggested_values_to_schema(_form(solar), shown),
            errors=errors,
        )


def _errors(user_input: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong; panels are described in full or not at all."""
    panels = user_input[CONF_PANELS]
    if errors := number_errors(panels):
        return dict.fromkeys((CONF_PANELS,), errors.popitem()[1])
    if panels and (len(panels) < len(_PANELS.schema) or not panels[CONF_KWP]):
        return {CONF_PANELS: "panels_incomplete"}
    return {}


@callback
def _to_options(hass: HomeAssistant, user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Keep entities by their place in the registry, so that a new name does not lose them."""
    registry = er.async_get(hass)

    def lasting(entity_id: str) -> str:
        entry = registry.async_get(entity_id)
        return entity_id if entry is None else entry.id

    told = {name: value for name, value in user_input.items() if value}
    if CONF_WEATHER in told:
        told[CONF_WEATHER] = lasting(told[CONF_WEATHER])
    if CONF_LEFT_OUT_LOADS in told:
        told[CONF_LEFT_OUT_LOADS] = [lasting(each) for each in told[CONF_LEFT_OUT_LOADS]]
    return told


@callback
def _to_input(hass: HomeAssistant, told: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """Return what was told as the form shows it, without what is gone since."""
    registry = er.async_get(hass)
    loads = [er.async_resolve_entity_id(registry, each) for each in told.get(CONF_LEFT_OUT_LOADS, ())]
    weather = told.get(CONF_WEATHER)
    return {
        CONF_SOLAR_FORECASTS: [each for each in told.get(CONF_SOLAR_FORECASTS, ()) if each in known],
        CONF_WEATHER: None if weather is None else er.async_resolve_entity_id(registry, weather),
        CONF_LEFT_OUT_LOADS: [each for each in loads if each is not None],
        CONF_PANELS: told.get(CONF_PANELS, {}),
    }
