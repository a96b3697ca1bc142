"""What coordinators of one home tell each other."""

from ..const import DOMAIN


def signal_energy(entry_id: str) -> str:
    """Name the signal that carries ``(EnergyTotals, datetime)`` on each reading of the home's meters."""
    return f"{DOMAIN}_{entry_id}_energy"


def signal_new_meters(entry_id: str) -> str:
    """Name the signal that says that the next reading comes from other meters."""
    return f"{DOMAIN}_{entry_id}_new_meters"


def signal_counters(entry_id: str) -> str:
    """Name the signal that carries a ``CounterReading`` on each reading of a source that counts energy."""
    return f"{DOMAIN}_{entry_id}_counters"


def signal_plan(entry_id: str) -> str:
    """Name the signal that says that there is another plan, or none any more."""
    return f"{DOMAIN}_{entry_id}_plan"
