"""What each way to a Powerwall can carry out of a plan, and how."""

from datetime import timedelta

import pytest

from custom_components.energy_optimizer.api.powerwall import PowerwallAbilities
from custom_components.energy_optimizer.api.powerwall.decisions import can_steer, decisions_of
from custom_components.energy_optimizer.core.model.contract import ConnectionRule
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.planning.problem import Means

SELF, HOLD, SELL_SUN = DecisionKind.SELF_CONSUMPTION, DecisionKind.HOLD, DecisionKind.EXPORT_SOLAR
CHARGE, DISCHARGE = DecisionKind.CHARGE, DecisionKind.DISCHARGE
SUN_ONLY, NO_EXPORT, FREE = ConnectionRule.SUN_ONLY, ConnectionRule.NO_EXPORT, ConnectionRule.FREE
ALL = frozenset({"operation_mode", "backup_reserve_percent", "grid_charging", "export_rule"})
GATEWAY = PowerwallAbilities(writable=ALL, can_dispatch=True, most_charge_kw=10.0, most_discharge_kw=10.0)
CLOUD = PowerwallAbilities(writable=ALL, can_set_tariff=True, acts_within=timedelta(minutes=15))
BOTH = PowerwallAbilities(writable=ALL, can_set_tariff=True, can_dispatch=True, acts_within=timedelta(minutes=15))
SETTINGS_ONLY = PowerwallAbilities(writable=ALL)
READ_ONLY = PowerwallAbilities()


@pytest.mark.parametrize(
    ("abilities", "rule", "offered"),
    [
        (GATEWAY, FREE, {SELF, HOLD, SELL_SUN, CHARGE, DISCHARGE}),
        (GATEWAY, SUN_ONLY, {SELF, HOLD, SELL_SUN, CHARGE, DISCHARGE}),
        (GATEWAY, NO_EXPORT, {SELF, HOLD, CHARGE}),
        (CLOUD, FREE, {SELF, HOLD, CHARGE, DISCHARGE}),
        (CLOUD, SUN_ONLY, {SELF, HOLD, DISCHARGE}),
        (CLOUD, NO_EXPORT, {SELF, HOLD, CHARGE}),
        (SETTINGS_ONLY, FREE, {SELF, HOLD, CHARGE}),
        (SETTINGS_ONLY, SUN_ONLY, {SELF, HOLD}),
        (SETTINGS_ONLY, NO_EXPORT, {SELF, HOLD, CHARGE}),
        (PowerwallAbilities(writable=frozenset({"operation_mode"})), FREE, {SELF}),
        (PowerwallAbilities(writable=frozenset({"backup_reserve_percent"})), FREE, {SELF}),
        (PowerwallAbilities(writable=frozenset({"backup_reserve_percent", "grid_charging"})), FREE, {SELF, CHARGE}),
        (PowerwallAbilities(can_set_tariff=True, writable=frozenset({"operation_mode"})), FREE, {SELF}),
        (READ_ONLY, FREE, {SELF}),
    ],
)
def test_what_is_offered(abilities: PowerwallAbilities, rule: ConnectionRule, offered: set[DecisionKind]) -> None:
    assert set(decisions_of(abilities, rule)) == offered
    assert can_steer(abilities, rule) is (offered != {SELF})


def test_orders_have_any_power_and_act_soon() -> None:
    decisions = decisions_of(BOTH, FREE, battery_count=2)
    assert decisions[CHARGE] == Means(delay=timedelta(minutes=1), power_kw=None, adjustable=True)
    assert decisions_of(GATEWAY, FREE)[DISCHARGE].power_kw == 10.0
    assert decisions_of(GATEWAY, FREE)[HOLD].power_kw is None


def test_a_tariff_has_one_power_and_takes_its_time() -> None:
    decisions = decisions_of(CLOUD, FREE, battery_count=2)
    assert decisions[CHARGE] == Means(delay=timedelta(minutes=15), power_kw=10.0, adjustable=False)
    assert decisions[DISCHARGE] == Means(delay=timedelta(minutes=15), power_kw=10.0, adjustable=False)
    assert decisions[HOLD] == Means(delay=timedelta(minutes=2))
    assert decisions_of(CLOUD, FREE)[CHARGE].power_kw == 5.0


@pytest.mark.parametrize(
    ("writable", "power_kw"), [(ALL, 6.6), (ALL - {"operation_mode"}, 3.4), (ALL - {"export_rule"}, 6.6)]
)
def test_settings_charge_slowly(writable: frozenset[str], power_kw: float) -> None:
    abilities = PowerwallAbilities(writable=writable)
    assert decisions_of(abilities, FREE, battery_count=2)[CHARGE].power_kw == pytest.approx(power_kw)


def test_no_more_than_the_path_says() -> None:
    abilities = PowerwallAbilities(writable=ALL, can_set_tariff=True, most_charge_kw=4.0, most_discharge_kw=11.5)
    decisions = decisions_of(abilities, FREE)
    assert (decisions[CHARGE].power_kw, decisions[DISCHARGE].power_kw) == (4.0, 11.5)


def test_who_only_watches_has_no_delay() -> None:
    assert decisions_of(READ_ONLY, FREE) == {SELF: Means()}
