"""States that outlive a restart."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.powerwall import ExportRule, OperationMode, PowerwallSettings
from custom_components.energy_optimizer.core.simulation.dispatch import Flows
from custom_components.energy_optimizer.core.simulation.state import Change, Counters, HomeState, Order

numbers = st.floats(0.0, 1e7)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
complete_settings = st.builds(
    PowerwallSettings,
    operation_mode=st.sampled_from(OperationMode),
    backup_reserve_percent=st.floats(0.0, 100.0),
    grid_charging=st.booleans(),
    export_rule=st.sampled_from(ExportRule),
    storm_mode=st.booleans(),
)
partial_settings = st.builds(
    PowerwallSettings,
    operation_mode=st.none() | st.sampled_from(OperationMode),
    backup_reserve_percent=st.none() | st.floats(0.0, 100.0),
    grid_charging=st.none() | st.booleans(),
    export_rule=st.none() | st.sampled_from(ExportRule),
    storm_mode=st.none() | st.booleans(),
)
orders = st.none() | st.builds(Order, power_kw=st.floats(-50.0, 50.0), until=instants)
states = st.builds(
    HomeState,
    at=instants,
    stored_kwh=numbers,
    settings=complete_settings,
    counters=st.builds(Counters, *[numbers] * 8),
    outage=st.booleans(),
    usual_load_kw=numbers,
    order=orders,
    storm=st.booleans(),
)


@given(states)
def test_states_survive_json_exactly(state: HomeState) -> None:
    assert HomeState.from_dict(json.loads(json.dumps(state.as_dict()))) == state


@given(
    st.builds(
        Change,
        at=instants,
        settings=partial_settings,
        outage=st.none() | st.booleans(),
        order=orders,
        storm=st.none() | st.booleans(),
    )
)
def test_changes_survive_json_exactly(change: Change) -> None:
    assert Change.from_dict(json.loads(json.dumps(change.as_dict()))) == change


SOUND = HomeState(
    at=datetime(2026, 5, 4, 12, 30, 15, 250000, tzinfo=timezone(timedelta(hours=2))),
    stored_kwh=3.25,
    settings=PowerwallSettings(
        operation_mode=OperationMode.BACKUP,
        backup_reserve_percent=15.0,
        grid_charging=True,
        export_rule=ExportRule.NEVER,
    ),
    usual_load_kw=0.5,
).as_dict()


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ({"at": "2026-05-04T12:00:00"}, "at"),
        ({"at": None}, "isoformat"),
        ({"stored_kwh": None}, "stored_kwh"),
        ({"stored_kwh": "3"}, "stored_kwh"),
        ({"stored_kwh": float("nan")}, "stored_kwh"),
        ({"settings": None}, "settings"),
        ({"settings": {"operation_mode": "backup"}}, "settings"),
        ({"counters": {"solar": 1.0}}, "grid_import"),
        ({"outage": "no"}, "outage"),
        ({"storm": 1}, "storm"),
        ({"order": {"power_kw": 1.0, "until": "2026-05-04T12:00:00"}}, "until"),
        ({"order": {"until": "2026-05-04T12:00:00Z"}}, "power_kw"),
    ],
)
def test_broken_states_are_refused_by_name(broken: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        HomeState.from_dict(SOUND | broken)


def test_homes_of_before_orders_storms_and_storm_mode_go_on() -> None:
    old = {name: value for name, value in SOUND.items() if name not in ("order", "storm")}
    state = HomeState.from_dict(old)
    assert (state.order, state.storm, state.settings.storm_mode) == (None, False, False)
    assert state.stored_kwh == 3.25


def test_counters_add_up_the_powers() -> None:
    flows = Flows(solar_kw=3.0, home_kw=1.0, battery_kw=-1.5, grid_kw=-0.5, curtailed_kw=0.25, unserved_kw=0.0)
    assert Counters().after(flows, 2.0) == Counters(grid_export=1.0, solar=6.0, charge=3.0, home=2.0, curtailed=0.5)
    night = Flows(solar_kw=0.0, home_kw=1.0, battery_kw=0.4, grid_kw=0.6, curtailed_kw=0.0, unserved_kw=0.2)
    totals = Counters().after(night, 10.0).totals
    assert (totals.grid_import_kwh, totals.battery_discharge_kwh, totals.grid_export_kwh) == (6.0, 4.0, 0.0)
