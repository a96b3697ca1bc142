"""Real ways to a Powerwall, as a cell's battery can be reached."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from custom_components.energy_optimizer.api.powerwall import PowerwallAbilities
from custom_components.energy_optimizer.api.powerwall.decisions import decisions_of

from .cells import Cell

_MODE_AND_RESERVE: Final = frozenset({"operation_mode", "backup_reserve_percent"})
_ALL: Final = _MODE_AND_RESERVE | {"grid_charging", "export_rule"}
_UNIT_KW: Final = 5.0
_UNIT_KWH: Final = 13.5


def by_way(cell: Cell, path: str) -> Cell:
    """Return the cell with a battery that is planned for and commanded by *path*, a name of ``options.PATHS``."""
    if path == "free":
        return cell
    units = max(round(cell.home.battery.capacity_kwh / _UNIT_KWH), 1)
    abilities = _abilities(units)[path]
    offered = decisions_of(abilities, cell.home.rule, battery_count=units)
    means = {kind: each for kind, each in offered.items() if kind in cell.home.means}
    return replace(cell, home=replace(cell.home, means=means))


def _abilities(units: int) -> Mapping[str, PowerwallAbilities]:
    most_kw = units * _UNIT_KW
    return {
        "v1r": PowerwallAbilities(
            writable=_ALL, can_dispatch=True, most_charge_kw=most_kw, most_discharge_kw=min(most_kw, 10.0)
        ),
        "cloud": PowerwallAbilities(
            writable=_ALL,
            can_set_tariff=True,
            acts_within=timedelta(minutes=15),
            most_charge_kw=most_kw,
            most_discharge_kw=most_kw,
        ),
        "gateway": PowerwallAbilities(writable=_MODE_AND_RESERVE),
    }
