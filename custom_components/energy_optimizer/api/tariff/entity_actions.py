"""Actions of integrations whose prices are not in their entities: how to call them, and in which unit they answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..errors import UnreachableError
from .entity_shapes import PriceList
from .entity_units import Measure, PriceUnit

_NORD_POOL_CURRENCIES: Final = ("DKK", "EUR", "NOK", "PLN", "SEK")
_AMBER_CHANNELS: Final = {"general": "general", "feedIn": "feed_in", "controlledLoad": "controlled_load"}
_EURO_PER_KWH: Final = PriceUnit(measure=Measure.PER_KWH, currencies=frozenset({"EUR"}))


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionCall:
    """One call of an action, and the unit of its answer where that is sure."""

    domain: str
    action: str
    data: Mapping[str, Any] = field(default_factory=dict)
    unit: PriceUnit | None = None

    def with_data(self, data: Mapping[str, Any]) -> Self:
        """Return this call with more data, which win over what it has."""
        return replace(self, data={**self.data, **data})


type MakeCall = Callable[[HomeAssistant, str, date, str], ActionCall]
"""Makes a call of an entity's id, a local day and the home's currency."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownAction:
    """How one integration's prices are asked for."""

    make_call: MakeCall
    asks_for_days: bool = True
    shows_present_slot: bool = False
    """The entity's own attributes describe the present slot, which the answer lacks."""

    def own_lists(self, hass: HomeAssistant, entity_id: str, lists: dict[str, PriceList]) -> dict[str, PriceList]:
        """Return those of *lists* that are named after the entity's device or area; all if none is."""
        entry = er.async_get(hass).async_get(entity_id)
        device = dr.async_get(hass).async_get(entry.device_id) if entry and entry.device_id else None
        names = [each for each in (device.name, device.name_by_user) if each] if device else []
        if entry is not None:
            names.append(entry.unique_id.split("-")[0])
        ends = tuple(f".{name}" for name in names)
        return {path: each for path, each in lists.items() if path in names or path.endswith(ends)} or lists


def _entry_of(hass: HomeAssistant, entity_id: str) -> ConfigEntry:
    registered = er.async_get(hass).async_get(entity_id)
    entry = hass.config_entries.async_get_entry(registered.config_entry_id or "") if registered else None
    if entry is None:
        raise UnreachableError(f"{entity_id} belongs to no integration any more")
    return entry


def _nord_pool(hass: HomeAssistant, entity_id: str, day: date, currency: str) -> ActionCall:
    entry = _entry_of(hass, entity_id)
    asked = currency if currency in _NORD_POOL_CURRENCIES else str(entry.data.get("currency", "EUR"))
    return ActionCall(
        domain="nordpool",
        action="get_prices_for_date",
        data={"config_entry": entry.entry_id, "date": day.isoformat(), "currency": asked},
        unit=PriceUnit(measure=Measure.PER_MWH, currencies=frozenset({asked})),
    )


def _tibber(_hass: HomeAssistant, _entity_id: str, day: date, _currency: str) -> ActionCall:
    start, end = (dt_util.start_of_local_day(each) for each in (day, day + timedelta(days=1)))
    return ActionCall(domain="tibber", action="get_prices", data={"start": start.isoformat(), "end": end.isoformat()})


def _energyzero(hass: HomeAssistant, entity_id: str, day: date, _currency: str) -> ActionCall:
    return ActionCall(
        domain="energyzero",
        action="get_energy_prices",
        data={
            "config_entry": _entry_of(hass, entity_id).entry_id,
            "incl_vat": True,
            "start": day.isoformat(),
            "end": day.isoformat(),
        },
        unit=_EURO_PER_KWH,
    )


def _easyenergy(hass: HomeAssistant, entity_id: str, day: date, _currency: str) -> ActionCall:
    entry = _entry_of(hass, entity_id)
    data = {"config_entry": entry.entry_id, "start": day.isoformat(), "end": day.isoformat()}
    registered = er.async_get(hass).async_get(entity_id)
    if registered is not None and "_energy_return_" in registered.unique_id:
        return ActionCall(domain="easyenergy", action="get_energy_return_prices", data=data, unit=_EURO_PER_KWH)
    return ActionCall(
        domain="easyenergy", action="get_energy_usage_prices", data={**data, "incl_vat": True}, unit=_EURO_PER_KWH
    )


def _amber(hass: HomeAssistant, entity_id: str, _day: date, _currency: str) -> ActionCall:
    state = hass.states.get(entity_id)
    channel = _AMBER_CHANNELS.get(str(state.attributes.get("channel_type"))) if state else None
    if channel is None:
        raise UnreachableError(f"{entity_id} shows no channel")
    return ActionCall(
        domain="amberelectric",
        action="get_forecasts",
        data={"config_entry_id": _entry_of(hass, entity_id).entry_id, "channel_type": channel},
        unit=PriceUnit(measure=Measure.PER_KWH, currencies=frozenset({"AUD"})),
    )


KNOWN_ACTIONS: Final[Mapping[str, KnownAction]] = {
    "nordpool": KnownAction(make_call=_nord_pool),
    "tibber": KnownAction(make_call=_tibber),
    "energyzero": KnownAction(make_call=_energyzero),
    "easyenergy": KnownAction(make_call=_easyenergy),
    "amberelectric": KnownAction(make_call=_amber, asks_for_days=False, shows_present_slot=True),
}
"""By the integration's domain."""
