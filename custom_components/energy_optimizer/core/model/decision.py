"""What a battery can be told to do."""

from dataclasses import dataclass
from enum import StrEnum


class DecisionKind(StrEnum):
    """What the battery does during a step; in all of them it follows the real load as far as the name allows."""

    SELF_CONSUMPTION = "self_consumption"
    """Stores surplus and covers the house, down to a reserve."""
    HOLD = "hold"
    """Stores surplus and gives nothing."""
    EXPORT_SOLAR = "export_solar"
    """Covers the house and stores nothing: surplus is sold."""
    CHARGE = "charge"
    """Takes a power, or all surplus if that is more."""
    DISCHARGE = "discharge"
    """Gives a power, or what the house needs if that is more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One thing that a battery is told for a while."""

    kind: DecisionKind
    power_kw: float | None = None
    """The power to charge or discharge with, positive; ``None`` for the others."""
    reserve_percent: float | None = None
    """Down to which level self-consumption goes; ``None`` for the home's own reserve."""

    def battery_kw(self, net_load_kw: float) -> float:
        """Return what it comes to, + discharging, for what the house lacks (negative: surplus), before any limit."""
        match self.kind:
            case DecisionKind.SELF_CONSUMPTION:
                return net_load_kw
            case DecisionKind.HOLD:
                return min(net_load_kw, 0.0)
            case DecisionKind.EXPORT_SOLAR:
                return max(net_load_kw, 0.0)
            case DecisionKind.CHARGE:
                return min(-(self.power_kw or 0.0), net_load_kw)
            case DecisionKind.DISCHARGE:
                return max(self.power_kw or 0.0, net_load_kw)
