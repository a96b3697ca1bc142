"""Who speaks for a Powerwall now."""

from enum import StrEnum

from ..core.model.powerwall import GridStatus, PowerwallReading


class Speaker(StrEnum):
    """Who has the say, the first one first."""

    OUTAGE = "outage"
    STORM = "storm"
    FORCE = "force"
    OPTIMIZE = "optimize"
    """The plan."""
    TARIFF_SYNC = "tariff_sync"
    BASELINE = "baseline"
    """Nobody: the Powerwall goes by what the user set."""


def is_suspended(reading: PowerwallReading | None) -> Speaker | None:
    """Return who silences us; ``None`` if nobody does. Synchronising with the grid still counts as an outage."""
    if reading is None:
        return None
    if reading.grid_status in {GridStatus.ISLANDED, GridStatus.SYNCING}:
        return Speaker.OUTAGE
    return Speaker.STORM if reading.storm_watch else None


def who_speaks(reading: PowerwallReading | None, *, forced: bool, planned: bool, synced: bool) -> Speaker:
    """Return the first in the order of precedence who has something to say."""
    if (silencer := is_suspended(reading)) is not None:
        return silencer
    if forced:
        return Speaker.FORCE
    if planned:
        return Speaker.OPTIMIZE
    return Speaker.TARIFF_SYNC if synced else Speaker.BASELINE
