"""What a battery can take and give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.simulation.battery import TAPER_FROM_PERCENT, Battery

POWERWALL = Battery.powerwalls(1, 0.9)


@given(st.floats(0.0, 13.5), st.floats(0.0, 13.5), st.floats(1e-4, 2.0))
def test_limits_keep_the_level_where_it_may_be(stored_kwh: float, bound_kwh: float, hours: float) -> None:
    charge_kw = POWERWALL.charge_limit_kw(stored_kwh, bound_kwh, hours)
    discharge_kw = POWERWALL.discharge_limit_kw(stored_kwh, bound_kwh, hours)
    assert 0.0 <= charge_kw <= 5.0
    assert 0.0 <= discharge_kw <= 11.5
    assert POWERWALL.after(stored_kwh, -charge_kw, hours) <= max(bound_kwh, stored_kwh) + 1e-9
    assert POWERWALL.after(stored_kwh, discharge_kw, hours) >= min(bound_kwh, stored_kwh) - 1e-9


def test_round_trip_loses_what_was_said() -> None:
    filled = POWERWALL.after(0.0, -4.0, 1.0)
    assert filled == pytest.approx(4.0 * 0.9**0.5)
    assert POWERWALL.after(filled, 3.6, 1.0) == pytest.approx(0.0, abs=1e-12)


def test_charging_slows_down_when_nearly_full_and_ends() -> None:
    start_kwh = POWERWALL.capacity_kwh * TAPER_FROM_PERCENT / 100.0
    stored_kwh, powers = start_kwh, []
    for _ in range(240):
        powers.append(POWERWALL.charge_limit_kw(stored_kwh, POWERWALL.capacity_kwh, 1 / 60))
        stored_kwh = POWERWALL.after(stored_kwh, -powers[-1], 1 / 60)
    assert powers[0] == 5.0
    assert POWERWALL.charge_limit_kw(0.98 * POWERWALL.capacity_kwh, POWERWALL.capacity_kwh, 1 / 60) == pytest.approx(
        2.0
    )
    assert powers == sorted(powers, reverse=True)
    assert powers[-1] == pytest.approx(0.0, abs=1e-9)
    assert stored_kwh == pytest.approx(POWERWALL.capacity_kwh)


def test_two_units_hold_and_give_twice_as_much() -> None:
    two = Battery.powerwalls(2, 0.9)
    assert (two.capacity_kwh, two.charge_kw, two.discharge_kw) == (27.0, 10.0, 23.0)
