"""Gathers what a home used and was given in the past, also before we were there to measure it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN, PATH_ENTITIES
from ..core.accounting.metered_steps import on_grid
from ..core.model.forecast import Floats
from ..core.model.metering import SLOT
from ..storage.ledger import LedgerUnavailableError
from .planning_statistics import async_power_kw
from .powerwall import PowerwallCoordinator

_CHANNELS: Final = {"home": "home_kwh", "solar": "solar_kwh"}
_HOURS: Final = SLOT.total_seconds() / 3600.0


async def async_past(powerwall: PowerwallCoordinator, since: datetime, until: datetime) -> tuple[Floats, Floats]:
    """Return load and sun in kW for each slot of [*since*, *until*), not a number where nobody knows.

    What the ledger knows goes first, then the recorder's statistics of our sensors and of those that the Powerwall is
    read from, then the meters of the Energy dashboard.
    """
    ours = {name: _sensors(powerwall, name) for name in _CHANNELS}
    dashboard = await _dashboard(powerwall.hass)
    wanted = {each for ids in ours.values() for each in ids} | {each for _, _, each in dashboard}
    statistics = {
        each: series.values for each, series in (await async_power_kw(powerwall.hass, wanted, since, until)).items()
    }
    found: dict[str, list[Floats]] = {}
    for name, channel in _CHANNELS.items():
        recorded = [statistics[each] for each in ours[name] if each in statistics]
        found[name] = [*await _of_ledger(powerwall, channel, since, until), *recorded]
    load, solar = found["home"], found["solar"]
    count = round((until - since) / SLOT)
    if not powerwall.path.abilities.has_solar:
        solar = [np.zeros(count)]
    if dashboard:
        load.append(_balance(dashboard, statistics, count))
        solar.append(_balance([each for each in dashboard if each[0] == "solar"], statistics, count))
    return np.maximum(_first_known(load, count), 0.0), np.maximum(_first_known(solar, count), 0.0)


def _sensors(powerwall: PowerwallCoordinator, name: str) -> list[str]:
    """Return the ids of the sensors that show load or sun: ours, then those that are read."""
    registry = er.async_get(powerwall.hass)
    found = [
        registry.async_get_entity_id("sensor", DOMAIN, f"{powerwall.subentry_id}_{name}_{kind}")
        for kind in ("power", "energy")
    ]
    read: Mapping[str, Any] = powerwall.settings.get("ways", {}).get(PATH_ENTITIES, {})
    return [each for each in (*found, *(read.get(f"{name}_{kind}") for kind in ("power", "energy"))) if each]


async def _of_ledger(
    powerwall: PowerwallCoordinator, channel: str, since: datetime, until: datetime
) -> Sequence[Floats]:
    try:
        rows = await powerwall.config_entry.runtime_data.ledger.energies(powerwall.subentry_id, channel, since, until)
    except LedgerUnavailableError:
        return ()
    return (on_grid(rows, since, round((until - since) / SLOT)) / _HOURS,)


type Meter = tuple[str, int, str]
"""What it measures, whether it adds to what the house draws (1) or takes away (−1), and its statistic's id."""


async def _dashboard(hass: HomeAssistant) -> list[Meter]:
    """Return the meters of the Energy dashboard; none if they do not tell what the house draws."""
    if "energy" not in hass.config.components or not (data := (await async_get_manager(hass)).data):
        return []
    meters: list[Meter] = []
    for source in data["energy_sources"]:
        kind = str(source["type"])
        if kind in ("grid", "solar", "battery"):
            for key, sign in (("stat_energy_from", 1), ("stat_energy_to", -1)):
                if statistic_id := source.get(key):
                    meters.append((kind, sign, str(statistic_id)))
    return meters if any(kind == "grid" for kind, _, _ in meters) else []


def _balance(meters: Iterable[Meter], statistics: Mapping[str, Floats], count: int) -> Floats:
    """Return the sum of meters; known where all of them are."""
    total, any_meter = np.zeros(count), False
    for _, sign, statistic_id in meters:
        any_meter = True
        total = total + sign * statistics.get(statistic_id, np.full(count, np.nan))
    return total if any_meter else np.full(count, np.nan)


def _first_known(sources: Iterable[Floats], count: int) -> Floats:
    values = np.full(count, np.nan)
    for source in sources:
        values = np.where(np.isfinite(values), values, source)
    return values
