"""Entering a tariff whose prices come from entities or actions of other integrations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..api.tariff.entity_prices import EntityTariffSettings, ExportMode, two_sided
from ..api.tariff.entity_recognition import Recognised, recognise
from ..api.tariff.entity_source import EntityPriceError, SourceSettings, Way
from ..const import DOMAIN
from ..core.model.price import PriceSlot
from ..core.tariffs.kinds import KIND_ENTITY
from ..core.tariffs.text import price_text
from .numbers import number_errors
from .tariff_base import TariffSteps
from .tariff_entity_form import (
    EXPORT_MODE,
    EXPORT_PRICE,
    READING,
    SURCHARGES,
    choice_of,
    entity_form,
    settings_of,
    suggested,
    to_data,
)
from .tariff_terms import TERMS

_DETAILS: Final = ("source", "detail", "lists", "list", "theirs", "ours", "action", "entity", "state")
"""What the sentences of errors may need."""
_OF_READING: Final = {
    *("unit_needed", "several_lists", "list_unknown", "action_unknown", "action_refused", "template_wrong"),
}
"""Errors that are mended in the section that says how prices are read."""


class EntitySteps(TariffSteps):
    """The dialog that chooses entities and shows which prices were read before anything is saved."""

    _entity_input: dict[str, Any]
    _entity_settings: EntityTariffSettings
    _entity_slots: tuple[PriceSlot, ...]
    _details: Mapping[str, str] = {}

    async def async_step_entity(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which entities show prices."""
        if user_input is None:
            return self._show_entity(self._entity_suggested(), {})
        self._details = {}
        errors = _number_errors(user_input) or await self._read_prices(user_input)
        if errors:
            return self._show_entity(user_input, errors)
        self._entity_input = user_input
        return await self.async_step_entity_preview()

    async def async_step_entity_preview(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what was read and let the user judge it."""
        return self.async_show_menu(
            step_id="entity_preview",
            menu_options=["entity_save", "entity_change"],
            description_placeholders=self._preview(),
        )

    async def async_step_entity_change(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Go back, keeping what was chosen."""
        return self._show_entity(self._entity_input, {})

    async def async_step_entity_save(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Save."""
        name = self._entity_input.get(CONF_NAME, "").strip() or self.words("default_name")
        return self._finish(name, to_data(self._entity_settings, self._entity_input))

    def _show_entity(self, values: dict[str, Any], errors: dict[str, str]) -> SubentryFlowResult:
        details = dict.fromkeys(_DETAILS, "") | dict(self._details)
        return self.async_show_form(
            step_id=KIND_ENTITY,
            data_schema=self.add_suggested_values_to_schema(entity_form(self.currency), values),
            errors=errors,
            description_placeholders={"currency": self.currency, **details},
        )

    def _entity_suggested(self) -> dict[str, Any]:
        title = self._suggested_name() if self.source == SOURCE_USER else self._get_reconfigure_subentry().title
        empty: dict[str, Any] = {CONF_NAME: title, SURCHARGES: {}, TERMS: {}, **{name: {} for name in READING.values()}}
        try:
            return empty | suggested(self._present_data(KIND_ENTITY))
        except KeyError, TypeError, ValueError:
            return empty

    async def _read_prices(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Read the prices of all that was chosen; return the errors by field."""
        mode = ExportMode(user_input[EXPORT_MODE])
        if mode is ExportMode.FIXED and user_input.get(EXPORT_PRICE) is None:
            return {EXPORT_PRICE: "export_price_needed"}
        now = dt_util.utcnow()
        found: dict[str, Recognised] = {}
        for side in ("import", "export") if mode is ExportMode.ENTITY else ("import",):
            choice = choice_of(side, user_input)
            if not choice.entity_id and not choice.action:
                return {f"{side}_entity": "entity_or_action_needed"}
            if self._shows_our_prices(choice.entity_id):
                return {f"{side}_entity": "own_prices"}
            try:
                found[side] = await recognise(self.hass, choice, self.currency, now)
            except EntityPriceError as err:
                self._details = err.placeholders
                place = READING[side] if choice.action or err.key in _OF_READING else f"{side}_entity"
                return {place: err.key}
        exported = found.get("export")
        self._entity_settings = settings_of(
            user_input, found["import"].settings, exported.settings if exported else None
        )
        self._entity_slots = two_sided(found["import"].slots, exported.slots if exported else (), self._entity_settings)
        return {}

    def _shows_our_prices(self, entity_id: str | None) -> bool:
        """Say whether an entity is of this integration: the tariff would read itself."""
        registered = er.async_get(self.hass).async_get(entity_id or "")
        return registered is not None and registered.platform == DOMAIN

    def _preview(self) -> dict[str, str]:
        slots, settings = self._entity_slots, self._entity_settings
        bought = [slot.import_per_kwh for slot in slots if slot.import_per_kwh is not None]
        sold = [slot.export_per_kwh for slot in slots if slot.export_per_kwh is not None]
        sources = [self._in_words(settings.import_source)]
        if settings.export_source is not None:
            sources.append(self._in_words(settings.export_source))
        return {
            "name": self._entity_input.get(CONF_NAME, "").strip() or self.words("default_name"),
            "sources": "\n".join(f"- {each}" for each in sources),
            "count": str(len(slots)),
            "first": _time_text(slots[0].starts_at),
            "last": _time_text(slots[-1].ends_at),
            "bought": self._span(bought),
            "sold": self._span(sold),
            "now": self._prices_at(dt_util.utcnow()),
        }

    def _prices_at(self, now: datetime) -> str:
        slot = next((each for each in self._entity_slots if each.starts_at <= now < each.ends_at), None)
        buy, sell = (slot.import_per_kwh, slot.export_per_kwh) if slot else (None, None)
        return f"↓ {self._span([] if buy is None else [buy])} · ↑ {self._span([] if sell is None else [sell])}"

    def _span(self, prices: list[float]) -> str:
        """Write the lowest and the highest of *prices*."""
        if not prices:
            return self.words("unknown")
        ends = dict.fromkeys((price_text(min(prices)), price_text(max(prices))))
        return f"{' – '.join(ends)} {self.currency}/kWh"

    def _in_words(self, source: SourceSettings) -> str:
        """Say where prices are read and how they are converted."""
        way = f"entity_way_{source.way.value}"
        where = self.words(way, source=source.action or source.entity_id or "", integration=source.platform or "")
        later = f" {self.words('entity_only_now')}" if source.way is Way.STATE else ""
        return f"{where}; {self.words(f'entity_unit_{source.measure.value}')}.{later}"


def _number_errors(user_input: dict[str, Any]) -> dict[str, str]:
    return number_errors({key: value for key, value in user_input.items() if key not in READING.values()})


def _time_text(instant: datetime) -> str:
    return dt_util.as_local(instant).strftime("%Y-%m-%d %H:%M")
