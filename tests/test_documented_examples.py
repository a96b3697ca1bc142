"""What the documentation shows can be pasted, and what it names is called so."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from homeassistant.components.automation.config import ValidationStatus, async_validate_config_item
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import slugify
from homeassistant.util.yaml import parse_yaml

from custom_components.energy_optimizer.const import DOMAIN
from tests.validators.repository import ROOT, json_of

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
EXAMPLES: list[dict[str, Any]] = [
    cast("dict[str, Any]", parse_yaml(block))
    for page in PAGES
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]
AUTOMATIONS = [example for example in EXAMPLES if "triggers" in example]
ENTITIES = json_of("translations/en.json")["entity"]
NAMES = {entity["name"] for platform in ENTITIES.values() for entity in platform.values()}


def calls(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every call of our own actions in an example."""
    if isinstance(node, dict):
        if str(node.get("action", "")).startswith(f"{DOMAIN}."):
            yield node
        for value in node.values():
            yield from calls(value)
    elif isinstance(node, list):
        for each in node:
            yield from calls(each)


@pytest.mark.parametrize("example", AUTOMATIONS, ids=lambda example: example["alias"])
async def test_an_automation_is_accepted(hass: HomeAssistant, example: dict[str, Any]) -> None:
    assert await async_setup_component(hass, "automation", {})
    checked = await async_validate_config_item(hass, "example", example)
    assert checked is not None
    assert checked.validation_status is ValidationStatus.OK, checked.validation_error


async def test_calls_of_our_actions_have_fields_that_exist(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    ours = hass.services.async_services()[DOMAIN]
    shown = list(calls(EXAMPLES))
    assert {call["action"].removeprefix(f"{DOMAIN}.") for call in shown} >= {"get_bill", "get_prices", "force_charge"}
    for call in shown:
        schema = ours[call["action"].removeprefix(f"{DOMAIN}.")].schema
        assert schema is not None
        schema(call.get("data", {}))


def test_entities_in_examples_are_called_as_ours_are() -> None:
    ids = set(re.findall(r"\b(\w+)\.(?:powerwall|edf_tempo|amber|electricity_tariff)_(\w+)", str(AUTOMATIONS)))
    assert ids
    for platform, ending in ids:
        assert ending in {slugify(entity["name"]) for entity in ENTITIES[platform].values()}, (platform, ending)


def test_the_table_of_entities_names_those_that_exist() -> None:
    section = PAGES[0].read_text(encoding="utf-8").split("## Entities\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| \*(.+?)\* \|", section, re.MULTILINE)
    named = {name for row in rows for name in row.split(", ")}
    assert named == NAMES
