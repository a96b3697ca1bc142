"""Who gets the sun, and who feeds the house."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.powerwall import ExportRule, OperationMode, PowerwallSettings
from custom_components.energy_optimizer.core.simulation.battery import Battery
from custom_components.energy_optimizer.core.simulation.dispatch import (
    Flows,
    dispatch,
    dispatch_islanded,
    policy_for,
)
from custom_components.energy_optimizer.core.simulation.outlook import Outlook, Prices

POWERWALL = Battery.powerwalls(1, 0.9)
MINUTE_H = 1 / 60
NO_PRICES = Outlook()

settings_of_any_kind = st.builds(
    PowerwallSettings,
    operation_mode=st.sampled_from(OperationMode),
    backup_reserve_percent=st.floats(0.0, 100.0),
    grid_charging=st.booleans(),
    export_rule=st.sampled_from(ExportRule),
)
outlooks = st.builds(
    Outlook,
    prices=st.sampled_from(Prices),
    filling_pays=st.booleans(),
    selling_pays=st.booleans(),
    dear_hours=st.floats(0.0, 24.0),
)
powers = st.floats(0.0, 20.0) | st.just(0.0)
levels = st.floats(0.0, 100.0) | st.sampled_from([0.0, 20.0, 100.0])


class Case(NamedTuple):
    """A moment, and what was made of it."""

    stored_kwh: float
    solar_kw: float
    load_kw: float
    flows: Flows


def share_out(
    settings: PowerwallSettings,
    *,
    level: float,
    solar_kw: float,
    load_kw: float,
    outlook: Outlook = NO_PRICES,
    hours: float = MINUTE_H,
) -> Case:
    stored_kwh = POWERWALL.capacity_kwh * level / 100.0
    policy = policy_for(settings, outlook, POWERWALL, 0.6)
    return Case(stored_kwh, solar_kw, load_kw, dispatch(POWERWALL, stored_kwh, solar_kw, load_kw, policy, hours))


def chosen(
    mode: OperationMode = OperationMode.SELF_CONSUMPTION,
    reserve: float = 20.0,
    rule: ExportRule = ExportRule.BATTERY_OK,
    *,
    grid_charging: bool = False,
) -> PowerwallSettings:
    return PowerwallSettings(
        operation_mode=mode, backup_reserve_percent=reserve, grid_charging=grid_charging, export_rule=rule
    )


@given(settings_of_any_kind, outlooks, levels, powers, powers, st.floats(1e-3, 0.5))
def test_laws_hold_whatever_is_set(
    settings: PowerwallSettings, outlook: Outlook, level: float, solar_kw: float, load_kw: float, hours: float
) -> None:
    case = share_out(settings, level=level, solar_kw=solar_kw, load_kw=load_kw, outlook=outlook, hours=hours)
    flows = case.flows
    assert flows.solar_kw + flows.battery_kw + flows.grid_kw == pytest.approx(flows.home_kw, abs=1e-9)
    assert flows.home_kw == load_kw
    assert flows.solar_kw + flows.curtailed_kw == pytest.approx(solar_kw, abs=1e-9)
    assert min(flows.solar_kw, flows.curtailed_kw, flows.unserved_kw) >= -1e-12
    assert -POWERWALL.charge_kw <= flows.battery_kw <= POWERWALL.discharge_kw
    after_kwh = POWERWALL.after(case.stored_kwh, flows.battery_kw, hours)
    reserve_kwh = POWERWALL.capacity_kwh * (settings.backup_reserve_percent or 0.0) / 100.0
    assert after_kwh >= min(case.stored_kwh, reserve_kwh) - 1e-9
    if settings.export_rule is ExportRule.NEVER:
        assert flows.grid_kw >= 0.0
    else:
        assert flows.curtailed_kw == 0.0
    if settings.export_rule is not ExportRule.BATTERY_OK:
        assert flows.battery_kw <= 1e-9 or flows.grid_kw >= -1e-9
    if not settings.grid_charging:
        assert -flows.battery_kw <= solar_kw + 1e-9


@given(levels, powers, powers, st.floats(1e-3, 0.5))
def test_laws_hold_in_an_outage(level: float, solar_kw: float, load_kw: float, hours: float) -> None:
    stored_kwh = POWERWALL.capacity_kwh * level / 100.0
    flows = dispatch_islanded(POWERWALL, stored_kwh, solar_kw, load_kw, hours)
    assert flows.grid_kw == 0.0
    assert flows.solar_kw + flows.battery_kw == pytest.approx(flows.home_kw, abs=1e-9)
    assert flows.home_kw + flows.unserved_kw == pytest.approx(load_kw, abs=1e-9)
    assert flows.solar_kw + flows.curtailed_kw == pytest.approx(solar_kw, abs=1e-9)
    assert min(flows.solar_kw, flows.home_kw, flows.curtailed_kw, flows.unserved_kw) >= -1e-9
    assert flows.curtailed_kw <= 1e-9 or flows.unserved_kw == 0.0


def test_self_consumption_stores_the_surplus_and_gives_it_back() -> None:
    day = share_out(chosen(), level=50.0, solar_kw=4.0, load_kw=1.0).flows
    assert (day.battery_kw, day.grid_kw) == (-3.0, 0.0)
    evening = share_out(chosen(), level=50.0, solar_kw=0.0, load_kw=2.0).flows
    assert (evening.battery_kw, evening.grid_kw) == (2.0, 0.0)


def test_at_the_reserve_the_grid_takes_over_and_nothing_swings() -> None:
    flows = share_out(chosen(grid_charging=True), level=20.0, solar_kw=0.0, load_kw=2.0).flows
    assert (flows.battery_kw, flows.grid_kw) == (0.0, 2.0)


def test_below_the_reserve_the_sun_fills_first_and_the_grid_only_if_it_may() -> None:
    sun = share_out(chosen(reserve=60.0), level=50.0, solar_kw=1.5, load_kw=2.0).flows
    assert (sun.battery_kw, sun.grid_kw) == (-1.5, 2.0)
    grid = share_out(chosen(reserve=60.0, grid_charging=True), level=50.0, solar_kw=1.5, load_kw=2.0).flows
    assert (grid.battery_kw, grid.grid_kw) == (-5.0, 5.5)


def test_backup_keeps_the_battery_full() -> None:
    flows = share_out(chosen(OperationMode.BACKUP), level=90.0, solar_kw=0.0, load_kw=2.0).flows
    assert (flows.battery_kw, flows.grid_kw) == (0.0, 2.0)
    filling = share_out(chosen(OperationMode.BACKUP, grid_charging=True), level=50.0, solar_kw=0.0, load_kw=2.0).flows
    assert filling.battery_kw == -5.0


@pytest.mark.parametrize(
    ("rule", "grid_kw", "curtailed_kw"),
    [(ExportRule.BATTERY_OK, -3.0, 0.0), (ExportRule.PV_ONLY, -3.0, 0.0), (ExportRule.NEVER, 0.0, 3.0)],
)
def test_a_full_battery_sends_the_sun_out_or_holds_it_back(
    rule: ExportRule, grid_kw: float, curtailed_kw: float
) -> None:
    flows = share_out(chosen(rule=rule), level=100.0, solar_kw=4.0, load_kw=1.0).flows
    assert (flows.grid_kw, flows.curtailed_kw) == (grid_kw, curtailed_kw)


AUTONOMOUS = OperationMode.AUTONOMOUS


def test_autonomous_waits_while_power_is_cheap() -> None:
    cheap = Outlook(Prices.CHEAP, filling_pays=True, dear_hours=3.0)
    flows = share_out(chosen(AUTONOMOUS), level=50.0, solar_kw=0.0, load_kw=2.0, outlook=cheap).flows
    assert (flows.battery_kw, flows.grid_kw) == (0.0, 2.0)
    buying = chosen(AUTONOMOUS, grid_charging=True)
    assert share_out(buying, level=50.0, solar_kw=0.0, load_kw=2.0, outlook=cheap).flows.battery_kw == -5.0
    too_dear = cheap._replace(filling_pays=False)
    assert share_out(buying, level=50.0, solar_kw=0.0, load_kw=2.0, outlook=too_dear).flows.battery_kw == 0.0


def test_autonomous_saves_for_the_dear_hours_and_uses_it_then() -> None:
    middling, dear = Outlook(Prices.MIDDLING, dear_hours=5.0), Outlook(Prices.DEAR, dear_hours=5.0)
    scarce = share_out(chosen(AUTONOMOUS), level=40.0, solar_kw=0.0, load_kw=2.0, outlook=middling).flows
    plenty = share_out(chosen(AUTONOMOUS), level=90.0, solar_kw=0.0, load_kw=2.0, outlook=middling).flows
    assert (scarce.battery_kw, plenty.battery_kw) == (0.0, 2.0)
    assert share_out(chosen(AUTONOMOUS), level=40.0, solar_kw=0.0, load_kw=2.0, outlook=dear).flows.battery_kw == 2.0


@pytest.mark.parametrize(("rule", "sold_kw"), [(ExportRule.BATTERY_OK, 9.5), (ExportRule.PV_ONLY, 0.0)])
def test_autonomous_sells_only_where_it_may(rule: ExportRule, sold_kw: float) -> None:
    dear = Outlook(Prices.DEAR, selling_pays=True, dear_hours=2.0)
    flows = share_out(chosen(AUTONOMOUS, rule=rule), level=90.0, solar_kw=0.0, load_kw=2.0, outlook=dear).flows
    assert flows.grid_kw == pytest.approx(-sold_kw)


@pytest.mark.parametrize("prices", [Prices.UNKNOWN, Prices.LEVEL])
def test_without_telling_prices_autonomous_is_self_consumption(prices: Prices) -> None:
    outlook = Outlook(prices, filling_pays=True, selling_pays=True)
    for level in (10.0, 50.0, 100.0):
        one = share_out(chosen(AUTONOMOUS), level=level, solar_kw=1.0, load_kw=2.0, outlook=outlook)
        assert one == share_out(chosen(), level=level, solar_kw=1.0, load_kw=2.0)


def test_in_the_dark_nothing_is_served_and_the_sun_brings_it_back() -> None:
    dark = dispatch_islanded(POWERWALL, 0.0, 0.0, 1.2, MINUTE_H)
    assert (dark.home_kw, dark.unserved_kw) == (0.0, 1.2)
    morning = dispatch_islanded(POWERWALL, 0.0, 3.0, 1.2, MINUTE_H)
    assert (morning.home_kw, morning.unserved_kw) == (1.2, 0.0)
    assert morning.battery_kw == pytest.approx(-1.8)
