"""Where prices and what they hang on come from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from ...core.tariffs import Tariff


class PriceFeed(Protocol):
    """A tariff whose prices are published bit by bit.

    A feed keeps what it was told: a failed refresh leaves the tariff as it was. All calls come from the event loop;
    libraries that block run in the executor.
    """

    @property
    def tariff(self) -> Tariff:
        """All that is known now; another object each time something changed, and fit for use in other threads."""

    async def refresh(self, now: datetime) -> None:
        """Ask for what is new.

        Raises:
            SourceError: and nothing else, if the answer did not come or makes no sense.
        """

    def next_refresh(self, now: datetime) -> datetime:
        """Return when to ask next, in view of how the last attempt ended; always after *now*."""

    def facts(self, now: datetime) -> object:
        """Return what is known beyond prices, as a frozen dataclass for the entities of this kind of tariff."""

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take up what ``to_store`` returned in an earlier run.

        Raises:
            KeyError, TypeError, ValueError: if it did not come from there; nothing is taken up then.
        """

    def to_store(self) -> dict[str, Any]:
        """Return what must outlast a restart, as plain JSON data."""

    async def close(self) -> None:
        """Let go of connections."""

    def diagnostics(self) -> dict[str, Any]:
        """Return what helps to find a fault, without secrets."""
