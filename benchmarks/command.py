"""What ``scripts/bench`` does: runs one benchmark and reports."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from .core_alone import stand_alone
from .errors import BenchError
from .options import LoopOptions, Options, parse


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark that *arguments* name and return its exit code."""
    options = parse(arguments)
    if not isinstance(options, LoopOptions):
        stand_alone()
    run: Callable[[Options], int] = import_module(f"{__package__}.{options.module}").run
    try:
        return run(options)
    except BenchError as err:
        print(f"bench: {err}", file=sys.stderr)
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
    return 1
