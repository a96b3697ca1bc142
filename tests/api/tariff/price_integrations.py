"""Other integrations as a home finds them: their entities and their actions, answering as the real ones do."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry


def register_entity(
    hass: HomeAssistant, platform: str, unique_id: str, *, data: dict[str, Any] | None = None, device: str = "Device"
) -> tuple[str, MockConfigEntry]:
    """Make an entity of an integration's config entry; return its id and the entry."""
    entry = MockConfigEntry(domain=platform, data=data or {})
    entry.add_to_hass(hass)
    made = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(platform, unique_id)}, name=device
    )
    registered = er.async_get(hass).async_get_or_create(
        "sensor", platform, unique_id, config_entry=entry, device_id=made.id
    )
    return registered.entity_id, entry


class Answers:
    """An action that keeps how it was called and fails while *fails* is set."""

    def __init__(self, answer: Callable[[ServiceCall], dict[str, Any]]) -> None:
        self.calls: list[dict[str, Any]] = []
        self.fails: Exception | None = None
        self._answer = answer

    async def give(self, call: ServiceCall) -> dict[str, Any]:
        self.calls.append(dict(call.data))
        if self.fails is not None:
            raise self.fails
        return self._answer(call)


def nord_pool(hass: HomeAssistant, *, tomorrow_is_out: Callable[[], bool]) -> Answers:
    """Answer as ``nordpool.get_prices_for_date`` does: per MWh, quarters of an hour, by area."""

    def answer(call: ServiceCall) -> dict[str, Any]:
        day: date = call.data["date"]
        if day > dt_util.now().date() and not tomorrow_is_out():
            return {"SE3": [], "SE4": []}
        start, end = (dt_util.start_of_local_day(each) for each in (day, day + timedelta(days=1)))
        instants = _steps(start, end, timedelta(minutes=15))
        return {
            area: [
                {"start": at.isoformat(), "end": (at + timedelta(minutes=15)).isoformat(), "price": base + index}
                for index, at in enumerate(instants)
            ]
            for area, base in (("SE3", 1000.0 * day.day), ("SE4", 5.0))
        }

    schema = probatio.Schema(
        {
            probatio.Required("config_entry"): str,
            probatio.Required("date"): date.fromisoformat,
            probatio.Optional("currency"): probatio.In(["DKK", "EUR", "NOK", "PLN", "SEK"]),
            probatio.Optional("areas"): list,
        }
    )
    return _register(hass, "nordpool", "get_prices_for_date", answer, schema)


def tibber(hass: HomeAssistant) -> Answers:
    """Answer as ``tibber.get_prices`` does: hours of each home, without ends."""

    def answer(call: ServiceCall) -> dict[str, Any]:
        start, end = (datetime.fromisoformat(call.data[key]) for key in ("start", "end"))
        instants = _steps(start, end, timedelta(hours=1))
        return {
            "prices": {
                home: [{"start_time": at.isoformat(), "price": price} for at in instants]
                for home, price in (("St. Olavs gate 1", 1.5), ("Cabin", 0.7))
            }
        }

    schema = probatio.Schema({probatio.Optional("start"): str, probatio.Optional("end"): str})
    return _register(hass, "tibber", "get_prices", answer, schema)


def energyzero(hass: HomeAssistant) -> Answers:
    """Answer as ``energyzero.get_energy_prices`` does, which refuses a day that is not out yet."""

    def answer(call: ServiceCall) -> dict[str, Any]:
        day = date.fromisoformat(call.data["start"])
        if day > dt_util.now().date():
            raise ServiceValidationError(f"no data for {day}")
        start, end = (dt_util.start_of_local_day(each) for each in (day, day + timedelta(days=1)))
        return {
            "prices": [
                {"price": 0.2, "timestamp": str(at), "start": str(at), "end": str(at + timedelta(hours=1))}
                for at in _steps(start, end, timedelta(hours=1))
            ]
        }

    schema = probatio.Schema(
        {
            probatio.Required("config_entry"): str,
            probatio.Required("incl_vat"): bool,
            probatio.Optional("start"): str,
            probatio.Optional("end"): str,
        }
    )
    return _register(hass, "energyzero", "get_energy_prices", answer, schema)


def easyenergy(hass: HomeAssistant) -> Answers:
    """Answer as ``easyenergy.get_energy_return_prices`` does."""

    def answer(call: ServiceCall) -> dict[str, Any]:
        start = dt_util.start_of_local_day(date.fromisoformat(call.data["start"]))
        instants = _steps(start, start + timedelta(days=1), timedelta(hours=1))
        return {"prices": [{"timestamp": str(at), "price": 0.08} for at in instants]}

    schema = probatio.Schema(
        {probatio.Required("config_entry"): str, probatio.Optional("start"): str, probatio.Optional("end"): str}
    )
    return _register(hass, "easyenergy", "get_energy_return_prices", answer, schema)


def amber_row(start: datetime, price: float, minutes: int = 30, **more: object) -> dict[str, Any]:
    """Describe an interval as Amber's integration does: it starts a second late."""
    return {
        "duration": minutes,
        "date": start.date().isoformat(),
        "nem_date": start.isoformat(),
        "per_kwh": price,
        "spot_per_kwh": price / 2,
        "start_time": (start + timedelta(seconds=1)).isoformat(),
        "end_time": (start + timedelta(minutes=minutes)).isoformat(),
        "renewables": 40,
        "spike_status": "none",
        **more,
    }


def amber(hass: HomeAssistant, rows: Callable[[], list[dict[str, Any]]]) -> Answers:
    """Answer as ``amberelectric.get_forecasts`` does."""
    schema = probatio.Schema(
        {
            probatio.Required("config_entry_id"): str,
            probatio.Required("channel_type"): probatio.In(["general", "controlled_load", "feed_in"]),
        }
    )
    return _register(hass, "amberelectric", "get_forecasts", lambda _: {"forecasts": rows()}, schema)


def _register(
    hass: HomeAssistant,
    domain: str,
    action: str,
    answer: Callable[[ServiceCall], dict[str, Any]],
    schema: probatio.Schema,
) -> Answers:
    answers = Answers(answer)
    hass.services.async_register(domain, action, answers.give, schema=schema, supports_response=SupportsResponse.ONLY)
    return answers


def _steps(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """Return the local times from *start* to *end*, counted as the sun goes on."""
    first, last = dt_util.as_utc(start), dt_util.as_utc(end)
    return [dt_util.as_local(first + step * index) for index in range(int((last - first) / step))]
