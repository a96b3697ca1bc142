"""What a Powerwall tells about itself and what it can be told."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum

from .energy import EnergyTotals


class OperationMode(StrEnum):
    """How the Powerwall decides by itself (names of Tesla's own API)."""

    SELF_CONSUMPTION = "self_consumption"
    AUTONOMOUS = "autonomous"
    BACKUP = "backup"


class ExportRule(StrEnum):
    """What may flow into the grid (names of Tesla's own API)."""

    BATTERY_OK = "battery_ok"
    PV_ONLY = "pv_only"
    NEVER = "never"


class GridStatus(StrEnum):
    """The home's connection to the grid."""

    CONNECTED = "connected"
    ISLANDED = "islanded"
    SYNCING = "syncing"


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerwallSettings:
    """The settings a user or the planner may change; ``None`` is unknown when read and "leave it" when wanted."""

    operation_mode: OperationMode | None = None
    backup_reserve_percent: float | None = None
    """Of the usable capacity, as Tesla's app shows it."""
    grid_charging: bool | None = None
    export_rule: ExportRule | None = None
    storm_mode: bool | None = None
    """Whether Tesla may fill the battery before a storm."""

    def differing(self, current: PowerwallSettings) -> PowerwallSettings:
        """Return what of these wanted settings is not already so in *current*."""
        return PowerwallSettings(
            operation_mode=_unless_equal(self.operation_mode, current.operation_mode),
            backup_reserve_percent=_unless_near(self.backup_reserve_percent, current.backup_reserve_percent),
            grid_charging=_unless_equal(self.grid_charging, current.grid_charging),
            export_rule=_unless_equal(self.export_rule, current.export_rule),
            storm_mode=_unless_equal(self.storm_mode, current.storm_mode),
        )

    def only(self, names: Iterable[str]) -> PowerwallSettings:
        """Return the settings of these *names* and no others."""
        return replace(PowerwallSettings(), **{name: getattr(self, name) for name in names})

    @property
    def named(self) -> dict[str, OperationMode | float | bool | ExportRule]:
        """The settings that are not ``None``, by name."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def _unless_equal[T](wanted: T | None, current: T | None) -> T | None:
    return None if wanted == current else wanted


def _unless_near(wanted: float | None, current: float | None) -> float | None:
    """Treat reserves as equal that a gateway, which rounds on its raw scale of 95 % of the app's, may confuse."""
    if wanted is not None and current is not None and abs(wanted - current) <= 0.5 / 0.95:
        return None
    return wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerwallIdentity:
    """Which Powerwall this is; every part may be unknown."""

    serial: str | None = None
    """Tesla's device identification number of the gateway."""
    model: str | None = None
    firmware: str | None = None
    site_name: str | None = None
    battery_count: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerwallReading:
    """All that one look at a Powerwall gave."""

    taken_at: datetime
    grid_kw: float | None = None
    battery_kw: float | None = None
    solar_kw: float | None = None
    home_kw: float | None = None
    level_percent: float | None = None
    """State of charge of the usable capacity, as Tesla's app shows it."""
    capacity_kwh: float | None = None
    energy_left_kwh: float | None = None
    grid_status: GridStatus | None = None
    storm_watch: bool | None = None
    """Whether a storm is announced for which Tesla now fills the battery; ``None`` where this cannot be read."""
    backup_time_left_h: float | None = None
    alerts: tuple[str, ...] | None = None
    stale: frozenset[str] = frozenset()
    """Names of the powers that whoever measures them has not reported for longer than the gap rule allows."""
    totals: EnergyTotals = field(default_factory=EnergyTotals)
    settings: PowerwallSettings = field(default_factory=PowerwallSettings)
    identity: PowerwallIdentity = field(default_factory=PowerwallIdentity)
