"""What Home Assistant keeps of our home in its ``.storage`` folder, read and changed while it does not run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.energy_optimizer.api.powerwall.ways import set_up_way, way_settings
from custom_components.energy_optimizer.const import (
    CONF_CURRENCY,
    DOMAIN,
    PATH_SIMULATED,
    SUBENTRY_POWERWALL,
    SUBENTRY_TARIFF,
)
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.storage.steady import VERSION as STORE_VERSION

from .folder import DemoFolder, write_json

type Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEntity:
    """An entity of ours in the registry."""

    entity_id: str
    subentry_id: str
    key: str
    """What the entity shows, as its description names it."""

    @property
    def domain(self) -> str:
        """The platform: sensor, switch and so on."""
        return self.entity_id.partition(".")[0]


class StoredHome:
    """The home's entry and the files of its sources."""

    def __init__(self, folder: DemoFolder) -> None:
        self._storage = folder.storage
        self._residence = folder.residence.place

    def simulated_powerwall(self) -> Json | None:
        """Return the subentry of the simulated Powerwall; ``None`` if the user has taken it away or replaced it."""
        return next((each for each in self._subentries(SUBENTRY_POWERWALL) if _is_simulated(each)), None)

    def entry_id(self) -> str:
        """Return the id of the home's entry."""
        return str(self._entry(self._entries()).get("entry_id", ""))

    def options(self) -> Json:
        """Return the home's options."""
        return dict(self._entry(self._entries()).get("options", {}))

    def currency(self) -> str | None:
        """Return the home's currency."""
        currency: str | None = self._entry(self._entries()).get("data", {}).get(CONF_CURRENCY)
        return currency

    def tariffs(self) -> list[Json]:
        """Return the subentries of the home's tariffs."""
        return self._subentries(SUBENTRY_TARIFF)

    def place(self) -> Place:
        """Return where the home stands, as it was entered for it."""
        here = self._residence
        data = self._entry(self._entries()).get("data", {})
        return Place(
            latitude=data.get("latitude", here.latitude),
            longitude=data.get("longitude", here.longitude),
            time_zone=ZoneInfo(here.time_zone),
        )

    def change_simulation(self, subentry_id: str, **values: object) -> None:
        """Change the settings of a simulated Powerwall."""
        file = self._entries()
        for subentry in self._entry(file).get("subentries", []):
            if subentry["subentry_id"] == subentry_id:
                settings = {**simulation_of(subentry), **values}
                subentry["data"] = set_up_way(subentry["data"], PATH_SIMULATED, settings)
        write_json(self._storage / "core.config_entries", file)

    def source_data(self, kind: str, subentry_id: str) -> Json | None:
        """Return what a source keeps over a restart."""
        path = self._source_path(kind, subentry_id)
        if not path.is_file():
            return None
        data: Json = json.loads(path.read_text(encoding="utf-8"))["data"]
        return data

    def write_source_data(self, kind: str, subentry_id: str, data: object) -> None:
        """Let a source find *data* at its next start."""
        path = self._source_path(kind, subentry_id)
        write_json(path, {"version": STORE_VERSION, "minor_version": 1, "key": path.name, "data": data})

    def entities(self) -> list[StoredEntity]:
        """Return the home's enabled entities."""
        subentries = {each["subentry_id"] for each in self._entry(self._entries()).get("subentries", [])}
        registry = json.loads((self._storage / "core.entity_registry").read_text(encoding="utf-8"))
        return [
            StoredEntity(
                entity_id=each["entity_id"],
                subentry_id=each["config_subentry_id"],
                key=each["unique_id"].removeprefix(f"{each['config_subentry_id']}_"),
            )
            for each in registry["data"]["entities"]
            if each["platform"] == DOMAIN and each["disabled_by"] is None and each["config_subentry_id"] in subentries
        ]

    def _source_path(self, kind: str, subentry_id: str) -> Path:
        return self._storage / f"{DOMAIN}.{kind}.{subentry_id}"

    def _entries(self) -> Json:
        file: Json = json.loads((self._storage / "core.config_entries").read_text(encoding="utf-8"))
        return file

    @staticmethod
    def _entry(file: Json) -> Json:
        """Return the home with the simulated Powerwall, for a visitor may have added others; empty if it is gone."""
        homes = [entry for entry in file["data"]["entries"] if entry["domain"] == DOMAIN]
        return next((home for home in homes if any(_is_simulated(each) for each in home["subentries"])), {})

    def _subentries(self, kind: str) -> list[Json]:
        subentries = self._entry(self._entries()).get("subentries", [])
        return [each for each in subentries if each["subentry_type"] == kind]


def simulation_of(subentry: Json) -> Json:
    """Return the settings of a simulated Powerwall; empty if it is a real one."""
    return dict(way_settings(subentry["data"], PATH_SIMULATED))


def _is_simulated(subentry: Json) -> bool:
    return subentry["subentry_type"] == SUBENTRY_POWERWALL and bool(simulation_of(subentry))
