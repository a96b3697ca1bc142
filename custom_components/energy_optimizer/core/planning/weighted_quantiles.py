"""Quantiles of outcomes that do not all count alike."""

import numpy as np

from ..model.forecast import QUANTILES, Floats


def weighted_quantiles(values: Floats, weights: Floats) -> Floats:
    """Return a row for each of ``QUANTILES`` and a column for each of *values*, over whose rows it looks.

    Every column needs a weight above zero; values of no weight are not looked at and may be no numbers. Between two
    outcomes it goes straight from the middle of one's weight to that of the other's.
    """
    outcomes = np.where(weights > 0.0, values, np.inf).T.copy()
    count, rows = outcomes.shape
    order = np.argsort(outcomes, axis=1)
    order += (np.arange(count) * rows)[:, None]
    weight = weights.T.ravel()[order]
    middle = np.cumsum(weight, axis=1)
    total = middle[:, -1:].copy()
    middle -= 0.5 * weight
    middle /= total
    last = np.count_nonzero(weight, axis=1) - 1
    first = np.arange(count) * rows
    shares = np.array(QUANTILES)[:, None]
    above = np.minimum(np.stack([np.count_nonzero(middle < share, axis=1) for share in QUANTILES]), last)
    below = np.maximum(above - 1, 0)
    middle, ordered = middle.ravel(), outcomes.ravel()[order].ravel()
    low, high = middle[first + below], middle[first + above]
    part = np.clip((shares - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    lower, upper = ordered[first + below], ordered[first + above]
    quantiles: Floats = np.maximum.accumulate(lower + part * (upper - lower), axis=0)
    return quantiles
