"""Playing a real home's recorded year in place of an invented one."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...const import CONF_SERIES_FILE, CONF_SERIES_HOME
from ...core.simulation.series import HomeSeries
from ...core.simulation.series_csv import parse_home_series
from . import Run


@dataclass(frozen=True, slots=True)
class UnreadableSeries:
    """A series that was asked for and cannot be played."""

    reason: str


async def load_series(data: Mapping[str, object], run: Run) -> HomeSeries | UnreadableSeries | None:
    """Return the real home that a subentry's *data* names; ``None`` if it names none."""
    file, home_id = data.get(CONF_SERIES_FILE), data.get(CONF_SERIES_HOME)
    if not file:
        return None
    try:
        return await run(_read_series, Path(str(file)), None if home_id is None else str(home_id))
    except (OSError, EOFError, ValueError) as err:
        return UnreadableSeries(f"{file}: {err}")


def _read_series(path: Path, home_id: str | None) -> HomeSeries:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return parse_home_series(content.decode("utf-8-sig"), home_id)
