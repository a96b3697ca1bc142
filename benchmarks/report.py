"""Tables for people and JSON for programs."""

import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

_WIDTH = 150
"""Where the output is no terminal."""


def console() -> Console:
    """Return what prints results, as wide as the terminal or wide enough for any table."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDTH)


def table(title: str, columns: Sequence[str], parts: Iterable[Iterable[Sequence[str]]]) -> Table:
    """Return a table whose first column holds names and all others figures, with lines between its *parts*."""
    drawn = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        drawn.add_column(column, justify="right" if number else "left", no_wrap=True)
    for part in parts:
        for row in part:
            drawn.add_row(*row)
        drawn.add_section()
    return drawn


def money(value: float | None) -> str:
    """Return an amount, or a dash for an unknown one."""
    return "–" if value is None else f"{value:.2f}"


def share(value: float | None) -> str:
    """Return a share in percent, or a dash for an unknown one."""
    return "–" if value is None else f"{100.0 * value:.1f} %"


def write_json(file: Path | None, bench: str, figures: Mapping[str, object]) -> None:
    """Write what was measured, and on what machine, if a file is wanted for it."""
    if file is None:
        return
    machine = {"python": platform.python_version(), "processor": platform.machine(), "cores": os.process_cpu_count()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"bench": bench, "machine": machine, **figures}, indent=1) + "\n", encoding="utf-8")
