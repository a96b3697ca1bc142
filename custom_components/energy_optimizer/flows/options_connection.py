"""What a home's contract and its connection to the grid allow."""

from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import CONF_CONNECTION_RULE, CONF_FUSE_A, CONF_MAX_EXPORT_KW, CONF_MAX_IMPORT_KW, CONF_PHASES
from ..coordinators.runtime import HomeConfigEntry
from ..core.model.connection import fuse_power_kw
from ..core.model.contract import ConnectionRule
from .numbers import number_errors

BY_TARIFF: Final = "by_tariff"
_KW: Final = NumberSelector(
    NumberSelectorConfig(min=0, max=1000, step="any", unit_of_measurement="kW", mode=NumberSelectorMode.BOX)
)
_FORM: Final = probatio.Schema(
    {
        probatio.Required(CONF_CONNECTION_RULE, default=BY_TARIFF): SelectSelector(
            SelectSelectorConfig(
                options=[BY_TARIFF, *(rule.value for rule in ConnectionRule)],
                translation_key="connection_rule",
                mode=SelectSelectorMode.LIST,
            )
        ),
        probatio.Optional(CONF_MAX_IMPORT_KW): _KW,
        probatio.Optional(CONF_MAX_EXPORT_KW): _KW,
    }
)
_OURS: Final = (CONF_CONNECTION_RULE, CONF_MAX_IMPORT_KW, CONF_MAX_EXPORT_KW)


class ConnectionSteps(OptionsFlow):
    """The dialog about the connection."""

    config_entry: HomeConfigEntry

    async def async_step_connection(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what the battery may do with the grid, and how much may flow."""
        errors: dict[str, str] = {}
        options = self.config_entry.options
        if user_input is not None and not (errors := number_errors(user_input)):
            others = {name: value for name, value in options.items() if name not in _OURS}
            ours = {name: value for name, value in user_input.items() if value != BY_TARIFF}
            return self.async_create_entry(data=others | ours)
        home = self.config_entry.data
        return self.async_show_form(
            step_id="connection",
            data_schema=self.add_suggested_values_to_schema(_FORM, user_input or options),
            errors=errors,
            description_placeholders={"fuse_kw": f"{fuse_power_kw(home[CONF_FUSE_A], home[CONF_PHASES]):.1f}"},
        )
