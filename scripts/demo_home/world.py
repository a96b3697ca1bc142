"""What a home by country has around it: whoever publishes its prices, on this machine, as long as the demo runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from .countries import Clock, DemoCountry, PriceServer
from .errors import DemoError
from .folder import DemoFolder

PORT = "price_server_port"
"""What the server's port is called in the folder's note."""


class World:
    """The price server of a home and the clock by which it publishes."""

    def __init__(self, country: DemoCountry, port: int) -> None:
        assert country.make_server is not None  # noqa: S101 - who has no server has no world
        self._clock: Clock = _real_time
        self.past_at_once = country.past_at_once
        self.server: PriceServer = country.make_server(port, self.now)

    def now(self) -> datetime:
        """Return the time by which prices are public or not."""
        return self._clock()

    @contextmanager
    def in_the_past(self, clock: Clock, until: datetime) -> Iterator[None]:
        """Let it be another time for a while: what was not public then is not told, nor what *until* will not be."""
        ahead = self.past_at_once or timedelta()
        self._clock = lambda: min(clock() + ahead, until)
        try:
            yield
        finally:
            self._clock = _real_time


@contextmanager
def around(folder: DemoFolder) -> Iterator[World | None]:
    """Run the home's price server, at the port of last time; ``None`` for a home whose prices nobody publishes.

    Raises:
        DemoError: if another program has taken that port meanwhile.
    """
    country = folder.residence.country
    if country is None or country.make_server is None:
        yield None
        return
    port = int(folder.note().get(PORT, 0)) if folder.ready else 0
    world = World(country, port)
    try:
        world.server.start()
    except OSError as err:
        raise DemoError(
            f"Port {port}, where this home asks for the prices of {country.tariff}, is in use by another program: stop "
            "that one, or start the demo with --fresh, which begins the home anew at another port."
        ) from err
    try:
        yield world
    finally:
        world.server.stop()


def _real_time() -> datetime:
    return datetime.now(UTC)
