"""Lays out what a visitor sees first, as one could by hand in Home Assistant's editor."""

from collections.abc import Iterable, Mapping
from typing import Any

from .client import Client

type Json = dict[str, Any]

URL_PATH = "demo-home"
TITLE = "Overview"
FAVOURITES = (
    "solar_power",
    "home_power",
    "battery_power",
    "grid_power",
    "level",
    "system_mode",
    "import_price",
    "tier",
    "colour_tomorrow",
    "spike_status",
    "bill_today",
)
_COLOURS = {"solar_power": "amber", "home_power": "deep-purple", "battery_power": "teal", "grid_power": "blue"}
_ENERGIES = {
    "solar_energy": "amber",
    "home_energy": "deep-purple",
    "grid_import_energy": "blue",
    "grid_export_energy": "green",
}


async def save(client: Client, entities: Iterable[Json]) -> None:
    """Make a dashboard of ours the first page, fill the Overview, and let clocks show the home's own time."""
    by_key = {str(each["translation_key"]): str(each["entity_id"]) for each in entities}
    await client.ask(
        "lovelace/dashboards/create", url_path=URL_PATH, title=TITLE, icon="mdi:home-lightning-bolt", mode="storage"
    )
    await client.ask("lovelace/config/save", url_path=URL_PATH, config=layout(by_key))
    await client.ask("frontend/set_system_data", key="core", value={"default_panel": URL_PATH})
    overview = {"favorite_entities": _known(by_key, FAVOURITES), "welcome_banner_dismissed": True}
    await client.ask("frontend/set_system_data", key="home", value=overview)
    # Without it, a home on the other side of the earth has its sunset at breakfast.
    clock = dict.fromkeys(("number_format", "time_format", "date_format", "first_weekday"), "language")
    await client.ask("frontend/set_user_data", key="language", value={**clock, "time_zone": "server"})


def layout(by_key: Mapping[str, str]) -> Json:
    """Return the dashboard: powers and where they came from, prices and bills, and what the Powerwall is told."""
    sections = [
        [_heading("Now", "mdi:home-lightning-bolt"), *_powers(by_key)],
        [_heading("Today", "mdi:calendar-today"), {"type": "energy-distribution"}, *_shares(by_key)],
        [_heading("What comes", "mdi:calendar-clock"), *_plan(by_key)],
        [_heading("The last 24 hours", "mdi:chart-line"), _day(by_key), _level(by_key)],
        [_heading("Electricity tariff", "mdi:cash-clock"), *_prices(by_key)],
        [_heading("Bills", "mdi:receipt-text-outline"), *_bills(by_key), _price_day(by_key)],
        [_heading("Powerwall", "mdi:home-battery"), *_settings(by_key)],
        [_heading("Two weeks", "mdi:chart-bar"), _fortnight(by_key), _month_of_colours(by_key)],
    ]
    view = {
        "title": TITLE,
        "path": "home",
        "type": "sections",
        "max_columns": 3,
        "sections": [{"type": "grid", "cards": [card for card in cards if card]} for cards in sections],
    }
    return {"views": [view]}


def _known(by_key: Mapping[str, str], keys: Iterable[str]) -> list[str]:
    return [by_key[key] for key in keys if key in by_key]


_FULL = {"columns": "full"}


def _coloured(by_key: Mapping[str, str], colours: Mapping[str, str]) -> list[Json]:
    return [
        {"entity": by_key[key], "name": {"type": "entity"}, "color": colour}
        for key, colour in colours.items()
        if key in by_key
    ]


def _heading(text: str, icon: str) -> Json:
    return {"type": "heading", "heading": text, "icon": icon}


def _tile(by_key: Mapping[str, str], key: str, **more: object) -> Json:
    if key not in by_key:
        return {}
    return {"type": "tile", "entity": by_key[key], "name": {"type": "entity"}, **more}


def _powers(by_key: Mapping[str, str]) -> list[Json]:
    trend = [{"type": "trend-graph", "hours_to_show": 24}]
    tiles = [_tile(by_key, key, color=colour, features=trend) for key, colour in _COLOURS.items()]
    rest = ("system_mode", "level", "backup_time_left")
    return [*tiles, *(_tile(by_key, key, color="green", grid_options=_FULL) for key in rest)]


def _shares(by_key: Mapping[str, str]) -> list[Json]:
    keys = ("self_consumption", "self_sufficiency")
    return [_tile(by_key, key, color="green", grid_options=_FULL) for key in keys]


def _plan(by_key: Mapping[str, str]) -> list[Json]:
    """Show what the battery will do, what that will cost, and what stored energy is worth."""
    if "decision" not in by_key:
        return []
    keys = ("expected_cost_today", "expected_cost_tomorrow", "next_decision", "marginal_value")
    card = {"type": "custom:energy-optimizer-plan-card", "title": "", "grid_options": {"columns": "full"}}
    return [card, *(_tile(by_key, key, grid_options=_FULL) for key in keys)]


def _day(by_key: Mapping[str, str]) -> Json:
    return {
        "type": "history-graph",
        "hours_to_show": 24,
        "entities": _coloured(by_key, _COLOURS),
        "grid_options": {"columns": "full", "rows": 5},
    }


def _level(by_key: Mapping[str, str]) -> Json:
    return {
        "type": "history-graph",
        "hours_to_show": 24,
        "entities": _coloured(by_key, {"level": "green"}),
        "grid_options": {"columns": "full", "rows": 4},
        "min_y_axis": 0,
        "max_y_axis": 100,
    }


def _prices(by_key: Mapping[str, str]) -> list[Json]:
    """Show prices now, and what only some tariffs have: Tempo's colours and their days, Amber's market."""
    everywhere = ("tier", "next_change", "import_price", "export_price")
    of_tempo = ("colour_today", "colour_tomorrow", "peak_price_today", "off_peak_price_today")
    of_amber = ("spike_status", "renewables", "forecast_low", "forecast_high")
    days_left = {"days_left_blue": "blue", "days_left_white": "grey", "days_left_red": "red"}
    return [
        *(_tile(by_key, key, grid_options=_FULL) for key in (*everywhere, *of_tempo, *of_amber)),
        *(_tile(by_key, key, color=colour, grid_options=_FULL) for key, colour in days_left.items()),
    ]


def _bills(by_key: Mapping[str, str]) -> list[Json]:
    bills = ("bill_today", "bill_month", "bill_year")
    wide = (_tile(by_key, key, grid_options=_FULL) for key in bills)
    return [*wide, *(_tile(by_key, key) for key in ("cost_today", "earnings_today"))]


def _price_day(by_key: Mapping[str, str]) -> Json:
    entities = _coloured(by_key, {"import_price": "deep-orange", "export_price": "green"})
    if not entities:
        return {}
    size = {"columns": "full", "rows": 5}
    return {"type": "history-graph", "hours_to_show": 24, "entities": entities, "grid_options": size}


def _while_known(by_key: Mapping[str, str], key: str) -> Json:
    """Return what hides a card while its entity has nothing to tell."""
    if key not in by_key:
        return {}
    return {"visibility": [{"condition": "state", "entity": by_key[key], "state_not": "unknown"}]}


def _settings(by_key: Mapping[str, str]) -> list[Json]:
    choice = [{"type": "select-options"}]
    slider = [{"type": "numeric-input", "style": "slider"}]
    toggle = [{"type": "toggle"}]
    return [
        _tile(by_key, "battery_mode", features=choice, grid_options=_FULL),
        _tile(by_key, "force_duration", features=slider, grid_options=_FULL),
        _tile(by_key, "force_ends_at", grid_options=_FULL, **_while_known(by_key, "force_ends_at")),
        _tile(by_key, "tariff_sync", features=toggle, grid_options=_FULL),
        _tile(by_key, "control_state", grid_options=_FULL),
        _tile(by_key, "operation_mode", features=choice, grid_options=_FULL),
        _tile(by_key, "export_rule", features=choice, grid_options=_FULL),
        _tile(by_key, "backup_reserve", features=slider, grid_options=_FULL),
        _tile(by_key, "grid_charging", features=toggle, grid_options=_FULL),
    ]


def _month_of_colours(by_key: Mapping[str, str]) -> Json:
    """Show a month of Tempo."""
    if "colours" not in by_key:
        return {}
    size = {"columns": "full", "rows": 8}
    return {"type": "calendar", "entities": [by_key["colours"]], "initial_view": "dayGridMonth", "grid_options": size}


def _fortnight(by_key: Mapping[str, str]) -> Json:
    return {
        "type": "statistics-graph",
        "chart_type": "bar",
        "period": "day",
        "days_to_show": 14,
        "stat_types": ["change"],
        "entities": _coloured(by_key, _ENERGIES),
        "grid_options": {"columns": "full", "rows": 6},
    }
