"""Run as a process of its own: prints the most memory, in MB, that it had after planning or after loading numpy."""

import resource
import sys
from pathlib import Path

import numpy as np

from .core_alone import stand_alone


def main(what: str, rounds: int) -> None:
    """Do *what*, ``bare`` or ``planning``, and print."""
    np.linalg.norm(np.ones(3))
    if what == "planning":
        stand_alone()
        from .made_up_home import made_up_home  # noqa: PLC0415 - its memory is what is measured
        from .planner import heaviest, plan_rounds  # noqa: PLC0415

        list(plan_rounds(made_up_home(), heaviest(), rounds))
    print(most_memory_mb())


def most_memory_mb() -> float:
    """Return the most memory that this process had; where Linux tells, without what its parent had when it forked."""
    status = Path("/proc/self/status")
    if status.exists():
        found = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(found.split()[1]) / 1024.0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024.0**2 if sys.platform == "darwin" else 1024.0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
