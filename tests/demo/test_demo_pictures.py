"""What the walk through the demo clicks is written there."""

import json
from pathlib import Path

from custom_components.energy_optimizer.const import DOMAIN
from scripts.demo_home.pictures.walk import ADD_HOME, CHANGE_TARIFF, WHICH_WAY


def test_the_words_that_the_walk_looks_for_are_on_the_pages() -> None:
    path = Path(__file__).parents[2] / "custom_components" / DOMAIN / "translations" / "en.json"
    words = json.loads(path.read_text(encoding="utf-8"))
    subentries = words["config_subentries"]
    assert words["config"]["initiate_flow"]["user"] == ADD_HOME
    assert subentries["tariff"]["initiate_flow"]["reconfigure"] == CHANGE_TARIFF
    assert subentries["powerwall"]["step"]["user"]["title"] == WHICH_WAY
