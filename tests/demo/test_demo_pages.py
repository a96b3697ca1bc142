"""What the demo's dashboards show exists."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components.energy.data import ENERGY_SOURCE_SCHEMA

from custom_components.energy_optimizer.const import DOMAIN
from scripts.demo_home import dashboard, energy_preferences
from scripts.demo_home.errors import DemoError

TRANSLATIONS = Path(__file__).parents[2] / "custom_components" / DOMAIN / "translations" / "en.json"


def entities() -> list[dict[str, Any]]:
    """Return a registry entry for each entity that we translate."""
    platforms = json.loads(TRANSLATIONS.read_text(encoding="utf-8"))["entity"]
    return [
        {"entity_id": f"{platform}.{key}", "translation_key": key}
        for platform, keys in platforms.items()
        for key in keys
    ]


def test_the_energy_dashboard_takes_our_settings() -> None:
    preferences = energy_preferences.preferences(entities(), 13.5)
    sources = ENERGY_SOURCE_SCHEMA(preferences["energy_sources"])
    assert [source["type"] for source in sources] == ["grid", "solar", "battery"]
    for source in sources:
        for name, value in source.items():
            if name.startswith("stat_"):
                assert value.startswith("sensor."), name


def test_a_sensor_that_is_missing_is_named() -> None:
    with pytest.raises(DemoError, match="grid_import_energy"):
        energy_preferences.preferences([], 13.5)


def test_the_overview_shows_every_tile_it_means_to() -> None:
    by_key = {each["translation_key"]: each["entity_id"] for each in entities()}
    everything: dict[str, str] = _Everything()
    assert list(_entities(dashboard.layout(by_key))) == [
        by_key[entity] for entity in _entities(dashboard.layout(everything))
    ]


def test_the_overview_leaves_out_what_is_not_there() -> None:
    sections = dashboard.layout({"level": "sensor.level"})["views"][0]["sections"]
    assert all(card for section in sections for card in section["cards"])


LONGEST_IN_HALF_A_SECTION = 14
"""Letters of a tile's name at a window of 1400 pixels; a longer name is cut off."""


def test_no_name_on_the_overview_is_cut_off() -> None:
    words = json.loads(TRANSLATIONS.read_text(encoding="utf-8"))["entity"]
    names = {f"{platform}.{key}": each["name"] for platform, keys in words.items() for key, each in keys.items()}
    by_key = {each["translation_key"]: each["entity_id"] for each in entities()}
    sections = dashboard.layout(by_key)["views"][0]["sections"]
    tiles = [card for section in sections for card in section["cards"] if card["type"] == "tile"]
    narrow = [names[tile["entity"]] for tile in tiles if tile.get("grid_options") != {"columns": "full"}]
    assert narrow
    assert [name for name in narrow if len(name) > LONGEST_IN_HALF_A_SECTION] == []


class _Everything(dict[str, str]):
    """Has an entity for each key, called as the key."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return key


def _entities(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _entities(each)
    elif isinstance(part, dict):
        if isinstance(part.get("entity"), str):
            yield part["entity"]
        for each in part.values():
            yield from _entities(each)
