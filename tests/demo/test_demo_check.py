"""How the check finds what is wrong with a running demo."""

import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.energy_optimizer.const import DOMAIN
from scripts.demo_home.check import MAY_BE_UNKNOWN, UNKNOWN_WITHOUT_BILLS, complaints, look, table

STAMP = "2026-11-20 21:29:31.835"
USUAL = (
    f"{STAMP} WARNING (SyncWorker_0) [homeassistant.loader] We found a custom integration {DOMAIN} which has not been "
    "tested by Home Assistant. This component might cause stability problems"
)
TRACE = f"""{STAMP} ERROR (MainThread) [homeassistant] Error doing job: Task exception was never retrieved
Traceback (most recent call last):
  File "/config/custom_components/{DOMAIN}/sensor.py", line 3, in native_value
ValueError: no"""


def found(tmp_path: Path, *records: str) -> list[str]:
    console = tmp_path / "console.log"
    console.write_text("\n".join(records) + "\n", encoding="utf-8")
    return complaints(console, ["sensor.powerwall_level"])


@pytest.mark.parametrize(
    "record",
    [
        f"{STAMP} WARNING (MainThread) [custom_components.{DOMAIN}.coordinators] slow",
        f"{STAMP} WARNING (MainThread) [homeassistant.util.loop] Blocking call by custom integration '{DOMAIN}'",
        f"{STAMP} WARNING (MainThread) [homeassistant.helpers.entity] Update of sensor.powerwall_level takes over 10 s",
        f"{STAMP} ERROR (SyncWorker_1) [pypowerwall] no",
        TRACE,
        f"Exception in thread custom_components.{DOMAIN}",
    ],
)
def test_what_concerns_us_is_found_whole(tmp_path: Path, record: str) -> None:
    other = f"{STAMP} WARNING (MainThread) [homeassistant.components.sun] unrelated"
    assert found(tmp_path, USUAL, record, other) == [record]


@pytest.mark.parametrize(
    "record",
    [
        USUAL,
        f"{STAMP} INFO (MainThread) [custom_components.{DOMAIN}] Powerwall answers again",
        f"{STAMP} ERROR (MainThread) [homeassistant.components.sun] eclipse",
    ],
)
def test_what_does_not_concern_us_is_left(tmp_path: Path, record: str) -> None:
    assert found(tmp_path, record) == []


class House:
    """Answers a client's questions about a home with one sensor."""

    def __init__(self, state: str | None, key: str = "level", problems: list[str] | None = None) -> None:
        self._state = state
        self._key = key
        self._problems = problems or []

    async def ask(self, command: str) -> Any:
        if command == "energy/validate":
            issues = [{"type": each, "affected_entities": [["sensor.x", None]]} for each in self._problems]
            return {"energy_sources": [issues], "device_consumption": []}
        assert command == "config/entity_registry/list"
        return [
            {"entity_id": "sensor.a", "platform": DOMAIN, "disabled_by": None, "translation_key": self._key},
            {"entity_id": "sensor.off", "platform": DOMAIN, "disabled_by": "user", "translation_key": "level"},
            {"entity_id": "sun.sun", "platform": "sun", "disabled_by": None, "translation_key": None},
        ]

    async def states(self) -> dict[str, Any]:
        if self._state is None:
            return {}
        return {"sensor.a": {"state": self._state, "attributes": {"unit_of_measurement": "kW"}}}


async def test_a_healthy_home() -> None:
    assert await look(House("1.5")) == ([], ["sensor.a  1.5  kW"])  # type: ignore[arg-type] # a stand-in


@pytest.mark.parametrize("state", ["unknown", "unavailable", None])
async def test_an_entity_that_shows_nothing(state: str | None) -> None:
    wrong, _ = await look(House(state))  # type: ignore[arg-type] # a stand-in
    assert len(wrong) == 1
    assert "sensor.a" in wrong[0]


async def test_an_entity_that_may_be_unknown_says_why() -> None:
    key, reason = next(iter(MAY_BE_UNKNOWN.items()))
    wrong, rows = await look(House("unknown", key))  # type: ignore[arg-type] # a stand-in
    assert wrong == []
    assert reason in rows[0]


async def test_a_bill_may_be_unknown_only_where_there_is_none() -> None:
    house = House("unknown", "bill_today")
    assert (await look(house, has_no_bills=True))[0] == []  # type: ignore[arg-type] # a stand-in
    assert len((await look(house))[0]) == 1  # type: ignore[arg-type] # a stand-in


async def test_a_fault_of_the_energy_dashboard() -> None:
    wrong, _ = await look(House("1", problems=["statistics_not_defined"]))  # type: ignore[arg-type] # a stand-in
    assert len(wrong) == 1
    assert "statistics_not_defined" in wrong[0]


def test_what_may_be_unknown_exists() -> None:
    path = Path(__file__).parents[2] / "custom_components" / DOMAIN / "translations" / "en.json"
    entities = json.loads(path.read_text(encoding="utf-8"))["entity"]
    assert MAY_BE_UNKNOWN.keys() | UNKNOWN_WITHOUT_BILLS.keys() <= {
        key for platform in entities.values() for key in platform
    }


def test_a_table_lines_up() -> None:
    assert table([("a", "1", ""), ("long", "22", "x")]) == ["a     1", "long  22  x"]
    assert table([]) == []
