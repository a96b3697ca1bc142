"""What Tesla tells of a site, in the shapes that have been seen and in shapes that should never be."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.errors import NonsenseError, SourceError
from custom_components.energy_optimizer.api.powerwall.energy_site_answers import (
    has_solar,
    most_power_kw,
    reading_of,
    response_of,
    settings_of,
    shown_in,
    sites_in,
    tariff_of,
    writable_in,
)
from custom_components.energy_optimizer.core.model.powerwall import ExportRule, GridStatus

NOW = datetime(2024, 1, 1, tzinfo=UTC)
# As a site without battery energies answers.
LIVE: dict[str, Any] = {
    "solar_power": 1185,
    "percentage_charged": 95.50537403739663,
    "battery_power": 5060,
    "load_power": 6245,
    "grid_status": "Active",
    "grid_power": 0,
    "island_status": "on_grid",
    "storm_mode_active": False,
    "timestamp": "2024-01-01T00:00:00+00:00",
}
INFO: dict[str, Any] = {
    "id": "1233-abcd",
    "site_name": "Site",
    "backup_reserve_percent": 0,
    "default_real_mode": "self_consumption",
    "user_settings": {"storm_mode_enabled": True},
    "components": {
        "solar": True,
        "battery": True,
        "storm_mode_capable": True,
        "disallow_charge_from_grid_with_solar_installed": True,
        "customer_preferred_export_rule": "pv_only",
    },
    "version": "23.44.0 eb113390",
    "battery_count": 3,
    "nameplate_power": 15000,
    "installation_time_zone": "",
}
junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.just([{}])
)


def test_a_reserve_of_nothing_is_known_and_energies_are_not() -> None:
    reading = reading_of(LIVE, INFO, NOW)
    assert reading.settings.backup_reserve_percent == 0
    assert reading.energy_left_kwh is None
    assert reading.capacity_kwh is None
    assert reading.battery_kw == 5.06
    assert reading.identity.serial is None
    assert shown_in(reading) >= {"grid_status", "storm_watch", "firmware", "operation_mode", "storm_mode"}
    assert "energy_left_kwh" not in shown_in(reading)
    assert most_power_kw(INFO) == 15


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"island_status": "off_grid_intentional"}, GridStatus.ISLANDED),
        ({"island_status": "island_status_unknown"}, GridStatus.CONNECTED),
        ({"island_status": None, "grid_status": "Inactive"}, GridStatus.ISLANDED),
        ({"island_status": "new", "grid_status": "Unknown"}, None),
    ],
)
def test_the_grids_status(told: dict[str, Any], status: GridStatus | None) -> None:
    assert reading_of(LIVE | told, INFO, NOW).grid_status is status


def test_what_is_not_forbidden_is_allowed_but_what_is_not_told_is_unknown() -> None:
    allowed = INFO | {"components": {"battery": True, "non_export_configured": True}}
    assert settings_of(allowed).grid_charging is True
    assert settings_of(allowed).export_rule is ExportRule.NEVER
    assert settings_of({}).grid_charging is None
    assert settings_of({}).named == {}


def test_what_a_site_does_not_have_cannot_be_set() -> None:
    bare = {"components": {"solar": False, "storm_mode_capable": False}}
    assert writable_in(bare) == {"operation_mode", "backup_reserve_percent", "export_rule"}
    assert not has_solar(bare, reading_of(LIVE, INFO, NOW))
    assert tariff_of({"tariff_content_v2": {}}) is None


@pytest.mark.parametrize(
    "told",
    [
        {"percentage_charged": 250},
        {"battery_power": "much"},
        {"load_power": 10**9},
        dict.fromkeys(("solar_power", "battery_power", "load_power", "grid_power"), 0),
        dict.fromkeys(("solar_power", "battery_power", "load_power", "grid_power")),
    ],
)
def test_what_cannot_be_true_is_nonsense(told: dict[str, Any]) -> None:
    with pytest.raises(NonsenseError):
        reading_of(LIVE | told, INFO, NOW)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(sorted(LIVE)), junk), st.dictionaries(st.sampled_from(sorted(INFO)), junk), junk)
def test_junk_becomes_a_reading_or_an_error_of_ours(live: dict[str, Any], info: dict[str, Any], part: object) -> None:
    inner = INFO | info | {"components": dict.fromkeys(INFO["components"], part) if part else part}
    try:
        reading = reading_of(LIVE | live, inner, NOW)
    except SourceError:
        return
    powers = (reading.grid_kw, reading.battery_kw, reading.solar_kw, reading.home_kw)
    assert any(powers) or None in powers
    assert all(power is None or abs(power) <= 200 for power in powers)
    assert reading.level_percent is None or 0 <= reading.level_percent <= 100
    assert writable_in(inner)
    assert most_power_kw(inner) != 0


def test_only_sites_with_a_battery_can_be_chosen() -> None:
    site = {
        "energy_site_id": 123456,
        "resource_type": "battery",
        "site_name": "Energy Site",
        "gateway_id": "1152100-00-E--TG1",
        "total_pack_energy": 40804,
        "components": {"battery": True, "solar": False},
    }
    others = [{"vehicle_id": 1}, {"energy_site_id": 9, "components": {"battery": False}}, "?"]
    old = {"energy_site_id": 7, "resource_type": "battery"}
    wall = {"energy_site_id": 8, "resource_type": "wall_connector"}
    choices = sites_in({"response": [*others, site, old, wall]})
    assert [choice.site_id for choice in choices] == ["123456", "7"]
    assert (choices[0].capacity_kwh, choices[0].has_solar, choices[0].gateway_serial) == (
        40.804,
        False,
        "1152100-00-E--TG1",
    )
    assert choices[1].name == "7"


@settings(max_examples=50)
@given(junk)
def test_answers_about_nothing(answer: object) -> None:
    for wrapped in (answer, {"response": answer}):
        if not (isinstance(wrapped, dict) and isinstance(wrapped.get("response"), dict)):
            with pytest.raises(NonsenseError):
                response_of(wrapped)
        if not (isinstance(wrapped, dict) and isinstance(wrapped.get("response"), list)):
            with pytest.raises(NonsenseError):
                sites_in(wrapped)
