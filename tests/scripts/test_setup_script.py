"""Set-up's parts that can be tried without fetching anything."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.validators.repository import ROOT

SOURCES = """\
# one stanza of many fields
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 URIs: http://inside-a-key.example/debian
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security

Enabled: no
Types: deb
URIs: http://off.example/debian

Types: deb-src
URIs: http://sources-only.example/debian

Types: deb
URIs: https://first.example/debian
 https://second.example/debian
Suites: trixie
"""
LIST = """\
# deb http://commented.example/debian bookworm main
deb http://plain.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://tools.example/apt stable main
deb-src http://plain-sources.example/debian bookworm main
deb cdrom:[Debian]/ bookworm main
deb http://plain.example/debian bookworm-updates main
"""

bash = shutil.which("bash")
pytestmark = pytest.mark.skipif(bash is None, reason="there is no bash on this machine")


def run(command: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in bash after set-up's parts were read, in a home of its own."""
    parts = " ".join(f". '{ROOT}/scripts/lib/{part}.sh';" for part in ("common", "debian", "python", "venv"))
    return subprocess.run(
        [str(bash), "-c", f"set -euo pipefail; {parts} {command}"],
        env={"HOME": str(home), "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_mirrors_are_taken_from_both_kinds_of_apt_sources(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(LIST, encoding="utf-8")
    (tmp_path / "sources.list.d" / "debian.sources").write_text(SOURCES, encoding="utf-8")
    (tmp_path / "sources.list.d" / "debian.sources.disabled").write_text(SOURCES, encoding="utf-8")
    assert run(f"debian_mirrors '{tmp_path}'", tmp_path).stdout.split() == [
        "http://plain.example/debian",
        "http://mirror.example/debian",
        "https://first.example/debian",
        "https://second.example/debian",
        "https://tools.example/apt",
    ]


def test_a_machine_without_apt_sources_has_no_mirror(tmp_path: Path) -> None:
    result = run(f"debian_mirrors '{tmp_path}'", tmp_path)
    assert result.stdout == ""


def test_an_environment_that_was_begun_moved_or_made_for_other_requirements_is_not_taken_for_whole(
    tmp_path: Path,
) -> None:
    folder, asked = tmp_path / "the env", tmp_path / "requirements.txt"
    asked.write_text("one\n", encoding="utf-8")
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    python.chmod(0o755)

    def answers() -> tuple[bool, bool]:
        return tuple(
            run(f"{question} '{folder}' '{asked}'", tmp_path).returncode == 0 for question in ("finished", "keepable")
        )  # type: ignore[return-value]

    assert answers() == (False, True)  # somebody else's, which can be brought up to date
    (folder / ".setup").write_text("unfinished", encoding="utf-8")
    assert answers() == (False, False)
    run(f"recipe '{folder}' '{asked}' > '{folder}/.setup'", tmp_path)
    assert answers() == (True, True)
    asked.write_text("two\n", encoding="utf-8")
    assert answers() == (False, True)
    (folder / ".setup").write_text(f"{tmp_path}/elsewhere\n", encoding="utf-8")
    assert answers() == (False, False)
    python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (folder / ".setup").unlink()
    assert answers() == (False, False)


@pytest.mark.parametrize("home", ["home", "a home with spaces"])
def test_cache_is_the_users(tmp_path: Path, home: str) -> None:
    folder = tmp_path / home
    assert run('echo "$CACHE"', folder).stdout.strip() == f"{folder}/.cache/energy-optimizer"
    assert run('echo "$CACHE"', folder, XDG_CACHE_HOME=f"{folder}/x").stdout.strip() == f"{folder}/x/energy-optimizer"


def test_what_a_command_said_is_shown_only_if_it_failed(tmp_path: Path) -> None:
    assert run("quietly echo hello", tmp_path).stderr == ""
    failed = run("quietly sh -c 'echo hello; exit 3' || echo $?", tmp_path)
    assert (failed.stdout, failed.stderr) == ("3\n", "  | hello\n")


def test_an_unknown_option_is_named(tmp_path: Path) -> None:
    result = subprocess.run(
        [str(ROOT / "scripts" / "setup"), "--pyhton"],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    assert "--pyhton" in result.stderr
