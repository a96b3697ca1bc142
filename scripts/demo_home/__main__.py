"""Starts the demo: ``scripts/demo``."""

import signal
import sys

# What follows takes seconds to load, and Ctrl-C shall not print a stack trace meanwhile.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from .command import main  # noqa: E402 - see above

if __name__ == "__main__":
    sys.exit(main())
