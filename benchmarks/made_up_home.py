"""A made-up home whose rounds of planning are measured: two months of past, prices by the hour, things to place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import GridLimits
from custom_components.energy_optimizer.core.model.forecast import Floats, Series
from custom_components.energy_optimizer.core.model.loads import FlexibleLoad, VehicleLoad
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.site import SolarSite
from custom_components.energy_optimizer.core.planning.load_forecast import forecast_load
from custom_components.energy_optimizer.core.planning.price_forecast import forecast_prices
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.solar_forecast import forecast_solar
from custom_components.energy_optimizer.core.planning.steps import onto_edges
from custom_components.energy_optimizer.core.simulation.house import House
from custom_components.energy_optimizer.core.simulation.panels import Panels

_ZONE: Final = ZoneInfo("Europe/Amsterdam")
_BEGIN: Final = datetime(2026, 3, 1, tzinfo=UTC)
_PAST: Final = timedelta(days=60)
_FUTURE: Final = timedelta(days=20)
_STEP: Final = timedelta(minutes=30)
_SAMPLES: Final = 6
_PUBLISHED_AT_H: Final = 13
_APPLIANCES: Final = (
    ("dishwasher", 1.2, 1.5, False),
    ("washing machine", 2.0, 1.0, False),
    ("water heater", 2.4, 6.0, True),
)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MadeUpHome:
    """All that is ever measured and published, of which a round is shown what is known by then."""

    site: SolarSite
    load_kw: Series
    solar_kw: Series
    import_per_kwh: Series
    export_per_kwh: Series

    def problem(
        self, now: datetime, level_kwh: float, edges: tuple[datetime, ...], *, vehicles: int = 0, loads: int = 0
    ) -> PlanningProblem:
        """Forecast, and put together what is to be planned from *now* on over *edges*."""
        ahead = -((now - edges[-1]) // _STEP) + 1
        load = forecast_load(_until(self.load_kw, now), ahead, _ZONE)
        solar = forecast_solar(_until(self.solar_kw, now), ahead, self.site)
        bought, sold = (
            forecast_prices(_until(each, now), _published(each, now, ahead), ahead, _ZONE)
            for each in (self.import_per_kwh, self.export_per_kwh)
        )
        return PlanningProblem(
            now=now,
            edges=edges,
            load_kw=onto_edges(load, edges),
            solar_kw=onto_edges(solar, edges),
            import_per_kwh=onto_edges(bought, edges),
            export_per_kwh=onto_edges(sold, edges),
            level_kwh=level_kwh,
            battery=BatteryModel(
                capacity_kwh=13.5,
                reserve_kwh=1.35,
                max_charge_kw=5.0,
                max_discharge_kw=5.0,
                charge_efficiency=0.9487,
                discharge_efficiency=0.9487,
            ),
            grid=GridLimits(max_import_kw=15.0, max_export_kw=10.0),
            vehicles=tuple(_vehicle(number, now) for number in range(vehicles)),
            loads=tuple(_load(number, now) for number in range(loads)),
        )


def made_up_home() -> MadeUpHome:
    """Return the home; always the same."""
    place = Place(latitude=52.4, longitude=4.9, time_zone=_ZONE)
    count = (_PAST + _FUTURE) // _STEP
    within = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    instants = _BEGIN.timestamp() + (np.arange(count)[:, None] + within).ravel() * _STEP.total_seconds()
    house = House(seed=7, place=place, kwh_per_year=5200.0)
    panels = Panels(seed=7, place=place, kwp=6.6, tilt_degrees=30.0, azimuth_degrees=190.0)
    spot = _spot(count)
    return MadeUpHome(
        site=SolarSite(place=place),
        load_kw=_series(house.load_kw(instants).reshape(count, _SAMPLES).mean(axis=1)),
        solar_kw=_series(panels.power_kw(instants).reshape(count, _SAMPLES).mean(axis=1)),
        import_per_kwh=_series(spot + 0.13),
        export_per_kwh=_series(spot),
    )


def moments(count: int) -> list[tuple[datetime, float]]:
    """Return *count* times of day and year with a battery level at each, in kWh."""
    rng = np.random.default_rng(11)
    latest = _FUTURE - timedelta(days=5)
    ahead = np.sort(rng.uniform(0.0, 1.0, count))
    begin = _BEGIN + _PAST
    return [
        (begin + timedelta(minutes=int(share * (latest / timedelta(minutes=1)))), float(level))
        for share, level in zip(ahead, rng.uniform(1.35, 13.5, count), strict=True)
    ]


def equal_edges(now: datetime, step: timedelta, count: int) -> tuple[datetime, ...]:
    """Return the ends of *count* equal steps from that which holds *now*."""
    seconds = int(step.total_seconds())
    begin = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
    return tuple(begin + number * step for number in range(count + 1))


def _spot(count: int) -> Floats:
    """Return hourly market prices with two humps a day, noise, and sunny hours that may fall below zero."""
    rng = np.random.default_rng(3)
    hours = np.arange(count) * (_STEP / timedelta(hours=1))
    local = (hours + 1.0) % 24.0
    shape = 0.09 + 0.05 * np.exp(-((local - 8.0) ** 2) / 6.0) + 0.09 * np.exp(-((local - 19.0) ** 2) / 8.0)
    sunny = 0.1 * np.exp(-((local - 13.5) ** 2) / 8.0) * np.repeat(rng.uniform(0.2, 1.4, count // 48 + 1), 48)[:count]
    noise = np.repeat(rng.normal(0.0, 0.012, count // 2 + 1), 2)[:count]
    spot: Floats = np.round(shape - sunny + noise, 5)
    return spot


def _series(values: Floats) -> Series:
    return Series(starts_at=_BEGIN, step=_STEP, values=values)


def _until(series: Series, now: datetime) -> Series:
    index = (now - series.starts_at) // _STEP
    first = max(index - _PAST // _STEP, 0)
    return Series(starts_at=series.starts_at + first * _STEP, step=_STEP, values=series.values[first:index])


def _published(series: Series, now: datetime, ahead: int) -> Series:
    """Return prices from *now* to the end of today, or of tomorrow once they are out."""
    local = now.astimezone(_ZONE)
    day = local.date() + timedelta(days=2 if local.hour >= _PUBLISHED_AT_H else 1)
    end = (datetime(day.year, day.month, day.day, tzinfo=_ZONE) - series.starts_at) // _STEP
    first = (now - series.starts_at) // _STEP
    values = series.values[first : first + ahead].copy()
    values[end - first :] = np.nan
    return Series(starts_at=series.starts_at + first * _STEP, step=_STEP, values=values)


def _vehicle(number: int, now: datetime) -> VehicleLoad:
    return VehicleLoad(
        name=f"car {number}",
        min_kw=1.4,
        max_kw=7.4,
        energy_kwh=22.0 + 5.0 * number,
        ready_by=now + timedelta(hours=14 + number),
        arrives_at=None if number % 2 == 0 else now + timedelta(hours=3),
    )


def _load(number: int, now: datetime) -> FlexibleLoad:
    name, power_kw, energy_kwh, interruptible = _APPLIANCES[number % len(_APPLIANCES)]
    return FlexibleLoad(
        name=f"{name} {number}",
        power_kw=power_kw,
        energy_kwh=energy_kwh,
        ready_by=now + timedelta(hours=9 + 3 * number),
        interruptible=interruptible,
        least_run=timedelta(minutes=30),
    )
