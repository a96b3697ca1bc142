"""A simulated Powerwall, to try everything without owning one."""

from typing import Any

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)
from homeassistant.util import dt as dt_util

from ..const import CONF_SERIES_FILE, CONF_SERIES_HOME, PATH_SIMULATED
from .numbers import number_errors
from .powerwall_base import PowerwallSteps

DEFAULTS = {
    "solar_kwp": 7.0,
    "batteries": 1,
    "home_kwh_per_year": 5500,
    "seed": 1,
}


def _box(low: float, high: float, step: float, unit: str | None = None) -> NumberSelector:
    config = NumberSelectorConfig(min=low, max=high, step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required("solar_kwp"): _box(0, 100, 0.1, "kWp"),
        probatio.Required("batteries"): _box(1, 10, 1),
        probatio.Required("home_kwh_per_year"): _box(500, 100_000, 100, "kWh"),
        probatio.Required("seed"): _box(0, 999_999, 1),
    }
)


class SimulatedSteps(PowerwallSteps):
    """The dialog of a simulated Powerwall."""

    async def async_step_simulated(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask how big the simulated home is."""
        present = self._present_data(PATH_SIMULATED)
        errors: dict[str, str] = {}
        if user_input is not None:
            name = user_input[CONF_NAME].strip()
            errors = number_errors(user_input) | ({} if name else {CONF_NAME: "name_empty"})
        if user_input is not None and not errors:
            del user_input[CONF_NAME]
            kept = {key: present[key] for key in (CONF_SERIES_FILE, CONF_SERIES_HOME) if key in present}
            settings = {
                "since": present.get("since", dt_util.utcnow().isoformat()),
                **kept,
                **user_input,
                "batteries": int(user_input["batteries"]),
                "seed": int(user_input["seed"]),
            }
            return await self._finish(PATH_SIMULATED, title=name, settings=settings)
        suggested = DEFAULTS | dict(present) | {CONF_NAME: self._present_name()}
        return self.async_show_form(
            step_id=PATH_SIMULATED,
            data_schema=self.add_suggested_values_to_schema(SCHEMA, user_input or suggested),
            errors=errors,
        )
