"""A Powerwall, or any home battery, seen through entities of other integrations."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    TextSelector,
)

from ..api.errors import SourceError
from ..api.powerwall.entities import MOST_KW, EntitiesPowerwall, PowerwallEntities
from ..const import CONF_FUSE_A, CONF_PHASES, DOMAIN, PATH_ENTITIES
from ..core.model.connection import most_power_kw
from ..core.model.powerwall import PowerwallReading
from .powerwall_base import PowerwallSteps

ENERGIES = "energies"
CONTROLS = "controls"
NOTICEABLE_KW = 0.3
"""Sensors that report seconds apart never add up to the watt."""
NEGATIVE_KW = -0.1
"""Below it, a draw of the house or a yield of the panels is no measuring error but a wrong sign."""


def _sensor(device_class: SensorDeviceClass) -> EntitySelector:
    return EntitySelector(EntitySelectorConfig(filter=[{"domain": "sensor", "device_class": device_class}]))


def _of(*domains: str) -> EntitySelector:
    return EntitySelector(EntitySelectorConfig(filter=[{"domain": list(domains)}]))


POWER = _sensor(SensorDeviceClass.POWER)
ENERGY = _sensor(SensorDeviceClass.ENERGY)

SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required("grid_power"): POWER,
        probatio.Required("grid_inverted", default=False): BooleanSelector(),
        probatio.Required("battery_power"): POWER,
        probatio.Required("battery_inverted", default=False): BooleanSelector(),
        probatio.Required("level"): _sensor(SensorDeviceClass.BATTERY),
        probatio.Optional("solar_power"): POWER,
        probatio.Optional("home_power"): POWER,
        probatio.Required(ENERGIES): section(
            probatio.Schema(
                {
                    probatio.Optional("grid_import_energy"): ENERGY,
                    probatio.Optional("grid_export_energy"): ENERGY,
                    probatio.Optional("solar_energy"): ENERGY,
                    probatio.Optional("battery_charge_energy"): ENERGY,
                    probatio.Optional("battery_discharge_energy"): ENERGY,
                    probatio.Optional("home_energy"): ENERGY,
                }
            ),
            {"collapsed": True},
        ),
        probatio.Required(CONTROLS): section(
            probatio.Schema(
                {
                    probatio.Optional("operation_mode"): _of("select", "input_select", "sensor"),
                    probatio.Optional("backup_reserve"): _of("number", "input_number", "sensor"),
                    probatio.Optional("grid_charging"): _of("switch", "input_boolean", "binary_sensor"),
                    probatio.Optional("export_rule"): _of("select", "input_select", "sensor"),
                }
            ),
            {"collapsed": True},
        ),
    }
)


class EntitiesSteps(PowerwallSteps):
    """The dialog that chooses entities and shows what they say before anything is saved."""

    _title: str
    _chosen: dict[str, Any]
    _doubt: dict[str, str]
    _negative: dict[str, str]

    async def async_step_entities(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which entity shows what."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._title = user_input[CONF_NAME].strip()
            self._chosen = _flat(user_input)
            errors = self._problems()
            if not errors:
                return await self.async_step_entities_preview()
        return self._show(user_input or self._suggested(), errors)

    async def async_step_entities_preview(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the readings in our signs and let the user judge them."""
        path = self._path()
        try:
            reading = path.preview()
        except SourceError:  # an entity fell silent since it was checked
            return await self.async_step_entities(_nested(self._title, self._chosen))
        if any(power is not None and power < NEGATIVE_KW for power in (reading.home_kw, reading.solar_kw)):
            self._negative = _in_words(reading)
            return await self.async_step_entities_negative()
        off_kw = path.imbalance_kw(reading)
        if off_kw is not None and abs(off_kw) > NOTICEABLE_KW:
            self._doubt = _in_words(reading) | {"off": f"{abs(off_kw):.2f}"}
            return await self.async_step_entities_doubt()
        return self.async_show_menu(
            step_id="entities_preview",
            menu_options=["entities_save", "entities_change"],
            description_placeholders=_in_words(reading),
        )

    async def async_step_entities_doubt(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say by how much the readings do not add up."""
        return self.async_show_menu(
            step_id="entities_doubt",
            menu_options=["entities_change", "entities_save"],
            description_placeholders=self._doubt,
        )

    async def async_step_entities_negative(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say that the house or the panels cannot have the sign they show."""
        return self.async_show_menu(
            step_id="entities_negative",
            menu_options=["entities_change", "entities_save"],
            description_placeholders=self._negative,
        )

    async def async_step_entities_change(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Go back, keeping what was chosen."""
        return self._show(_nested(self._title, self._chosen), {})

    async def async_step_entities_save(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Save."""
        return await self._finish(PATH_ENTITIES, title=self._title, settings=self._chosen)

    def _show(self, values: dict[str, Any], errors: dict[str, str]) -> SubentryFlowResult:
        return self.async_show_form(
            step_id=PATH_ENTITIES,
            data_schema=self.add_suggested_values_to_schema(SCHEMA, values),
            errors=errors,
            description_placeholders={"most": f"{self._most_kw():.0f}"},
        )

    def _most_kw(self) -> float:
        data = self._get_entry().data
        return min(most_power_kw(data[CONF_FUSE_A], data[CONF_PHASES]), MOST_KW)

    def _path(self) -> EntitiesPowerwall:
        return EntitiesPowerwall(self.hass, PowerwallEntities.from_data(self._chosen), most_kw=self._most_kw())

    def _problems(self) -> dict[str, str]:
        """Return the errors by field; those inside a section are shown at the section."""
        found = dict.fromkeys(_repeated(self._chosen), "same_entity") | self._path().problems()
        if self._is_ours():
            return {"base": "own_entities"}
        if not self._title:
            found[CONF_NAME] = "name_empty"
        return {_place(name): key for name, key in found.items()}

    def _is_ours(self) -> bool:
        """Say whether an entity of this integration was chosen: it would read itself."""
        registry = er.async_get(self.hass)
        entries = (registry.async_get(value) for value in self._chosen.values() if isinstance(value, str))
        return any(entry is not None and entry.platform == DOMAIN for entry in entries)

    def _suggested(self) -> dict[str, Any]:
        present = self._present_data(PATH_ENTITIES)
        if not present:
            return {CONF_NAME: self._present_name(), ENERGIES: {}, CONTROLS: {}}
        return _nested(self._present_name(), dict(present))


def _sections() -> dict[str, set[str]]:
    return {
        str(key): {str(inner) for inner in value.schema.schema}
        for key, value in SCHEMA.schema.items()
        if isinstance(value, section)
    }


def _flat(user_input: dict[str, Any]) -> dict[str, Any]:
    """Take the fields out of their sections."""
    plain = {key: value for key, value in user_input.items() if key not in (CONF_NAME, ENERGIES, CONTROLS)}
    return {**plain, **user_input.get(ENERGIES, {}), **user_input.get(CONTROLS, {})}


def _nested(title: str, chosen: dict[str, Any]) -> dict[str, Any]:
    """Put the fields back into their sections."""
    inside = {name: {key: chosen[key] for key in keys if key in chosen} for name, keys in _sections().items()}
    taken = {key for keys in _sections().values() for key in keys}
    plain = {key: value for key, value in chosen.items() if key not in taken}
    return {CONF_NAME: title, **plain, **inside}


def _repeated(chosen: Mapping[str, Any]) -> list[str]:
    """Return the powers and energies whose entity was chosen for another of them before."""
    measured = {name: value for name, value in chosen.items() if name.endswith(("_power", "_energy"))}
    first = {value: name for name, value in reversed(measured.items())}
    return [name for name, value in measured.items() if first[value] != name]


def _place(field: str) -> str:
    return next((name for name, keys in _sections().items() if field in keys), field)


def _in_words(reading: PowerwallReading) -> dict[str, str]:
    return {
        "solar": _kw(reading.solar_kw),
        "home": _kw(reading.home_kw),
        "grid": _kw(reading.grid_kw),
        "battery": _kw(reading.battery_kw),
        "level": "–" if reading.level_percent is None else f"{reading.level_percent:.0f}",
    }


def _kw(power_kw: float | None) -> str:
    return "–" if power_kw is None else f"{power_kw:.2f}"
