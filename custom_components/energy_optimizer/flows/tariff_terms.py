"""The fixed charges of a contract, as a form asks for them: the same for every kind of tariff."""

from collections.abc import Mapping
from typing import Any, Final, override

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..core.tariffs.terms import LAST_BILLING_DAY, Terms
from ..core.tariffs.text import price_text
from .numbers import number_errors
from .tariff_base import TariffSteps
from .tariff_words import Words

TERMS: Final = "terms"
PER_DAY: Final = "per_day"
PER_MONTH: Final = "per_month"
PER_YEAR: Final = "per_year"
BILLING_DAY: Final = "billing_day"
TRUE_UP_MONTH: Final = "true_up_month"
_CALENDAR_YEAR: Final = "calendar"


class TermsSteps(TariffSteps):
    """Asks for the fixed charges of a tariff that is entered step by step."""

    @override
    async def async_summarise(self) -> dict[str, str]:
        summary = await super().async_summarise()
        notes = [summary["notes"], charges_words(self.draft.terms, self.currency, self.words)]
        return summary | {"notes": "\n\n".join(note for note in notes if note)}

    async def async_step_terms(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what the contract costs beside energy."""
        errors = number_errors(user_input or {})
        if user_input is not None and not errors:
            self.draft.terms = read_terms(user_input)
            return await self.async_step_summary()
        return self.async_show_form(
            step_id="terms",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(charges(self.currency)), user_input or shown_terms(self.draft.terms)
            ),
            errors=errors,
            description_placeholders={"currency": self.currency},
        )


def terms_fields(currency: str) -> dict[Any, Any]:
    """Return the fields of a collapsed section, to be joined with those of a form.

    A step that shows them has words under ``sections.terms``: ``name``, and ``data`` and ``data_description`` of the
    five fields. ``shown_terms`` gives the values to suggest, ``read_terms`` reads what was entered.
    """
    return {probatio.Required(TERMS): section(probatio.Schema(charges(currency)), {"collapsed": True})}


def charges(currency: str) -> dict[Any, Any]:
    """Return the fields themselves, for a form that asks for nothing else."""
    months = SelectSelectorConfig(
        options=[_CALENDAR_YEAR, *(f"m{month}" for month in range(1, 13))],
        mode=SelectSelectorMode.DROPDOWN,
        translation_key="billing_year",
    )
    days = NumberSelectorConfig(min=1, max=LAST_BILLING_DAY, step=1, mode=NumberSelectorMode.BOX)
    return {
        probatio.Optional(PER_DAY): _charge(f"{currency}/d"),
        probatio.Optional(PER_MONTH): _charge(currency),
        probatio.Optional(PER_YEAR): _charge(currency),
        probatio.Required(BILLING_DAY, default=1): NumberSelector(days),
        probatio.Required(TRUE_UP_MONTH, default=_CALENDAR_YEAR): SelectSelector(months),
    }


def read_terms(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a tariff's settings keep under ``terms``, from a form with the section or one of its own."""
    entered = user_input.get(TERMS, user_input)
    month = entered.get(TRUE_UP_MONTH, _CALENDAR_YEAR)
    return Terms(
        per_day=entered.get(PER_DAY),
        per_month=entered.get(PER_MONTH),
        per_year=entered.get(PER_YEAR),
        billing_day=int(entered.get(BILLING_DAY, 1)),
        true_up_month=None if month == _CALENDAR_YEAR else int(month.removeprefix("m")),
    ).to_data()


def shown_terms(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the values of the section's fields that show the settings kept under ``terms``."""
    terms = Terms.from_data(data)
    month = terms.true_up_month
    shown = {
        PER_DAY: terms.per_day,
        PER_MONTH: terms.per_month,
        PER_YEAR: terms.per_year,
        BILLING_DAY: terms.billing_day,
        TRUE_UP_MONTH: _CALENDAR_YEAR if month is None else f"m{month}",
    }
    return {key: value for key, value in shown.items() if value is not None}


def charges_words(data: Mapping[str, Any] | None, currency: str, words: Words) -> str:
    """Return the fixed charges in a sentence; nothing if there are none."""
    terms = Terms.from_data(data)
    charges = [
        words(key, price=price_text(charge), currency=currency)
        for key, charge in ((PER_DAY, terms.per_day), (PER_MONTH, terms.per_month), (PER_YEAR, terms.per_year))
        if charge is not None
    ]
    return words("fixed_charges", charges=", ".join(charges)) if charges else ""


def _charge(unit: str) -> NumberSelector:
    return NumberSelector(NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX, unit_of_measurement=unit))
