"""The state of a control in JSON's types, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..core.model.contract import ConnectionRule, GridLimits
from ..core.model.decision import Decision, DecisionKind
from ..core.model.force import Force, ForceKind, ForceMeans
from ..core.model.powerwall import ExportRule, OperationMode
from ..storage.control import StoredControl
from .held import TARIFF, Ask, Held, Value
from .state import CommandState, ControlState, RunningDecision, RunningForce


def state_to_json(state: ControlState) -> StoredControl:
    """Turn a state into what JSON can hold."""
    return {
        "force": _force_to_json(state.force) if state.force else None,
        "decided": _decided_to_json(state.decided) if state.decided else None,
        "plan_rests_until": _text(state.plan_rests_until),
        "plan_failures": {kind.value: times for kind, times in state.plan_failures.items()},
        "sync_is_on": state.sync_is_on,
        "synced_tariff": dict(state.synced_tariff) if state.synced_tariff is not None else None,
        "synced_at": _text(state.synced_at),
        "held": {name: _held_to_json(held) for name, held in state.held.items()},
        "force_minutes": state.force_minutes,
        "outcome": state.outcome.value,
    }


def state_from_json(stored: StoredControl) -> ControlState:
    """Read back what ``state_to_json`` wrote.

    Raises:
        KeyError, TypeError, ValueError: for anything else.
    """
    return ControlState(
        force=_force_from_json(stored["force"]) if stored["force"] else None,
        decided=_decided_from_json(decided) if (decided := stored.get("decided")) else None,
        plan_rests_until=_instant(stored.get("plan_rests_until")),
        plan_failures={DecisionKind(kind): int(times) for kind, times in stored.get("plan_failures", {}).items()},
        sync_is_on=bool(stored["sync_is_on"]),
        synced_tariff=stored["synced_tariff"],
        synced_at=_instant(stored["synced_at"]),
        held={name: _held_from_json(name, held) for name, held in stored["held"].items()},
        force_minutes=int(stored["force_minutes"]),
        outcome=CommandState(stored["outcome"]),
    )


def _force_to_json(running: RunningForce) -> dict[str, Any]:
    force = running.force
    return {
        "kind": force.kind.value,
        "starts_at": force.starts_at.isoformat(),
        "ends_at": force.ends_at.isoformat(),
        "power_kw": force.power_kw,
        "level_percent": force.level_percent,
        "means": running.means.value,
        "wishes": {name: _value_to_json(value) for name, value in running.wishes.items()},
        "dispatched_kw": running.power_kw,
        "confirmed_at": _text(running.confirmed_at),
        "reserve_percent": running.reserve_percent,
    }


def _force_from_json(stored: Mapping[str, Any]) -> RunningForce:
    return RunningForce(
        force=Force(
            kind=ForceKind(stored["kind"]),
            starts_at=datetime.fromisoformat(stored["starts_at"]),
            ends_at=datetime.fromisoformat(stored["ends_at"]),
            power_kw=stored["power_kw"],
            level_percent=stored["level_percent"],
        ),
        means=ForceMeans(stored["means"]),
        wishes={name: _known(name, value) for name, value in stored["wishes"].items()},
        power_kw=float(stored["dispatched_kw"]),
        confirmed_at=_instant(stored["confirmed_at"]),
        reserve_percent=stored.get("reserve_percent"),
    )


def _decided_to_json(running: RunningDecision) -> dict[str, Any]:
    decision, limits = running.decision, running.limits
    return {
        "kind": decision.kind.value,
        "power_kw": decision.power_kw,
        "decided_percent": decision.reserve_percent,
        "asked_at": running.asked_at.isoformat(),
        "until": running.until.isoformat(),
        "ends_at": running.ends_at.isoformat(),
        "rule": running.rule.value,
        "limits": [limits.max_import_kw, limits.max_export_kw] if limits else None,
        "means": running.means.value if running.means else None,
        "planned_at": _text(running.planned_at),
        "wishes": {name: _value_to_json(value) for name, value in running.wishes.items()},
        "window_ends_at": _text(running.window_ends_at),
        "reserve_percent": running.reserve_percent,
        "accepted_at": _text(running.accepted_at),
        "confirmed_at": _text(running.confirmed_at),
    }


def _decided_from_json(stored: Mapping[str, Any]) -> RunningDecision:
    limits = stored["limits"]
    return RunningDecision(
        decision=Decision(
            kind=DecisionKind(stored["kind"]),
            power_kw=stored["power_kw"],
            reserve_percent=stored["decided_percent"],
        ),
        asked_at=datetime.fromisoformat(stored["asked_at"]),
        until=datetime.fromisoformat(stored["until"]),
        ends_at=datetime.fromisoformat(stored["ends_at"]),
        rule=ConnectionRule(stored["rule"]),
        limits=GridLimits(max_import_kw=float(limits[0]), max_export_kw=float(limits[1])) if limits else None,
        means=ForceMeans(stored["means"]) if stored["means"] else None,
        planned_at=_instant(stored["planned_at"]),
        wishes={name: _known(name, value) for name, value in stored["wishes"].items()},
        window_ends_at=_instant(stored["window_ends_at"]),
        reserve_percent=stored["reserve_percent"],
        accepted_at=_instant(stored["accepted_at"]),
        confirmed_at=_instant(stored["confirmed_at"]),
    )


def _held_to_json(held: Held) -> dict[str, Any]:
    return {
        "baseline": _value_to_json(held.baseline),
        "had_none": held.had_none,
        "wish": _value_to_json(held.wish),
        "asks": [{"value": _value_to_json(ask.value), "at": ask.at.isoformat(), "seen": ask.seen} for ask in held.asks],
        "yielded": held.yielded,
        "put_back_since": _text(held.put_back_since),
        "tries": held.tries,
        "tried_at": _text(held.tried_at),
    }


def _held_from_json(name: str, stored: Mapping[str, Any]) -> Held:
    return Held(
        name=name,
        baseline=_value(name, stored["baseline"]),
        had_none=bool(stored.get("had_none")),
        wish=_value(name, stored["wish"]),
        asks=tuple(
            Ask(value=_known(name, ask["value"]), at=datetime.fromisoformat(ask["at"]), seen=bool(ask["seen"]))
            for ask in stored["asks"]
        ),
        yielded=bool(stored["yielded"]),
        put_back_since=_instant(stored["put_back_since"]),
        tries=int(stored["tries"]),
        tried_at=_instant(stored["tried_at"]),
    )


def _value_to_json(value: Value | None) -> str | float | bool | dict[str, Any] | None:
    if isinstance(value, Mapping):
        return dict(value)
    return value.value if isinstance(value, OperationMode | ExportRule) else value


def _value(name: str, stored: object) -> Value | None:
    return None if stored is None else _known(name, stored)


def _known(name: str, stored: object) -> Value:
    match name, stored:
        case "operation_mode", str():
            return OperationMode(stored)
        case "export_rule", str():
            return ExportRule(stored)
        case "grid_charging", bool():
            return stored
        case "backup_reserve_percent", int() | float():
            return float(stored)
        case name, dict() if name == TARIFF:
            return dict(stored)
        case _:
            raise ValueError(f"{stored!r} is no {name}")


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
