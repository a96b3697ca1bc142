"""Gives a home its past: all of it at first, later what happened while Home Assistant was off."""

from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..folder import DemoFolder
from ..stored_home import StoredHome
from ..world import World
from .database import RecorderFile, forget_all, last_recorded_at, recorded_attributes, write_short_term, write_states
from .life import Life
from .record import record
from .series import EVERY_S, EntitySeries

FIRST_DAYS = 14
LONGEST_GAP = timedelta(days=14)
SHORTEST_GAP = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """A history that is written except for its hourly statistics, which only a running Home Assistant takes."""

    series: list[EntitySeries]
    until_s: float


async def begin(folder: DemoFolder, world: World | None = None) -> Past:
    """Let the home have stood for two weeks, and forget what was recorded while it was being set up."""
    now = datetime.now(UTC)
    since = (now - timedelta(days=FIRST_DAYS)).replace(minute=0, second=0, microsecond=0)
    stored = StoredHome(folder)
    powerwall = stored.simulated_powerwall()
    assert powerwall is not None  # noqa: S101 - it has just been added
    stored.change_simulation(powerwall["subentry_id"], since=since.isoformat())
    life = await Life.resume(folder, begin_at=since, world=world)
    assert life is not None  # noqa: S101 - as above
    entities = stored.entities()
    async with aclosing(life):
        with RecorderFile(folder.database) as session, _in_its_time(world, life, now):
            attributes = recorded_attributes(session, [each.entity_id for each in entities])
            series = await record(life.live(since, now), entities, attributes)
            until_s = now.timestamp() // EVERY_S * EVERY_S
            forget_all(session)
            write_states(session, series)
            write_short_term(session, series, until_s)
        life.keep()
    return Past(series=series, until_s=until_s)


async def catch_up(folder: DemoFolder, world: World | None = None) -> timedelta | None:
    """Record what the home did since it was last looked at, so that no graph shows a hole.

    Home Assistant then compiles the statistics of that time by itself, as after any pause.

    Returns:
        How long it was off; ``None`` where there is nothing to fill.
    """
    now = datetime.now(UTC)
    stored = StoredHome(folder)
    life = await Life.resume(folder, world=world)
    if life is None:
        return None
    async with aclosing(life):
        if life.seen_at is None or now - life.seen_at < SHORTEST_GAP:
            return None
        off = now - life.seen_at
        entities = stored.entities()
        with RecorderFile(folder.database) as session, _in_its_time(world, life, now):
            start = max(life.seen_at, last_recorded_at(session), now - LONGEST_GAP)
            attributes = recorded_attributes(session, [each.entity_id for each in entities])
            write_states(session, await record(life.live(start, now), entities, attributes))
        life.keep()
    return off


def _in_its_time(world: World | None, life: Life, now: datetime) -> AbstractContextManager[None]:
    """Let prices be as public as they were when the home lived through them."""
    return nullcontext() if world is None else world.in_the_past(lambda: life.clock.now, now)
