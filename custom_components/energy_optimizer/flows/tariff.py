"""Entering a tariff: what to start from, seasons and holidays, prices, hours, and a last look."""

from typing import Any, override

from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.const import CONF_NAME

from ..core.tariffs.flat import FlatTariff
from ..core.tariffs.kinds import KIND_AMBER, KIND_ENTITY, KIND_NET_BILLING, KIND_TEMPO
from ..core.tariffs.presets import PRESETS
from .numbers import number_errors
from .tariff_amber import AmberSteps
from .tariff_draft import TariffDraft
from .tariff_entity import EntitySteps
from .tariff_forms import START, START_BLANK, START_FLAT, flat_form, name_form, start_form
from .tariff_holidays import HolidaySteps
from .tariff_net_billing import NetBillingSteps
from .tariff_plan import PlanSteps
from .tariff_rows import EXPORT_PRICE, IMPORT_PRICE
from .tariff_tempo import TempoSteps
from .tariff_terms import TermsSteps

SOLD_IN = {KIND_NET_BILLING: "USD", KIND_TEMPO: "EUR", KIND_AMBER: "AUD"}
"""Kinds of tariffs that exist in one currency only."""
FORMS = (*SOLD_IN, KIND_ENTITY)
"""Kinds of tariffs that have a dialog of their own."""


class TariffSubentryFlow(PlanSteps, HolidaySteps, TermsSteps, NetBillingSteps, TempoSteps, AmberSteps, EntitySteps):
    """Adds the tariff of a home or changes it."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Refuse a second tariff, then offer the kinds of tariffs that are sold in the home's currency."""
        await self.async_prepare()
        if self._has_another():
            return self.async_abort(reason="single_tariff")
        return self.async_show_menu(step_id="user", menu_options=self._kinds())

    async def async_step_kinds(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer the kinds of tariffs to whoever has another contract now; the bills of before keep their prices."""
        return self.async_show_menu(step_id="kinds", menu_options=self._kinds())

    def _kinds(self) -> list[str]:
        return ["start", *(kind for kind in FORMS if SOLD_IN.get(kind, self.currency) == self.currency)]

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the tariff as it is; everything can be changed from there."""
        await self.async_prepare()
        subentry = self._get_reconfigure_subentry()
        if (kind := subentry.data.get("kind")) in FORMS:
            return self.async_show_menu(step_id="reconfigure", menu_options=[kind, "kinds"])
        try:
            self.draft = TariffDraft.from_data(subentry.title, subentry.data)
        except ValueError, KeyError, TypeError:
            self.draft = TariffDraft(name=subentry.title)
            return await self.async_step_start()
        return await self.async_step_summary()

    async def async_step_start(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name and what to start from."""
        if user_input is None:
            return self.async_show_form(
                step_id="start",
                data_schema=self.add_suggested_values_to_schema(
                    start_form(self.currency), {CONF_NAME: self.draft.name or self._suggested_name()}
                ),
                description_placeholders={"currency": self.currency},
            )
        start, typed = user_input[START], user_input.get(CONF_NAME, "").strip()
        terms = self.draft.terms
        if start == START_FLAT:
            self.draft = TariffDraft(name=typed or self.words("default_name"), terms=terms)
            return await self.async_step_flat()
        if start == START_BLANK:
            self.draft = TariffDraft.blank(typed or self.words("default_name"), self.words)
            self.draft.terms = terms
            return await self.async_step_seasons()
        preset = PRESETS[start]
        self.draft = TariffDraft.from_preset(preset, typed or preset.title or self.words("default_name"), self.words)
        self.draft.terms = terms
        return await self.async_step_prices()

    async def async_step_flat(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the one price."""
        errors = number_errors(user_input or {})
        if user_input is not None and not errors:
            self.draft.flat = FlatTariff(
                tier=self.words("single_price"),
                import_per_kwh=user_input[IMPORT_PRICE],
                export_per_kwh=user_input.get(EXPORT_PRICE),
            )
            return await self.async_step_summary()
        known = self.draft.flat
        values = {IMPORT_PRICE: known.import_per_kwh, EXPORT_PRICE: known.export_per_kwh} if known else {}
        return self.async_show_form(
            step_id="flat",
            data_schema=self.add_suggested_values_to_schema(
                flat_form(self.currency),
                user_input or {key: value for key, value in values.items() if value is not None},
            ),
            errors=errors,
            description_placeholders={"currency": self.currency},
        )

    async def async_step_name(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for another name."""
        if user_input is not None and (name := user_input[CONF_NAME].strip()):
            self.draft.name = name
            return await self.async_step_summary()
        return self.async_show_form(
            step_id="name",
            data_schema=self.add_suggested_values_to_schema(name_form(), {CONF_NAME: self.draft.name}),
            errors={} if user_input is None else {CONF_NAME: "name_empty"},
        )

    @override
    async def async_step_summary(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        if self.draft.flat is not None:
            options = ["save", "flat", "terms", "name", "start"]
        else:
            options = ["save", "prices", "hours", "seasons", "terms", "name", "start"]
            if self.draft.holidays is not None:
                options.insert(4, "holidays")
        if self.source != SOURCE_USER:
            options.append("kinds")
        return self.async_show_menu(
            step_id="summary", menu_options=options, description_placeholders=await self.async_summarise()
        )

    async def async_step_save(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add the tariff, or change the one whose dialog this is."""
        return self._finish(self.draft.name, self.draft.to_data())
