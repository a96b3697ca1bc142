"""Watches every dialog that any test opens: whatever it shows must have words."""

from collections.abc import Iterator, Mapping
from typing import Any

import probatio
import pytest
from homeassistant.config_entries import ConfigFlow, ConfigSubentryFlow, OptionsFlow
from homeassistant.data_entry_flow import FlowHandler, FlowManager, FlowResultType, section
from homeassistant.helpers.selector import Selector

from tests.validators.repository import PLACEHOLDER, json_of


@pytest.fixture(autouse=True)
def _every_dialog_has_words(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test whose dialogs show a field, an error, an option or an ending without words for it."""
    handle_step = FlowManager._async_handle_step
    wordless: list[str] = []

    async def watched(self: FlowManager, flow: FlowHandler, *args: Any, **kwargs: Any) -> Any:
        result = await handle_step(self, flow, *args, **kwargs)
        wordless.extend(missing_words(flow, result))
        return result

    monkeypatch.setattr(FlowManager, "_async_handle_step", watched)
    yield
    assert not wordless, f"en.json lacks: {', '.join(sorted(set(wordless)))}"


def missing_words(flow: FlowHandler, result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of texts that *result*, shown by *flow*, needs and that are not there."""
    if not type(flow).__module__.startswith("custom_components.energy_optimizer"):
        return
    content = json_of("translations/en.json")
    if isinstance(flow, ConfigSubentryFlow):
        path = f"config_subentries.{flow.handler[1]}"
    elif isinstance(flow, ConfigFlow | OptionsFlow):
        path = "config" if isinstance(flow, ConfigFlow) else "options"
    else:
        return
    words = _at(content, path)
    match result["type"]:
        case FlowResultType.ABORT:
            wanted = [f"abort.{result['reason']}"]
        case FlowResultType.FORM:
            wanted = list(_form(result))
            yield from _unknown_options(content.get("selector", {}), result)
        case FlowResultType.MENU:
            wanted = [f"step.{result['step_id']}.title"]
            if not isinstance(result["menu_options"], Mapping):
                wanted += [f"step.{result['step_id']}.menu_options.{option}" for option in result["menu_options"]]
        case FlowResultType.SHOW_PROGRESS:
            wanted = [f"progress.{result['progress_action']}"]
        case _:
            wanted = []
    yield from (f"{path}.{each}" for each in wanted if not _at(words, each))
    yield from (f"{path}.{each}" for each in _unfilled(words, wanted, result))


def _form(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a form needs: a title, and a label and an explanation for each field, and its errors."""
    step = f"step.{result['step_id']}"
    yield f"{step}.title"
    for key, value in _fields(result["data_schema"]):
        if isinstance(value, section):
            yield f"{step}.sections.{key}.name"
            for inner, _ in _fields(value.schema):
                yield f"{step}.sections.{key}.data.{inner}"
                yield f"{step}.sections.{key}.data_description.{inner}"
        else:
            yield f"{step}.data.{key}"
            yield f"{step}.data_description.{key}"
    yield from (f"error.{error}" for error in (result["errors"] or {}).values())


def _fields(schema: probatio.Schema | None) -> list[tuple[str, Any]]:
    return [(str(key), value) for key, value in schema.schema.items()] if schema else []


def _unknown_options(selectors: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options and parts of a form's selectors that have no words."""
    fields = _fields(result["data_schema"])
    inner = [each for _, value in fields if isinstance(value, section) for each in _fields(value.schema)]
    for _, selector in fields + inner:
        if not isinstance(selector, Selector) or not (key := selector.config.get("translation_key")):
            continue
        words = selectors.get(key, {})
        options = [each for each in selector.config.get("options", ()) if isinstance(each, str)]
        yield from (f"selector.{key}.options.{each}" for each in options if each not in words.get("options", {}))
        yield from (
            f"selector.{key}.fields.{each}"
            for each in selector.config.get("fields", {})
            if each not in words.get("fields", {})
        )


def _unfilled(words: Mapping[str, Any], wanted: list[str], result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the placeholders of the texts shown that the dialog gives no value for."""
    given = set(result.get("description_placeholders") or {})
    shown = {each: _at(words, each) for each in wanted}
    if result["type"] in (FlowResultType.FORM, FlowResultType.MENU):
        shown["description"] = _at(words, f"step.{result['step_id']}.description")
    for path, text in shown.items():
        yield from (f"{path}: a value for {{{name}}}" for name in set(PLACEHOLDER.findall(text or "")) - given)


def _at(content: Any, path: str) -> Any:
    """Return what stands at a dotted path, or nothing."""
    for part in path.split("."):
        content = content.get(part, {}) if isinstance(content, Mapping) else {}
    return content or None
