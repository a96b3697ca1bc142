"""A Powerwall (or any home battery) seen through entities of other integrations."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, override

import probatio
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.core import HomeAssistant, State, split_entity_id
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import EnergyConverter, PowerConverter

from ...core.accounting.integration import LONGEST_GAP
from ...core.model.energy import EnergyTotals
from ...core.model.noise import not_negative
from ...core.model.powerwall import PowerwallReading, PowerwallSettings
from ..errors import NonsenseError, NotPermittedError, SourceError, UnreachableError
from . import PowerwallAbilities, PowerwallPath
from .options import EXPORT_RULE_OPTIONS, OPERATION_MODE_OPTIONS, matches, matching

POLL_INTERVAL = timedelta(seconds=10)
"""Reading states costs nothing: they are in memory."""
MOST_KW = 200.0
"""No home behind a Powerwall moves more: beyond it, a sensor's unit is wrong."""

_SETTINGS = {
    "operation_mode": "operation_mode",
    "backup_reserve": "backup_reserve_percent",
    "grid_charging": "grid_charging",
    "export_rule": "export_rule",
}
_COMMANDABLE = {"select", "number", "switch", "input_select", "input_number", "input_boolean"}


class EntityNonsenseError(NonsenseError):
    """An entity shows what it cannot mean; *key* names the kind of nonsense."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerwallEntities:
    """Which entity shows what; ``None`` where nothing does."""

    solar_power: str | None = None
    grid_power: str | None = None
    battery_power: str | None = None
    home_power: str | None = None
    level: str | None = None
    grid_inverted: bool = False
    """The sensor counts export as positive."""
    battery_inverted: bool = False
    """The sensor counts charging as positive."""
    grid_import_energy: str | None = None
    grid_export_energy: str | None = None
    solar_energy: str | None = None
    battery_charge_energy: str | None = None
    battery_discharge_energy: str | None = None
    home_energy: str | None = None
    operation_mode: str | None = None
    backup_reserve: str | None = None
    grid_charging: str | None = None
    export_rule: str | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> PowerwallEntities:
        """Pick what belongs here from a subentry's data."""
        return cls(**{each.name: data[each.name] for each in fields(cls) if data.get(each.name) is not None})

    @property
    def named(self) -> dict[str, str]:
        """Return the entities that were chosen, by what they show."""
        return {each.name: value for each in fields(self) if isinstance(value := getattr(self, each.name), str)}


class EntitiesPowerwall(PowerwallPath):
    """Reads and, where entities can be set, commands a battery through Home Assistant itself."""

    def __init__(self, hass: HomeAssistant, entities: PowerwallEntities, *, most_kw: float = MOST_KW) -> None:
        self._hass = hass
        self._most_kw = min(most_kw, MOST_KW)
        self._entities = entities

    @property
    @override
    def abilities(self) -> PowerwallAbilities:
        chosen = self._entities.named
        shown = {_SETTINGS[name]: entity_id for name, entity_id in chosen.items() if name in _SETTINGS}
        writable = {name for name, entity_id in shown.items() if split_entity_id(entity_id)[0] in _COMMANDABLE}
        return PowerwallAbilities(
            writable=frozenset(writable),
            shown=frozenset(shown),
            has_solar=self._entities.solar_power is not None,
            confirm_within=timedelta(seconds=90),
        )

    @property
    @override
    def poll_interval(self) -> timedelta:
        return POLL_INTERVAL

    @override
    async def read(self) -> PowerwallReading:
        reading = self.preview()
        return replace(reading, solar_kw=not_negative(reading.solar_kw), home_kw=not_negative(reading.home_kw))

    def preview(self) -> PowerwallReading:
        """Return what the entities say, also sun or house below zero, which tells of a wrong sign or unit.

        Raises:
            UnreachableError: if neither grid nor battery has a value.
            EntityNonsenseError: if an entity shows what it cannot mean.
        """
        entities = self._entities
        grid = self._power_kw(entities.grid_power, inverted=entities.grid_inverted)
        battery = self._power_kw(entities.battery_power, inverted=entities.battery_inverted)
        solar = self._power_kw(entities.solar_power)
        home = self._power_kw(entities.home_power)
        if entities.home_power is None and grid is not None and battery is not None:
            home = self._derived_home_kw(grid, battery, solar)
        if grid is None and battery is None:
            raise UnreachableError(f"no value from {entities.grid_power} and {entities.battery_power}")
        return PowerwallReading(
            taken_at=dt_util.utcnow(),
            grid_kw=grid,
            battery_kw=battery,
            solar_kw=solar,
            home_kw=home,
            level_percent=self._percent(entities.level),
            stale=self._stale(),
            totals=self._totals(),
            settings=self._settings(),
        )

    @override
    async def apply(self, wanted: PowerwallSettings) -> None:
        entities = self._entities
        if (mode := wanted.operation_mode) is not None:
            await self._select(entities.operation_mode, OPERATION_MODE_OPTIONS[mode])
        if (reserve := wanted.backup_reserve_percent) is not None:
            await self._call(entities.backup_reserve, "set_value", value=reserve)
        if wanted.grid_charging is not None:
            await self._call(entities.grid_charging, "turn_on" if wanted.grid_charging else "turn_off")
        if (rule := wanted.export_rule) is not None:
            await self._select(entities.export_rule, EXPORT_RULE_OPTIONS[rule])

    @override
    async def close(self) -> None:
        """Nothing is held open."""

    def problems(self) -> dict[str, str]:
        """Return for each chosen entity that cannot be used why not: ``no_value`` or a key of nonsense."""
        found: dict[str, str] = {}
        for name, entity_id in self._entities.named.items():
            if self._state(entity_id) is None:
                found[name] = "no_value"
                continue
            try:
                self._look(name, entity_id)
            except EntityNonsenseError as err:
                found[name] = err.key
        return found

    def _look(self, name: str, entity_id: str) -> None:
        if name.endswith("_power"):
            self._power_kw(entity_id)
        elif name.endswith("_energy"):
            self._energy_kwh(entity_id)
        elif name in ("level", "backup_reserve"):
            self._percent(entity_id)

    def imbalance_kw(self, reading: PowerwallReading) -> float | None:
        """Return by how much home ≠ solar + battery + grid where all are measured, else ``None``."""
        if self._entities.home_power is None or reading.home_kw is None:
            return None
        if reading.grid_kw is None or reading.battery_kw is None:
            return None
        return reading.home_kw - (reading.solar_kw or 0.0) - reading.battery_kw - reading.grid_kw

    def _stale(self) -> frozenset[str]:
        """Name the powers whose entities have not been reported for longer than energy may be computed from them."""
        entities, now = self._entities, dt_util.utcnow()
        reported: dict[str, bool] = {}
        for name in ("grid", "battery", "solar", "home"):
            state = self._state(getattr(entities, f"{name}_power"))
            reported[f"{name}_kw"] = state is None or now - state.last_reported <= LONGEST_GAP
        if entities.home_power is None:
            reported["home_kw"] = all(reported.values())
        return frozenset(name for name, fresh in reported.items() if not fresh)

    def _derived_home_kw(self, grid_kw: float, battery_kw: float, solar_kw: float | None) -> float | None:
        """Compute the home's draw; without a panel sensor there are no panels, with a silent one nothing is known."""
        if solar_kw is None:
            return None if self._entities.solar_power else grid_kw + battery_kw
        return grid_kw + battery_kw + solar_kw

    def _state(self, entity_id: str | None) -> State | None:
        state = self._hass.states.get(entity_id) if entity_id else None
        if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            return None
        return state

    def _number(self, entity_id: str | None) -> tuple[float, str | None] | None:
        if (state := self._state(entity_id)) is None:
            return None
        value = _finite(state.state)
        if value is None:
            raise EntityNonsenseError("not_a_number", f"{entity_id} shows {state.state!r}")
        return value, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)

    def _power_kw(self, entity_id: str | None, *, inverted: bool = False) -> float | None:
        if (found := self._number(entity_id)) is None:
            return None
        value, unit = found
        if unit not in PowerConverter.VALID_UNITS:
            raise EntityNonsenseError("not_a_power", f"{entity_id} has the unit {unit!r}")
        power_kw = PowerConverter.convert(value, unit, UnitOfPower.KILO_WATT)
        if abs(power_kw) > self._most_kw:
            raise EntityNonsenseError("too_much_power", f"{entity_id} shows {value} {unit}")
        return -power_kw if inverted else power_kw

    def _energy_kwh(self, entity_id: str | None) -> float | None:
        if (found := self._number(entity_id)) is None:
            return None
        value, unit = found
        if unit not in EnergyConverter.VALID_UNITS:
            raise EntityNonsenseError("not_an_energy", f"{entity_id} has the unit {unit!r}")
        return EnergyConverter.convert(value, unit, UnitOfEnergy.KILO_WATT_HOUR)

    def _percent(self, entity_id: str | None) -> float | None:
        if (found := self._number(entity_id)) is None:
            return None
        value, unit = found
        if not 0 <= value <= 100 or unit not in (None, PERCENTAGE):
            raise EntityNonsenseError("not_a_percentage", f"{entity_id} shows {value} {unit or ''}")
        return value

    def _totals(self) -> EnergyTotals:
        entities = self._entities
        return EnergyTotals(
            grid_import_kwh=self._energy_kwh(entities.grid_import_energy),
            grid_export_kwh=self._energy_kwh(entities.grid_export_energy),
            solar_kwh=self._energy_kwh(entities.solar_energy),
            battery_charge_kwh=self._energy_kwh(entities.battery_charge_energy),
            battery_discharge_kwh=self._energy_kwh(entities.battery_discharge_energy),
            home_kwh=self._energy_kwh(entities.home_energy),
        )

    def _settings(self) -> PowerwallSettings:
        entities = self._entities
        mode, rule = self._state(entities.operation_mode), self._state(entities.export_rule)
        charging = self._state(entities.grid_charging)
        known = charging is not None and charging.state in (STATE_ON, STATE_OFF)
        return PowerwallSettings(
            operation_mode=matching(OPERATION_MODE_OPTIONS, mode.state) if mode else None,
            backup_reserve_percent=self._percent(entities.backup_reserve),
            grid_charging=charging.state == STATE_ON if charging and known else None,
            export_rule=matching(EXPORT_RULE_OPTIONS, rule.state) if rule else None,
        )

    async def _select(self, entity_id: str | None, names: tuple[str, ...]) -> None:
        """Choose whichever of *names* the select entity offers."""
        state = self._state(entity_id)
        offered = state.attributes.get("options", []) if state else []
        option = next((each for each in offered if matches(each, names)), None)
        if option is None:
            raise NotPermittedError(f"{entity_id} offers none of {', '.join(names)}")
        await self._call(entity_id, "select_option", option=option)

    async def _call(self, entity_id: str | None, action: str, **data: str | float) -> None:
        if entity_id is None:
            raise NotPermittedError("no entity was chosen for this setting")
        domain = split_entity_id(entity_id)[0]
        try:
            await self._hass.services.async_call(domain, action, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True)
        except (HomeAssistantError, probatio.Invalid) as err:  # Invalid: a value the entity's range does not hold
            raise NotPermittedError(f"{entity_id}: {err}") from err
        except ValueError as err:
            raise SourceError(f"{entity_id}: {err}") from err


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
