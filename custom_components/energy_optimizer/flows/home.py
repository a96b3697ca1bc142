"""Adding and changing a home."""

from collections.abc import Mapping
from typing import Any, override
from uuid import uuid4

import probatio
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    FlowType,
    SubentryFlowContext,
)
from homeassistant.const import CONF_LATITUDE, CONF_LOCATION, CONF_LONGITUDE, CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.helpers.selector import (
    LocationSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..const import CONF_CURRENCY, CONF_FUSE_A, CONF_PHASES, SUBENTRY_POWERWALL
from .numbers import number_errors

SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required(CONF_LOCATION): LocationSelector(),
        probatio.Required(CONF_CURRENCY): SelectSelector(
            SelectSelectorConfig(
                options=sorted(ACTIVE_CURRENCIES), custom_value=False, mode=SelectSelectorMode.DROPDOWN, sort=False
            )
        ),
        probatio.Required(CONF_FUSE_A): NumberSelector(
            NumberSelectorConfig(min=6, max=400, step=1, unit_of_measurement="A", mode=NumberSelectorMode.BOX)
        ),
        probatio.Required(CONF_PHASES): SelectSelector(
            SelectSelectorConfig(options=["1", "2", "3"], translation_key="phases", mode=SelectSelectorMode.LIST)
        ),
    }
)


class HomeSteps(ConfigFlow):
    """The steps of a home."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the home's name, place, currency and main fuse."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._errors(user_input)):
            await self.async_set_unique_id(uuid4().hex)
            return self.async_create_entry(title=user_input[CONF_NAME].strip(), data=home_data(user_input))
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(SCHEMA, user_input or home_defaults(self.hass)),
            errors=errors,
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change a home; its Powerwalls and tariffs stay as they are."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._errors(user_input, changed=entry)):
            return self.async_update_and_abort(
                entry, title=user_input[CONF_NAME].strip(), data=home_data(user_input), reason="reconfigure_successful"
            )
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(SCHEMA, user_input or _as_input(entry.title, entry.data)),
            errors=errors,
        )

    def _errors(self, user_input: Mapping[str, Any], *, changed: ConfigEntry | None = None) -> dict[str, str]:
        """Return what is wrong by field; of two homes with one name, nobody could tell which is which."""
        errors = number_errors(user_input)
        name = user_input[CONF_NAME].strip().casefold()
        others = [entry for entry in self._async_current_entries(include_ignore=False) if entry is not changed]
        if not name:
            errors[CONF_NAME] = "name_empty"
        elif any(entry.title.strip().casefold() == name for entry in others):
            errors[CONF_NAME] = "name_taken"
        return errors

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Go on to add a Powerwall, so that nobody has to hunt for the button."""
        if self.source != SOURCE_USER:
            return result
        subentry_flow = await self.hass.config_entries.subentries.async_init(
            (result["result"].entry_id, SUBENTRY_POWERWALL), context=SubentryFlowContext(source=SOURCE_USER)
        )
        result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, subentry_flow["flow_id"])
        return result


def home_defaults(hass: HomeAssistant) -> dict[str, Any]:
    """Fill the form with what Home Assistant knows about the place."""
    config = hass.config
    return {
        CONF_NAME: config.location_name,
        CONF_LOCATION: {CONF_LATITUDE: config.latitude, CONF_LONGITUDE: config.longitude},
        CONF_CURRENCY: config.currency,
        CONF_FUSE_A: 100 if config.country in ("US", "CA") else 63,
        CONF_PHASES: "2" if config.country in ("US", "CA") else "1",
    }


def home_data(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a filled form into an entry's data."""
    return {
        CONF_LATITUDE: user_input[CONF_LOCATION][CONF_LATITUDE],
        CONF_LONGITUDE: user_input[CONF_LOCATION][CONF_LONGITUDE],
        CONF_CURRENCY: user_input[CONF_CURRENCY],
        CONF_FUSE_A: int(user_input[CONF_FUSE_A]),
        CONF_PHASES: int(user_input[CONF_PHASES]),
    }


def _as_input(title: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        CONF_NAME: title,
        CONF_LOCATION: {CONF_LATITUDE: data[CONF_LATITUDE], CONF_LONGITUDE: data[CONF_LONGITUDE]},
        CONF_CURRENCY: data[CONF_CURRENCY],
        CONF_FUSE_A: data[CONF_FUSE_A],
        CONF_PHASES: str(data[CONF_PHASES]),
    }
