"""What a battery could have done at best, had everything been known."""

import time
from typing import Final

import numpy as np

from ..model.battery import BatteryModel
from ..model.contract import ConnectionRule, GridLimits
from ..model.forecast import Floats
from .optimum_check import check_battery, check_grid, check_number, check_scenario, check_series
from .optimum_home import Home, follow, settle
from .optimum_search import build, find
from .scenarios import Scenario

_GAP: Final = 2.5e-4
_CALM: Final = 2e-6
"""What a kWh discharged counts as dearer, as a share of the usual price: equal ways to burn energy slow the search."""
_TIME_LIMIT_S: Final = 25.0


def best_possible(  # noqa: PLR0913, PLR0917 - series and limits that callers have one by one
    load_kw: Floats,
    solar_kw: Floats,
    import_per_kwh: Floats,
    export_per_kwh: Floats,
    hours: Floats | float,
    battery: BatteryModel,
    grid: GridLimits,
    rule: ConnectionRule,
    start_kwh: float,
    end_value_per_kwh: float,
) -> tuple[Floats, float, float]:
    """Return the best battery powers of a measured stretch (+ discharge), their cost, and what no powers fall below.

    The cost has wear in it, and what is stored at the end above (below) *start_kwh* is credited (charged) at
    *end_value_per_kwh*. Steps may be of one length or of many. Raises ``ValueError`` that names what is unknown or
    absurd, ``NoOptimumError`` if nothing is found within half a minute.
    """
    n = load_kw.size
    steps = np.broadcast_to(np.asarray(hours, dtype=np.float64), (n,))
    scenario = Scenario(
        weight=1.0,
        load_kw=load_kw,
        solar_kw=solar_kw,
        import_per_kwh=import_per_kwh,
        export_per_kwh=export_per_kwh,
    )
    check_battery(battery)
    check_grid(grid)
    check_scenario(scenario, n)
    check_series("hours", steps, n, least=1e-4)
    check_number("start_kwh", start_kwh)
    check_number("end_value_per_kwh", end_value_per_kwh)
    home = Home(
        battery=battery,
        grid=grid,
        rule=rule,
        hours=steps,
        level_kwh=min(start_kwh, battery.capacity_kwh),
        end_value_per_kwh=end_value_per_kwh,
    )
    built = build(home, (scenario,), near_h=np.inf, calm=_CALM)
    found = find(built, _GAP, time.perf_counter() + _TIME_LIMIT_S)
    path = built.paths[0]
    power, level = follow(home, path.limits, np.zeros(n), path.battery_kw(found.values))
    had = end_value_per_kwh * home.level_kwh
    cost = float(settle(home, scenario, path.limits.net_kw, power, level).cost) + had
    calmed = _CALM * built.usual_per_kwh * battery.max_discharge_kw * float(steps.sum())
    return power, cost, min(found.bound + had - calmed, cost)
