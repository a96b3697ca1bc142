"""Seeded noise that can be asked for any instant, without running there from a beginning."""

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]

_MASK = (1 << 64) - 1


def uniform(seed: int, stream: int, index: IntArray) -> FloatArray:
    """Return numbers in (0, 1), one for each *index*, always the same for the same seed and stream."""
    bits = _mixed(index.astype(np.uint64) + np.uint64(_key(seed, stream)))
    return (np.asarray(bits >> np.uint64(11), dtype=np.float64) + 0.5) * 2.0**-53


def smooth(seed: int, stream: int, epoch_s: FloatArray, period_s: float) -> FloatArray:
    """Return a smooth process over time, at each instant normal with mean 0 and deviation 1.

    Independent values stand *period_s* apart; between them the weights are scaled so that the deviation stays 1.
    """
    position = epoch_s / period_s
    left = np.floor(position).astype(np.int64)
    part = position - left
    rising = part * part * (3.0 - 2.0 * part)
    falling = 1.0 - rising
    mixed = falling * _normal(seed, stream, left) + rising * _normal(seed, stream, left + 1)
    return np.asarray(mixed / np.sqrt(falling * falling + rising * rising), dtype=np.float64)


def as_uniform(normal: FloatArray) -> FloatArray:
    """Turn normal numbers into evenly spread ones in (0, 1), by the logistic approximation of their distribution."""
    return np.asarray(1.0 / (1.0 + np.exp(-1.702 * normal)), dtype=np.float64)


def _normal(seed: int, stream: int, index: IntArray) -> FloatArray:
    """Return independent normal numbers (Box-Muller)."""
    radius = np.sqrt(-2.0 * np.log(uniform(seed, 2 * stream, index)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(seed, 2 * stream + 1, index)), dtype=np.float64)


def _key(seed: int, stream: int) -> int:
    """Spread seed and stream over 64 bits, so that neighbouring seeds have nothing in common."""
    key = np.array([(seed * 0xD1342543DE82EF95 + stream * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK], np.uint64)
    return int(_mixed(_mixed(key))[0])


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64-bit numbers (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
