"""From a Powerwall subentry's data to the way of reaching it."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from homeassistant.const import CONF_LATITUDE, CONF_LONGITUDE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..api.powerwall import PowerwallPath
from ..api.powerwall.entities import EntitiesPowerwall, PowerwallEntities
from ..api.powerwall.gateway import GatewayPowerwall, GatewaySettings, forget
from ..api.powerwall.several import SeveralPaths
from ..api.powerwall.simulated import SimulatedPowerwall, SimulationSettings, load_series
from ..api.powerwall.ways import CLOUD, ordered_ways, way_settings
from ..const import CONF_FUSE_A, CONF_PHASES, DOMAIN, PATH_ENTITIES, PATH_GATEWAY
from ..core.model.connection import most_power_kw
from ..core.model.place import Place
from ..core.tariffs import Tariff
from .source import CONNECTION_STATES
from .tariff import TariffCoordinator

if TYPE_CHECKING:
    from .powerwall import PowerwallCoordinator


NOT_ASKED: Final = "not_asked"
WAY_STATES: Final = (*CONNECTION_STATES, NOT_ASKED)


async def make_path(powerwall: PowerwallCoordinator, stored_simulation: dict[str, Any] | None) -> PowerwallPath:
    """Make the way to the Powerwall, or all of them behind one front; nothing is connected yet."""
    paths = {way: await _make_way(powerwall, way, stored_simulation) for way in powerwall.ways}
    if len(paths) == 1:
        return paths[powerwall.ways[0]]
    return SeveralPaths(paths, now=dt_util.utcnow)


async def _make_way(
    powerwall: PowerwallCoordinator, way: str, stored_simulation: dict[str, Any] | None
) -> PowerwallPath:
    hass, data = powerwall.hass, way_settings(powerwall.settings, way)
    if way in CLOUD:
        return await powerwall.cloud.make_path(way, data)
    match way:
        case str(path) if path == PATH_GATEWAY:
            return GatewayPowerwall(
                settings=GatewaySettings.from_data(data),
                work_dir=work_dir(hass, powerwall.subentry_id),
                run=hass.async_add_executor_job,
                now=dt_util.utcnow,
            )
        case str(path) if path == PATH_ENTITIES:
            home = powerwall.config_entry.data
            most_kw = most_power_kw(home[CONF_FUSE_A], home[CONF_PHASES])
            return EntitiesPowerwall(hass, PowerwallEntities.from_data(data), most_kw=most_kw)
        case _:
            return SimulatedPowerwall(
                settings=SimulationSettings.from_data(data),
                place=home_place(powerwall),
                now=dt_util.utcnow,
                run=hass.async_add_executor_job,
                stored=stored_simulation,
                tariff=_tariff(powerwall),
                series=await load_series(data, hass.async_add_executor_job),
            )


def meters_origin(settings: Mapping[str, Any], way: str) -> str:
    """Name whose counters *way* leads to: with another name, counting goes on from the totals reached."""
    data = way_settings(settings, way)
    match way:
        case str(path) if path == PATH_GATEWAY:
            # Each login reads other counters: the web interface's own, or those of the batteries.
            return f"gateway {data.get('serial') or data.get('host')} {data.get('auth')}"
        case str(path) if path == PATH_ENTITIES:
            chosen = PowerwallEntities.from_data(data).named
            return "entities " + " ".join(
                f"{name}={chosen[name]}" for name in sorted(chosen) if name.endswith("_energy")
            )
        case str(path) if path in CLOUD:
            return f"cloud {data.get('serial') or data['site_id']}"
        case _:
            return way


def work_dir(hass: HomeAssistant, subentry_id: str) -> Path:
    """Return the folder in which a gateway's library may keep its files."""
    return Path(hass.config.path(".storage", DOMAIN, subentry_id))


async def forget_ways(powerwall: PowerwallCoordinator, settings: Mapping[str, Any]) -> None:
    """Delete keys and logins of the ways that are changed or gone in the new *settings*."""
    if way_settings(powerwall.settings, PATH_GATEWAY) != way_settings(settings, PATH_GATEWAY):
        await powerwall.hass.async_add_executor_job(_forget_folder, work_dir(powerwall.hass, powerwall.subentry_id))
    await powerwall.cloud.async_forget_logins(set(powerwall.ways) - set(ordered_ways(settings)))


def _forget_folder(folder: Path) -> None:
    forget(folder)
    with suppress(OSError):  # that of another Powerwall lies beside it, or there never was one
        folder.parent.rmdir()


def tell_tariff(powerwall: PowerwallCoordinator) -> None:
    """Give a simulated Powerwall the home's present tariff, as a user would in Tesla's app."""
    if isinstance(powerwall.path, SimulatedPowerwall):
        powerwall.path.tariff = _tariff(powerwall)


def home_place(powerwall: PowerwallCoordinator) -> Place:
    """Return where the home stands."""
    zone = dt_util.get_default_time_zone()
    entry_data = powerwall.config_entry.data
    return Place(
        latitude=entry_data[CONF_LATITUDE],
        longitude=entry_data[CONF_LONGITUDE],
        time_zone=zone if isinstance(zone, ZoneInfo) else ZoneInfo(powerwall.hass.config.time_zone),
    )


def _tariff(powerwall: PowerwallCoordinator) -> Tariff | None:
    runtime = getattr(powerwall.config_entry, "runtime_data", None)  # gone once the home is unloaded
    sources = runtime.sources.values() if runtime is not None else ()
    return next((source.tariff for source in sources if isinstance(source, TariffCoordinator)), None)
