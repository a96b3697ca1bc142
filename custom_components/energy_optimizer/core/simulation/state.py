"""Where a simulated home stands between two steps."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import NamedTuple

from ..model.energy import EnergyTotals
from ..model.powerwall import ExportRule, OperationMode, PowerwallSettings
from .dispatch import Flows


class Counters(NamedTuple):
    """Energies in kWh since the home began; none ever falls."""

    grid_import: float = 0.0
    grid_export: float = 0.0
    solar: float = 0.0
    charge: float = 0.0
    discharge: float = 0.0
    home: float = 0.0
    curtailed: float = 0.0
    unserved: float = 0.0

    def after(self, flows: Flows, hours: float) -> Counters:
        """Return the counters after *hours* of *flows*."""
        solar_kw, home_kw, battery_kw, grid_kw, curtailed_kw, unserved_kw = flows
        return Counters(
            self.grid_import + max(grid_kw, 0.0) * hours,
            self.grid_export + max(-grid_kw, 0.0) * hours,
            self.solar + solar_kw * hours,
            self.charge + max(-battery_kw, 0.0) * hours,
            self.discharge + max(battery_kw, 0.0) * hours,
            self.home + home_kw * hours,
            self.curtailed + curtailed_kw * hours,
            self.unserved + unserved_kw * hours,
        )

    @property
    def totals(self) -> EnergyTotals:
        """The energies that a Powerwall counts."""
        return EnergyTotals(
            grid_import_kwh=self.grid_import,
            grid_export_kwh=self.grid_export,
            solar_kwh=self.solar,
            battery_charge_kwh=self.charge,
            battery_discharge_kwh=self.discharge,
            home_kwh=self.home,
        )


NO_ENERGY = Counters()


class Order(NamedTuple):
    """A battery power that is ordered directly and ends by itself."""

    power_kw: float
    """+ discharge, − charge."""
    until: datetime

    def as_dict(self) -> dict[str, object]:
        """Return the order in JSON's types."""
        return {"power_kw": self.power_kw, "until": self.until.astimezone(UTC).isoformat()}


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeState:
    """All of a simulated home that does not follow from its settings and the time."""

    at: datetime
    stored_kwh: float
    settings: PowerwallSettings
    counters: Counters = NO_ENERGY
    outage: bool = False
    usual_load_kw: float
    """What the house drew of late, weighted over about an hour."""
    order: Order | None = None
    """The battery power that is ordered until later."""
    storm: bool = False
    """Whether a storm is announced."""

    def as_dict(self) -> dict[str, object]:
        """Return the state in JSON's types; ``from_dict`` gives exactly the same state back."""
        return {
            "at": self.at.astimezone(UTC).isoformat(),
            "stored_kwh": self.stored_kwh,
            "settings": _settings_as_dict(self.settings),
            "counters": self.counters._asdict(),
            "outage": self.outage,
            "usual_load_kw": self.usual_load_kw,
            "order": self.order.as_dict() if self.order else None,
            "storm": self.storm,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> HomeState:
        """Return the state that ``as_dict`` wrote.

        Raises:
            ValueError: something is missing or of a wrong kind.
        """
        counters = _mapping(stored, "counters")
        # Homes of before storm mode have none.
        settings = _settings_from_dict({"storm_mode": False, **_mapping(stored, "settings")})
        if len(settings.named) < len(fields(settings)):
            raise ValueError(f"'settings' lacks some, it has only {', '.join(settings.named)}")
        return cls(
            at=_instant(stored, "at"),
            stored_kwh=_number(stored, "stored_kwh"),
            settings=settings,
            counters=Counters(**{name: _number(counters, name) for name in Counters._fields}),
            outage=_yes_or_no(stored, "outage") or False,
            usual_load_kw=_number(stored, "usual_load_kw"),
            order=_order(stored),
            storm=_yes_or_no(stored, "storm") or False,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that happens to a simulated home at an instant."""

    at: datetime
    settings: PowerwallSettings = field(default_factory=PowerwallSettings)
    """The settings that change; ``None`` leaves one as it is."""
    outage: bool | None = None
    order: Order | None = None
    """Takes the place of an order that still holds; one that is over by then only ends that."""
    storm: bool | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the change in JSON's types; ``from_dict`` gives exactly the same back."""
        return {
            "at": self.at.astimezone(UTC).isoformat(),
            "settings": _settings_as_dict(self.settings),
            "outage": self.outage,
            "order": self.order.as_dict() if self.order else None,
            "storm": self.storm,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Change:
        """Return the change that ``as_dict`` wrote.

        Raises:
            ValueError: something is missing or of a wrong kind.
        """
        return cls(
            at=_instant(stored, "at"),
            settings=_settings_from_dict(_mapping(stored, "settings")),
            outage=_yes_or_no(stored, "outage"),
            order=_order(stored),
            storm=_yes_or_no(stored, "storm"),
        )


def overlaid(old: PowerwallSettings, new: PowerwallSettings) -> PowerwallSettings:
    """Return *old* with what *new* says."""
    return PowerwallSettings(
        operation_mode=first_known(new.operation_mode, old.operation_mode),
        backup_reserve_percent=first_known(new.backup_reserve_percent, old.backup_reserve_percent),
        grid_charging=first_known(new.grid_charging, old.grid_charging),
        export_rule=first_known(new.export_rule, old.export_rule),
        storm_mode=first_known(new.storm_mode, old.storm_mode),
    )


def first_known[T](new: T | None, old: T) -> T:
    """Return *new* unless it is unknown."""
    return old if new is None else new


def _settings_as_dict(settings: PowerwallSettings) -> dict[str, object]:
    named = settings.named
    return {name: str(value) if isinstance(value, str) else value for name, value in named.items()}


def _settings_from_dict(stored: Mapping[str, object]) -> PowerwallSettings:
    mode, rule = stored.get("operation_mode"), stored.get("export_rule")
    reserve = stored.get("backup_reserve_percent")
    return PowerwallSettings(
        operation_mode=None if mode is None else OperationMode(str(mode)),
        backup_reserve_percent=None if reserve is None else _number(stored, "backup_reserve_percent"),
        grid_charging=_yes_or_no(stored, "grid_charging"),
        export_rule=None if rule is None else ExportRule(str(rule)),
        storm_mode=_yes_or_no(stored, "storm_mode"),
    )


def _order(stored: Mapping[str, object]) -> Order | None:
    if stored.get("order") is None:
        return None
    order = _mapping(stored, "order")
    return Order(power_kw=_number(order, "power_kw"), until=_instant(order, "until"))


def _instant(stored: Mapping[str, object], name: str) -> datetime:
    instant = datetime.fromisoformat(str(stored.get(name)))
    if instant.tzinfo is None:
        raise ValueError(f"'{name}' has no time zone")
    return instant


def _yes_or_no(stored: Mapping[str, object], name: str) -> bool | None:
    match stored.get(name):
        case None | bool() as value:
            return value
        case other:
            raise ValueError(f"'{name}' is neither true nor false but {other!r}")


def _mapping(stored: Mapping[str, object], name: str) -> Mapping[str, object]:
    match stored.get(name):
        case Mapping() as value:
            return value
        case other:
            raise ValueError(f"'{name}' is no object but {other!r}")


def _number(stored: Mapping[str, object], name: str) -> float:
    match stored.get(name):
        case int() | float() as value if not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        case other:
            raise ValueError(f"'{name}' is no number but {other!r}")
