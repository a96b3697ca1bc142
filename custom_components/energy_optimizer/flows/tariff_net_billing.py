"""Entering a net-billing contract: plan, export values, prices with their parts, billing."""

from dataclasses import dataclass, replace
from typing import Any

from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.util import dt as dt_util

from ..api.tariff.net_billing_rates import source, vintages
from ..core.tariffs.crediting import Crediting
from ..core.tariffs.kinds import KIND_NET_BILLING
from ..core.tariffs.net_billing_presets import HOLIDAYS, NET_BILLING_PRESETS, NetBillingPreset
from ..core.tariffs.net_billing_settings import NetBillingSettings
from ..core.tariffs.serialisation import UnreadableTariffError
from ..core.tariffs.terms import Terms
from ..core.tariffs.validation import validate
from .numbers import number_errors
from .tariff_base import TariffSteps
from .tariff_draft import TariffDraft
from .tariff_net_billing_forms import (
    ADDER,
    GENERATION_CREDIT,
    NON_BYPASSABLE,
    OF_OTHERS,
    OF_UTILITY,
    OPENING,
    OWN_GENERATION,
    PARTS,
    PLAN,
    SURPLUS,
    SURPLUS_RATES,
    VINTAGE,
    billing_form,
    export_form,
    parts_form,
    plan_form,
    read_opening,
    read_parts,
    write_opening,
    write_parts,
)
from .tariff_rows import RowError
from .tariff_terms import TERMS, read_terms, shown_terms
from .tariff_words import Words


@dataclass(kw_only=True, slots=True)
class _Draft:
    """A contract that is being entered."""

    name: str
    preset: NetBillingPreset
    settings: NetBillingSettings
    terms: dict[str, Any]


class NetBillingSteps(TariffSteps):
    """Asks for a net-billing contract in four forms."""

    def __init__(self) -> None:
        super().__init__()
        self._contract: _Draft | None = None

    async def async_step_net_billing(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name and the import plan."""
        stored = self._contract or self._stored_contract()
        if user_input is not None:
            preset = NET_BILLING_PRESETS[user_input[PLAN]]
            typed = user_input.get(CONF_NAME, "").strip()
            name = typed or self._told_apart(preset.imports.title or preset.imports.key)
            if stored is not None and stored.preset is preset:
                self._contract = replace(stored, name=name)
            else:
                self._contract = _new_contract(preset, name, self.words)
            return await self.async_step_net_billing_export()
        values = {} if stored is None else {CONF_NAME: stored.name, PLAN: stored.preset.imports.key}
        return self.async_show_form(
            step_id="net_billing", data_schema=self.add_suggested_values_to_schema(plan_form(), values)
        )

    async def async_step_net_billing_export(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which export values apply, and what is paid beside them."""
        contract = self._require_contract()
        settings = contract.settings
        errors = number_errors(user_input or {})
        if user_input is not None and not errors:
            is_other = user_input[GENERATION_CREDIT] == OF_OTHERS
            if is_other and user_input.get(OWN_GENERATION) is None:
                errors = {OWN_GENERATION: "own_generation_missing"}
            else:
                vintage = user_input[VINTAGE]
                adder = user_input.get(ADDER)
                contract.settings = replace(
                    settings,
                    vintage=vintage,
                    own_generation_per_kwh=user_input[OWN_GENERATION] if is_other else None,
                    adder_per_kwh=contract.preset.adders_per_kwh.get(vintage, 0.0) if adder is None else adder,
                )
                return await self.async_step_net_billing_prices()
        known = await self.hass.async_add_executor_job(vintages, settings.utility)
        values: dict[str, Any] = {
            VINTAGE: settings.vintage,
            GENERATION_CREDIT: OF_UTILITY if settings.own_generation_per_kwh is None else OF_OTHERS,
        }
        if settings.own_generation_per_kwh is not None:
            values[OWN_GENERATION] = settings.own_generation_per_kwh
        if self.source != SOURCE_USER:
            values[ADDER] = settings.adder_per_kwh
        return self.async_show_form(
            step_id="net_billing_export",
            data_schema=self.add_suggested_values_to_schema(export_form(known, self.currency), user_input or values),
            errors=errors,
            description_placeholders={
                "source": await self.hass.async_add_executor_job(source, settings.utility),
                "currency": self.currency,
            },
        )

    async def async_step_net_billing_prices(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the import prices with their parts."""
        contract = self._require_contract()
        settings, imports = contract.settings, contract.preset.imports
        errors = number_errors({NON_BYPASSABLE: (user_input or {}).get(NON_BYPASSABLE)})
        placeholders = {
            "currency": self.currency,
            "source": self.words("source", source=imports.source or "", date=str(imports.in_force_since)),
        }
        if user_input is not None and not errors:
            try:
                non_bypassable = float(user_input[NON_BYPASSABLE])
                prices, generation = read_parts(user_input[PARTS], non_bypassable, self.words)
            except RowError as err:
                errors, placeholders = {PARTS: err.key}, placeholders | err.placeholders
            else:
                plan = replace(settings.plan, prices=prices)
                if validate(plan, holidays_differ=True):
                    errors = {PARTS: "parts_missing"}
                else:
                    contract.settings = replace(
                        settings, plan=plan, generation=generation, non_bypassable_per_kwh=non_bypassable
                    )
                    return await self.async_step_net_billing_billing()
        values = {
            PARTS: write_parts(settings.plan, settings.generation, self.words),
            NON_BYPASSABLE: settings.non_bypassable_per_kwh,
        }
        return self.async_show_form(
            step_id="net_billing_prices",
            data_schema=self.add_suggested_values_to_schema(
                parts_form(settings.plan, self.currency, self.words), user_input or values
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_net_billing_billing(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for fixed charges, the rates of the yearly surplus and the credits there are."""
        contract = self._require_contract()
        settings = contract.settings
        errors: dict[str, str] = {}
        if user_input is not None:
            if any(number_errors(user_input[each]) for each in (TERMS, SURPLUS, OPENING)):
                errors = {"base": "number_needed"}
            else:
                try:
                    opening = read_opening(user_input[OPENING])
                except ValueError:
                    errors = {"base": "opening_day_missing"}
                else:
                    rates = {name: user_input[SURPLUS].get(name) for name in SURPLUS_RATES}
                    crediting = Crediting(leftover=settings.crediting.leftover, **rates)
                    contract.settings = replace(settings, crediting=crediting, opening=opening)
                    contract.terms = read_terms(user_input)
                    return self._finish_contract(contract)
        rates = {name: getattr(settings.crediting, name) for name in SURPLUS_RATES}
        values = {
            TERMS: shown_terms(contract.terms),
            SURPLUS: {name: rate for name, rate in rates.items() if rate is not None},
            OPENING: write_opening(settings.opening),
        }
        return self.async_show_form(
            step_id="net_billing_billing",
            data_schema=self.add_suggested_values_to_schema(billing_form(self.currency), user_input or values),
            errors=errors,
            description_placeholders={
                "currency": self.currency,
                "date": contract.preset.crediting_as_of.isoformat(),
            },
        )

    def _finish_contract(self, contract: _Draft) -> SubentryFlowResult:
        data = {
            **contract.settings.to_data(),
            "holidays": HOLIDAYS.to_data(),
            "preset": contract.preset.imports.key,
            "terms": contract.terms,
        }
        return self._finish(contract.name, data)

    def _require_contract(self) -> _Draft:
        if self._contract is None:
            raise ValueError("The first form was not filled in")
        return self._contract

    def _stored_contract(self) -> _Draft | None:
        """Return what is set up already, if it can be read."""
        if not (data := self._present_data(KIND_NET_BILLING)):
            return None
        try:
            return _Draft(
                name=self._get_reconfigure_subentry().title,
                preset=NET_BILLING_PRESETS[data["preset"]],
                settings=NetBillingSettings.from_data(data, dt_util.get_default_time_zone()),
                terms=Terms.from_data(data.get("terms")).to_data(),
            )
        except UnreadableTariffError, KeyError, TypeError, ValueError:
            return None


def _new_contract(preset: NetBillingPreset, name: str, words: Words) -> _Draft:
    """Return a preset whose tiers and seasons speak the user's language."""
    plan = TariffDraft.from_preset(preset.imports, name, words).require_plan()
    generation = {
        (None if season is None else words.name(season), words.name(tier)): price
        for (season, tier), price in preset.generation.items()
    }
    vintage = max(preset.adders_per_kwh, default="NBT26")
    settings = NetBillingSettings(
        plan=plan,
        utility=preset.utility,
        vintage=vintage,
        generation=generation,
        non_bypassable_per_kwh=preset.non_bypassable_per_kwh,
        crediting=preset.crediting,
        adder_per_kwh=preset.adders_per_kwh.get(vintage, 0.0),
    )
    terms = Terms(per_day=preset.base_charge_per_day).to_data()
    return _Draft(name=name, preset=preset, settings=settings, terms=terms)
