"""Which way the code leans, beyond what import-linter is told."""

import ast
import sys
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

from .repository import INTEGRATION, ROOT, imports, json_of, modules

CORE_MAY_IMPORT = {*sys.stdlib_module_names, "numpy", "highspy"}
LOADED_BY_NAME = {"pg8000", "pymysql"}
"""Drivers that SQLAlchemy loads by the name in a database's address."""
# Reading the clock: core is told the time instead.
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("time", "time"),
    ("time", "monotonic"),
}


def core_modules() -> list[str]:
    return [str(path) for path in modules() if path.parts[0] == "core"]


def test_there_is_a_core() -> None:
    assert len(core_modules()) > 5


@pytest.mark.parametrize("name", core_modules())
def test_core_stands_alone(name: str) -> None:
    path = next(each for each in modules() if str(each) == name)
    tree = modules()[path]
    assert {each.split(".")[0] for each in imports(tree)} <= CORE_MAY_IMPORT
    depth = len(path.parts) - 1  # dots that lead from here to core itself
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level <= depth, f"{name}, line {node.lineno}: leads out of core"


@pytest.mark.parametrize("name", core_modules())
def test_core_has_no_clock_of_its_own(name: str) -> None:
    tree = next(tree for path, tree in modules().items() if str(path) == name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            called = getattr(owner, "id", getattr(owner, "attr", ""))
            assert (called, node.func.attr) not in CLOCKS, f"{name}, line {node.lineno}"


def test_nothing_comes_from_the_future() -> None:
    assert not [
        path for path, tree in modules().items() if any(each.startswith("__future__") for each in imports(tree))
    ]


def test_every_package_and_module_says_what_it_is_for() -> None:
    assert not [str(path) for path, tree in modules().items() if not ast.get_docstring(tree)]


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in INTEGRATION.rglob("*.py")}
    assert not [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()]


def test_what_the_integration_imports_is_required_or_comes_with_home_assistant() -> None:
    given = {"homeassistant"} | {Requirement(each).name.lower() for each in requires("homeassistant") or ()}
    required = {Requirement(each).name.lower().replace("-", "_") for each in json_of("manifest.json")["requirements"]}
    foreign = {each.split(".")[0] for tree in modules().values() for each in imports(tree)}
    ours = foreign - set(sys.stdlib_module_names) - given - {"custom_components"}
    assert ours | LOADED_BY_NAME == required
