"""A linear model with some whole-number columns, gathered in blocks."""

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from ..model.forecast import Floats

type Indexes = NDArray[np.int32]
type Flags = NDArray[np.bool_]
type Numbers = Floats | float


@dataclass(slots=True)
class LinearModel:
    """Columns with bounds and costs, rows with bounds, and what stands where they cross."""

    columns: int = 0
    rows: int = 0
    _bounds: list[tuple[Floats, Floats, Floats]] = field(default_factory=list)
    _limits: list[tuple[Floats, Floats]] = field(default_factory=list)
    _entries: list[tuple[Indexes, Indexes, Floats]] = field(default_factory=list)

    def add_columns(self, count: int, lower: Numbers, upper: Numbers, cost: Numbers = 0.0) -> Indexes:
        """Add *count* columns and return their places."""
        self._bounds.append((_each(lower, count), _each(upper, count), _each(cost, count)))
        self.columns += count
        return np.arange(self.columns - count, self.columns, dtype=np.int32)

    def add_rows(self, count: int, lower: Numbers, upper: Numbers) -> Indexes:
        """Add *count* rows that lie between *lower* and *upper*, and return their places."""
        self._limits.append((_each(lower, count), _each(upper, count)))
        self.rows += count
        return np.arange(self.rows - count, self.rows, dtype=np.int32)

    def put(self, rows: Indexes, columns: Indexes, values: Numbers) -> None:
        """Add *values* where *rows* and *columns* cross, one by one; no place twice."""
        self._entries.append((rows, columns, _each(values, rows.size)))

    def costs(self) -> Floats:
        """Return what one of each column costs."""
        return np.concatenate([cost for _, _, cost in self._bounds])

    def lp(self, scale: float) -> highspy.HighsLp:
        """Return the model in the solver's own form, its costs divided by *scale*."""
        rows = np.concatenate([entry[0] for entry in self._entries])
        columns = np.concatenate([entry[1] for entry in self._entries])
        values = np.concatenate([entry[2] for entry in self._entries])
        order = np.lexsort((rows, columns))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, self.rows
        lp.col_cost_ = self.costs() / scale
        lp.col_lower_ = np.concatenate([lower for lower, _, _ in self._bounds])
        lp.col_upper_ = np.concatenate([upper for _, upper, _ in self._bounds])
        lp.row_lower_ = np.concatenate([lower for lower, _ in self._limits])
        lp.row_upper_ = np.concatenate([upper for _, upper in self._limits])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        starts = np.zeros(self.columns + 1, dtype=np.int32)
        starts[1:] = np.cumsum(np.bincount(columns, minlength=self.columns))
        lp.a_matrix_.start_ = starts
        lp.a_matrix_.index_ = rows[order]
        lp.a_matrix_.value_ = values[order]
        return lp


def _each(value: Numbers, count: int) -> Floats:
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (count,))
