"""The ways to one Powerwall in its subentry's data."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.powerwall.ways import (
    CLOUD,
    ORDER,
    from_version_1,
    identity_of,
    is_same_powerwall,
    ordered_ways,
    set_up_way,
    way_settings,
    without_way,
)

GATEWAY = {"host": "10.0.0.2", "serial": "1232100-00-E--TG0123456789AB"}
FLEET = {"site_id": 7, "serial": "1232100-00-E--TG0123456789AB"}
REAL = tuple(way for way in ORDER if way != "simulated")


@given(st.permutations(REAL), st.data())
def test_ways_are_tried_in_one_order_however_they_were_added(added: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(added)))
    powerwall: dict[str, Any] = {}
    for way in added[:number]:
        powerwall = set_up_way(powerwall, way, {"of": way})
    assert ordered_ways(powerwall) == tuple(way for way in ORDER if way in added[:number])
    assert all(way_settings(powerwall, way) == {"of": way} for way in added[:number])


def test_a_changed_way_leaves_the_others_and_what_stands_beside_them() -> None:
    before = {"ways": {"gateway": GATEWAY, "fleet": FLEET}, "other": 1}
    after = set_up_way(before, "fleet", {"site_id": 8})
    assert after == {"ways": {"gateway": GATEWAY, "fleet": {"site_id": 8}}, "other": 1}
    assert before["ways"]["fleet"] == FLEET


def test_a_simulated_powerwall_and_a_real_one_replace_each_other() -> None:
    simulated = set_up_way({"ways": {"gateway": GATEWAY, "fleet": FLEET}}, "simulated", {"seed": 1})
    assert ordered_ways(simulated) == ("simulated",)
    assert ordered_ways(set_up_way(simulated, "gateway", GATEWAY)) == ("gateway",)


def test_the_last_way_stays() -> None:
    both = {"ways": {"gateway": GATEWAY, "fleet": FLEET}}
    one = without_way(both, "gateway")
    assert one == {"ways": {"fleet": FLEET}}
    with pytest.raises(ValueError, match="needs a way"):
        without_way(one, "fleet")
    assert without_way(both, "owner") == both


@pytest.mark.parametrize(
    ("ways", "identity"),
    [
        ({"gateway": GATEWAY}, GATEWAY["serial"]),
        ({"gateway": {"host": "10.0.0.2"}}, "10.0.0.2"),
        ({"gateway": {"host": "10.0.0.2"}, "fleet": FLEET}, FLEET["serial"]),
        ({"owner": {"site_id": 7}}, "site 7"),
        ({"entities": {"grid_power": "sensor.grid"}}, "sensor.grid"),
        ({"simulated": {"seed": 1}}, "simulated"),
    ],
)
def test_a_powerwall_is_known_by_its_serial_where_any_way_tells_it(ways: dict[str, Any], identity: str) -> None:
    assert identity_of({"ways": ways}) == identity


@pytest.mark.parametrize(
    ("way", "found", "same"),
    [
        ("fleet", FLEET | {"serial": GATEWAY["serial"].lower()}, True),
        ("fleet", {"site_id": 9, "serial": "1232100-00-E--OTHER"}, False),
        ("fleet", {"site_id": 9}, None),
        ("entities", {"grid_power": "sensor.grid"}, None),
        ("gateway", {"host": "elsewhere", "serial": "1232100-00-E--OTHER"}, None),
    ],
)
def test_the_found_powerwall_is_compared_with_the_other_ways(
    way: str, found: dict[str, Any], *, same: bool | None
) -> None:
    assert is_same_powerwall({"ways": {"gateway": GATEWAY}}, way, found) is same


@pytest.mark.parametrize("other", CLOUD)
@pytest.mark.parametrize("way", CLOUD)
def test_clouds_number_their_sites_alike(way: str, other: str) -> None:
    data = {"ways": {other: {"site_id": 7}}}
    expected = {True: None, False: None} if way == other else {True: True, False: False}
    assert is_same_powerwall(data, way, {"site_id": "7"}) is expected[True]
    assert is_same_powerwall(data, way, {"site_id": "8"}) is expected[False]


def test_data_of_the_first_version_become_one_way_once() -> None:
    old = {"path": "gateway", **GATEWAY}
    new = from_version_1(old)
    assert new == {"ways": {"gateway": GATEWAY}}
    assert from_version_1(new) == new
