"""Looks whether a running demo is as it should be."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from custom_components.energy_optimizer.const import DOMAIN

from . import energy_preferences
from .client import Client
from .furnish import our_entities
from .money import BILLS

MAY_BE_UNKNOWN: Mapping[str, str] = {
    "colour_tomorrow": "the colour of the coming day is published before noon",
    "force_ends_at": "nothing is forced",
    "load_error": "the first forecast is compared an hour after it was made",
    "self_consumption": "before sunrise the day has no sun to share out",
    "saved_month": "the plan has not been carried out yet, or today is not counted yet",
    "saved_since_start": "the plan has not been carried out yet",
    "saved_today": "the plan has not been carried out yet, or today is not counted yet",
    "savings_share_month": "no day has been settled yet",
    "savings_share_yesterday": "yesterday has not been settled yet",
    "self_sufficiency": "in the first minutes of a day the home has used too little to tell",
    "solar_error": "the first forecast is compared an hour after it was made",
}
"""Entities, by what they show, that may be unknown in a healthy home, each with the reason."""

UNKNOWN_WITHOUT_BILLS: Mapping[str, str] = dict.fromkeys(BILLS, "no five minutes have been billed yet")
"""Those that may be unknown just after midnight, and in a home that has only begun to keep books."""

_RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (?P<level>[A-Z]+) \([^)]*\) \[(?P<logger>[^\]]+)\] (?P<text>.*)"
)
_USUAL = re.compile(rf"We found a custom integration {DOMAIN} which has not been tested by Home Assistant\.")


async def look(client: Client, *, has_no_bills: bool = False) -> tuple[list[str], list[str]]:
    """Return what is wrong with the running home, and its readings as lines of a table."""
    excuses = {**MAY_BE_UNKNOWN, **(UNKNOWN_WITHOUT_BILLS if has_no_bills else {})}
    entities = await our_entities(client)
    states = await client.states()
    wrong = [f"energy dashboard: {problem}" for problem in await energy_preferences.problems(client)]
    rows = []
    for entity in sorted(entities, key=lambda each: each["entity_id"]):
        state = states.get(entity["entity_id"])
        if state is None:
            wrong.append(f"{entity['entity_id']} has no state")
            continue
        rows.append(_row(entity, state, excuses))
        if state["state"] == "unavailable":
            wrong.append(f"{entity['entity_id']} is unavailable")
        elif state["state"] == "unknown" and entity["translation_key"] not in excuses:
            wrong.append(f"{entity['entity_id']} is unknown, and nothing explains why")
    if not entities:
        wrong.append("there is no entity of ours")
    return wrong, table(rows)


def complaints(console: Path, names: Iterable[str] = ()) -> list[str]:
    """Return what Home Assistant logged as a warning or worse by us, about us or about something with these *names*."""
    lines = console.read_text(encoding="utf-8", errors="replace").splitlines()
    ours = (DOMAIN, "pypowerwall", *names)
    return [record for record in _records(lines) if any(name in record for name in ours)]


def table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Line up cells in columns."""
    rows = list(rows)
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(entity: dict[str, Any], state: dict[str, Any], excuses: Mapping[str, str]) -> tuple[str, ...]:
    unit = state["attributes"].get("unit_of_measurement") or ""
    note = excuses.get(entity["translation_key"], "") if state["state"] == "unknown" else ""
    return entity["entity_id"], state["state"], unit, note


def _records(lines: Iterable[str]) -> list[str]:
    """Return the records that complain, each with the stack trace that follows it, and whatever else was printed."""
    records: list[list[str]] = []
    complaining = False
    for line in lines:
        if match := _RECORD.match(line):
            complaining = match["level"] not in ("DEBUG", "INFO") and not _USUAL.search(match["text"])
            if complaining:
                records.append([line])
        elif complaining:
            records[-1].append(line)
        else:
            records.append([line])
    return ["\n".join(record) for record in records]
