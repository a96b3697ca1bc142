"""HiGHS, asked in a way that never hangs and never surprises."""

import math
from dataclasses import dataclass

import highspy
import numpy as np

from ..model.forecast import Floats
from .optimum_model import Indexes, LinearModel
from .optimum_result import NoOptimumError


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answer:
    """A solution of a model, its costs in the home's currency."""

    values: Floats
    duals: Floats
    """What one more on each row's side would add to the cost; meaningless beside whole numbers."""
    cost: float
    bound: float
    """No solution costs less."""
    proven: bool
    """Whether it is the best to the gap that was asked for."""


class Solver:
    """One model, solved, narrowed and solved again from where it was left."""

    def __init__(self, model: LinearModel, usual_per_kwh: float, gap: float, small_gap: float) -> None:
        """Take *model* and the share and the amount of cost that make no difference.

        Costs are scaled by the usual price, so that the solver's tolerances fit each currency.
        """
        self._scale = max(usual_per_kwh, 1e-6)
        self._gaps = {"mip_rel_gap": gap, "mip_abs_gap": small_gap / self._scale}
        self._linear = self._solver_of(model.lp(self._scale))

    def charge(self, columns: Indexes, costs: Floats) -> None:
        """Give *columns* new costs."""
        self._linear.changeColsCost(columns.size, columns, np.ascontiguousarray(costs / self._scale))

    def fix(self, columns: Indexes, values: Floats) -> None:
        """Leave *columns* one value each."""
        self._bound(columns, values, values)

    def free(self, columns: Indexes) -> None:
        """Leave it to the solver again which of two flows runs."""
        self._bound(columns, np.zeros(columns.size), np.ones(columns.size))

    def solve(self, seconds: float) -> Answer:
        """Return the best answer, fractions allowed; raises ``NoOptimumError`` if there is none within *seconds*."""
        # The clock of an instance goes on from one linear programme to the next.
        return self._run(self._linear, self._linear.getRunTime() + seconds if seconds > 0.0 else 0.0)

    def solve_whole(self, whole: Indexes, seconds: float, start: Floats | None = None) -> Answer:
        """Return the best answer with whole numbers in the columns *whole*, searched from *start* if that is given.

        Raises ``NoOptimumError`` if there is none within *seconds*.
        """
        mixed = self._solver_of(self._linear.getLp())
        kinds = np.full(whole.size, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        mixed.changeColsIntegrality(whole.size, whole, kinds)
        if start is not None:
            mixed.setSolution(whole.size, whole, np.ascontiguousarray(np.rint(start[whole])))
        return self._run(mixed, seconds)

    def _solver_of(self, lp: highspy.HighsLp) -> highspy.Highs:
        solver = highspy.Highs()  # type: ignore[no-untyped-call]  # the library leaves its constructor untyped
        for name, value in {"output_flag": False, "threads": 1, **self._gaps}.items():
            solver.setOptionValue(name, value)
        if solver.passModel(lp) == highspy.HighsStatus.kError:
            raise NoOptimumError("the solver does not take the model")
        return solver

    def _bound(self, columns: Indexes, lower: Floats, upper: Floats) -> None:
        if columns.size:
            bounds = (np.ascontiguousarray(side, dtype=np.float64) for side in (lower, upper))
            self._linear.changeColsBounds(columns.size, columns, *bounds)

    def _run(self, solver: highspy.Highs, until_s: float) -> Answer:
        if until_s <= 0.0:
            raise NoOptimumError("no time is left")
        solver.setOptionValue("time_limit", until_s)
        if solver.run() == highspy.HighsStatus.kError:
            # Somebody else in this thread may have set HiGHS up with another number of threads.
            solver.setOptionValue("threads", 0)
            solver.run()
        status, info = solver.getModelStatus(), solver.getInfo()
        proven = status == highspy.HighsModelStatus.kOptimal
        if not proven and info.primal_solution_status != int(highspy.SolutionStatus.kSolutionStatusFeasible):
            raise NoOptimumError(f"the solver found nothing: {solver.modelStatusToString(status)}")
        solution = solver.getSolution()
        values = np.array(solution.col_value)
        if values.size != solver.getNumCol() or not np.all(np.isfinite(values)):
            raise NoOptimumError("the solver's answer is incomplete")
        cost = info.objective_function_value
        searched = info.mip_node_count >= 0
        return Answer(
            values=values,
            duals=np.array(solution.row_dual) * self._scale,
            cost=cost * self._scale,
            bound=(info.mip_dual_bound if searched and math.isfinite(info.mip_dual_bound) else cost) * self._scale,
            proven=proven,
        )
