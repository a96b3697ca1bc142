"""The manifest, by the rules of Home Assistant's own checker and by what the code really needs."""

import ast
import json
import re
from pathlib import Path

import homeassistant
import pytest
from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.core import HomeAssistant
from homeassistant.generated.entity_platforms import EntityPlatforms
from homeassistant.loader import async_get_integration
from packaging.requirements import Requirement
from packaging.version import Version

from .repository import INTEGRATION, imports, json_of, modules

COMPONENTS = Path(homeassistant.__file__).parent / "components"
KNOWN_KEYS = {
    "domain", "name", "after_dependencies", "codeowners", "config_flow", "dependencies", "dhcp", "documentation",
    "homekit", "import_executor", "integration_type", "iot_class", "issue_tracker", "loggers", "mqtt",
    "quality_scale", "requirements", "single_config_entry", "ssdp", "usb", "version", "zeroconf",
}  # fmt: skip
REQUIRED_KEYS = {
    "domain", "name", "codeowners", "config_flow", "documentation", "integration_type", "iot_class", "issue_tracker",
    "requirements", "version",
}  # fmt: skip
# What an integration may use without saying so, because it is always there.
ALWAYS_THERE = {"homeassistant", *EntityPlatforms}

MANIFEST = json_of("manifest.json")


def test_keys_are_known_complete_and_in_order() -> None:
    assert set(MANIFEST) <= KNOWN_KEYS
    assert set(MANIFEST) >= REQUIRED_KEYS
    assert list(MANIFEST) == ["domain", "name", *sorted(set(MANIFEST) - {"domain", "name"})]


async def test_home_assistants_loader_takes_it(hass: HomeAssistant) -> None:
    integration = await async_get_integration(hass, INTEGRATION.name)
    assert integration.domain == INTEGRATION.name
    assert re.fullmatch(r"[a-z0-9_-]+", integration.domain)
    assert not (COMPONENTS / integration.domain).exists(), "Home Assistant has an integration of this name"
    assert integration.config_flow == (INTEGRATION / "config_flow.py").is_file()


def test_version_is_one_that_home_assistant_and_the_stores_can_compare() -> None:
    known = [
        AwesomeVersionStrategy.CALVER,
        AwesomeVersionStrategy.SEMVER,
        AwesomeVersionStrategy.SIMPLEVER,
        AwesomeVersionStrategy.BUILDVER,
        AwesomeVersionStrategy.PEP440,
    ]
    assert AwesomeVersion(MANIFEST["version"], ensure_strategy=known).valid


def test_addresses_lead_to_us() -> None:
    for key in ("documentation", "issue_tracker"):
        assert MANIFEST[key].startswith("https://")
        assert "home-assistant.io/integrations" not in MANIFEST[key]
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    assert MANIFEST["codeowners"]


def test_classes_are_known() -> None:
    assert MANIFEST["integration_type"] in {"hub", "service", "device"}
    assert MANIFEST["iot_class"] in {
        "assumed_state", "calculated", "cloud_polling", "cloud_push", "local_polling", "local_push",
    }  # fmt: skip


def test_discovery_patterns_are_written_as_they_are_compared() -> None:
    for matcher in MANIFEST.get("dhcp", ()):
        assert set(matcher) <= {"hostname", "macaddress", "registered_devices"}
        assert matcher.get("hostname", "") == matcher.get("hostname", "").lower()
        assert matcher.get("macaddress", "") == matcher.get("macaddress", "").upper()
    for matcher in MANIFEST.get("zeroconf", ()):
        service = matcher if isinstance(matcher, str) else matcher["type"]
        assert re.fullmatch(r"_[a-z0-9-]+\._(tcp|udp)\.local\.", service)
        assert isinstance(matcher, str) or all(value == value.lower() for value in matcher.values())


def test_every_component_that_is_used_is_a_dependency() -> None:
    stated = {*MANIFEST.get("dependencies", ()), *MANIFEST.get("after_dependencies", ())}
    for domain in stated:
        assert (COMPONENTS / domain / "manifest.json").is_file(), domain
    missing = {
        (str(path), used)
        for path, tree in modules().items()
        for used in _components_used(path, tree)
        if used not in stated
    }
    assert not missing


def _components_used(path: Path, tree: ast.Module) -> set[str]:
    """Return the components a module imports, but for those always there and the one whose platform it is."""
    prefix = "homeassistant.components."
    used = {name.removeprefix(prefix).split(".")[0] for name in imports(tree) if name.startswith(prefix)}
    return used - ALWAYS_THERE - {path.parts[0].removesuffix(".py")}


@pytest.mark.parametrize("text", MANIFEST["requirements"])
def test_requirement_is_a_range_with_room_for_home_assistants_own_pin(text: str) -> None:
    requirement = Requirement(text)
    assert " " not in text
    operators = {each.operator for each in requirement.specifier}
    assert ">=" in operators
    assert operators & {"<", "!=", "~="}
    for path in COMPONENTS.glob("*/manifest.json"):
        for pinned in json.loads(path.read_text(encoding="utf-8")).get("requirements", ()):
            theirs = Requirement(pinned)
            if theirs.name.lower() == requirement.name.lower():
                (pin,) = theirs.specifier
                assert requirement.specifier.contains(Version(pin.version)), f"{path.parent.name} pins {pinned}"


def test_home_assistants_constraints_leave_room_for_every_requirement() -> None:
    constraints = (COMPONENTS.parent / "package_constraints.txt").read_text(encoding="utf-8").splitlines()
    ours = {requirement.name.lower(): requirement for requirement in map(Requirement, MANIFEST["requirements"])}
    for line in constraints:
        if (match := re.fullmatch(r"([\w.-]+)==([\w.]+)", line)) and (mine := ours.get(match[1].lower())):
            assert mine.specifier.contains(match[2]), line
