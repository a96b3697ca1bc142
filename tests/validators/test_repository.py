"""The repository's own order: what must be there and what must not."""

import hashlib
import json
import re
import struct

import pytest

from .repository import INTEGRATION, ROOT, files

# The body of the MIT licence without the copyright line, blanks made single.
MIT = "fe2a9817987f862eaced948f0468c7f51d2fedfc48c5c505b246a49a3870e9a5"
# Files that may be longer than a head can hold, each with the reason.
LONG_FILES: dict[str, str] = {}
LONGEST = 350
HACS_KEYS = {
    "name", "content_in_root", "country", "filename", "hacs", "hide_default_branch", "homeassistant",
    "persistent_directory", "render_readme", "zip_release",
}  # fmt: skip
BRAND_HEIGHTS = {"": 256, "@2x": 512}


def test_licence_is_the_mit_licence() -> None:
    title, copyright_line, body = (ROOT / "LICENSE").read_text(encoding="utf-8").split("\n\n", maxsplit=2)
    assert title == "MIT License"
    assert re.fullmatch(r"Copyright \(c\) \d{4} .+", copyright_line)
    assert hashlib.sha256(" ".join(body.split()).encode()).hexdigest() == MIT


def test_readme_is_there_for_the_stores() -> None:
    assert (ROOT / "README.md").stat().st_size > 0


def test_hacs_json_is_what_both_stores_read() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert set(hacs) <= HACS_KEYS
    assert isinstance(hacs["name"], str)
    assert re.fullmatch(r"20\d\d\.\d+\.\d+", hacs["homeassistant"])
    assert not hacs.get("zip_release")  # the Marketplace's anonymous catalogue cannot install a zip


def test_there_is_one_integration() -> None:
    folders = [path.name for path in (ROOT / "custom_components").iterdir() if (path / "manifest.json").exists()]
    assert folders == [INTEGRATION.name]


@pytest.mark.parametrize("theme", ["", "dark_"])
@pytest.mark.parametrize("scale", ["", "@2x"])
def test_brand_images_have_the_right_sizes(theme: str, scale: str) -> None:
    height = BRAND_HEIGHTS[scale]
    assert _size(f"{theme}icon{scale}.png") == (height, height)
    width, logo_height = _size(f"{theme}logo{scale}.png")
    assert logo_height == height < width


def test_brand_folder_holds_nothing_that_home_assistant_would_not_show() -> None:
    expected = {
        f"{theme}{kind}{scale}.png" for theme in ("", "dark_") for kind in ("icon", "logo") for scale in ("", "@2x")
    }
    assert {path.name for path in (INTEGRATION / "brand").iterdir()} == expected


def _size(name: str) -> tuple[int, int]:
    """Read width and height from the header of a PNG."""
    header = (INTEGRATION / "brand" / name).read_bytes()[:26]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert header[25] == 6, "a logo needs a transparent background"
    width, height = struct.unpack(">II", header[16:24])
    return width, height


def test_every_json_file_of_the_integration_parses() -> None:
    for path in INTEGRATION.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def test_no_file_is_too_long_to_hold_in_the_head() -> None:
    long = {
        str(path.relative_to(ROOT))
        for path in files()
        if path.suffix in {".py", ".sh", ".js"} and "tests" not in path.relative_to(ROOT).parts
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST
    }
    assert long == set(LONG_FILES)


def test_no_file_knows_the_machine_it_was_written_on_or_where_packages_come_from() -> None:
    pieces = [
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("pyp", "i.org"),
        ("pythonhos", "ted"),
        ("registry.np", "mjs"),
        ("deb.deb", "ian"),
    ]
    found = [
        (str(path.relative_to(ROOT)), word)
        for path in files()
        if path.suffix not in {".png", ".gz", ".jpg", ".webp"}
        for word in map("".join, pieces)
        if word in path.read_text(encoding="utf-8")
    ]
    assert not found


@pytest.mark.parametrize("script", ["scripts/setup", "scripts/test", "scripts/demo", ".ci/run"])
def test_scripts_can_be_run(script: str) -> None:
    path = ROOT / script
    assert path.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    assert path.stat().st_mode & 0o111
