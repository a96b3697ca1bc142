"""Makes one planning problem of what is known of a home; runs in a thread."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

import numpy as np

from ..api.powerwall import PowerwallAbilities
from ..api.powerwall.decisions import decisions_of
from ..core.model.battery import BatteryModel
from ..core.model.contract import ConnectionRule, GridLimits
from ..core.model.forecast import QUANTILES, Floats, Forecast
from ..core.model.plan import Plan
from ..core.model.planner_settings import PlannerSettings
from ..core.model.powerwall import PowerwallReading
from ..core.planning.effective_prices import EffectiveTariff
from ..core.planning.load_forecast import forecast_load
from ..core.planning.planner import make_plan
from ..core.planning.price_forecast import forecast_prices
from ..core.planning.price_tempo import tempo_prices
from ..core.planning.problem import PlanningProblem
from ..core.planning.solar_forecast import forecast_solar
from ..core.planning.steps import onto_edges, plan_edges
from ..core.tariffs import Tariff
from ..core.tariffs.tempo import TempoTariff
from .planning_inputs import STEPS_AHEAD, PlanningInputs
from .planning_prices import SidePrices, published_over

EFFICIENCY: Final = 0.9487
"""Each way; 90 % there and back, as Tesla states for a Powerwall."""
UNIT_KW: Final = 5.0
UNIT_KWH: Final = 13.5
"""Of one Powerwall, where nothing tells otherwise."""
HORIZON: Final = timedelta(hours=48)
_PRICE_DIGITS: Final = 6
"""No published price has more; beyond is the noise of taking means, which must not look like a change of prices."""


class WhyNot(StrEnum):
    """Why there is no plan; the end of translation keys."""

    STARTING = "starting"
    """The first round is still to come."""
    NO_TARIFF = "no_tariff"
    PRICES_UNKNOWN = "prices_unknown"
    POWERWALL_SILENT = "powerwall_silent"
    LEVEL_UNKNOWN = "level_unknown"
    FAILED = "failed"
    """A mistake of ours; the log tells more."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PlanForecasts:
    """What a plan expects, in steps of half an hour."""

    load: Forecast
    solar: Forecast
    import_: Forecast
    export: Forecast


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HomeNow:
    """All that one round goes by."""

    now: datetime
    zone: tzinfo
    inputs: PlanningInputs
    tariff: Tariff
    """With the prices that the plan should go by."""
    reading: PowerwallReading
    abilities: PowerwallAbilities
    settings: PlannerSettings
    capacity_kwh: float
    backup_percent: float | None
    """The Powerwall's own reserve as the user set it; ``None`` where it cannot be read."""
    rule: ConnectionRule
    limits: GridLimits


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Round:
    """What a round came to."""

    plan: Plan | None = None
    why_not: WhyNot | None = None
    problem: PlanningProblem | None = None
    forecasts: PlanForecasts | None = None


def plan_home(home: HomeNow, previous: Plan | None) -> Round:
    """Forecast, put the problem together and plan; takes a part of a second."""
    prices = home.inputs.prices
    if home.reading.level_percent is None:
        return Round(why_not=WhyNot.LEVEL_UNKNOWN)
    if prices is None or (import_ := _import_forecast(home, prices.import_)) is None:
        return Round(why_not=WhyNot.PRICES_UNKNOWN)
    export = _price_forecast(prices.export, home.zone) or _unpriced(prices.export)
    history, count = home.inputs.history, STEPS_AHEAD
    forecasts = PlanForecasts(
        load=forecast_load(history.load_kw, count, home.zone, temperature=history.temperature),
        solar=forecast_solar(history.solar_kw, count, home.inputs.site, given=home.inputs.solar_given),
        import_=import_,
        export=export,
    )
    problem = _problem(home, forecasts, home.reading.level_percent)
    if not np.isfinite(problem.import_per_kwh).all():
        return Round(why_not=WhyNot.PRICES_UNKNOWN, forecasts=forecasts)
    return Round(plan=make_plan(problem, previous), problem=problem, forecasts=forecasts)


def _import_forecast(home: HomeNow, side: SidePrices) -> Forecast | None:
    """Return the coming prices of what is bought; those of Tempo follow from how likely each colour is."""
    rules = home.tariff.tariff if isinstance(home.tariff, EffectiveTariff) else home.tariff
    if isinstance(rules, TempoTariff):
        tempo = tempo_prices(rules, side.known.starts_at, side.known.step, side.known.values.size)
        if tempo is not None:
            return tempo
    return _price_forecast(side, home.zone)


def _price_forecast(side: SidePrices, zone: tzinfo) -> Forecast | None:
    """Return the coming prices of one direction; ``None`` if none was ever known."""
    known = [side.past, side.known, *([side.given] if side.given is not None else [])]
    if not any(np.isfinite(each.values).any() for each in known):
        return None
    return forecast_prices(side.past, side.known, side.known.values.size, zone, given=side.given)


def _unpriced(side: SidePrices) -> Forecast:
    """Return the prices of what can be sold without anybody knowing what it earns."""
    unknown = np.full((len(QUANTILES), side.known.values.size), np.nan)
    return Forecast(starts_at=side.known.starts_at, step=side.known.step, quantiles=unknown)


def _problem(home: HomeNow, forecasts: PlanForecasts, level_percent: float) -> PlanningProblem:
    edges = plan_edges(home.now, HORIZON)
    bought, sold = published_over(home.tariff, edges)
    capacity = home.capacity_kwh
    return PlanningProblem(
        now=home.now,
        edges=edges,
        load_kw=onto_edges(forecasts.load, edges),
        solar_kw=onto_edges(forecasts.solar, edges),
        import_per_kwh=_sure(onto_edges(forecasts.import_, edges), bought),
        export_per_kwh=_or_nothing(_sure(onto_edges(forecasts.export, edges), sold)),
        level_kwh=min(max(level_percent, 0.0), 100.0) / 100.0 * capacity,
        battery=_battery(home),
        grid=home.limits,
        rule=home.rule,
        means=decisions_of(home.abilities, home.rule, battery_count=home.reading.identity.battery_count),
        risk=home.settings.risk,
    )


def _sure(quantiles: Floats, published: Floats) -> Floats:
    """Return prices as they were published where they were, and as they are forecast elsewhere."""
    return np.where(np.isfinite(published), np.round(published, _PRICE_DIGITS), quantiles)


def _or_nothing(prices: Floats) -> Floats:
    """Return prices for what is sold of which a plan must not count on any that nobody knows."""
    return np.where(np.isfinite(prices), prices, 0.0)


def _battery(home: HomeNow) -> BatteryModel:
    usual_kw = UNIT_KW * (home.reading.identity.battery_count or 1)
    reserve_percent = max(home.settings.reserve_percent or 0.0, home.backup_percent or 0.0)
    return BatteryModel(
        capacity_kwh=home.capacity_kwh,
        reserve_kwh=min(reserve_percent, 100.0) / 100.0 * home.capacity_kwh,
        max_charge_kw=home.abilities.most_charge_kw or usual_kw,
        max_discharge_kw=home.abilities.most_discharge_kw or usual_kw,
        charge_efficiency=EFFICIENCY,
        discharge_efficiency=EFFICIENCY,
        wear_per_kwh=home.settings.wear_per_kwh,
    )


def capacity_of(reading: PowerwallReading, known_kwh: float | None) -> float:
    """Return the usable capacity: as it is read, else as it was last *known*, else that of so many Powerwalls."""
    if reading.capacity_kwh is not None and reading.capacity_kwh > 0.0:
        return reading.capacity_kwh
    return known_kwh or UNIT_KWH * (reading.identity.battery_count or 1)
