"""A tariff in words, to look at before it is saved."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from ..core.tariffs import FOREVER
from ..core.tariffs.days import ALL_WEEK, DayKind, Holidays
from ..core.tariffs.text import clock_text
from ..core.tariffs.time_of_use import DAY_MINUTES, TierAndPrice, TimeOfUsePlan
from ..core.tariffs.validation import Problem
from .tariff_draft import TariffDraft
from .tariff_words import Words

type _Profile = tuple[tuple[int, TierAndPrice], ...]


def plan_table(plan: TimeOfUsePlan, words: Words, *, currency: str, holidays_differ: bool) -> str:
    """Return a table in Markdown for each season: days, tiers, hours and prices."""
    heads = (words("head_days"), words("head_tier"), words("head_hours"), words("head_import"), words("head_export"))
    parts = []
    for season in plan.seasons:
        when = "; ".join(words.period(dates) for dates in season.ranges)
        title = f"**{season.name}**" if len(plan.seasons) == 1 else f"**{season.name}** ({when})"
        lines = [f"| {' | '.join(heads)} |", "|---|---|---|--:|--:|"]
        lines += _season_lines(plan, season.name, words, holidays_differ=holidays_differ)
        parts.append(f"{title}, {currency}/kWh\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def _season_lines(plan: TimeOfUsePlan, season: str, words: Words, *, holidays_differ: bool) -> Iterator[str]:
    groups: dict[_Profile, list[DayKind]] = {}
    for kind in DayKind if holidays_differ else ALL_WEEK:
        groups.setdefault(plan.profile(season, kind), []).append(kind)
    for profile, kinds in groups.items():
        days = ", ".join(words.days(kinds, holidays_differ=holidays_differ))
        hours: dict[TierAndPrice, list[str]] = {}
        ends = [start for start, _ in profile[1:]] + [DAY_MINUTES]
        for (start, price), end in zip(profile, ends, strict=True):
            hours.setdefault(price, []).append(f"{clock_text(start)}–{clock_text(end)}")
        for price, stretches in hours.items():
            prices = (words.price(price.import_per_kwh), words.price(price.export_per_kwh))
            yield f"| {_cell(days)} | {_cell(price.tier)} | {', '.join(stretches)} | {prices[0]} | {prices[1]} |"
            days = ""


def flat_table(draft: TariffDraft, words: Words, currency: str) -> str:
    """Return the table of a tariff with one price."""
    if draft.flat is None:
        raise ValueError("A plan has more than one price")
    return (
        f"| | {currency}/kWh |\n|---|--:|\n"
        f"| {words('head_import')} | {words.price(draft.flat.import_per_kwh)} |\n"
        f"| {words('head_export')} | {words.price(draft.flat.export_per_kwh)} |"
    )


def summary(
    draft: TariffDraft, words: Words, currency: str, clock: tuple[datetime, tzinfo, Holidays | None], whose: str = ""
) -> dict[str, str]:
    """Return what the last look at a tariff shows: the table, what holds now, *whose* holidays, what is unknown."""
    now, zone, holidays = clock
    slot = draft.tariff(zone, holidays).at(now)
    price = f"{words.price(slot.import_per_kwh)} {currency}/kWh"
    if slot.ends_at == FOREVER:
        state = words("now_always", tier=slot.tier, price=price)
    else:
        ends = slot.ends_at.astimezone(zone)
        until = f"{ends:%H:%M}" if ends.date() == now.astimezone(zone).date() else f"{ends:%Y-%m-%d %H:%M}"
        state = words("now_until", tier=slot.tier, price=price, until=until)
    if draft.flat is not None:
        table, exports = flat_table(draft, words, currency), [draft.flat.export_per_kwh]
    else:
        plan = draft.require_plan()
        table = plan_table(plan, words, currency=currency, holidays_differ=draft.holidays is not None)
        exports = [each.export_per_kwh for each in plan.prices]
    notes = holiday_notes(draft, words, holidays, whose, now.astimezone(zone).year)
    if None in exports:
        notes.append(words("exports_unknown"))
    return {"name": draft.name, "table": table, "now": state, "notes": "\n\n".join(notes)}


def holiday_notes(draft: TariffDraft, words: Words, holidays: Holidays | None, whose: str, year: int) -> list[str]:
    """Return what there is to know about the holidays of a tariff that tells them apart."""
    if draft.flat is not None or draft.holidays is None:
        return []
    if holidays is None:
        return [words("holidays_not_found", whose=whose)]
    count = sum(day.year == year for day in holidays.dates)
    notes = [words("holidays_count", whose=whose, count=str(count), year=str(year))]
    plan = draft.require_plan()
    if all(
        plan.profile(season.name, kind) == plan.profile(season.name, DayKind.HOLIDAY)
        for season in plan.seasons
        for kind in ALL_WEEK
    ):
        notes.append(words("holidays_no_effect"))
    return notes


def problem_words(problem: Problem, others: int, words: Words) -> dict[str, str]:
    """Return what the message about *problem* names."""
    return {
        "season": problem.season or words("every_season"),
        "tier": problem.tiers[0] if problem.tiers else "",
        "other": problem.tiers[1] if len(problem.tiers) > 1 else "",
        "days": ", ".join(words.days(problem.days, holidays_differ=DayKind.HOLIDAY in problem.days)),
        "start": clock_text(problem.start_minute or 0),
        "end": clock_text(problem.end_minute or 0),
        "more": _more(others, words),
    }


def _more(others: int, words: Words) -> str:
    if not others:
        return ""
    return words("one_more_problem") if others == 1 else words("more_problems", count=str(others))


def _cell(text: str) -> str:
    """Keep a name from breaking out of its cell."""
    return text.replace("|", "\\|")
