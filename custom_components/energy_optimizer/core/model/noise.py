"""Telling meter noise from measurements."""

from typing import Final

NOISE_KW: Final = 0.1
"""So far below zero, a meter that cannot be negative shows noise or an inverter's own draw."""


def not_negative(power_kw: float | None) -> float | None:
    """Take noise below zero as zero and what is far below it, where nothing can be below zero, as unknown."""
    if power_kw is None or power_kw < -NOISE_KW:
        return None
    return max(0.0, power_kw)
