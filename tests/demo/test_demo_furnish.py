"""How a demo waits for what is in its home."""

from collections.abc import Mapping
from typing import Any

import pytest

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.source import CONNECTION_STATES
from custom_components.energy_optimizer.powerwall_way_sensors import CONNECTION
from scripts.demo_home.errors import DemoError
from scripts.demo_home.furnish import wait_for_what_answers, wait_until_available

NAMES = {"home": "Powerwall", "lake": "Powerwall at the lake"}


class House:
    """Answers a client's questions about two Powerwalls, each with a level and a connection."""

    def __init__(self, home: Mapping[str, str], *lake: Mapping[str, str]) -> None:
        self._home = home
        self._lake = list(lake)
        self.looks = 0

    async def ask(self, command: str) -> list[dict[str, Any]]:
        if command == "config/device_registry/list":
            return [
                {"id": "home", "name": NAMES["home"], "name_by_user": None},
                {"id": "lake", "name": "Powerwall", "name_by_user": NAMES["lake"]},
            ]
        assert command == "config/entity_registry/list"
        return [
            {
                "entity_id": f"sensor.{device}_{key}",
                "platform": DOMAIN,
                "disabled_by": None,
                "translation_key": key,
                "device_id": device,
            }
            for device in NAMES
            for key in ("level", "connection")
        ]

    async def states(self) -> dict[str, dict[str, Any]]:
        self.looks += 1
        lake = self._lake[min(self.looks, len(self._lake)) - 1]
        return {
            f"sensor.{device}_{key}": {"state": state}
            for device, shown in (("home", self._home), ("lake", lake))
            for key, state in shown.items()
        }


WELL = {"level": "50", "connection": "ok"}
STARTING = {"level": "unavailable", "connection": "unavailable"}
DEAD = {"level": "unavailable", "connection": "unreachable"}


async def told(house: House, patience_s: float) -> list[str]:
    return await wait_for_what_answers(house, patience_s)  # type: ignore[arg-type] # a stand-in


async def test_a_home_that_is_well() -> None:
    assert await told(House(WELL, WELL), 30) == []


async def test_a_dead_gateway_is_named_at_once() -> None:
    house = House(WELL, DEAD)
    assert await told(house, 30) == ["Powerwall at the lake does not answer."]
    assert house.looks == 1


async def test_whatever_starts_is_waited_for() -> None:
    house = House(WELL, STARTING, {}, {**STARTING, "connection": "unknown"}, WELL)
    assert await told(house, 30) == []
    assert house.looks == 4


async def test_others_are_waited_for_beside_a_dead_one() -> None:
    sentences = await told(House(STARTING, DEAD), 0)
    assert sentences == ["Powerwall at the lake does not answer.", "Powerwall is not available."]


@pytest.mark.parametrize("state", [state for state in CONNECTION_STATES if state != "ok"])
async def test_each_trouble_is_one_short_sentence(state: str) -> None:
    (sentence,) = await told(House(WELL, {"level": "unavailable", "connection": state}), 30)
    assert sentence.startswith("Powerwall at the lake ")
    assert len(sentence) < 80


async def test_a_new_home_takes_no_excuse() -> None:
    with pytest.raises(DemoError, match=r"sensor\.lake_level"):
        await wait_until_available(House(WELL, DEAD), patience_s=0)  # type: ignore[arg-type] # a stand-in


def test_the_sensor_that_is_asked_exists() -> None:
    assert CONNECTION.translation_key == "connection"
