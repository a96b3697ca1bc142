"""A plan carried out through Tesla's servers: followed, read back, and put back whatever is lost on the way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant

from custom_components.energy_optimizer.actions.optimize import async_set_optimizes
from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff
from custom_components.energy_optimizer.coordinators.planning import planning_of
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from tests.cloud_ways import fleet_way, teslemetry_way
from tests.control.stubborn_powerwall import tariff
from tests.forced_homes import COMMAND, SPEAKER, SYNC, act, control_of, let_pass, let_sleep_pass, powerwall_of, reload
from tests.homes import flat_tariff, home, powerwall, set_up
from tests.planned_homes import Part, plan_nothing, plan_of, show_plan
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
COMMANDS = ["backup", "grid_import_export", "operation", "time_of_use_settings"]
FAULTS: list[tuple[str | int, dict[str, str]]] = [
    ("lost", {}),  # the effect without the reply
    ("timeout", {}),  # neither effect nor reply
    (429, {"Retry_After": "90"}),
    (503, {}),
]
SELF, HOLD = DecisionKind.SELF_CONSUMPTION, DecisionKind.HOLD
CHARGE, DISCHARGE = DecisionKind.CHARGE, DecisionKind.DISCHARGE
MINUTE = timedelta(minutes=1)


async def _set_up(
    hass: HomeAssistant,
    cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    *subentries: ConfigSubentryData,
    **before: str,
) -> TeslaCloud:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(EVENING)
    let_sleep_pass(freezer, monkeypatch)
    plan_nothing(monkeypatch)
    cloud.site.now = lambda: datetime.now(UTC)
    cloud.site.settings = OLD | before
    await set_up(hass, home(*subentries))
    return cloud


@pytest.fixture(params=["teslemetry", "fleet"])
async def each_cloud(
    request: pytest.FixtureRequest,
    hass: HomeAssistant,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> TeslaCloud:
    way = {"teslemetry": teslemetry_way, "fleet": fleet_way}[request.param](tesla_cloud)
    return await _set_up(hass, tesla_cloud, freezer, monkeypatch, powerwall(way), flat_tariff(), mode="autonomous")


@pytest.fixture
async def cloud(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> TeslaCloud:
    way = teslemetry_way(tesla_cloud)
    return await _set_up(hass, tesla_cloud, freezer, monkeypatch, powerwall(way), flat_tariff())


async def decide(hass: HomeAssistant, *parts: Part) -> None:
    await show_plan(planning_of(powerwall_of(hass)), plan_of(datetime.now(UTC), *parts))


async def optimise(hass: HomeAssistant, kind: DecisionKind, hours: float = 1.5) -> None:
    await decide(hass, Part(hours=hours, kind=kind, power_kw=3.0 if kind in {CHARGE, DISCHARGE} else None))
    await async_set_optimizes(powerwall_of(hass), on=True)
    await hass.async_block_till_done()


async def give_up(hass: HomeAssistant) -> None:
    await async_set_optimizes(powerwall_of(hass), on=False)
    await hass.async_block_till_done()


def is_old(cloud: TeslaCloud, **but: Any) -> bool:
    """Say whether the device itself is as it was, *but* for what someone changed."""
    cloud.site.advance()
    wanted, now = OLD | but, dict(cloud.site.settings)
    return same_tariff(now.pop("tariff"), wanted["tariff"]) and now == {
        name: value for name, value in wanted.items() if name != "tariff"
    }


def follows(cloud: TeslaCloud, kind: DecisionKind) -> bool:
    """Say whether the device itself does what was decided, with 0.5 kW of surplus and then without sun."""
    cloud.site.advance()
    if kind is HOLD:
        cloud.site.level_percent = cloud.site.settings["reserve"]  # what little was stored since is not held yet
    at, sun = cloud.site.now(), cloud.site.solar_w
    with_sun, _ = cloud.site.powers(at)
    cloud.site.solar_w = 0.0
    without, _ = cloud.site.powers(at)
    cloud.site.solar_w = sun
    match kind:
        case DecisionKind.SELF_CONSUMPTION:
            return (with_sun, without) == (-500.0, 1500.0)
        case DecisionKind.HOLD:
            return (with_sun, without) == (-500.0, 0.0)
        case DecisionKind.CHARGE:
            return with_sun == without == -5000.0
        case _:
            return with_sun == without == 5000.0


@pytest.mark.parametrize("kind", [SELF, HOLD, CHARGE, DISCHARGE])
async def test_each_decision_is_followed_and_put_back(
    hass: HomeAssistant, each_cloud: TeslaCloud, freezer: FrozenDateTimeFactory, kind: DecisionKind
) -> None:
    cloud = each_cloud
    await optimise(hass, kind)
    await let_pass(hass, freezer, 2 * MINUTE, 4)
    assert hass.states.get(SPEAKER).state == "optimize"
    assert hass.states.get(COMMAND).state == "confirmed"
    assert hass.states.get(COMMAND).attributes["decision"] == kind.value
    assert follows(cloud, kind)
    sent = len(cloud.commands())
    for _ in range(4):
        await let_pass(hass, freezer, 5 * MINUTE, 5)
        await decide(hass, Part(hours=1.5, kind=kind, power_kw=3.1 if kind in {CHARGE, DISCHARGE} else None))
    assert len(cloud.commands()) == sent, "what is already so is not sent again"
    await give_up(hass)
    await let_pass(hass, freezer, 5 * MINUTE, 5)
    assert is_old(cloud, mode="autonomous")
    assert control_of(hass).state.held == {}


async def test_one_decision_after_the_other(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    cloud.site.home_w = 2500.0
    kinds = [CHARGE, HOLD, SELF, DISCHARGE, SELF]
    await decide(hass, *(Part(hours=0.25, kind=kind, power_kw=3.0) for kind in kinds))
    await async_set_optimizes(powerwall_of(hass), on=True)
    for kind in kinds:
        await let_pass(hass, freezer, 10 * MINUTE, 20)
        cloud.site.advance()
        battery_w, _ = cloud.site.powers(cloud.site.now())
        assert battery_w == {CHARGE: -5000.0, HOLD: 0.0, SELF: 500.0, DISCHARGE: 5000.0}[kind]
        assert hass.states.get(COMMAND).state == "confirmed"
        await let_pass(hass, freezer, 5 * MINUTE, 10)
    await give_up(hass)
    assert is_old(cloud)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("fault", "headers"), FAULTS)
async def test_a_fault_at_the_beginning_and_at_the_end(
    hass: HomeAssistant,
    cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    fault: str | int,
    headers: dict[str, str],
) -> None:
    monkeypatch.setattr("custom_components.energy_optimizer.api.powerwall.energy_site.TIMEOUT_S", 0.3)
    cloud.fault(cloud.path_of(command), fault, times=1, **headers)
    await optimise(hass, CHARGE)
    await let_pass(hass, freezer, 6 * MINUTE, 12)
    assert hass.states.get(COMMAND).state == "confirmed"
    assert follows(cloud, CHARGE)
    cloud.fault(cloud.path_of(command), fault, times=1, **headers)
    await give_up(hass)
    await let_pass(hass, freezer, 8 * MINUTE, 16)
    assert is_old(cloud)
    assert control_of(hass).state.held == {}


@pytest.mark.parametrize("setting", ["tariff", "disallow", "mode", "reserve"])
@pytest.mark.parametrize("effect", [timedelta(seconds=40), NEVER])
async def test_an_effect_that_is_late_or_never_comes(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory, setting: str, effect: timedelta
) -> None:
    cloud.site.effects[setting] = effect
    await optimise(hass, CHARGE)
    await let_pass(hass, freezer, 9 * MINUTE, 20)
    assert hass.states.get(COMMAND).state == ("gave_up" if effect == NEVER else "confirmed")
    assert hass.states.get(SPEAKER).state == ("baseline" if effect == NEVER else "optimize")
    await give_up(hass)
    await let_pass(hass, freezer, 6 * MINUTE, 12)
    assert is_old(cloud)


async def test_a_refusal_leaves_the_powerwall_as_it_was(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    cloud.fault(cloud.path_of("backup"), 403)
    await optimise(hass, HOLD)
    await let_pass(hass, freezer, 5 * MINUTE, 10)
    assert hass.states.get(COMMAND).state == "gave_up"
    cloud.heal()
    await let_pass(hass, freezer, 5 * MINUTE, 10)
    assert is_old(cloud)


async def test_a_restart_in_the_middle_sends_nothing(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await optimise(hass, CHARGE)
    await let_pass(hass, freezer, MINUTE, 2)
    sent = len(cloud.commands())
    await reload(hass, powerwall_of(hass).config_entry)
    await let_pass(hass, freezer, 5 * MINUTE, 5)
    assert hass.states.get(COMMAND).state == "confirmed"
    assert len(cloud.commands()) == sent
    await let_pass(hass, freezer, timedelta(hours=3), 60)
    assert hass.states.get(SPEAKER).state == "baseline", "no plan came after the restart"
    assert is_old(cloud)


async def test_what_a_user_changes_in_teslas_app_stays(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await optimise(hass, CHARGE)
    await let_pass(hass, freezer, 2 * MINUTE, 4)
    cloud.site.change_in_app(reserve=35, export_rule="never", tariff=tariff("New plan", 0.2))
    await let_pass(hass, freezer, 40 * MINUTE, 40)
    assert cloud.site.settings["reserve"] == 35
    assert "backup_reserve_percent" in hass.states.get(COMMAND).attributes["changed_elsewhere"]
    await give_up(hass)
    await let_pass(hass, freezer, 5 * MINUTE, 10)
    assert is_old(cloud, reserve=35, export_rule="never", tariff=tariff("New plan", 0.2))


async def test_a_storm_has_the_say(hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory) -> None:
    await optimise(hass, DISCHARGE)
    cloud.site.storm_active = True
    await let_pass(hass, freezer, 2 * MINUTE, 4)
    assert hass.states.get(SPEAKER).state == "storm"
    sent = len(cloud.commands())
    await decide(hass, Part(hours=1.5, kind=HOLD))
    await let_pass(hass, freezer, 30 * MINUTE, 10)
    assert len(cloud.commands()) == sent
    cloud.site.storm_active = False
    await let_pass(hass, freezer, 5 * MINUTE, 10)
    assert hass.states.get(COMMAND).attributes["decision"] == "hold"
    assert follows(cloud, HOLD)


async def test_a_force_by_action_goes_first(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await optimise(hass, HOLD, hours=6)
    answer = await act(hass, "force_discharge", duration={"minutes": 30})
    assert (answer["means"], answer["outcome"]) == ("tariff", "confirmed")
    assert follows(cloud, DISCHARGE)
    await let_pass(hass, freezer, 55 * MINUTE, 55)
    assert hass.states.get(SPEAKER).state == "optimize"
    assert follows(cloud, HOLD)
    await give_up(hass)
    assert is_old(cloud)


async def test_the_sync_gives_the_plan_its_prices_and_has_the_tariff_back_afterwards(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    await hass.services.async_call("switch", "turn_on", {"entity_id": SYNC}, blocking=True)
    await hass.async_block_till_done()
    synced = dict(cloud.site.settings["tariff"])
    assert not same_tariff(synced, OLD["tariff"])
    await optimise(hass, CHARGE)
    await let_pass(hass, freezer, 6 * MINUTE, 12)
    written = cloud.site.settings["tariff"]
    assert not same_tariff(written, synced)
    assert written["energy_charges"]["Summer"]["rates"]["PERIOD_00_00"] == 0.31
    assert hass.states.get(SYNC).attributes["why_not"] is None
    await decide(hass, Part(hours=1.5, kind=SELF))
    await let_pass(hass, freezer, 2 * MINUTE, 4)
    assert same_tariff(cloud.site.settings["tariff"], synced)
    await give_up(hass)
    assert hass.states.get(SPEAKER).state == "tariff_sync"
    assert same_tariff(cloud.site.settings["tariff"], synced)
    await hass.services.async_call("switch", "turn_off", {"entity_id": SYNC}, blocking=True)
    await let_pass(hass, freezer, 3 * MINUTE, 6)
    assert is_old(cloud)
