"""What the validators read: the files of this repository and what stands in them."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "energy_optimizer"
LANGUAGES = ("en", "fr")
PLACEHOLDER = re.compile(r"\{(\w+)\}")

_NOT_OURS = re.compile(r"^(\.(?!ci|github|gitignore).*|__pycache__|htmlcov|node_modules)$")


def json_of(name: str) -> dict[str, Any]:
    """Read one JSON file of the integration."""
    content: dict[str, Any] = json.loads((INTEGRATION / name).read_text(encoding="utf-8"))
    return content


def texts(language: str) -> dict[str, str]:
    """Return every text of a language by its dotted path."""
    return dict(leaves(json_of(f"translations/{language}.json")))


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text below *node* with its dotted path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path, node


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Yield the files that belong to the repository, without environments, caches and what a run leaves behind."""
    for path in sorted(folder.iterdir()):
        if _NOT_OURS.match(path.name):
            continue
        if path.is_dir():
            yield from files(path)
        elif not path.name.endswith(".pyc"):
            yield path


@cache
def modules() -> dict[Path, ast.Module]:
    """Return the integration's modules by their path inside it."""
    return {
        path.relative_to(INTEGRATION): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(INTEGRATION.rglob("*.py"))
    }


@cache
def strings() -> frozenset[str]:
    """Return every string that is written out in the code, other than docstrings."""
    return frozenset(
        node.value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@cache
def beginnings() -> frozenset[str]:
    """Return what the code's composed strings (f-strings) begin with, where that can be told."""
    return frozenset(
        node.values[0].value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        and isinstance(node.values[0], ast.Constant)
        and isinstance(node.values[0].value, str)
    )


def said_in_code(key: str) -> bool:
    """Tell whether the code can come to say *key*: written out, or as the end of a composed string."""
    return key in strings() or any(key.startswith(beginning) for beginning in beginnings() if len(beginning) > 2)


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports from outside its own package, by full name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
