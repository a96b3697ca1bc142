"""What a plan decides for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from custom_components.energy_optimizer.core.model.plan import ReasonKey
from custom_components.energy_optimizer.core.planning.plan_stretches import (
    next_change,
    plan_stretches,
    present_stretch,
)
from tests.planned_homes import Part, plan_of

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
HOLD = DecisionKind.HOLD
CHARGE = DecisionKind.CHARGE


def test_neighbours_that_decide_the_same_are_one() -> None:
    plan = plan_of(NOON, Part(hours=1), Part(hours=2), Part(hours=1, kind=HOLD), Part(hours=1))
    found = [(each.starts_at.hour, each.ends_at.hour, each.decision.kind) for each in plan_stretches(plan.steps)]
    follows = DecisionKind.SELF_CONSUMPTION
    assert found == [(12, 15, follows), (15, 16, HOLD), (16, 17, follows)]


def test_powers_may_differ_within_a_stretch() -> None:
    parts = (Part(hours=1, kind=CHARGE, power_kw=power) for power in (3.3, 1.5, 5.0))
    (stretch,) = plan_stretches(plan_of(NOON, *parts).steps)
    assert stretch.powers_kw == (1.5, 5.0)
    (hold,) = plan_stretches(plan_of(NOON, Part(hours=1, kind=HOLD)).steps)
    assert hold.powers_kw is None


def test_another_reserve_is_another_decision() -> None:
    plan = plan_of(NOON, Part(hours=1))
    higher = Decision(kind=DecisionKind.SELF_CONSUMPTION, reserve_percent=40)
    steps = [*plan.steps[:2], *(replace(step, decision=higher) for step in plan.steps[2:])]
    assert [len(each.steps) for each in plan_stretches(steps)] == [2, 2]


def test_what_does_not_touch_is_not_joined() -> None:
    steps = plan_of(NOON, Part(hours=1)).steps
    assert [len(each.steps) for each in plan_stretches([steps[0], *steps[2:]])] == [1, 2]


def test_each_reason_is_told_once_in_the_order_in_which_it_comes() -> None:
    keys = (ReasonKey.STORE_SURPLUS, ReasonKey.COVER_HOUSE, ReasonKey.STORE_SURPLUS, ReasonKey.RESERVE_REACHED)
    (stretch,) = plan_stretches(plan_of(NOON, *(Part(hours=1, key=key) for key in keys)).steps)
    found = [(step.reason.key, step.starts_at.hour) for step in stretch.reasons]
    assert found == [(keys[0], 12), (keys[1], 13), (keys[3], 15)]


def test_the_next_change_is_where_another_decision_begins() -> None:
    plan = plan_of(NOON, Part(hours=2), Part(hours=1, kind=HOLD))
    assert next_change(plan, NOON) == NOON + timedelta(hours=2)
    assert next_change(plan, NOON + timedelta(hours=2)) is None
    assert next_change(plan, NOON - timedelta(seconds=1)) is None
    assert present_stretch(plan, NOON + timedelta(hours=3)) is None
