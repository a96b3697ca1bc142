"""The forms of a net-billing contract, and what was entered in them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import probatio
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    DateSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..core.tariffs.crediting import Credits
from ..core.tariffs.net_billing_presets import NET_BILLING_PRESETS
from ..core.tariffs.net_billing_settings import OpeningCredits
from ..core.tariffs.time_of_use import TimeOfUsePlan
from .tariff_rows import IMPORT_PRICE, SEASON, TIER, RowError, read_prices, write_prices
from .tariff_terms import terms_fields
from .tariff_words import Words

PLAN: Final = "plan"
VINTAGE: Final = "vintage"
GENERATION_CREDIT: Final = "generation_credit"
OF_UTILITY: Final = "utility"
OF_OTHERS: Final = "own"
OWN_GENERATION: Final = "own_generation"
ADDER: Final = "adder"
PARTS: Final = "parts"
GENERATION_PRICE: Final = "generation_price"
NON_BYPASSABLE: Final = "non_bypassable"
SURPLUS: Final = "surplus"
SURPLUS_RATES: Final = ("surplus_per_kwh", "surplus_generation_per_kwh", "surplus_delivery_per_kwh")
OPENING: Final = "opening"
OPENING_DAY: Final = "opening_day"
OPENING_CREDITS: Final = {
    "opening_generation": "generation",
    "opening_delivery": "delivery",
    "opening_adder": "adder",
}

type Generation = dict[tuple[str | None, str], float]


def plan_form() -> probatio.Schema:
    """Ask for the name and the import plan."""
    options = [
        SelectOptionDict(value=key, label=preset.imports.title or key) for key, preset in NET_BILLING_PRESETS.items()
    ]
    return probatio.Schema(
        {
            probatio.Optional(CONF_NAME): TextSelector(),
            probatio.Required(PLAN): SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST, sort=False)
            ),
        }
    )


def export_form(vintages: Mapping[str, tuple[int, int]], currency: str) -> probatio.Schema:
    """Ask which export values apply; *vintages* come with the first and last year of which they are known."""
    options = [
        SelectOptionDict(value=name, label=f"{name} ({first}–{last})" if first < last else f"{name} ({first})")
        for name, (first, last) in vintages.items()
    ]
    return probatio.Schema(
        {
            probatio.Required(VINTAGE): SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN, sort=False)
            ),
            probatio.Required(GENERATION_CREDIT, default=OF_UTILITY): SelectSelector(
                SelectSelectorConfig(
                    options=[OF_UTILITY, OF_OTHERS],
                    mode=SelectSelectorMode.LIST,
                    translation_key="generation_credit",
                )
            ),
            probatio.Optional(OWN_GENERATION): _price(currency),
            probatio.Optional(ADDER): _price(currency),
        }
    )


def parts_form(plan: TimeOfUsePlan, currency: str, words: Words) -> probatio.Schema:
    """Ask for the import prices and their generation parts."""
    seasons = [season.name for season in plan.seasons]
    fields: dict[str, ObjectSelectorField] = {
        SEASON: {"selector": _choice([words("every_season"), *seasons]), "required": True},
        TIER: {"selector": _choice(plan.tiers)},
        IMPORT_PRICE: {"selector": _price(currency, words("unit_paid"))},
        GENERATION_PRICE: {"selector": _price(currency, words("unit_generation"))},
    }
    return probatio.Schema(
        {
            probatio.Required(PARTS): ObjectSelector(
                ObjectSelectorConfig(fields=fields, multiple=True, translation_key="tariff_parts")
            ),
            probatio.Required(NON_BYPASSABLE): _price(currency),
        }
    )


def billing_form(currency: str) -> probatio.Schema:
    """Ask for fixed charges, what a year's surplus earns, and the credits there are."""
    surplus = {probatio.Optional(name): _price(currency) for name in SURPLUS_RATES}
    money = NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX, unit_of_measurement=currency)
    opening: dict[Any, Any] = {probatio.Optional(OPENING_DAY): DateSelector()}
    opening |= {probatio.Optional(name): NumberSelector(money) for name in OPENING_CREDITS}
    return probatio.Schema(
        {
            **terms_fields(currency),
            probatio.Required(SURPLUS): section(probatio.Schema(surplus), {"collapsed": True}),
            probatio.Required(OPENING): section(probatio.Schema(opening), {"collapsed": True}),
        }
    )


def write_parts(plan: TimeOfUsePlan, generation: Mapping[tuple[str | None, str], float], words: Words) -> list[Any]:
    """Return a row for each price, with its generation part."""
    rows = write_prices(plan.prices, words, with_season=True)
    for row, price in zip(rows, plan.prices, strict=True):
        if (part := generation.get((price.season, price.tier))) is not None:
            row[GENERATION_PRICE] = part
    return rows


def read_parts(
    rows: Sequence[Mapping[str, Any]], non_bypassable: float, words: Words
) -> tuple[tuple[Any, ...], Generation]:
    """Return prices and their generation parts; raise ``RowError`` for a row that cannot be taken as it is."""
    prices = read_prices(rows, words)
    generation: Generation = {}
    for number, (row, price) in enumerate(zip(rows, prices, strict=True), 1):
        part = row.get(GENERATION_PRICE)
        if part is None or price.import_per_kwh is None:
            raise RowError("generation_missing", number, tier=price.tier)
        if not 0 <= part <= price.import_per_kwh - non_bypassable:
            raise RowError("generation_too_much", number, tier=price.tier)
        generation[price.season, price.tier] = float(part)
    return prices, generation


def read_opening(entered: Mapping[str, Any]) -> OpeningCredits | None:
    """Return the credits that were entered; ``None`` if none were. Raise ``ValueError`` if they have no day."""
    credits_entered = {name: entered[key] for key, name in OPENING_CREDITS.items() if entered.get(key) is not None}
    day = entered.get(OPENING_DAY)
    if day is None:
        if credits_entered:
            raise ValueError("Credits without a day")
        return None
    return OpeningCredits(day=date.fromisoformat(day), credits=Credits.from_data(credits_entered))


def write_opening(opening: OpeningCredits | None) -> dict[str, Any]:
    """Return the fields that show *opening*."""
    if opening is None:
        return {}
    money = {key: float(getattr(opening.credits, name)) for key, name in OPENING_CREDITS.items()}
    return {OPENING_DAY: opening.day.isoformat(), **money}


def _price(currency: str, part: str = "") -> NumberSelector:
    unit = f"{currency}/kWh {part}".rstrip()
    return NumberSelector(NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX, unit_of_measurement=unit))


def _choice(options: Sequence[str]) -> SelectSelector:
    return SelectSelector(SelectSelectorConfig(options=list(options), mode=SelectSelectorMode.DROPDOWN, sort=False))
