"""Lets the integration's core be used without Home Assistant, which takes seconds to load."""

import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
_PACKAGE = "custom_components.energy_optimizer"


def stand_alone() -> None:
    """Let modules of the integration be imported one by one; where it is loaded already, it stays as it is."""
    if _PACKAGE in sys.modules:
        return
    package = ModuleType(_PACKAGE)
    package.__path__ = [str(ROOT.joinpath(*_PACKAGE.split(".")))]
    sys.modules[_PACKAGE] = package
