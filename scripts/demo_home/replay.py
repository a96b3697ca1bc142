"""Lets the house live a real home's series."""

import shutil
from collections.abc import Callable

from custom_components.energy_optimizer.api.powerwall.simulated import UnreadableSeries, load_series
from custom_components.energy_optimizer.const import CONF_SERIES_FILE, CONF_SERIES_HOME

from .errors import DemoError
from .folder import DemoFolder
from .options import SeriesChoice
from .stored_home import StoredHome


async def ensure_playable(choice: SeriesChoice) -> None:
    """Read the series once, before anything is set up for it.

    Raises:
        DemoError: if it is not a series; it names the line and what is wrong there.
    """
    data = {CONF_SERIES_FILE: str(choice.path), CONF_SERIES_HOME: choice.home_id}
    series = await load_series(data, _at_once)
    if isinstance(series, UnreadableSeries):
        raise DemoError(f"This home cannot be replayed. {series.reason}")


def move_in(folder: DemoFolder, choice: SeriesChoice) -> None:
    """Copy the series beside the home, which then needs the original no more, and let its Powerwall replay it."""
    copy = folder.path / f"series{''.join(choice.path.suffixes[-2:]) if choice.path.suffix == '.gz' else '.csv'}"
    shutil.copyfile(choice.path, copy)
    stored = StoredHome(folder)
    if (powerwall := stored.simulated_powerwall()) is not None:
        home = {CONF_SERIES_HOME: choice.home_id} if choice.home_id else {}
        stored.change_simulation(powerwall["subentry_id"], **{CONF_SERIES_FILE: str(copy)}, **home)


async def _at_once[*Ts, T](target: Callable[[*Ts], T], /, *args: *Ts) -> T:
    return target(*args)
