"""What a gateway answers, turned into a reading."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ...core.model.energy import EnergyTotals
from ...core.model.noise import not_negative
from ...core.model.powerwall import (
    ExportRule,
    GridStatus,
    OperationMode,
    PowerwallIdentity,
    PowerwallReading,
    PowerwallSettings,
)
from ..errors import NonsenseError
from .gateway_scale import app_percent, usable_kwh, usable_left_kwh

MOST_KW = 200.0
"""No home behind a Powerwall moves more: beyond it, the unit is not the watt."""

_GRID_STATUS = {"UP": GridStatus.CONNECTED, "DOWN": GridStatus.ISLANDED, "SYNCING": GridStatus.SYNCING}
_MODELS = {"1118431": "Backup Gateway 1", "1152100": "Backup Gateway 2", "1232100": "Backup Gateway 2"}
_NOT_ALERTS = {"SystemConnectedToGrid"}
_POWERWALL_3_PART = "1707000"
POWERWALL_3 = "Powerwall 3"


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayFacts:
    """What changes seldom and is asked for seldom."""

    serial: str | None = None
    firmware: str | None = None
    site_name: str | None = None
    alerts: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayLook:
    """The raw answers of one look, in the web interface's shapes; ``None`` is not answered."""

    aggregates: object
    level: object
    grid_status: object = None
    system_status: object = None
    operation: object = None
    grid_charging: object = None
    export_rule: object = None
    facts: GatewayFacts = field(default_factory=GatewayFacts)


def reading_of(look: GatewayLook, taken_at: datetime) -> PowerwallReading:
    """Turn the answers of one look into a reading; raises ``NonsenseError`` where they cannot be true."""
    meters = _mapping(look.aggregates)
    level = _number(_mapping(look.level).get("percentage"))
    if level is None or not -1 <= level <= 105:
        raise NonsenseError("The gateway shows no state of charge")
    powers = {name: _power_kw(meters, name) for name in ("site", "battery", "solar", "load")}
    if not any(powers.values()):
        # A running home is never at exactly nothing: so answer gateways that have just started.
        raise NonsenseError("The gateway's meters show nothing at all")
    home_kw = not_negative(powers["load"])
    battery = _mapping(look.system_status)
    full_wh, left_wh = _positive(battery, "nominal_full_pack_energy"), _number(battery.get("nominal_energy_remaining"))
    left_kwh = None if full_wh is None or left_wh is None else usable_left_kwh(left_wh, full_wh)
    return PowerwallReading(
        taken_at=taken_at,
        grid_kw=powers["site"],
        battery_kw=powers["battery"],
        solar_kw=not_negative(powers["solar"]),
        home_kw=home_kw,
        level_percent=app_percent(level),
        capacity_kwh=None if full_wh is None else usable_kwh(full_wh),
        energy_left_kwh=left_kwh,
        grid_status=_GRID_STATUS.get(str(look.grid_status)),
        backup_time_left_h=left_kwh / home_kw if left_kwh is not None and home_kw else None,
        alerts=look.facts.alerts,
        totals=_totals(meters),
        settings=_settings(look),
        identity=identity_of(look.facts, battery),
    )


def identity_of(facts: GatewayFacts, system_status: object = None) -> PowerwallIdentity:
    """Say which gateway this is and how many batteries it has."""
    blocks = _positive(_mapping(system_status), "available_blocks")
    return PowerwallIdentity(
        serial=facts.serial,
        model=model_of(facts.serial),
        firmware=facts.firmware,
        site_name=facts.site_name,
        battery_count=None if blocks is None else int(blocks),
    )


def model_of(serial: str | None) -> str | None:
    """Name the product by the part number that begins its serial."""
    if serial is None:
        return None
    part = serial.partition("-")[0]
    return POWERWALL_3 if part == _POWERWALL_3_PART else _MODELS.get(part)


def alerts_in(devices: object, solar: object) -> tuple[str, ...] | None:
    """Collect the alerts of all devices, or, where those are not told, of the solar inverter; sorted."""
    alerts: set[str] = set()
    if known := _mapping(devices):
        for device in known.values():
            named = _mapping(device).get("alerts")
            alerts.update(map(str, named if isinstance(named, list) else ()))
    elif known := _mapping(solar):
        for group in ("pvac_alerts", "pvs_alerts"):
            alerts.update(name for name, active in _mapping(known.get(group)).items() if active is True)
    return tuple(sorted(alerts - _NOT_ALERTS)) if known else None


def _totals(meters: Mapping[str, object]) -> EnergyTotals:
    def kwh(meter: str, direction: str) -> float | None:
        # A counter at 0 has not counted yet, or is a placeholder of the library.
        value = _positive(_mapping(meters.get(meter)), f"energy_{direction}")
        return None if value is None else value / 1000

    return EnergyTotals(
        grid_import_kwh=kwh("site", "imported"),
        grid_export_kwh=kwh("site", "exported"),
        solar_kwh=kwh("solar", "exported"),
        battery_charge_kwh=kwh("battery", "imported"),
        battery_discharge_kwh=kwh("battery", "exported"),
        home_kwh=kwh("load", "imported"),
    )


def _settings(look: GatewayLook) -> PowerwallSettings:
    operation = _mapping(look.operation)
    mode, rule = str(operation.get("real_mode")), str(look.export_rule)
    reserve = _number(operation.get("backup_reserve_percent"))
    return PowerwallSettings(
        operation_mode=OperationMode(mode) if mode in list(OperationMode) else None,
        backup_reserve_percent=None if reserve is None else app_percent(reserve),
        grid_charging=look.grid_charging if isinstance(look.grid_charging, bool) else None,
        export_rule=ExportRule(rule) if rule in list(ExportRule) else None,
    )


def _power_kw(meters: Mapping[str, object], meter: str) -> float | None:
    value = _mapping(meters.get(meter)).get("instant_power")
    watts = _number(value)
    if value is not None and watts is None:
        raise NonsenseError(f"The power of {meter} is not a number")
    if watts is None:
        return None
    if abs(watts) > MOST_KW * 1000:
        raise NonsenseError(f"The power of {meter} is impossibly large")
    return watts / 1000


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _positive(values: Mapping[str, object], name: str) -> float | None:
    value = _number(values.get(name))
    return value if value is not None and value > 0 else None
