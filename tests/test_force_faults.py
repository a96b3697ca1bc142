"""Every reply of every command lost, refused, late, rate limited or half.

In the end the Powerwall is in the state that was asked for or in the old one, Home Assistant knows which, and nothing
stays forced.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff
from custom_components.energy_optimizer.const import DOMAIN
from tests.cloud_ways import teslemetry_way
from tests.control.stubborn_powerwall import tariff
from tests.forced_homes import COMMAND, FORCE, SPEAKER, act, control_of, let_pass, let_sleep_pass, powerwall_of, reload
from tests.homes import home, powerwall, set_up
from tests.servers.tesla_cloud import TeslaCloud
from tests.servers.tesla_site import NEVER

EVENING = datetime(2026, 6, 2, 1, 10, tzinfo=UTC)  # 18:10 of a Monday in Los Angeles
OLD = {
    "mode": "self_consumption",
    "reserve": 20,
    "disallow": True,
    "export_rule": "pv_only",
    "storm": True,
    "tariff": tariff("Of old"),
}
ENDPOINTS = {
    "tariff": "time_of_use_settings",
    "disallow": "grid_import_export",
    "export_rule": "grid_import_export",
    "mode": "operation",
    "reserve": "backup",
}
COMMANDS = sorted(set(ENDPOINTS.values()))
FAULTS: list[tuple[str | int, dict[str, str]]] = [
    ("lost", {}),  # the effect without the reply
    ("timeout", {}),  # neither effect nor reply
    ("half_body", {}),
    (403, {}),
    (429, {"Retry_After": "90"}),
    (500, {}),
]


@pytest.fixture
async def cloud(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> TeslaCloud:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(EVENING)
    let_sleep_pass(freezer, monkeypatch)
    tesla_cloud.site.now = lambda: datetime.now(UTC)
    tesla_cloud.site.settings = dict(OLD)
    await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    return tesla_cloud


def is_old(cloud: TeslaCloud, **but: Any) -> bool:
    """Say whether the device itself is as it was, *but* for what someone changed."""
    wanted, now = OLD | but, dict(cloud.site.settings)
    return same_tariff(now.pop("tariff"), wanted["tariff"]) and now == {
        name: value for name, value in wanted.items() if name != "tariff"
    }


def is_asked(cloud: TeslaCloud, force: str) -> bool:
    """Say whether the device is set to do what was forced."""
    now = cloud.site.settings
    if force == "force_charge":
        return now["mode"] == "autonomous" and not now["disallow"] and cloud.site.powers(cloud.site.now())[0] < -3000
    return (
        now["mode"] == "autonomous"
        and now["export_rule"] == "battery_ok"
        and cloud.site.powers(cloud.site.now())[0] > 3000
    )


async def attempt(hass: HomeAssistant, force: str) -> None:
    """Force, and take an error for an answer."""
    try:
        await act(hass, force, duration={"minutes": 30})
    except HomeAssistantError as err:
        assert err.translation_key == "force_failed"  # noqa: PT017 - no error is as good


async def is_settled(hass: HomeAssistant, cloud: TeslaCloud, force: str) -> None:
    """Check that the device is in the asked state or in the old one, and that this is what is shown."""
    cloud.site.advance()
    match hass.states.get(COMMAND).state:
        case "confirmed":
            assert hass.states.get(FORCE).state == force.removeprefix("force_")
            assert is_asked(cloud, force)
        case "gave_up":
            assert hass.states.get(FORCE).state == "automatic"
            assert is_old(cloud)
        case other:
            pytest.fail(f"{other}: {control_of(hass).state}")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("fault", "headers"), FAULTS)
async def test_a_fault_at_the_beginning(
    hass: HomeAssistant,
    cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    fault: str | int,
    headers: dict[str, str],
) -> None:
    force = "force_charge" if command == "backup" else "force_discharge"
    fail_fast(monkeypatch)
    cloud.fault(cloud.path_of(command), fault, times=1, **headers)
    await attempt(hass, force)
    await let_pass(hass, freezer, timedelta(minutes=5))
    await is_settled(hass, cloud, force)
    assert cloud.count(cloud.path_of(command)) >= 1
    await act(hass, "back_to_automatic")
    await let_pass(hass, freezer, timedelta(minutes=6))
    assert is_old(cloud)
    assert control_of(hass).state.held == {}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("fault", "headers"), [FAULTS[0], FAULTS[3], FAULTS[4]])
async def test_a_fault_at_the_end(
    hass: HomeAssistant,
    cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    fault: str | int,
    headers: dict[str, str],
) -> None:
    force = "force_charge" if command == "backup" else "force_discharge"
    await act(hass, force, duration={"minutes": 30})
    cloud.site.advance()
    assert is_asked(cloud, force)
    fail_fast(monkeypatch)
    cloud.fault(cloud.path_of(command), fault, times=2, **headers)
    await let_pass(hass, freezer, timedelta(minutes=49), 3)
    await let_pass(hass, freezer, timedelta(minutes=15), 15)
    assert cloud.count(cloud.path_of(command)) > 1
    assert is_old(cloud), cloud.site.settings
    assert control_of(hass).state.held == {}
    assert hass.states.get(COMMAND).state == "restored"
    assert hass.states.get(SPEAKER).state == "baseline"


@pytest.mark.parametrize("setting", ["tariff", "export_rule", "mode"])
@pytest.mark.parametrize("effect", [timedelta(seconds=40), NEVER])
async def test_an_effect_that_is_late_or_never_comes(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory, setting: str, effect: timedelta
) -> None:
    cloud.site.effects[setting] = effect
    await attempt(hass, "force_discharge")
    await let_pass(hass, freezer, timedelta(minutes=9), 20)
    await is_settled(hass, cloud, "force_discharge")
    assert hass.states.get(COMMAND).state == ("gave_up" if effect == NEVER else "confirmed")
    await act(hass, "back_to_automatic")
    await let_pass(hass, freezer, timedelta(minutes=6), 12)
    assert is_old(cloud)


async def test_a_lost_connection_at_the_end(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 30})
    for path in ("live_status", "site_info", *COMMANDS):
        cloud.fault(cloud.path_of(path), 503)
    await let_pass(hass, freezer, timedelta(minutes=80), 40)
    assert hass.states.get(COMMAND).state == "putting_back"
    assert [key for key in ir.async_get(hass).issues if key[0] == DOMAIN and key[1].startswith("not_put_back")]
    cloud.heal()
    await let_pass(hass, freezer, timedelta(minutes=8), 16)
    assert is_old(cloud)
    assert hass.states.get(COMMAND).state == "restored"
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]


async def test_a_restart_in_the_middle(hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory) -> None:
    await act(hass, "force_charge", duration={"minutes": 60})
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    before = len(cloud.commands())
    await reload(hass, entry)
    await let_pass(hass, freezer, timedelta(minutes=2), 4)
    assert hass.states.get(FORCE).state == "charge"
    assert len(cloud.commands()) == before
    await let_pass(hass, freezer, timedelta(minutes=90), 30)
    assert is_old(cloud)


async def test_a_restart_while_a_command_is_on_its_way(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_fast(monkeypatch)
    cloud.site.effects["mode"] = timedelta(seconds=80)
    cloud.fault(cloud.path_of("operation"), "lost", times=1)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    call = hass.async_create_task(attempt(hass, "force_discharge"))
    while "operation" not in cloud.commands():
        await hass.async_block_till_done()
    await reload(hass, entry)
    await call
    await act(hass, "back_to_automatic")
    await let_pass(hass, freezer, timedelta(minutes=10), 30)
    assert is_old(cloud)
    assert control_of(hass).state.held == {}


async def test_what_a_user_changes_in_teslas_app_stays(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 60})
    cloud.site.change_in_app(reserve=35, tariff=tariff("New plan", 0.2))
    await let_pass(hass, freezer, timedelta(minutes=40), 20)
    assert cloud.site.settings["reserve"] == 35
    assert "backup_reserve_percent" in hass.states.get(COMMAND).attributes["changed_elsewhere"]
    cloud.site.change_in_app(export_rule="never")  # nobody's but the user's
    await let_pass(hass, freezer, timedelta(minutes=40), 20)
    assert is_old(cloud, reserve=35, tariff=tariff("New plan", 0.2), export_rule="never")


async def test_a_change_in_the_last_moment_is_not_overwritten(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 60})
    await let_pass(hass, freezer, timedelta(minutes=5), 10)
    cloud.site.change_in_app(reserve=45, mode="backup")
    await act(hass, "back_to_automatic")
    await let_pass(hass, freezer, timedelta(minutes=6), 12)
    assert is_old(cloud, reserve=45, mode="backup")


async def test_what_a_user_changes_through_us_stays(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 60})
    await hass.services.async_call(
        "number", "set_value", {"entity_id": "number.powerwall_backup_reserve", "value": 100}, blocking=True
    )
    await act(hass, "back_to_automatic")
    await let_pass(hass, freezer, timedelta(minutes=6), 12)
    assert is_old(cloud, reserve=100)


async def test_a_storm_has_the_say(hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory) -> None:
    await act(hass, "force_discharge", duration={"minutes": 30})
    cloud.site.storm_active = True
    await let_pass(hass, freezer, timedelta(minutes=2), 4)
    assert hass.states.get(SPEAKER).state == "storm"
    before = len(cloud.commands())
    await let_pass(hass, freezer, timedelta(minutes=60), 20)
    assert len(cloud.commands()) == before
    cloud.site.storm_active = False
    await let_pass(hass, freezer, timedelta(minutes=8), 16)
    assert is_old(cloud)


async def test_removal_puts_everything_back_first(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 60})
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    hass.config_entries.async_remove_subentry(entry, powerwall_of(hass).subentry_id)
    await hass.async_block_till_done()
    assert is_old(cloud)
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]


async def test_removal_of_the_home_puts_everything_back_first(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 60})
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert is_old(cloud)


async def test_removal_of_a_powerwall_that_does_not_answer_says_what_is_left(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 60})
    for command in COMMANDS:
        cloud.fault(cloud.path_of(command), 503)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    hass.config_entries.async_remove_subentry(entry, powerwall_of(hass).subentry_id)
    await hass.async_block_till_done()
    (issue,) = [issue for key, issue in ir.async_get(hass).issues.items() if key[0] == DOMAIN]
    assert issue.translation_key == "powerwall_left_changed"
    assert "Tariff" in issue.translation_placeholders["settings"]


def fail_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an answer for a moment only."""
    monkeypatch.setattr("custom_components.energy_optimizer.api.powerwall.energy_site.TIMEOUT_S", 0.3)
