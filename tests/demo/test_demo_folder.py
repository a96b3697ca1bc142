"""The folder of a demo home: what is written into it and which one is chosen."""

import fcntl
import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml
from homeassistant.components.http.config import HTTP_STORAGE_SCHEMA

from scripts.demo_home.countries import COUNTRIES, DemoCountry
from scripts.demo_home.errors import DemoError
from scripts.demo_home.folder import BOOKS, DemoFolder, Residence, choose
from scripts.demo_home.options import Options, SeriesChoice, find_place
from scripts.demo_home.places import has_sun

NOON_IN_PARIS = datetime(2026, 6, 21, 12, tzinfo=UTC)


class _Loader(yaml.SafeLoader):
    """Knows Home Assistant's tag for another file."""


_Loader.add_constructor("!include", lambda loader, node: loader.construct_scalar(node))


def folder(homes: Path, name: str = "paris") -> DemoFolder:
    return DemoFolder(Residence(place=find_place(name)), homes)


def test_home_assistant_is_told_the_place_and_lets_in_this_machine_alone(tmp_path: Path) -> None:
    paris = folder(tmp_path)
    paris.prepare(8200)
    configuration = yaml.load((paris.path / "configuration.yaml").read_text(encoding="utf-8"), _Loader)
    core = configuration["homeassistant"]
    assert (core["currency"], core["country"], core["time_zone"]) == ("EUR", "FR", "Europe/Paris")
    first = core["auth_providers"][0]
    assert first["type"] == "trusted_networks"
    assert all(ip_network(each).is_loopback for each in first["trusted_networks"])
    assert configuration["recorder"]["purge_keep_days"] >= 30
    assert "default_config" not in configuration
    assert "http" not in configuration
    stored = json.loads((paris.storage / "http").read_text(encoding="utf-8"))["data"]
    assert HTTP_STORAGE_SCHEMA(stored)["server_host"] == ["127.0.0.1"]
    assert stored["server_port"] == 8200
    assert (paris.path / "custom_components" / "energy_optimizer" / "manifest.json").is_file()


def test_a_second_start_keeps_what_home_assistant_wrote(tmp_path: Path) -> None:
    paris = folder(tmp_path)
    paris.prepare(8200)
    (paris.storage / "onboarding").write_text("done", encoding="utf-8")
    (paris.path / "automations.yaml").write_text("- id: mine", encoding="utf-8")
    paris.prepare(8201)
    assert (paris.storage / "onboarding").read_text(encoding="utf-8") == "done"
    assert (paris.path / "automations.yaml").read_text(encoding="utf-8") == "- id: mine"
    assert json.loads((paris.storage / "http").read_text(encoding="utf-8"))["data"]["server_port"] == 8201


def test_a_home_is_ready_once_it_is_noted(tmp_path: Path) -> None:
    paris = folder(tmp_path)
    paris.prepare(8200)
    assert not paris.ready
    paris.write_note(used_at="2026-01-01")
    paris.write_note(place="paris")
    assert paris.ready
    assert paris.note() == {"used_at": "2026-01-01", "place": "paris"}
    paris.remove()
    assert not paris.path.exists()
    assert (Path(__file__).parents[2] / "custom_components").is_dir()


def test_a_home_of_an_earlier_version_has_no_books(tmp_path: Path) -> None:
    paris = folder(tmp_path)
    paris.prepare(8200)
    assert not paris.has_books
    paris.write_note(used_at="2026-01-01", place="paris")
    assert not paris.has_books
    paris.write_note(**{BOOKS: True})
    assert paris.has_books


def test_a_running_home_is_left_alone(tmp_path: Path) -> None:
    paris = folder(tmp_path)
    paris.prepare(8200)
    paris.ensure_idle()
    lock = paris.path / ".ha_run.lock"
    lock.write_text(json.dumps({"pid": 4711}), encoding="utf-8")
    paris.ensure_idle()
    with lock.open("r+", encoding="utf-8") as held:
        fcntl.flock(held.fileno(), fcntl.LOCK_EX)
        with pytest.raises(DemoError, match=r"running already.*4711"):
            paris.ensure_idle()


def test_the_place_that_is_asked_for(tmp_path: Path) -> None:
    assert choose(Options(place=find_place("tokyo")), NOON_IN_PARIS, tmp_path).residence.place.key == "tokyo"


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: country.key)
def test_a_country_has_a_folder_of_its_own(country: DemoCountry, tmp_path: Path) -> None:
    residence = choose(Options(country=country), NOON_IN_PARIS, tmp_path).residence
    assert (residence.name, residence.place) == (country.key, country.place)
    series = SeriesChoice(path=tmp_path / "mine.csv")
    replayed = choose(Options(country=country, series=series), NOON_IN_PARIS, tmp_path).residence
    assert (replayed.name, replayed.series) == (f"{country.key}_mine", series)


def test_the_home_that_was_used_last_if_it_has_sun(tmp_path: Path) -> None:
    for name, used_at in (("london", "2026-06-20"), ("new_york", "2026-06-19"), ("sydney", "2026-06-21")):
        each = folder(tmp_path, name)
        each.prepare(8200)
        each.write_note(used_at=used_at)
    assert choose(Options(), NOON_IN_PARIS, tmp_path).residence.place.key == "london"
    assert choose(Options(), NOON_IN_PARIS + timedelta(hours=14), tmp_path).residence.place.key == "sydney"


def test_somewhere_sunny_if_no_home_has_sun(tmp_path: Path) -> None:
    chosen = choose(Options(), NOON_IN_PARIS, tmp_path)
    assert has_sun(chosen.residence.place, NOON_IN_PARIS)
    assert not chosen.ready


def test_each_replayed_home_has_a_folder_of_its_own(tmp_path: Path) -> None:
    place, file = find_place("paris"), tmp_path / "my homes.csv.gz"
    names = [
        Residence(place=place, series=series).name
        for series in (None, SeriesChoice(path=file), SeriesChoice(path=file, home_id="../a"))
    ]
    assert names == ["paris", "paris_my_homes", "paris_my_homes____a"]
