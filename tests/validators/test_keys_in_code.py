"""What the code says by key must have words: exceptions, issues, icons and actions."""

import ast
from collections.abc import Iterator

import homeassistant.helpers.service as service_helper
import pytest
import yaml
from homeassistant.helpers.selector import validate_selector

from .repository import INTEGRATION, json_of, modules, texts

REGISTERS_ACTIONS = {
    "async_register",
    "async_register_admin_service",
    "async_register_entity_service",
    "async_register_platform_entity_service",
}
SERVICES = INTEGRATION / "services.yaml"


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield every call in the code with its module and the last part of the name that is called."""
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield str(path), name, node


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value that a call gives to the parameter *name*."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def test_every_exception_that_is_raised_has_words() -> None:
    said = json_of("translations/en.json")["exceptions"]
    checked = 0
    for path, name, call in calls():
        key = keyword(call, "translation_key")
        if keyword(call, "translation_domain") is None or name == "async_create_issue" or key is None:
            continue
        checked += 1
        if isinstance(key, ast.Constant):
            assert key.value in said, f"{path}: {key.value}"
        elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
            assert any(each.startswith(str(key.values[0].value)) for each in said), path
    assert checked


def test_an_exception_for_the_user_is_never_a_bare_text() -> None:
    for path, name, call in calls():
        if name in {"HomeAssistantError", "ServiceValidationError", "UpdateFailed", "ConfigEntryError"}:
            assert keyword(call, "translation_key") is not None, f"{path}, line {call.lineno}"


def test_exceptions_are_given_the_placeholders_they_have() -> None:
    said = json_of("translations/en.json")["exceptions"]
    for path, _, call in calls():
        key, given = keyword(call, "translation_key"), keyword(call, "translation_placeholders")
        if not (isinstance(key, ast.Constant) and key.value in said and keyword(call, "translation_domain")):
            continue
        names = (
            {each.value for each in given.keys if isinstance(each, ast.Constant)}
            if isinstance(given, ast.Dict)
            else None
        )
        if names is not None:
            wanted = {part.split("}")[0] for part in said[key.value]["message"].split("{")[1:]}
            assert wanted <= names, f"{path}: {key.value}"


def test_every_issue_has_words() -> None:
    said = json_of("translations/en.json").get("issues", {})
    for path, name, call in calls():
        if name == "async_create_issue":
            key = keyword(call, "translation_key")
            assert not isinstance(key, ast.Constant) or key.value in said, path


def test_every_entity_with_a_name_has_an_icon() -> None:
    icons, words = json_of("icons.json")["entity"], json_of("translations/en.json")["entity"]
    assert {kind: set(each) for kind, each in icons.items()} == {kind: set(each) for kind, each in words.items()}


def test_icons_are_from_the_one_set_that_there_is() -> None:
    for path, icon in _icons(json_of("icons.json")):
        assert icon.startswith("mdi:"), path


def test_no_state_has_the_icon_that_it_would_have_anyway() -> None:
    for kind, entities in json_of("icons.json")["entity"].items():
        for key, entity in entities.items():
            assert entity["default"]
            assert entity["default"] not in entity.get("state", {}).values(), f"{kind}.{key}"


def test_states_with_an_icon_are_states_with_a_name() -> None:
    words = json_of("translations/en.json")["entity"]
    for kind, entities in json_of("icons.json")["entity"].items():
        for key, entity in entities.items():
            named = set(words[kind][key].get("state", {}))
            assert not named or set(entity.get("state", {})) <= named, f"{kind}.{key}"


def _icons(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _icons(value, f"{path}.{key}")
    else:
        yield path, str(node)


def _registers_actions() -> bool:
    return any(
        (name in REGISTERS_ACTIONS and "services" in ast.unparse(call.func))
        or name in REGISTERS_ACTIONS - {"async_register"}
        for _, name, call in calls()
    )


def test_actions_are_described_if_there_are_any() -> None:
    described = {path.split(".")[1] for path in texts("en") if path.startswith("services.")}
    assert SERVICES.exists() == _registers_actions() == bool(described)


@pytest.mark.skipif(not SERVICES.exists(), reason="the integration has no actions")
def test_actions_keep_home_assistants_schema_and_have_words_and_icons() -> None:
    actions = yaml.safe_load(SERVICES.read_text(encoding="utf-8"))
    service_helper._SERVICES_SCHEMA(actions)
    words, icons = json_of("translations/en.json")["services"], json_of("icons.json")["services"]
    assert set(actions) == set(words) == set(icons)
    for name, action in actions.items():
        fields = {}
        for key, field in ((action or {}).get("fields") or {}).items():
            fields.update(field.get("fields", {key: field}))
        assert words[name]["name"]
        assert words[name]["description"]
        assert set(words[name].get("fields", {})) == set(fields), name
        for key, field in fields.items():
            validate_selector(field["selector"])
            assert set(words[name]["fields"][key]) == {"name", "description"}, f"{name}.{key}"
