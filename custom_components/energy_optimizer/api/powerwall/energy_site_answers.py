"""What Tesla's servers tell of an energy site, turned into readings."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ...core.model.noise import not_negative
from ...core.model.powerwall import (
    ExportRule,
    GridStatus,
    OperationMode,
    PowerwallIdentity,
    PowerwallReading,
    PowerwallSettings,
)
from ..errors import NonsenseError, UnreachableError
from . import TeslaTariff
from .cloud_settings import SiteChoice
from .gateway_reading import MOST_KW, model_of

OLDEST: Final = timedelta(minutes=10)
"""A site's powers that are older were measured before it lost its connection."""
COMMANDS: Final = frozenset({"operation_mode", "backup_reserve_percent", "grid_charging", "export_rule", "storm_mode"})

_GRID_STATUS: Final = {
    "on_grid": GridStatus.CONNECTED,
    "off_grid": GridStatus.ISLANDED,
    "off_grid_intentional": GridStatus.ISLANDED,
    "off_grid_unintentional": GridStatus.ISLANDED,
    "Active": GridStatus.CONNECTED,
    "Inactive": GridStatus.ISLANDED,
}
_DISALLOW = "disallow_charge_from_grid_with_solar_installed"


def response_of(answer: object) -> Mapping[str, Any]:
    """Return what an answer is about; raises ``NonsenseError`` where there is nothing."""
    response = answer.get("response") if isinstance(answer, Mapping) else None
    if not isinstance(response, Mapping):
        raise NonsenseError("Tesla's answer is not about an energy site")
    return response


def reading_of(live: Mapping[str, Any], info: Mapping[str, Any] | None, taken_at: datetime) -> PowerwallReading:
    """Turn a live status and, where known, the site's settings into a reading.

    Raises:
        NonsenseError: where values cannot be true.
        UnreachableError: where Tesla itself has not heard of the site for long.
    """
    _check_age(live, taken_at)
    grid, battery, solar, home = (_power_kw(live, f"{name}_power") for name in ("grid", "battery", "solar", "load"))
    if not any((grid, battery, solar, home)):
        raise NonsenseError("The site's meters show nothing at all")
    level = _number(live.get("percentage_charged"))
    if level is not None and not -1 <= level <= 105:
        raise NonsenseError("The site's state of charge cannot be true")
    home_kw = not_negative(home)
    left_wh, capacity_wh = _number(live.get("energy_left")), _number(live.get("total_pack_energy"))
    left_kwh = None if left_wh is None or left_wh < 0 else left_wh / 1000
    return PowerwallReading(
        taken_at=taken_at,
        grid_kw=grid,
        battery_kw=battery,
        solar_kw=not_negative(solar),
        home_kw=home_kw,
        level_percent=None if level is None else min(100.0, max(0.0, level)),
        capacity_kwh=capacity_wh / 1000 if capacity_wh and capacity_wh > 0 else None,
        energy_left_kwh=left_kwh,
        grid_status=_GRID_STATUS.get(str(live.get("island_status"))) or _GRID_STATUS.get(str(live.get("grid_status"))),
        backup_time_left_h=left_kwh / home_kw if left_kwh is not None and home_kw else None,
        storm_watch=watching if isinstance(watching := live.get("storm_mode_active"), bool) else None,
        settings=PowerwallSettings() if info is None else settings_of(info),
        identity=PowerwallIdentity() if info is None else identity_of(info),
    )


def settings_of(info: Mapping[str, Any]) -> PowerwallSettings:
    """Read the settings; one that is not told is ``None``."""
    components, user = _mapping(info.get("components")), _mapping(info.get("user_settings"))
    mode, rule = str(info.get("default_real_mode")), str(components.get("customer_preferred_export_rule"))
    disallowed = components.get(_DISALLOW, False) if components else None  # not told where nothing is forbidden
    storm = user.get("storm_mode_enabled", info.get("storm_mode_enabled"))
    if rule == "None" and components.get("non_export_configured") is True:
        rule = ExportRule.NEVER
    return PowerwallSettings(
        operation_mode=OperationMode(mode) if mode in list(OperationMode) else None,
        backup_reserve_percent=_percent(info.get("backup_reserve_percent")),
        grid_charging=not disallowed if isinstance(disallowed, bool) else None,
        export_rule=ExportRule(rule) if rule in list(ExportRule) else None,
        storm_mode=storm if isinstance(storm, bool) else None,
    )


def identity_of(info: Mapping[str, Any]) -> PowerwallIdentity:
    """Say which gateway this is."""
    serial, count = _serial(info.get("id")), _number(info.get("battery_count"))
    return PowerwallIdentity(
        serial=serial,
        model=model_of(serial),
        firmware=_text(info.get("version")),
        site_name=_text(info.get("site_name")),
        battery_count=int(count) if count else None,
    )


def tariff_of(info: Mapping[str, Any]) -> TeslaTariff | None:
    """Return the site's tariff, or ``None`` if it has none."""
    tariff = info.get("tariff_content_v2")
    return tariff if isinstance(tariff, Mapping) and tariff else None


def most_power_kw(info: Mapping[str, Any] | None) -> float | None:
    """Return what the batteries can give or take together."""
    watts = _number((info or {}).get("nameplate_power"))
    return watts / 1000 if watts and 0 < watts <= MOST_KW * 1000 else None


def time_zone_of(info: Mapping[str, Any] | None) -> str | None:
    """Return the name of the site's time zone."""
    return _text((info or {}).get("installation_time_zone"))


def has_solar(info: Mapping[str, Any] | None, reading: PowerwallReading) -> bool:
    """Say whether there are panels."""
    told = _mapping((info or {}).get("components")).get("solar")
    return told if isinstance(told, bool) else bool(reading.solar_kw)


def writable_in(info: Mapping[str, Any] | None) -> frozenset[str]:
    """Name the settings that a site has, for a login that may command it."""
    components = _mapping((info or {}).get("components"))
    missing = {
        name
        for name, component in (("storm_mode", "storm_mode_capable"), ("grid_charging", "solar"))
        if components.get(component) is False
    }
    return COMMANDS - missing


def shown_in(reading: PowerwallReading) -> frozenset[str]:
    """Name what a reading has beyond powers and level."""
    optional = ("capacity_kwh", "energy_left_kwh", "grid_status", "storm_watch")
    shown = {name for name in optional if getattr(reading, name) is not None}
    if reading.energy_left_kwh is not None:
        shown.add("backup_time_left_h")  # at the moment of asking the home may have drawn nothing
    if reading.identity.firmware is not None:
        shown.add("firmware")
    return frozenset(shown | reading.settings.named.keys())


def sites_in(answer: object) -> tuple[SiteChoice, ...]:
    """Return the sites with a battery among an account's products."""
    products = answer.get("response") if isinstance(answer, Mapping) else None
    if not isinstance(products, list):
        raise NonsenseError("Tesla's answer is not a list of products")
    return tuple(_choices(product for product in products if isinstance(product, Mapping)))


def _choices(products: Iterable[Mapping[str, Any]]) -> Iterable[SiteChoice]:
    for product in products:
        components = _mapping(product.get("components"))
        if "energy_site_id" not in product or components.get("battery") is False:
            continue
        if not components and product.get("resource_type") not in ("battery", None):
            continue
        capacity, count = _number(product.get("total_pack_energy")), _number(product.get("battery_count"))
        yield SiteChoice(
            site_id=str(product["energy_site_id"]),
            name=_text(product.get("site_name")) or str(product["energy_site_id"]),
            gateway_serial=_serial(product.get("gateway_id")),
            has_solar=components.get("solar") is not False,
            battery_count=int(count) if count else None,
            capacity_kwh=capacity / 1000 if capacity and capacity > 0 else None,
        )


def _check_age(live: Mapping[str, Any], now: datetime) -> None:
    try:
        measured_at = datetime.fromisoformat(str(live.get("timestamp")))
    except ValueError:
        return
    if measured_at.tzinfo is not None and now - measured_at > OLDEST:
        raise UnreachableError(f"The Powerwall has told Tesla nothing since {measured_at.isoformat()}")


def _power_kw(live: Mapping[str, Any], name: str) -> float | None:
    value = live.get(name)
    watts = _number(value)
    if value is not None and watts is None:
        raise NonsenseError(f"{name} is not a number")
    if watts is None:
        return None
    if abs(watts) > MOST_KW * 1000:
        raise NonsenseError(f"{name} is impossibly large")
    return watts / 1000


def _percent(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and 0 <= number <= 100 else None


def _serial(value: object) -> str | None:
    """Return a gateway's identification number; other kinds of id have no part number in front."""
    text = _text(value)
    return text if text is not None and "--" in text else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
