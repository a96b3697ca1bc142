"""The quality scale: every rule is answered, and what is answered about the documentation is in it."""

import re

import pytest
import yaml

from .repository import INTEGRATION, ROOT, json_of

BRONZE = """action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage
    dependency-transparency docs-actions docs-conditions docs-high-level-description docs-installation-instructions
    docs-removal-instructions docs-triggers entity-event-setup entity-unique-id has-entity-name runtime-data
    test-before-configure test-before-setup unique-config-entry"""
SILVER = """action-exceptions config-entry-unloading docs-configuration-parameters docs-installation-parameters
    entity-unavailable integration-owner log-when-unavailable parallel-updates reauthentication-flow test-coverage"""
GOLD = """devices diagnostics discovery discovery-update-info docs-data-update docs-examples docs-known-limitations
    docs-supported-devices docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices entity-category
    entity-device-class entity-disabled-by-default entity-translations exception-translations icon-translations
    reconfiguration-flow repair-issues stale-devices"""
PLATINUM = "async-dependency inject-websession strict-typing"
TIERS = {"bronze": BRONZE, "silver": SILVER, "gold": GOLD, "platinum": PLATINUM}
# What a heading of the documentation must speak of for a rule to count as done.
HEADINGS = {
    "docs-installation-instructions": "install",
    "docs-installation-parameters": "set up|setting up|first steps",
    "docs-configuration-parameters": "setting|option|configur",
    "docs-removal-instructions": "remov",
    "docs-data-update": "update|refresh|how often|polling",
    "docs-examples": "example|automation",
    "docs-known-limitations": "limits|limitations|cannot",
    "docs-supported-devices": "supported|ways to reach",
    "docs-supported-functions": "what you get|entities|functions",
    "docs-troubleshooting": "trouble|wrong",
    "docs-use-cases": "use it for|what .* does",
}

RULES = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text(encoding="utf-8"))["rules"]


def status(rule: str) -> str:
    """Return how a rule is answered."""
    answer = RULES[rule]
    return str(answer if isinstance(answer, str) else answer["status"])


def test_every_rule_is_answered() -> None:
    rules = [rule for tier in TIERS.values() for rule in tier.split()]
    assert len(rules) == 54
    assert list(RULES) == [rule for tier in TIERS.values() for rule in sorted(tier.split())]
    assert {status(rule) for rule in rules} <= {"done", "exempt"}


def test_every_exemption_has_a_reason() -> None:
    for rule, answer in RULES.items():
        assert status(rule) == "done" or len(answer["comment"]) > 20, rule


def test_manifest_claims_no_more_than_is_done() -> None:
    reached = "no_score"
    for tier, rules in TIERS.items():
        # The rules of the last tier ask for a library of a certain kind; to be exempt from one is not to keep it.
        if tier == "platinum" and any(status(rule) == "exempt" for rule in rules.split()):
            break
        reached = tier
    assert json_of("manifest.json")["quality_scale"] == reached


@pytest.mark.parametrize("rule", HEADINGS)
def test_documentation_has_what_the_rule_asks_for(rule: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    headings = [line for line in lines if line.startswith("#") or re.fullmatch(r"\*\*.+\*\*", line)]
    assert any(re.search(HEADINGS[rule], heading, re.IGNORECASE) for heading in headings), headings
