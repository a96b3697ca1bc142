"""What can be asked of ``scripts/bench``."""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

PATHS = ("free", "v1r", "cloud", "gateway")
_CELLS = """\
A cell is NAME.csv.gz with the columns ts_utc, load_kw, pv_kw, import_price, export_price (and pv_forecast_kw,
import_price_forecast, export_price_forecast where they exist), and NAME.json with timezone, currency, step_minutes,
battery, grid, price_publication and, if there are gaps, segments."""
_SAVINGS = f"""\
Let every home in DIR live through its measured past in closed loop: at each step the planner knows what was measured
before it, the prices published by then and the forecasts of the file, and decides; the battery then follows the load
and the sun as they really were.

{_CELLS}

Written for each cell: OUT/NAME.csv (ts_utc,battery_kw; + discharging, as it really flowed) and OUT/decisions/NAME.csv.
Bills are energy bills; what is left in the battery at the end of a segment, above or below the first level, counts at
discharge efficiency x mean import price. Captured is (self-consumption - ours) / (self-consumption - perfect)."""
_PATHS = """\
plan for and carry out by one way to a Powerwall, with its powers and delays: v1r (signed orders on the home's own
network), cloud (Tesla's tariff, mode and reserve), gateway (the customer's login: mode and reserve), or free, a battery
that does at once whatever it is told (the default). Any but free is shown beside free, with what it loses"""

_PLANNER = """\
Plan a made-up home again and again, at other times and from other levels, and tell how long a round takes: forecasts
of load, sun and prices from two months of half-hours, the problem, the optimum where something is to be placed, the
decisions. Each in one thread. Memory is that of a new process that plans, above one that only loaded numpy."""
_FORECAST = f"""\
Hold forecasts, made as the closed loop makes them, against what was measured in every cell of DIR, by how far ahead
they look. Beside them, simple forecasts: load as the mean of the last 28 days of the same kind at that time; the sun as
the cell's forecast service has it, else as yesterday's; prices as the cell's forecast has them, else as at that time of
the last known day. Prices that were published are no forecast and do not count.

{_CELLS}"""
_LOOP = """\
Run a real Home Assistant with the demo's home in it (set up in .demo/bench at first, which takes some minutes), with
history behind it and Optimize switched on, have it plan anew again and again, and tell for how long anything held the
event loop: each callback is timed, and how late a timer of 10 ms is called. Beside what the clock showed stands the
time that the processor gave; on a busy machine the two differ."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SavingsOptions:
    """What real homes would have paid."""

    module: ClassVar[str] = "savings"
    cells: Path
    out: Path
    only: str
    days: int | None
    jobs: int
    path: str
    plot: tuple[str, date] | None
    no_run: bool
    json: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannerOptions:
    """How long planning takes and how much memory."""

    module: ClassVar[str] = "planner"
    rounds: int
    json: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastOptions:
    """How good forecasts are on real homes."""

    module: ClassVar[str] = "forecast"
    cells: Path
    only: str
    every_h: float
    days: int | None
    jobs: int
    json: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoopOptions:
    """How long the event loop is held."""

    module: ClassVar[str] = "loop"
    minutes: float
    rounds: int
    json: Path | None


type Options = SavingsOptions | PlannerOptions | ForecastOptions | LoopOptions


def parse(arguments: Sequence[str]) -> Options:
    """Return what is asked for, or end with a sentence that says what is wrong."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure the planner.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_savings(_command(commands, "savings", "what real homes would have paid", _SAVINGS))
    _add_planner(_command(commands, "planner", "how long a planning round takes, and how much memory", _PLANNER))
    _add_forecast(_command(commands, "forecast", "how good the forecasts are", _FORECAST))
    _add_loop(_command(commands, "loop", "how long Home Assistant's event loop is held", _LOOP))
    chosen = vars(parser.parse_args(arguments))
    del chosen["command"]
    make: Callable[..., Options] = chosen.pop("make")
    if "cells" in chosen and not chosen["cells"].is_dir():
        parser.error(f"--cells: there is no folder {chosen['cells']}")
    if plot := chosen.get("plot"):
        chosen["plot"] = (plot[0], _day(parser, plot[1]))
    elif chosen.get("no_run"):
        parser.error("--no-run draws what an earlier run left, so it needs --plot NAME DATE")
    return make(**chosen)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, brief: str, text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=brief, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures to FILE")
    return parser


def _add_savings(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(make=SavingsOptions)
    _add_cells(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where results are written; made if it is not there"
    )
    parser.add_argument("--path", choices=PATHS, default="free", help=_PATHS)
    parser.add_argument(
        "--plot",
        nargs=2,
        metavar=("NAME", "DATE"),
        help="draw a local day (2024-05-10) of a cell into OUT/NAME-DATE.png: prices, sun, load, level and decisions",
    )
    parser.add_argument("--no-run", action="store_true", help="with --plot: draw what an earlier run left in OUT")


def _add_planner(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(make=PlannerOptions)
    parser.add_argument("--rounds", type=_count, default=200, metavar="N", help="rounds of each kind (default 200)")


def _add_forecast(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(make=ForecastOptions)
    _add_cells(parser)
    parser.add_argument(
        "--every-h",
        type=_number,
        default=5.0,
        metavar="H",
        help="hours between two forecasts that are scored (default 5)",
    )


def _add_loop(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(make=LoopOptions)
    parser.add_argument("--minutes", type=_number, default=3.0, metavar="M", help="how long to watch (default 3)")
    parser.add_argument(
        "--rounds", type=_count, default=20, metavar="N", help="planning rounds to ask for meanwhile (default 20)"
    )


def _add_cells(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cells", type=Path, required=True, metavar="DIR", help="the folder with the cells")
    parser.add_argument("--only", default="", metavar="NAME", help="only cells whose name begins so")
    parser.add_argument(
        "--days",
        type=_count,
        metavar="N",
        help="only the last N days of each segment; what lies before them is history, as it is for the whole",
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        default=os.process_cpu_count() or 1,
        metavar="N",
        help="cells at once (default: one per core)",
    )


def _day(parser: argparse.ArgumentParser, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        parser.error(f"--plot: {text} is no date such as 2024-05-10")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value
