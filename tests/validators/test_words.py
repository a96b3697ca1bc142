"""The translation files, by the rules of Home Assistant's own checker and by our own: every word, in both languages."""

import re
from typing import Any

import pytest

from .repository import INTEGRATION, LANGUAGES, PLACEHOLDER, json_of, said_in_code, strings, texts

TOP_LEVEL = {
    "title", "config", "config_subentries", "options", "entity", "entity_component", "device", "selector", "services",
    "exceptions", "issues", "system_health", "conditions", "triggers", "common",
}  # fmt: skip
KEY = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
HTML = re.compile(r"<[a-zA-Z/!][^>]*>")
FLOW_PARTS = {"step", "error", "abort", "progress", "create_entry", "flow_title", "entry_type", "initiate_flow"}
STEP_PARTS = {
    "title", "description", "data", "data_description", "sections", "menu_options", "menu_option_descriptions",
    "submit",
}  # fmt: skip

# Texts that are the same in French, each with the reason.
SAME_IN_FRENCH: dict[str, str] = {
    "Tesla Fleet API": "a product's name",
    "Teslemetry": "a product's name",
    "Amber Electric": "a company's name",
    "EDF Tempo": "a product's name",
    "Energy Optimizer": "our name",
    "Phases": "the same word",
    "Powerwall": "a product's name",
    "Site": "the same word",
    "Sources": "the same word",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_and_texts_keep_the_rules(language: str) -> None:
    assert set(json_of(f"translations/{language}.json")) <= TOP_LEVEL
    for path, text in texts(language).items():
        assert isinstance(text, str), path
        assert all(KEY.fullmatch(part) for part in path.split(".")), path
        assert text.strip(), f"{path} is empty"
        assert text == text.strip(), f"{path} starts or ends with a blank"
        assert not HTML.search(text), f"{path} holds HTML"
        assert not re.search(r"'\{\w+\}'", text), f"{path} quotes a placeholder, which hides it from the formatter"
        assert "[%key:" not in text, f"{path} refers to another key, which only works inside Home Assistant"
        assert text.count("{") == text.count("}") == len(PLACEHOLDER.findall(text)), f"{path} has a stray brace"


def test_there_is_no_folder_or_file_of_the_old_kind() -> None:
    assert not (INTEGRATION / ".translations").exists()
    assert not (INTEGRATION / "strings.json").exists()
    assert {path.stem for path in (INTEGRATION / "translations").glob("*")} == set(LANGUAGES)


def test_languages_say_the_same_things_with_the_same_placeholders() -> None:
    english, french = texts("en"), texts("fr")
    assert list(french) == list(english), "keys differ, or stand in another order"
    for path, text in english.items():
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(french[path])), path


def test_french_is_french() -> None:
    english, french = texts("en"), texts("fr")
    same = {path: text for path, text in english.items() if french[path] == text and text not in SAME_IN_FRENCH}
    same = {path: text for path, text in same.items() if re.search(r"[^\W\d_]{2}", PLACEHOLDER.sub("", text))}
    assert not same
    for path, text in french.items():
        assert not re.search(r"\w'\w", text), f"{path} has a straight apostrophe"


def test_list_of_texts_that_are_the_same_is_not_longer_than_needed() -> None:
    french = texts("fr")
    needed = {text for path, text in texts("en").items() if french[path] == text}
    assert {text for text in SAME_IN_FRENCH if text not in needed} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_flows_have_known_parts_and_describe_every_field(language: str) -> None:
    for name, flow in _flows(json_of(f"translations/{language}.json")):
        assert set(flow) <= FLOW_PARTS, name
        for step_id, step in flow["step"].items():
            assert set(step) <= STEP_PARTS, f"{name}.{step_id}"
            for form in (step, *step.get("sections", {}).values()):
                described = set(form.get("data_description", {}))
                assert described == set(form.get("data", {})), f"{name}.{step_id}: fields and their descriptions"
            options = set(step.get("menu_option_descriptions", {}))
            assert options <= set(step.get("menu_options", {})), f"{name}.{step_id}"


def _flows(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [(name, content[name]) for name in ("config", "options") if name in content]
    return found + list(content.get("config_subentries", {}).items())


def test_subentries_name_themselves_and_their_dialogs() -> None:
    for subentry_type, flow in json_of("translations/en.json")["config_subentries"].items():
        assert flow["entry_type"]
        assert set(flow["initiate_flow"]) == {"user", "reconfigure"}
        assert said_in_code(subentry_type)


@pytest.mark.parametrize("kind", ["exceptions", "issues"])
def test_every_exception_and_issue_can_happen(kind: str) -> None:
    unused = [key for key in json_of("translations/en.json").get(kind, {}) if not said_in_code(key)]
    assert not unused


def test_every_error_reason_and_step_can_happen() -> None:
    unused = []
    for name, flow in _flows(json_of("translations/en.json")):
        for part in ("step", "error", "abort"):
            # Home Assistant itself gives a flow these reasons; no code of ours says them.
            by_home_assistant = {"already_configured", "already_in_progress"} if part == "abort" else set()
            unused += [
                f"{name}.{part}.{key}"
                for key in flow.get(part, {})
                if not said_in_code(key) and key not in by_home_assistant
            ]
    assert not unused


def test_every_exception_says_a_message_where_home_assistant_looks_for_it() -> None:
    for key, exception in json_of("translations/en.json")["exceptions"].items():
        assert isinstance(exception, dict), key
        assert set(exception) == {"message"}, key


def test_every_issue_has_a_title_and_one_way_to_read_on() -> None:
    for key, issue in json_of("translations/en.json").get("issues", {}).items():
        assert issue["title"], key
        assert len({"description", "fix_flow"} & set(issue)) == 1, key


def test_every_entity_has_a_name_and_nothing_unknown() -> None:
    for platform, entities in json_of("translations/en.json")["entity"].items():
        for key, entity in entities.items():
            assert entity.get("name"), f"{platform}.{key}"
            assert set(entity) <= {"name", "state", "state_attributes", "unit_of_measurement"}, f"{platform}.{key}"
            assert said_in_code(key), f"{platform}.{key} is not made by any code"


def test_every_selector_is_used() -> None:
    # Words that the code itself looks up are named within a longer path.
    named = " ".join(strings())
    assert [key for key in json_of("translations/en.json").get("selector", {}) if key not in named] == []
