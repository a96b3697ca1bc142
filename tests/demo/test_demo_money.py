"""What the check finds in bills and prices."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.demo_home.money import day_is_young, problems, wait_for_bills

BILL = {
    "complete": True,
    "total": 1.5,
    "import_kwh": 5.0,
    "export_kwh": 0.0,
    "estimated_percent": 0.4,
    "lines": [{"kind": "import", "amount": 1.0}, {"kind": "per_day", "amount": 0.5}, {"kind": "export", "credit": 9}],
}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SLOT = {"start": NOW.isoformat(), "end": (NOW + timedelta(hours=1)).isoformat(), "import_price": 0.2}
PRICES = {"known_until": (NOW + timedelta(hours=1)).isoformat(), "slots": [SLOT]}


class House:
    """Answers actions, and shows a bill from the second look on."""

    def __init__(self, bill: dict[str, Any] | None = None, prices: dict[str, Any] | None = None) -> None:
        self._answers = {"get_bill": BILL | (bill or {}), "get_prices": PRICES | (prices or {})}
        self.asked: list[str] = []
        self.looks = 0

    async def ask(self, command: str, *, service: str, **_: object) -> Any:
        assert command == "call_service"
        self.asked.append(service)
        return {"response": self._answers.get(service)}

    async def states(self) -> dict[str, Any]:
        self.looks += 1
        return {"sensor.bill": {"state": "1.5" if self.looks > 1 else "unknown"}}


async def found(bill: dict[str, Any] | None = None, prices: dict[str, Any] | None = None) -> list[str]:
    return await problems(House(bill, prices))  # type: ignore[arg-type] # a stand-in


async def test_a_bill_and_prices_that_are_well() -> None:
    assert await found() == []


@pytest.mark.parametrize(
    ("bill", "words"),
    [
        ({"complete": False}, "not complete"),
        ({"import_kwh": 0.0}, "no energy"),
        ({"total": 1.51}, "lines of 1.50 and a total of 1.51"),
        ({"estimated_percent": 12.0}, "an estimate for 12.0 %"),
    ],
)
async def test_a_bill_that_is_not(bill: dict[str, Any], words: str) -> None:
    (problem,) = await found(bill)
    assert words in problem


async def test_a_hole_before_the_end_of_what_is_known() -> None:
    hole = SLOT | {"import_price": None}
    (problem,) = await found(prices={"slots": [hole]})
    assert NOW.isoformat() in problem
    assert await found(prices={"slots": [SLOT, hole | {"start": PRICES["known_until"]}]}) == []
    assert await found(prices={"known_until": None, "slots": []}) == ["no price is known"]


async def test_bills_are_made_at_once_and_waited_for() -> None:
    house = House()
    entities = [{"entity_id": "sensor.bill", "translation_key": "bill_today"}]
    await wait_for_bills(house, entities)  # type: ignore[arg-type] # a stand-in
    assert (house.asked, house.looks) == (["update_entity"], 2)
    await wait_for_bills(house, [])  # type: ignore[arg-type] # a stand-in
    assert house.looks == 2


def test_a_young_day_is_young_where_the_home_stands() -> None:
    midnight_in_sydney = datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert day_is_young("Australia/Sydney", midnight_in_sydney + timedelta(minutes=9))
    assert not day_is_young("Australia/Sydney", midnight_in_sydney + timedelta(minutes=11))
    assert not day_is_young("Europe/Paris", midnight_in_sydney)
