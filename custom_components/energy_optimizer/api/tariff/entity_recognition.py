"""Finds out how the prices of an entity or action that a user chose are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ...core.model.price import PriceSlot
from ...core.tariffs.published import merged
from ..errors import NonsenseError, SourceError
from .entity_actions import KNOWN_ACTIONS
from .entity_prices import one_sided
from .entity_shapes import AmbiguousError, chosen, find_lists
from .entity_source import EntityPriceError, EntitySource, Reading, SourceSettings, Way, siblings
from .entity_units import Measure, PriceUnit


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What the user said about one direction."""

    entity_id: str | None = None
    action: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    measure: Measure | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recognised:
    """How prices are read from now on, and those that were read to find out."""

    settings: SourceSettings
    slots: tuple[PriceSlot, ...]
    """One-sided: in currency per kWh and without surcharge, as import prices."""


async def recognise(hass: HomeAssistant, choice: Choice, currency: str, now: datetime) -> Recognised:
    """Read the prices of *choice*, and so find out their shape and unit.

    Raises:
        EntityPriceError: with a word for what is wrong, if there are none, or none in *currency*.
    """
    settings = _settings(hass, choice)
    reading = await _try(EntitySource(hass, settings, currency), now)
    measure = _measure(reading.unit, choice.measure, currency)
    settings = replace(settings, measure=measure)
    return Recognised(settings=settings, slots=merged((), one_sided(reading.prices, measure)))


def _settings(hass: HomeAssistant, choice: Choice) -> SourceSettings:
    measure = choice.measure or Measure.PER_KWH
    if choice.action:
        domain, _, name = choice.action.partition(".")
        if not hass.services.has_service(domain, name):
            raise EntityPriceError("action_unknown", action=choice.action)
        return SourceSettings(
            way=Way.ACTION, measure=measure, action=choice.action, data=dict(choice.data), name=choice.name
        )
    entity_id = choice.entity_id or ""
    if (state := hass.states.get(entity_id)) is None:
        raise EntityPriceError("source_silent", source=entity_id)
    registered = er.async_get(hass).async_get(entity_id)
    platform = registered.platform if registered else None
    unit_text = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    settings = SourceSettings(
        way=Way.STATE,
        measure=measure,
        entity_id=entity_id,
        name=choice.name,
        data=dict(choice.data),
        unit_text=unit_text if isinstance(unit_text, str) else None,
    )
    lists = find_lists(state.attributes)
    known = KNOWN_ACTIONS.get(platform or "")
    if known is not None and platform is not None and (not lists or known.shows_present_slot):
        return replace(settings, way=Way.KNOWN_ACTION, platform=platform)
    if choice.name and not chosen(lists, choice.name):
        raise EntityPriceError("list_unknown", list=choice.name, lists=", ".join(lists) or "–")
    return replace(settings, way=Way.ATTRIBUTES) if lists or siblings(entity_id) else settings


async def _try(source: EntitySource, now: datetime) -> Reading:
    settings = source.settings
    name = settings.action or settings.entity_id or ""
    try:
        reading = await source.read(now, dt_util.as_local(now).date())
    except AmbiguousError as err:
        raise EntityPriceError("several_lists", lists=", ".join(err.names)) from err
    except EntityPriceError:
        raise
    except NonsenseError as err:
        raise EntityPriceError("times_unreadable") from err
    except SourceError as err:
        raise EntityPriceError("source_silent", source=name, detail=str(err)) from err
    if not reading.prices:
        raise EntityPriceError("source_silent", source=name)
    return reading


def _measure(unit: PriceUnit | None, said: Measure | None, currency: str) -> Measure:
    """Return the measure that the user said, or else the one that was read; what is neither said nor read is asked."""
    if unit is not None and not unit.fits(currency):
        raise EntityPriceError("currency_differs", theirs=" / ".join(sorted(unit.currencies)), ours=currency)
    if said is not None:
        return said
    if unit is None:
        raise EntityPriceError("unit_needed")
    return unit.measure
