"""Asks the running home what it costs, as one does in the developer tools."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.energy_optimizer.const import DOMAIN

from .client import Client

type Json = dict[str, Any]

BILLS = ("bill_today", "bill_month", "bill_year")
PATIENCE_S = 60
YOUNG_DAY = timedelta(minutes=10)
"""So long after midnight no five minutes of the new day may have been counted yet."""
LARGEST_ESTIMATE_PERCENT = 5
CENT = 0.005


async def wait_for_bills(client: Client, entities: list[Json]) -> None:
    """Have the running bills made now, which otherwise happens in a moment, and wait until they are shown."""
    bills = [each["entity_id"] for each in entities if each["translation_key"] in BILLS]
    if not bills:
        return
    await client.ask("call_service", domain="homeassistant", service="update_entity", service_data={"entity_id": bills})
    for _ in range(PATIENCE_S * 2):
        states = await client.states()
        if all(states[each]["state"] != "unknown" for each in bills):
            return
        await asyncio.sleep(0.5)


def day_is_young(time_zone: str, now: datetime) -> bool:
    """Say whether the home's day has only just begun."""
    local = now.astimezone(ZoneInfo(time_zone))
    return local - local.replace(hour=0, minute=0, second=0, microsecond=0) < YOUNG_DAY


async def problems(client: Client) -> list[str]:
    """Return what is wrong with yesterday's bill and with the prices of a day back and until they end."""
    bill = await _call(client, "get_bill", period="yesterday")
    prices = await _call(client, "get_prices")
    return [*(f"yesterday's bill {each}" for each in _about_bill(bill)), *_about_prices(prices)]


async def _call(client: Client, action: str, **data: str) -> Json:
    answer = await client.ask("call_service", domain=DOMAIN, service=action, service_data=data, return_response=True)
    response: Json = answer["response"]
    return response


def _about_bill(bill: Json) -> list[str]:
    wrong = []
    lines = sum(line.get("amount", 0.0) for line in bill["lines"])
    if not bill["complete"]:
        wrong.append(f"is not complete: {bill}")
    if not bill["import_kwh"] and not bill["export_kwh"]:
        wrong.append("knows of no energy")
    if abs(lines - bill["total"]) > CENT:
        wrong.append(f"has lines of {lines:.2f} and a total of {bill['total']:.2f}")
    if (bill["estimated_percent"] or 0) > LARGEST_ESTIMATE_PERCENT:
        wrong.append(f"is an estimate for {bill['estimated_percent']} %")
    return wrong


def _about_prices(prices: Json) -> list[str]:
    if prices["known_until"] is None and not prices["slots"]:
        return ["no price is known"]
    until = datetime.fromisoformat(prices["known_until"]) if prices["known_until"] else None
    return [
        f"no price is known from {slot['start']} to {slot['end']}"
        for slot in prices["slots"]
        if slot["import_price"] is None and (until is None or datetime.fromisoformat(slot["start"]) < until)
    ]
