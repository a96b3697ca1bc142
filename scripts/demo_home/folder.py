"""The folder in which one demo home lives: Home Assistant's configuration and what we note beside it."""

import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .countries import DemoCountry
from .errors import DemoError
from .options import Options, SeriesChoice
from .places import PLACES, DemoPlace, has_sun, sunniest
from .ports import HOST

ROOT = Path(__file__).resolve().parents[2]
HOMES = Path(os.environ.get("DEMO_HOMES") or ROOT / ".demo")
"""Where the homes lie; a test of the demo keeps its own apart from those somebody plays with."""

BOOKS = "has_books"

CONFIGURATION = """\
# Written by scripts/demo at each start; changes made here are lost.
homeassistant:
  name: {name}
  latitude: {latitude}
  longitude: {longitude}
  elevation: {elevation_m}
  unit_system: {unit_system}
  time_zone: {time_zone}
  currency: {currency}
  country: {country}
  language: en
  auth_providers:
    # Nobody is asked for a password, because nobody but programs on this very machine gets this far. The login page
    # tries the first of these by itself.
    - type: trusted_networks
      trusted_networks:
        - 127.0.0.1/32
        - ::1/128
      allow_bypass_login: true
    - type: homeassistant

# What default_config would bring and a home can show without the internet, radios or voices.
automation: !include automations.yaml
config:
energy:
frontend:
history:
logbook:
my:
person:
script:
sun:
system_health:

recorder:
  purge_keep_days: 60

logger:
  default: warning
  logs:
    custom_components.energy_optimizer: info
    # These miss programs and libraries that no part of this demo needs.
    aiohttp_fast_zlib: error
    haffmpeg: critical
    homeassistant.bootstrap: error
    homeassistant.components.camera.img_util: critical
    homeassistant.requirements: error
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Residence:
    """What makes one demo home different from another; each has a folder of its own."""

    place: DemoPlace
    series: SeriesChoice | None = None
    country: DemoCountry | None = None

    @property
    def name(self) -> str:
        """The folder's name."""
        where = self.country.key if self.country else self.place.key
        if self.series is None:
            return where
        home = f"_{self.series.home_id}" if self.series.home_id else ""
        stem = self.series.path.name.removesuffix(".gz").removesuffix(".csv")
        return "".join(sign if sign.isalnum() else "_" for sign in f"{where}_{stem}{home}")


class DemoFolder:
    """One home's folder."""

    def __init__(self, residence: Residence, homes: Path = HOMES) -> None:
        self.residence = residence
        self.path = homes / residence.name
        self.storage = self.path / ".storage"
        self.database = self.path / "home-assistant_v2.db"
        self.console = self.path / "console.log"
        self._note = self.path / "demo.json"

    @property
    def ready(self) -> bool:
        """Whether the home was set up to the end."""
        return self._note.is_file()

    def note(self) -> dict[str, Any]:
        """Return what was noted about a home that is set up."""
        noted: dict[str, Any] = json.loads(self._note.read_text(encoding="utf-8"))
        return noted

    def write_note(self, **values: object) -> None:
        """Note something for the next start; a home with a note is one that is ready."""
        noted = self.note() if self.ready else {}
        write_json(self._note, noted | values)

    @property
    def has_books(self) -> bool:
        """Whether the home's whole past is in its ledger; a home that an earlier version set up has none of it."""
        return self.ready and BOOKS in self.note()

    def prepare(self, port: int) -> None:
        """Write what Home Assistant reads at a start; what it wrote itself stays."""
        self.storage.mkdir(parents=True, exist_ok=True)
        self.console.write_bytes(b"")
        place = self.residence.place
        text = CONFIGURATION.format(
            name=f"Home in {place.name}",
            latitude=place.latitude,
            longitude=place.longitude,
            elevation_m=place.elevation_m,
            unit_system="us_customary" if place.imperial else "metric",
            time_zone=place.time_zone,
            currency=place.currency,
            country=place.country,
        )
        (self.path / "configuration.yaml").write_text(text, encoding="utf-8")
        (self.path / "automations.yaml").touch()
        components = self.path / "custom_components"
        components.unlink(missing_ok=True)  # the checkout may have been moved
        components.symlink_to(ROOT / "custom_components", target_is_directory=True)
        # Home Assistant migrates this oldest form by itself. Settings from YAML would be taken as a trial instead,
        # which a dialog asks to confirm and which ends after five minutes.
        write_json(
            self.storage / "http",
            {"version": 1, "minor_version": 1, "key": "http", "data": {"server_host": [HOST], "server_port": port}},
        )
        onboarding = self.storage / "onboarding"
        if not onboarding.exists():
            done = {"done": ["core_config", "analytics", "integration"]}
            write_json(onboarding, {"version": 4, "minor_version": 1, "key": "onboarding", "data": done})

    def remove(self) -> None:
        """Throw the home away."""
        if self.path.exists():
            shutil.rmtree(self.path)

    def ensure_idle(self) -> None:
        """Make sure that no Home Assistant runs in this folder.

        Raises:
            DemoError: if one does.
        """
        lock = self.path / ".ha_run.lock"
        if not lock.exists():
            return
        with lock.open("r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as err:
                raise DemoError(
                    f"This demo home is running already{_owner(lock)}. Use that one, stop it (Ctrl-C, or end "
                    "that process), or start another home with --place or --country."
                ) from err


def choose(options: Options, now: datetime, homes: Path = HOMES) -> DemoFolder:
    """Find the home to start: the one asked for, else the latest one with sun now, else one where the sun is best."""
    place, series = options.place, options.series
    if (country := options.country) is not None:
        return DemoFolder(Residence(place=country.place, series=series, country=country), homes)
    if place is not None:
        return DemoFolder(Residence(place=place, series=series), homes)
    known = [DemoFolder(Residence(place=each, series=series), homes) for each in PLACES]
    sunny = [folder for folder in known if folder.ready and has_sun(folder.residence.place, now)]
    if sunny:
        return max(sunny, key=lambda folder: folder.note().get("used_at", ""))
    return DemoFolder(Residence(place=sunniest(now), series=series), homes)


def write_json(path: Path, content: object) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def _owner(lock: Path) -> str:
    try:
        return f" (process {json.loads(lock.read_text(encoding='utf-8'))['pid']})"
    except OSError, ValueError, KeyError:
        return ""
