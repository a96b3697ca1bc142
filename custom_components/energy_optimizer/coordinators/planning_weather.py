"""The temperature outdoors, as it was and as it is forecast."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.const import UnitOfTemperature
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import DATA_INSTANCE, get_instance
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import TemperatureConverter
from sqlalchemy.exc import SQLAlchemyError

from ..const import LOGGER
from ..core.model.epoch_slots import as_series, slot_index, slots_from_json, slots_to_json
from ..core.model.forecast import Series
from ..core.model.regrid import regridded

HOUR: Final = timedelta(hours=1)
KEPT: Final = timedelta(weeks=10)
RECORDED: Final = timedelta(days=10)
REFRESH: Final = timedelta(minutes=30)
RETRY: Final = timedelta(minutes=5)
ANSWER_WITHIN_S: Final = 20.0
_WEATHER: Final = "weather"
_ACTION: Final = "get_forecasts"


class WeatherForecasts:
    """Follows one weather entity: what it showed, hour by hour in °C, and what it forecasts."""

    def __init__(self, hass: HomeAssistant, entity: str | None, stored: Mapping[str, Any]) -> None:
        """Go on from what was *stored*.

        Raises:
            KeyError, TypeError, ValueError: if it did not come from ``to_json``.
        """
        self._hass = hass
        self._entity = entity
        kept = slots_from_json(stored.get("hours", {})) if stored.get("entity") == entity else {}
        self._hours = kept
        self._present: tuple[int, list[float]] = (0, [])
        self._ahead: dict[int, float] = {}
        self._asked_at: datetime | None = None
        self._answered = True
        self._looked_back = False

    async def async_refresh(self, now: datetime) -> None:
        """Note the present temperature, and ask for the forecast if it is time to."""
        if self._entity is None:
            return
        entity_id = er.async_resolve_entity_id(er.async_get(self._hass), self._entity)
        if entity_id is None:
            return
        if not self._looked_back:
            self._looked_back = True
            await self._look_back(entity_id, now)
        self._note_present(self._hass.states.get(entity_id), now)
        pause = REFRESH if self._answered else RETRY
        if self._asked_at is None or not timedelta() <= now - self._asked_at < pause:
            self._asked_at = now
            self._answered = await self._ask(entity_id, now)

    def temperature(self, starts_at: datetime, step: timedelta, count: int) -> Series | None:
        """Return past and forecast in °C as means over other steps; ``None`` if nothing is known of either."""
        whole = as_series(self._ahead | self._hours, HOUR)
        if whole is None:
            return None
        series = regridded(whole, starts_at, step, count)
        return series if np.isfinite(series.values).any() else None

    def to_json(self) -> dict[str, Any]:
        """Return what must outlast a restart, as plain JSON data."""
        return {"entity": self._entity, "hours": slots_to_json(self._hours, 1)}

    def _note_present(self, state: State | None, now: datetime) -> None:
        if state is None or (degrees := _degrees(state)) is None:
            return
        hour = slot_index(now, HOUR)
        if self._present[0] != hour:
            self._present = (hour, [])
        self._present[1].append(degrees)
        self._hours[hour] = float(np.mean(self._present[1]))
        oldest = slot_index(now - KEPT, HOUR)
        self._hours = {index: value for index, value in self._hours.items() if index >= oldest}

    async def _look_back(self, entity_id: str, now: datetime) -> None:
        """Fill in hours that the recorder knows and we do not."""
        if DATA_INSTANCE not in self._hass.data:
            return

        def read() -> dict[int, float]:
            changes = get_significant_states(
                self._hass, now - RECORDED, now, [entity_id], significant_changes_only=False
            )
            states = (each for each in changes.get(entity_id, ()) if isinstance(each, State))
            return _hourly(states, now)

        try:
            recorded = await get_instance(self._hass).async_add_executor_job(read)
        except SQLAlchemyError as err:
            LOGGER.debug("The recorder cannot be asked for temperatures: %r", err)
            return
        self._hours = recorded | self._hours

    async def _ask(self, entity_id: str, now: datetime) -> bool:
        """Take in the hourly forecast; say whether there was one."""
        state = self._hass.states.get(entity_id)
        unit = state.attributes.get("temperature_unit") if state else None
        if unit is None or not self._hass.services.has_service(_WEATHER, _ACTION):
            return False
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await self._hass.services.async_call(
                    _WEATHER,
                    _ACTION,
                    {"entity_id": entity_id, "type": "hourly"},
                    blocking=True,
                    return_response=True,
                )
            self._ahead = _forecast_hours(answer, entity_id, unit)
        except (HomeAssistantError, TimeoutError, KeyError, TypeError, ValueError, AttributeError) as err:
            LOGGER.debug("No hourly forecast from %s: %r", entity_id, err)
            first = slot_index(now, HOUR)
            self._ahead = {hour: degrees for hour, degrees in self._ahead.items() if hour >= first}
            return False
        return bool(self._ahead)


def _forecast_hours(answer: Any, entity_id: str, unit: str) -> dict[int, float]:  # noqa: ANN401 - what any entity says
    """Read an action's answer."""
    hours: dict[int, float] = {}
    for each in answer[entity_id]["forecast"]:
        at = dt_util.parse_datetime(str(each["datetime"]))
        if at is not None and (degrees := _celsius(each.get("temperature"), unit)) is not None:
            hours[slot_index(dt_util.as_utc(at), HOUR)] = degrees
    return hours


def _degrees(state: State) -> float | None:
    return _celsius(state.attributes.get("temperature"), state.attributes.get("temperature_unit"))


def _celsius(value: object, unit: str | None) -> float | None:
    if not isinstance(value, int | float) or not np.isfinite(value):
        return None
    if unit not in TemperatureConverter.VALID_UNITS:
        return None
    return TemperatureConverter.convert(float(value), unit, UnitOfTemperature.CELSIUS)


def _hourly(states: Iterable[State], now: datetime) -> dict[int, float]:
    """Return what states showed, weighted by how long, for each hour that is over."""
    sums: dict[int, tuple[float, float]] = {}
    known = [(state.last_updated, _degrees(state)) for state in states]
    ends = [at for at, _ in known[1:]]
    for (at, degrees), end in zip(known, [*ends, now], strict=False):
        while degrees is not None and at < end:
            hour = slot_index(at, HOUR)
            until = min(end, _hour_after(at))
            weight, total = sums.get(hour, (0.0, 0.0))
            seconds = (until - at).total_seconds()
            sums[hour] = (weight + seconds, total + seconds * degrees)
            at = until  # noqa: PLW2901 - what is left of the time in which the state held
    return {hour: total / weight for hour, (weight, total) in sums.items() if weight > 0.0}


def _hour_after(at: datetime) -> datetime:
    return dt_util.utc_from_timestamp((slot_index(at, HOUR) + 1) * HOUR.total_seconds())
