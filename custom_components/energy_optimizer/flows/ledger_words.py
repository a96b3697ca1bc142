"""What a check of the ledger found, in the language of this Home Assistant."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..storage.ledger import CheckReport

_PREFIX: Final = f"component.{DOMAIN}.selector.ledger_words.options."


async def check_text(hass: HomeAssistant, report: CheckReport) -> str:
    """Write a report down: what is there, what is wrong, and what is missing."""
    texts = await async_get_translations(hass, hass.config.language, "selector", {DOMAIN})

    def say(key: str, **values: object) -> str:
        return texts.get(_PREFIX + key, key).format(**values)

    lines = [say("whole" if report.is_whole else "broken")]
    if report.first_at is not None and report.last_at is not None:
        first, last = (dt_util.as_local(each).strftime("%Y-%m-%d %H:%M") for each in (report.first_at, report.last_at))
        hours, estimated = report.missing_slots / 12, report.estimated_slots / 12
        lines += [
            say("span", first=first, last=last),
            say("slots", slots=report.slots, counters=report.counters),
            say("gaps", hours=f"{hours:.1f}") if report.missing_slots else say("no_gaps"),
            say("estimated", hours=f"{estimated:.1f}"),
            say("resets", count=report.resets),
        ]
    else:
        lines.append(say("no_energy"))
    lines.append(say("prices", count=report.prices))
    if report.size_bytes is not None:
        lines.append(say("size", size=f"{report.size_bytes / 1e6:.1f}", version=report.version))
    lines += [say("damage", detail=detail) for detail in report.damages]
    lines += [say("wrong_sum", detail=detail) for detail in report.wrong_sums]
    if report.overlaps:
        lines.append(say("overlaps", count=report.overlaps))
    if report.negative:
        lines.append(say("negative", count=report.negative))
    if not report.is_whole:
        lines.append(say("remedy"))
    return "\n".join(f"- {line}" for line in lines)
