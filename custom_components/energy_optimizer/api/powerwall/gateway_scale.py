"""Between the gateway's scale of the battery and the one that Tesla's app shows.

A gateway counts from empty cells; the app hides the lowest 5 % and calls what is above them the battery.
"""

HIDDEN_PERCENT = 5.0
USABLE_SHARE = 1 - HIDDEN_PERCENT / 100


def app_percent(raw_percent: float) -> float:
    """Turn the gateway's percentage into the app's, within 0 and 100."""
    return round(min(100.0, max(0.0, (raw_percent - HIDDEN_PERCENT) / USABLE_SHARE)), 2)


def raw_percent(app_percent: float) -> float:
    """Turn the app's percentage into the gateway's."""
    return round(app_percent * USABLE_SHARE + HIDDEN_PERCENT, 2)


def usable_kwh(full_wh: float) -> float:
    """Return how much of a battery's nominal energy can be used, in kWh."""
    return full_wh * USABLE_SHARE / 1000


def usable_left_kwh(remaining_wh: float, full_wh: float) -> float:
    """Return how much can still be taken out before the app shows 0 %, in kWh."""
    return max(0.0, remaining_wh - full_wh * HIDDEN_PERCENT / 100) / 1000
