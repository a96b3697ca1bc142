"""What a loaded home holds in memory."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..storage.ledger import HomeLedger
from .ledger import LedgerCoordinator
from .source import SourceCoordinator

type HomeConfigEntry = ConfigEntry[HomeRuntime]
type EntityFactory = Callable[[SourceCoordinator[Any]], Iterable[Entity]]


@dataclass(kw_only=True, slots=True)
class HomeRuntime:
    """The sources of a home and the entities that show them."""

    home_device_id: str
    title: str
    data: dict[str, Any]
    """Title and data of the home as it was set up, to tell its own changes from those of its subentries."""
    options: dict[str, Any]
    books: LedgerCoordinator
    sources: dict[str, SourceCoordinator[Any]] = field(default_factory=dict)
    platforms: list[tuple[AddConfigEntryEntitiesCallback, EntityFactory]] = field(default_factory=list)
    entities: dict[str, list[Entity]] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while sources come and go, since several changes may arrive at once."""
    ready: bool = False
    """Every platform has made its entities."""
    closed: bool = False
    """The home is being unloaded: nothing may start any more."""

    @property
    def ledger(self) -> HomeLedger:
        """What is kept of the home for good."""
        return self.books.ledger

    def add_platform(self, add: AddConfigEntryEntitiesCallback, factory: EntityFactory) -> None:
        """Let *factory* make its platform's entities of every source, present and future."""
        self.platforms.append((add, factory))
        for source in self.sources.values():
            self._add_entities(add, factory, source)

    def show(self, source: SourceCoordinator[Any]) -> None:
        """Take *source* in and make its entities on every platform."""
        self.sources[source.subentry_id] = source
        for add, factory in self.platforms:
            self._add_entities(add, factory, source)

    async def hide(self, subentry_id: str) -> SourceCoordinator[Any] | None:
        """Take a source out with its entities, which stay in the registry."""
        for entity in self.entities.pop(subentry_id, []):
            if entity.hass is not None:  # a disabled entity was never added
                await entity.async_remove()
        return self.sources.pop(subentry_id, None)

    def _add_entities(
        self, add: AddConfigEntryEntitiesCallback, factory: EntityFactory, source: SourceCoordinator[Any]
    ) -> None:
        entities = list(factory(source))
        self.entities.setdefault(source.subentry_id, []).extend(entities)
        if entities:
            add(entities, config_subentry_id=source.subentry_id)
