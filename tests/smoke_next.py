"""Start the integration on a Home Assistant that the test harness does not know yet.

A program of its own: `python tests/smoke_next.py`, by the interpreter of an environment with that Home Assistant. It
takes a home through its life, as a user would in the browser, prints what it looked at, and fails on anything that is
not so and on every warning or error that Home Assistant logs by or about us.
"""

import asyncio
import json
import logging
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, override

from homeassistant import block_async_io, bootstrap, loader
from homeassistant.auth import auth_manager_from_config
from homeassistant.components.marketplace.utils import validate as marketplace
from homeassistant.config_entries import ConfigEntries, ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_UNAVAILABLE, STATE_UNKNOWN, __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

ROOT = Path(__file__).parents[1]
DOMAIN = "energy_optimizer"
# Said about every custom integration.
EXPECTED = "which has not been tested by Home Assistant"
HOME = {
    "name": "Home",
    "location": {"latitude": 37.77, "longitude": -122.42},
    "currency": "USD",
    "main_fuse_a": 100,
    "phases": "2",
}


class Complaints(logging.Handler):
    """Keeps every error that is logged, and every warning by or about us."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        ours = DOMAIN in record.name or DOMAIN in text
        if (ours or record.levelno >= logging.ERROR) and EXPECTED not in text:
            self.found.append(f"{record.levelname} {record.name}: {text}")


def passed(what: str) -> None:
    """Print one thing that was looked at and found right."""
    print(f"  ok  {what}")


async def started(config: Path) -> HomeAssistant:
    """Start a Home Assistant with our integration in its folder and little else."""
    (config / "custom_components").symlink_to(ROOT / "custom_components")
    hass = HomeAssistant(str(config))
    loader.async_setup(hass)
    hass.config.skip_pip = True
    hass.config_entries = ConfigEntries(hass, {})
    block_async_io.enable()
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth_manager_from_config(hass, [], [])
    await hass.config.async_set_time_zone("America/Los_Angeles")
    hass.config.latitude, hass.config.longitude = 37.77, -122.42
    assert await async_setup_component(hass, "homeassistant", {})
    # The calendar wants a web server; this one is for this machine alone, at a port that is free.
    with socket.create_server(("127.0.0.1", 0)) as probe:
        server = {"server_host": ["127.0.0.1"], "server_port": probe.getsockname()[1]}
    assert await async_setup_component(hass, "http", {"http": server})
    await hass.async_start()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    return hass


async def add_home(hass: HomeAssistant) -> ConfigEntry:
    """Go through the dialogs: a home, the Powerwall that it goes on to, a tariff."""
    form = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    assert (form["type"], form["step_id"]) == ("form", "user"), form
    created = await hass.config_entries.flow.async_configure(form["flow_id"], HOME)
    assert created["type"] == "create_entry", created
    entry: ConfigEntry = created["result"]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    passed("a home is added by its dialog and loads")

    kind, flow_id = created["next_flow"]
    assert kind == "config_subentries_flow", kind
    await answer(hass, flow_id, {"next_step_id": "simulated"})
    size = {"name": "Powerwall", "solar_kwp": 7, "batteries": 1, "home_kwh_per_year": 5500, "seed": 1}
    await answer(hass, flow_id, size, ends=True)
    passed("its dialog goes on to a Powerwall, which is added")

    flow = await hass.config_entries.subentries.async_init((entry.entry_id, "tariff"), context={"source": "user"})
    await answer(hass, flow["flow_id"], {"next_step_id": "start"})
    await answer(hass, flow["flow_id"], {"start": "flat"})
    await answer(hass, flow["flow_id"], {"import_price": 0.31, "export_price": 0.05})
    await answer(hass, flow["flow_id"], {"next_step_id": "save"}, ends=True)
    passed("a tariff is added by its dialog")
    return entry


async def answer(hass: HomeAssistant, flow_id: str, user_input: dict[str, Any], *, ends: bool = False) -> None:
    """Give one answer in a dialog of a subentry; it goes on without error, or *ends* by adding what was entered."""
    result = await hass.config_entries.subentries.async_configure(flow_id, user_input)
    await hass.async_block_till_done()
    assert (result["type"] == "create_entry") is ends, result
    assert not result.get("errors"), result


def look_at_entities(hass: HomeAssistant, entry: ConfigEntry, when: str) -> None:
    """Look whether the entities that are switched on show something."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    states = {each.entity_id: hass.states.get(each.entity_id) for each in entities if not each.disabled_by}
    silent = [name for name, state in states.items() if state is None or state.state == STATE_UNAVAILABLE]
    assert not silent, f"{when}: {silent}"
    known = [name for name, state in states.items() if state and state.state != STATE_UNKNOWN]
    assert len(known) > 20, f"{when}: only {known} have a value"
    missing = {"sensor", "number", "select", "switch", "calendar"} - {name.split(".")[0] for name in known}
    assert not missing, f"{when}: no {missing} has a value"
    passed(f"{when}, all {len(states)} enabled entities are available and {len(known)} have a value")


async def live(hass: HomeAssistant) -> None:
    """Take a home through its life."""
    entry = await add_home(hass)
    look_at_entities(hass, entry, "in the new home")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    look_at_entities(hass, entry, "after a reload")
    for subentry in list(entry.subentries.values()):
        assert dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
        await hass.async_block_till_done()
        left = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        assert not [each for each in left if each.config_subentry_id == subentry.subentry_id]
    passed("a Powerwall and a tariff that are removed take their entities with them")
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not hass.config_entries.async_entries(DOMAIN)
    assert not er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    passed("a home that is unloaded and removed leaves no entity or device behind")


def look_at_marketplace() -> None:
    """Look whether the Marketplace can read what it reads."""
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    manifest = json.loads((ROOT / "custom_components" / DOMAIN / "manifest.json").read_text(encoding="utf-8"))
    for values, content in (
        (marketplace.REPOSITORY_MANIFEST_VALUES, hacs),
        (marketplace.INTEGRATION_MANIFEST_VALUES, manifest),
    ):
        for key in values.keys() & content.keys():
            values[key](content[key])
    assert set(hacs) <= set(marketplace.REPOSITORY_MANIFEST_VALUES), "the Marketplace ignores a key of hacs.json"
    assert marketplace.VALID_DOMAIN.fullmatch(manifest["domain"])
    assert marketplace.is_valid_ref(f"v{manifest['version']}")
    passed("the Marketplace takes hacs.json, the manifest, the domain and a release's name")


async def run(config: Path) -> None:
    """Start Home Assistant, live in it and stop it."""
    hass = await started(config)
    try:
        await live(hass)
    finally:
        await hass.async_stop(force=True)


def main() -> int:
    """Run everything and return the exit code."""
    began = time.monotonic()
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    logging.captureWarnings(capture=True)
    print(f"Home Assistant {__version__}:")
    look_at_marketplace()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
        left_behind = [path.name for path in Path(folder, ".storage").iterdir() if DOMAIN in path.name]
        assert not left_behind, left_behind
        passed("nor a file")
    for complaint in complaints.found:
        print(f"  LOGGED  {complaint}")
    if not complaints.found:
        passed("nothing was logged against us")
    print(f"{'failed' if complaints.found else 'passed'} in {time.monotonic() - began:.0f} s")
    return 1 if complaints.found else 0


if __name__ == "__main__":
    sys.exit(main())
