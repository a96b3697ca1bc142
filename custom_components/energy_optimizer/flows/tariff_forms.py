"""The forms of a tariff's dialog."""

from collections.abc import Iterable, Sequence
from typing import Final

import probatio
from homeassistant.const import CONF_COUNTRY, CONF_NAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    CountrySelector,
    CountrySelectorConfig,
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
    TextSelectorConfig,
)

from ..core.tariffs.holiday_rule import Substitutes
from ..core.tariffs.presets import PRESETS
from .tariff_rows import DAY, DAYS, EXPORT_PRICE, HOURS, IMPORT_PRICE, MONTH, NAME, SEASON, TIER
from .tariff_words import Words

START: Final = "start"
START_FLAT: Final = "flat"
START_BLANK: Final = "blank"
SEASONS: Final = "seasons"
HOLIDAYS_DIFFER: Final = "holidays_differ"
SUBDIVISION: Final = "subdivision"
HOLIDAY_NAMES: Final = "holiday_names"
SUBSTITUTES: Final = "substitutes"
OWN_DAYS: Final = "own_days"
PRICES: Final = "prices"
WINDOWS: Final = "windows"
REST_TIER: Final = "rest_tier"


def start_form(currency: str) -> probatio.Schema:
    """Ask for the name and what to start from; plans in another currency than the home's are not offered."""
    presets = [key for key, preset in PRESETS.items() if preset.currency in (None, currency)]
    return probatio.Schema(
        {
            probatio.Optional(CONF_NAME): TextSelector(),
            probatio.Required(START, default=START_FLAT): SelectSelector(
                SelectSelectorConfig(
                    options=[START_FLAT, *presets, START_BLANK],
                    mode=SelectSelectorMode.LIST,
                    translation_key="tariff_start",
                )
            ),
        }
    )


def name_form() -> probatio.Schema:
    """Ask for the name."""
    return probatio.Schema({probatio.Required(CONF_NAME): TextSelector()})


def flat_form(currency: str) -> probatio.Schema:
    """Ask for the one price at all times."""
    return probatio.Schema(
        {
            probatio.Required(IMPORT_PRICE): _price_selector(currency),
            probatio.Optional(EXPORT_PRICE): _price_selector(currency),
        }
    )


def seasons_form(words: Words) -> probatio.Schema:
    """Ask when which season starts, and whether holidays are days apart."""
    fields: dict[str, ObjectSelectorField] = {
        NAME: {"selector": TextSelector()},
        MONTH: {"selector": _choice(words.months), "required": True, "default": words.months[0]},
        DAY: {
            "selector": NumberSelector(NumberSelectorConfig(min=1, max=31, step=1, mode=NumberSelectorMode.BOX)),
            "required": True,
            "default": 1,
        },
    }
    return probatio.Schema(
        {
            probatio.Optional(SEASONS, default=[]): _rows(fields, "tariff_season"),
            probatio.Required(HOLIDAYS_DIFFER, default=False): BooleanSelector(),
        }
    )


def country_form(countries: Sequence[str]) -> probatio.Schema:
    """Ask for the country whose holidays count."""
    return probatio.Schema(
        {probatio.Optional(CONF_COUNTRY): CountrySelector(CountrySelectorConfig(countries=list(countries)))}
    )


def subdivision_form(subdivisions: dict[str, str], words: Words) -> probatio.Schema:
    """Ask for the part of the country."""
    whole = SelectOptionDict(value=words("whole_country"), label=words("whole_country"))
    options = [SelectOptionDict(value=code, label=name) for code, name in subdivisions.items()]
    return probatio.Schema(
        {
            probatio.Required(SUBDIVISION, default=whole["value"]): SelectSelector(
                SelectSelectorConfig(options=[whole, *options], mode=SelectSelectorMode.DROPDOWN)
            )
        }
    )


def holidays_form(names: Sequence[str]) -> probatio.Schema:
    """Ask which of the holidays count, and for days beyond them."""
    own = {probatio.Optional(OWN_DAYS, default=[]): TextSelector(TextSelectorConfig(multiple=True))}
    if not names:
        return probatio.Schema(own)
    return probatio.Schema(
        {
            probatio.Required(HOLIDAY_NAMES, default=list(names)): SelectSelector(
                SelectSelectorConfig(options=list(names), multiple=True, mode=SelectSelectorMode.LIST)
            ),
            probatio.Required(SUBSTITUTES, default=Substitutes.ALL.value): SelectSelector(
                SelectSelectorConfig(
                    options=[each.value for each in Substitutes],
                    mode=SelectSelectorMode.LIST,
                    translation_key="tariff_substitutes",
                )
            ),
            **own,
        }
    )


def prices_form(currency: str, seasons: Sequence[str], words: Words) -> probatio.Schema:
    """Ask for the tiers with their prices."""
    fields: dict[str, ObjectSelectorField] = {
        **_season_field(seasons, words),
        TIER: {"selector": TextSelector()},
        # A closed row shows values and units alone: the unit has to say who pays.
        IMPORT_PRICE: {"selector": _price_selector(currency, words("unit_paid"))},
        EXPORT_PRICE: {"selector": _price_selector(currency, words("unit_earned"))},
    }
    return probatio.Schema({probatio.Required(PRICES, default=[]): _rows(fields, "tariff_price")})


def hours_form(tiers: Sequence[str], seasons: Sequence[str], words: Words, *, holidays_differ: bool) -> probatio.Schema:
    """Ask when which tier holds."""
    days = [name for name in words.day_groups if holidays_differ or name != words("holiday")]
    fields: dict[str, ObjectSelectorField] = {
        TIER: {"selector": _choice(tiers)},
        HOURS: {"selector": TextSelector()},
        **_season_field(seasons, words),
        DAYS: {
            "selector": SelectSelector(
                SelectSelectorConfig(options=days, multiple=True, mode=SelectSelectorMode.DROPDOWN)
            ),
        },
    }
    return probatio.Schema(
        {
            probatio.Optional(WINDOWS, default=[]): _rows(fields, "tariff_hours"),
            probatio.Required(REST_TIER): _choice([*tiers, words("no_rest")]),
        }
    )


def _season_field(seasons: Sequence[str], words: Words) -> dict[str, ObjectSelectorField]:
    if len(seasons) < 2:
        return {}
    every = words("every_season")
    return {SEASON: {"selector": _choice([every, *seasons]), "required": True, "default": every}}


def _rows(fields: dict[str, ObjectSelectorField], translation_key: str) -> ObjectSelector:
    return ObjectSelector(ObjectSelectorConfig(fields=fields, multiple=True, translation_key=translation_key))


def _choice(options: Iterable[str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=list(dict.fromkeys(options)), mode=SelectSelectorMode.DROPDOWN, sort=False)
    )


def _price_selector(currency: str, direction: str = "") -> NumberSelector:
    unit = f"{currency}/kWh {direction}".rstrip()
    return NumberSelector(NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX, unit_of_measurement=unit))
