"""One entity or action of another integration that prices are read from."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

import probatio
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceNotFound, TemplateError
from homeassistant.helpers.template import Template
from homeassistant.util import dt as dt_util

from ...core.model.metering import SLOT
from ..errors import NonsenseError, SourceError, UnreachableError
from .entity_actions import KNOWN_ACTIONS, ActionCall
from .entity_shapes import PriceList, RawPrice, chosen, find_lists, read_lists, read_number, read_rows
from .entity_units import Measure, PriceUnit, read_unit

PATIENCE: Final = 60.0
"""Seconds after which an action that has not answered is given up."""
REMEMBERED: Final = timedelta(hours=24)
"""How far back the state of an entity that has not changed counts as the price."""
_SLOT_SECONDS: Final = SLOT.total_seconds()


class Way(StrEnum):
    """How prices are read."""

    ATTRIBUTES = "attributes"
    """From lists in the attributes of an entity."""
    STATE = "state"
    """The state of an entity is the present price; nothing is known of later."""
    KNOWN_ACTION = "known_action"
    """From the action of an integration that we know, found through one of its entities."""
    ACTION = "action"
    """From any action with a response."""


class EntityPriceError(NonsenseError):
    """What an entity or action shows cannot be used; *key* names why, *placeholders* fill the sentence."""

    def __init__(self, key: str, **placeholders: str) -> None:
        super().__init__(f"{key} {placeholders}")
        self.key = key
        self.placeholders = placeholders


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSettings:
    """Where prices are read and in which unit they are."""

    way: Way
    measure: Measure
    entity_id: str | None = None
    platform: str | None = None
    """The integration whose action is called, for a known action."""
    name: str | None = None
    """Which list to take, where there are several."""
    action: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    """What the action is called with, beyond what we know ourselves; may hold templates."""
    unit_text: str | None = None
    """The unit that the entity showed when it was set up."""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Read settings as a subentry has them.

        Raises:
            KeyError, TypeError, ValueError: if they are none.
        """
        return cls(**{**data, "way": Way(data["way"]), "measure": Measure(data["measure"])})

    def to_data(self) -> dict[str, Any]:
        """Return plain JSON data."""
        whole = {
            "way": self.way.value,
            "measure": self.measure.value,
            "entity_id": self.entity_id,
            "platform": self.platform,
            "name": self.name,
            "action": self.action,
            "data": dict(self.data),
            "unit_text": self.unit_text,
        }
        return {key: value for key, value in whole.items() if value}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read, and what it says about its unit."""

    prices: tuple[RawPrice, ...]
    unit: PriceUnit | None
    names: tuple[str, ...]
    """The lists they come from."""


class EntitySource:
    """Reads prices as *settings* say; raises ``SourceError`` and nothing else."""

    def __init__(self, hass: HomeAssistant, settings: SourceSettings, currency: str) -> None:
        self._hass = hass
        self.settings = settings
        self._currency = currency

    @property
    def asks_for_days(self) -> bool:
        """Whether prices are asked for day by day."""
        known = KNOWN_ACTIONS.get(self.settings.platform or "")
        return self.settings.way is Way.KNOWN_ACTION and known is not None and known.asks_for_days

    async def read(self, now: datetime, day: date) -> Reading:
        """Return the prices there are; an action that is asked day by day is asked for *day*."""
        match self.settings.way:
            case Way.ATTRIBUTES:
                return self._from_lists(self._attribute_lists(), self._entity_unit())
            case Way.STATE:
                return self._from_state(now)
            case Way.KNOWN_ACTION:
                return await self._from_known_action(day)
            case Way.ACTION:
                domain, _, name = (self.settings.action or "").partition(".")
                call = ActionCall(domain=domain, action=name, data=self._rendered(self.settings.data))
                return self._from_lists(find_lists(await self._answer(call)), None)

    def check_unit(self) -> None:
        """Refuse prices whose unit is another than when they were set up.

        Raises:
            EntityPriceError: if it is; what is known stays as it was.
        """
        text, before = self._unit_text(), self.settings.unit_text
        if text is not None and before is not None and text != before:
            raise EntityPriceError("unit_changed", before=before, now=text)

    def _state(self) -> State:
        state = self._hass.states.get(self.settings.entity_id or "")
        if state is None or state.state == STATE_UNAVAILABLE:
            raise UnreachableError(f"{self.settings.entity_id} is unavailable")
        return state

    def _unit_text(self) -> str | None:
        state = self._hass.states.get(self.settings.entity_id or "")
        text = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
        return text if isinstance(text, str) else None

    def _entity_unit(self) -> PriceUnit | None:
        return read_unit(self._unit_text() or "")

    def _attribute_lists(self) -> dict[str, PriceList]:
        lists = find_lists(self._state().attributes)
        for sibling in siblings(self.settings.entity_id or ""):
            if (state := self._hass.states.get(sibling)) is not None:
                lists |= {f"{sibling}.{name}": each for name, each in find_lists(state.attributes).items()}
        return lists

    def _from_lists(self, lists: dict[str, PriceList], unit: PriceUnit | None) -> Reading:
        if self.settings.name:
            lists = chosen(lists, self.settings.name)
        if not lists:
            raise UnreachableError("No list of prices is there")
        prices = read_lists(lists, dt_util.get_default_time_zone())
        said = next((each.unit for each in lists.values() if each.unit is not None), None)
        return Reading(prices=tuple(prices), unit=said or unit, names=tuple(lists))

    def _from_state(self, now: datetime) -> Reading:
        state = self._state()
        if state.state == STATE_UNKNOWN:
            raise UnreachableError(f"{self.settings.entity_id} is unknown")
        if (value := read_number(state.state)) is None:
            raise EntityPriceError("not_a_price", entity=state.entity_id, state=state.state)
        since = max(min(state.last_changed, now), now - REMEMBERED)
        return Reading(prices=tuple(_held(value, since, now)), unit=self._entity_unit(), names=())

    async def _from_known_action(self, day: date) -> Reading:
        known = KNOWN_ACTIONS[self.settings.platform or ""]
        call = known.make_call(self._hass, self.settings.entity_id or "", day, self._currency)
        lists = find_lists(await self._answer(call.with_data(self._rendered(self.settings.data))))
        if self.settings.name is None and len(lists) > 1:
            lists = known.own_lists(self._hass, self.settings.entity_id or "", lists)
        unit = call.unit or self._entity_unit()
        present = self._present_slot() if known.shows_present_slot else []
        try:
            reading = self._from_lists(lists, unit)
        except UnreachableError:
            if not present:
                raise
            reading = Reading(prices=(), unit=unit, names=())
        return Reading(prices=(*reading.prices, *present), unit=reading.unit, names=reading.names)

    def _present_slot(self) -> Sequence[RawPrice]:
        """Return the slot that an entity's own attributes describe."""
        attributes = self._state().attributes
        if not {"start_time", "end_time", "per_kwh"} <= attributes.keys():
            return ()
        return list(
            read_rows(PriceList(rows=(attributes,), value_key="per_kwh"), dt_util.get_default_time_zone()),
        )

    async def _answer(self, call: ActionCall) -> Mapping[str, Any]:
        name = f"{call.domain}.{call.action}"
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._hass.services.async_call(
                    call.domain, call.action, dict(call.data), blocking=True, return_response=True
                )
        except SourceError:
            raise
        except ServiceNotFound as err:
            raise UnreachableError(f"There is no action {name}") from err
        except (HomeAssistantError, TimeoutError) as err:
            raise UnreachableError(f"{name}: {err}") from err
        except (probatio.Invalid, ValueError) as err:
            raise EntityPriceError("action_refused", action=name, detail=str(err)) from err
        except Exception as err:  # what another integration's action raises is not ours to know
            raise UnreachableError(f"{name}: {err!r}") from err
        return answer or {}

    def _rendered(self, data: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return {key: self._render(value) for key, value in data.items()}
        except TemplateError as err:
            raise EntityPriceError("template_wrong", detail=str(err)) from err

    def _render(self, value: object) -> object:
        if isinstance(value, str) and ("{{" in value or "{%" in value):
            return Template(value, self._hass).async_render()
        if isinstance(value, Mapping):
            return {key: self._render(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._render(each) for each in value]
        return value


def _held(value: float, since: datetime, now: datetime) -> Iterator[RawPrice]:
    """Yield the present price from when it came until five to ten minutes from now, in slots that stay the same."""
    starts_at = since
    while starts_at < now + SLOT:
        ends_at = datetime.fromtimestamp((starts_at.timestamp() // _SLOT_SECONDS + 1) * _SLOT_SECONDS, UTC)
        yield RawPrice(starts_at=starts_at, ends_at=ends_at, value=value)
        starts_at = ends_at


def siblings(entity_id: str) -> list[str]:
    """Return the entities in which the same integration keeps the days around, as Octopus does."""
    for day in ("current_day", "next_day", "previous_day"):
        if entity_id.endswith(f"_{day}_rates"):
            stem = entity_id.removesuffix(f"{day}_rates")
            return [f"{stem}{other}_rates" for other in ("previous_day", "current_day", "next_day") if other != day]
    return []
