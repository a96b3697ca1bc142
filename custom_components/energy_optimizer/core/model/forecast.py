"""What will probably be: a quantity over equal steps, as a range."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

QUANTILES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
"""The shares of all outcomes that are expected to lie below each row of a forecast."""
MEDIAN: Final = QUANTILES.index(0.5)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Series:
    """Means over equal steps; not a number where unknown."""

    starts_at: datetime
    step: timedelta
    values: Floats

    @property
    def ends_at(self) -> datetime:
        """When the last step ends."""
        return self.starts_at + self.step * self.values.size


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Forecast:
    """Quantiles of a quantity over equal steps: a power in kW as its mean over the step, or a price per kWh."""

    starts_at: datetime
    step: timedelta
    quantiles: Floats
    """A row for each of ``QUANTILES``, a column for each step; never falls from row to row."""

    @property
    def p10(self) -> Floats:
        """What one time in ten is not reached."""
        row: Floats = self.quantiles[0]
        return row

    @property
    def p50(self) -> Floats:
        """What is exceeded as often as not."""
        row: Floats = self.quantiles[MEDIAN]
        return row

    @property
    def p90(self) -> Floats:
        """What one time in ten is exceeded."""
        row: Floats = self.quantiles[-1]
        return row

    @property
    def ends_at(self) -> datetime:
        """When the last step ends."""
        return self.starts_at + self.step * int(self.quantiles.shape[1])
