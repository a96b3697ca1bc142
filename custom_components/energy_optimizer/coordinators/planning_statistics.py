"""Reads the recorder's statistics of power and energy onto a grid of five minutes."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    get_metadata,
    statistics_during_period,
)
from homeassistant.const import UnitOfEnergy, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import DATA_INSTANCE, get_instance
from sqlalchemy.exc import SQLAlchemyError

from ..const import LOGGER
from ..core.model.forecast import Floats, Series
from ..core.model.metering import SLOT

SHORT_TERM: Final = timedelta(days=11)
"""Statistics of five minutes are kept for ten days unless the user chose otherwise."""
LONGEST_SPREAD_S: Final = 3600.0
"""A counter that was silent for longer does not tell when its energy flowed."""
_NOTHING_KWH: Final = 0.02
"""So little tells that nothing flowed all the time that a counter was silent."""
_UNITS: Final[dict[str, str]] = {"power": UnitOfPower.KILO_WATT, "energy": UnitOfEnergy.KILO_WATT_HOUR}
_SLOT_S: Final = SLOT.total_seconds()

type Period = Literal["5minute", "hour"]


async def async_power_kw(
    hass: HomeAssistant, ids: Iterable[str], since: datetime, until: datetime
) -> dict[str, Series]:
    """Return the mean power of each sensor in [*since*, *until*), both on the grid of five minutes.

    Five minutes are known as such while the recorder keeps them, before that their hour's mean stands for them. A
    sensor is left out if it is neither of power nor of energy, or has no statistics; without a recorder, all are.
    """
    wanted = set(ids)
    if not wanted or DATA_INSTANCE not in hass.data:
        return {}
    try:
        return await get_instance(hass).async_add_executor_job(_read, hass, wanted, since, until)
    except SQLAlchemyError as err:
        LOGGER.warning("The recorder cannot be asked what the home used: %s", type(err).__name__)
        return {}


def _read(hass: HomeAssistant, ids: set[str], since: datetime, until: datetime) -> dict[str, Series]:
    metadata = get_metadata(hass, statistic_ids=ids)
    kinds = {each: meta["unit_class"] for each, (_, meta) in metadata.items() if meta["unit_class"] in _UNITS}
    series: dict[str, Series] = {}
    spans: list[tuple[Period, datetime]] = [("hour", since), ("5minute", max(since, until - SHORT_TERM))]
    if until - since <= SHORT_TERM:
        spans = [("5minute", since)]
    for period, first in spans:
        rows = _ask(hass, kinds, first, until, period)
        for each, kind in kinds.items():
            grid = _on_grid(rows.get(each, []), kind, since, until)
            known = series.get(each)
            if known is not None:
                grid = np.where(np.isfinite(grid), grid, known.values)
            series[each] = Series(starts_at=since, step=SLOT, values=grid)
    return {each: one for each, one in series.items() if np.isfinite(one.values).any()}


def _ask(
    hass: HomeAssistant, kinds: Mapping[str, str | None], since: datetime, until: datetime, period: Period
) -> dict[str, list[StatisticsRow]]:
    if not kinds:
        return {}
    before = since - timedelta(hours=1)  # so that the first change of a counter has a row before it
    return statistics_during_period(hass, before, until, set(kinds), period, _UNITS, {"mean", "change"})


def _on_grid(rows: Iterable[StatisticsRow], kind: str | None, since: datetime, until: datetime) -> Floats:
    """Return the rows' mean power in kW for each slot; not a number where there is none."""
    since_s = since.timestamp()
    grid = np.full(round((until.timestamp() - since_s) / _SLOT_S), np.nan)
    ended_s: float | None = None
    for row in rows:
        starts_s, ends_s = row["start"], row["end"]
        if kind == "power":
            power_kw = row.get("mean")
        else:
            if ended_s is not None:
                starts_s = min(starts_s, ended_s)
            power_kw = _from_change(row.get("change"), ends_s - starts_s, follows=ended_s is not None)
        ended_s = ends_s
        if power_kw is not None:
            first, last = round((starts_s - since_s) / _SLOT_S), round((ends_s - since_s) / _SLOT_S)
            grid[max(first, 0) : max(last, 0)] = power_kw
    return grid


def _from_change(change_kwh: float | None, over_s: float, *, follows: bool) -> float | None:
    """Return the power of what a counter rose by, if it tells enough of the time over which it did."""
    if change_kwh is None or not follows or change_kwh < 0.0:
        return None
    if over_s > LONGEST_SPREAD_S and change_kwh > _NOTHING_KWH:
        return None
    return change_kwh * 3600.0 / over_s
