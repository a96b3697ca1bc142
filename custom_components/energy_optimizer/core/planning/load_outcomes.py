"""All outcomes that a time of day has had, in order, each with what it counts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..model.forecast import Floats
from .load_history import LoadTable
from .load_shape import UsualLoad

_NEIGHBOUR: Final = 0.3


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Outcomes:
    """The outcomes of each slot, from the lowest to the highest; a row for each slot."""

    power_kw: Floats
    source: NDArray[np.intp]
    """Which row of the weights an outcome has."""
    counts: Floats
    """What that weight is multiplied with; nothing for a slot that was not measured."""

    def quantiles(self, weights: Floats, day: NDArray[np.intp], slot: NDArray[np.intp], shares: Floats) -> Floats:
        """Return the powers below which *shares* of the outcomes lie (a row each), a column for each day and slot.

        *weights* are by day, source and slot. Between two outcomes it goes straight from the middle of one's weight to
        that of the other's.
        """
        weighted = weights[day[:, None], self.source[slot], slot[:, None]] * self.counts[slot]
        upto = np.cumsum(weighted, axis=1)
        middle = (upto - 0.5 * weighted) / upto[:, -1:]
        power_kw, counted = self.power_kw[slot], np.count_nonzero(self.counts, axis=1)[slot]
        columns = np.arange(slot.size)
        result = np.empty(shares.shape)
        for row, share in enumerate(shares):
            above = np.minimum(np.count_nonzero(middle < share[:, None], axis=1), counted - 1)
            below = np.maximum(above - 1, 0)
            low, high = middle[columns, below], middle[columns, above]
            part = np.clip((share - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
            result[row] = power_kw[columns, below] + part * (power_kw[columns, above] - power_kw[columns, below])
        return result


def outcomes(table: LoadTable, usual: UsualLoad, near: int) -> Outcomes:
    """Put each slot's outcomes in order: measured then, measured *near* slots before or after, and made up.

    The sources are the table's days and, last, the made-up days.
    """
    days, slots = table.power_kw.shape
    power_kw = np.concatenate((table.power_kw, table.moved(near), table.moved(-near), usual.power_kw)).T
    counts = np.concatenate(
        (np.ones((days, slots)), np.full((2 * days, slots), _NEIGHBOUR), usual.weight)
    ).T * np.isfinite(power_kw)
    source = np.concatenate((np.tile(np.arange(days), 3), np.full(usual.power_kw.shape[0], days)))
    order = np.argsort(power_kw, axis=1, kind="stable")
    return Outcomes(
        power_kw=np.take_along_axis(power_kw, order, axis=1),
        source=source[order],
        counts=np.take_along_axis(counts, order, axis=1),
    )
