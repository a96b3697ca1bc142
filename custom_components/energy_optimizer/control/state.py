"""All that must be known to go on after a restart: what is forced and synced, and what must be put back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ..api.powerwall import TeslaTariff
from ..core.model.contract import ConnectionRule, GridLimits
from ..core.model.decision import Decision, DecisionKind
from ..core.model.force import Force, ForceMeans
from .held import TARIFF, Held, Value

type Shown = Mapping[str, Value | None]
"""What the device shows now, by setting; what it does not tell now is left out."""

SENDING_ORDER = ("tariff", "export_rule", "grid_charging", "operation_mode", "backup_reserve_percent")
"""The tariff says now is cheap before the mode makes it count, and the reserve comes last (facts of firmware 26.2)."""
PUTTING_BACK_ORDER = ("backup_reserve_percent", "operation_mode", "tariff", "grid_charging", "export_rule")


class CommandState(StrEnum):
    """How what was last asked of the Powerwall stands."""

    NONE = "none"
    PENDING = "pending"
    """Sent, and not shown yet."""
    CONFIRMED = "confirmed"
    PUTTING_BACK = "putting_back"
    """Over, and not yet all as it was."""
    RESTORED = "restored"
    GAVE_UP = "gave_up"
    """It did not follow; all was put back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningForce:
    """A force with what it comes to on this Powerwall."""

    force: Force
    means: ForceMeans
    wishes: Mapping[str, Value] = field(default_factory=dict)
    power_kw: float = 0.0
    """What is dispatched, + discharge and − charge; of no meaning for the other means."""
    confirmed_at: datetime | None = None
    reserve_percent: float | None = None
    """The reserve that was read when it began, kept where it cannot be read any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningDecision:
    """What the plan wants now, with what it comes to on this Powerwall."""

    decision: Decision
    asked_at: datetime
    until: datetime
    """Without a fresh decision it is let go then."""
    ends_at: datetime
    """When the plan means it to end; a tariff's window reaches so far."""
    rule: ConnectionRule = ConnectionRule.FREE
    limits: GridLimits | None = None
    means: ForceMeans | None = None
    """``None`` until it is known by what it can be carried out."""
    planned_at: datetime | None = None
    """When means and wishes were last chosen; ``None`` to choose them anew."""
    wishes: Mapping[str, Value] = field(default_factory=dict)
    """What it sets, beside the tariff that is synced and stays as it was when this was planned."""
    window_ends_at: datetime | None = None
    """Until when a tariff that was made for it holds."""
    reserve_percent: float | None = None
    """The reserve that was read when it was planned, kept where it cannot be read any more."""
    accepted_at: datetime | None = None
    """When the Powerwall had taken all that it was sent."""
    confirmed_at: datetime | None = None

    @property
    def needed(self) -> frozenset[str]:
        """The settings without which it is not carried out."""
        names = frozenset(self.wishes)
        match self.means:
            case ForceMeans.TARIFF:
                return names
            case ForceMeans.SETTINGS:
                return names - {TARIFF}
            case _:
                return frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlState:
    """What is asked of one Powerwall beyond its baseline."""

    force: RunningForce | None = None
    decided: RunningDecision | None = None
    """What the plan wants, which rests while something is forced."""
    plan_rests_until: datetime | None = None
    """After a decision that was not followed, no other is tried before."""
    plan_failures: Mapping[DecisionKind, int] = field(default_factory=dict)
    """How often in a row a kind of decision was not followed."""
    sync_is_on: bool = False
    synced_tariff: TeslaTariff | None = None
    """The tariff that sync wants the Powerwall to have."""
    synced_at: datetime | None = None
    """When the Powerwall last showed it."""
    held: Mapping[str, Held] = field(default_factory=dict)
    force_minutes: int = 60
    """For how long the select forces."""
    outcome: CommandState = CommandState.NONE

    @property
    def wishes(self) -> dict[str, Value]:
        """What the device shall be set to: a force goes before the plan, and that before the tariff sync.

        While the plan has the say, it alone writes the tariff: one that is synced meanwhile waits.
        """
        if self.decided is not None and self.force is None:
            return dict(self.decided.wishes)
        wishes: dict[str, Value] = {}
        if self.synced_tariff is not None:
            wishes[TARIFF] = self.synced_tariff
        return wishes | dict(self.force.wishes) if self.force else wishes

    def missing(self, shown: Shown) -> set[str]:
        """Return which settings cannot be taken in hand because what stands there is unknown."""
        return {name for name in self.wishes if name not in self.held and not _is_known(name, shown)}

    def taken(self, shown: Shown, *, anew: Collection[str] = ()) -> ControlState:
        """Return it with all wishes in hand whose baseline is known, and the others left to be put back.

        Wishes that are *anew* do not rest any more, whoever has set something else before.
        """
        wishes = self.wishes
        held = {name: each.wishing(wishes.get(name), anew=name in anew) for name, each in self.held.items()}
        for name, wish in wishes.items():
            if name not in held and _is_known(name, shown):
                held[name] = Held.begun(name, shown[name], wish)
        return replace(self, held=held)

    def seen(self, shown: Shown, now: datetime, lateness: timedelta) -> ControlState:
        """Return it after a look at the device; what is back to stay is let go."""
        held = {}
        for name, each in self.held.items():
            after = each.seen(shown[name], now, lateness) if name in shown else each
            known = name in shown or after.baseline is None
            if not (known and after.is_finished(shown.get(name), now, lateness)):
                held[name] = after
        return replace(self, held=held)

    def set_by_user(self, values: Mapping[str, Value], now: datetime, lateness: timedelta) -> ControlState:
        """Return it after the user gave settings new values through us."""
        held = {
            name: each.set_by_user(values[name], now, lateness) if name in values else each
            for name, each in self.held.items()
        }
        return replace(self, held=held)

    def with_held(self, held: Held) -> ControlState:
        """Return it with one setting in another state."""
        return replace(self, held={**self.held, held.name: held})

    def due(self, shown: Shown, now: datetime, patience: timedelta, lateness: timedelta) -> list[Held]:
        """Return what to send now: first what is to be put back, then what is wished, each in its order."""
        due = [
            each
            for name, each in self.held.items()
            if name in shown and each.is_due(shown[name], now, patience, lateness)
        ]
        return sorted(due, key=_turn)

    def without_force(self, outcome: CommandState) -> ControlState:
        """Return it with its force over: what that changed is put back, and the plan goes on from what it finds."""
        decided = replace(self.decided, planned_at=None) if self.decided else None
        return replace(self, force=None, decided=decided, outcome=outcome).taken({})

    def without_decision(self, outcome: CommandState) -> ControlState:
        """Return it with nothing decided; what the plan changed is to be put back."""
        return replace(self, decided=None, outcome=outcome).taken({}) if self.decided else self

    @property
    def is_putting_back(self) -> bool:
        """Say whether something is still to become as it was."""
        return any(each.wish is None for each in self.held.values())

    def reserve_percent(self, shown: Shown) -> float | None:
        """Return the reserve that the user set, whatever stands there for a while."""
        held = self.held.get("backup_reserve_percent")
        value = held.baseline if held else shown.get("backup_reserve_percent")
        return float(value) if isinstance(value, (int, float)) else None


def _is_known(name: str, shown: Shown) -> bool:
    """A tariff that is ``None`` is known not to be there; any other setting that is ``None`` is unknown."""
    return name in shown and (shown[name] is not None or name == TARIFF)


def _turn(held: Held) -> tuple[bool, int]:
    order = SENDING_ORDER if held.wish is not None else PUTTING_BACK_ORDER
    return held.wish is not None, order.index(held.name)
