"""What real homes would have paid: every cell lived through in closed loop."""

from collections.abc import Sequence

from .cells import cell_names, load_cell
from .errors import BenchError
from .life import Job, Outcome, group_outcome, live, memory_file
from .many import do_all
from .options import SavingsOptions
from .perfect import PerfectMemory
from .picture import draw_day
from .report import console, money, share, table, write_json

_COLUMNS = ("days", "cur", "no battery", "self-cons.", "ours", "perfect", "captured", "viol.", "s")
_WAY_COLUMNS = ("free", "lost", "captured free")


def run(options: SavingsOptions) -> int:
    """Run the cells, print what they come to, and draw a day if asked for; 1 if a rule was broken."""
    names = cell_names(options.cells, options.only)
    if options.plot and options.plot[0] not in names:
        raise BenchError(f"--plot: {options.plot[0]} is not among the cells {', '.join(names)}")
    broken = False if options.no_run else _live_all(options, names)
    if options.plot:
        name, day = options.plot
        file = options.out / f"{name}-{day}.png"
        draw_day(load_cell(options.cells, name), options.out, day, file)
        console().print(f"Drawn: {file}")
    return 1 if broken else 0


def _live_all(options: SavingsOptions, names: Sequence[str]) -> bool:
    """Return whether any rule was broken."""
    options.out.mkdir(parents=True, exist_ok=True)
    jobs = [
        Job(cells=options.cells, out=options.out, name=name, days=options.days, path=options.path) for name in names
    ]
    memory = PerfectMemory(memory_file(options.out))
    outcomes: list[Outcome] = []
    for outcome, key in do_all(live, jobs, options.jobs, lambda job: job.name):
        memory.keep(key, outcome.perfect)
        outcomes.append(outcome)
    outcomes.sort(key=lambda each: each.name)
    by_group: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_group.setdefault("-".join(outcome.name.split("-")[:2]), []).append(outcome)
    groups = [group_outcome(name, parts) for name, parts in by_group.items()]
    _print(options, outcomes, groups)
    figures = {
        "path": options.path,
        "days": options.days,
        "cells": [each.to_json() for each in outcomes],
        "groups": [each.to_json() for each in groups],
    }
    write_json(options.json, "savings", figures)
    return any(each.violations for each in outcomes)


def _print(options: SavingsOptions, outcomes: list[Outcome], groups: list[Outcome]) -> None:
    days = "" if options.days is None else f", the last {options.days} days of each segment"
    way = "" if options.path == "free" else f", by the way {options.path}"
    columns = ("cell", *_COLUMNS, *(_WAY_COLUMNS if options.path != "free" else ()))
    rows = [[_row(each, each.name) for each in outcomes]]
    rows.append([_row(each, f"{each.name} ({each.cells})") for each in groups])
    paper = console()
    paper.print(table(f"Bills in closed loop{days}{way}", columns, rows))
    captured = [each.captured for each in groups if each.captured is not None]
    if captured:
        paper.print(f"Captured, mean of the groups: {share(sum(captured) / len(captured))}")
    if options.days is not None:
        paper.print("The files hold the days that were lived through, so a whole cell cannot be settled with them.")


def _row(each: Outcome, name: str) -> tuple[str, ...]:
    row = (
        name,
        f"{each.days:.0f}",
        each.currency,
        money(each.none),
        money(each.self_consumption),
        money(each.ours),
        money(each.perfect),
        share(each.captured),
        str(each.violations),
        f"{each.seconds:.0f}",
    )
    if each.free is None:
        return row
    return (*row, money(each.free), money(each.lost), share(each.captured_free))
