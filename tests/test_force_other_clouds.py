"""Forces through Fleet API and the Owner API, with some of the faults that all ways meet."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff
from tests.cloud_ways import fleet_way, owner_way, teslemetry_way
from tests.control.stubborn_powerwall import tariff
from tests.forced_homes import COMMAND, FORCE, act, control_of, let_pass, let_sleep_pass
from tests.homes import home, powerwall, set_up
from tests.servers.tesla_cloud import TeslaCloud

EVENING = datetime(2026, 6, 2, 1, 10, tzinfo=UTC)
WAYS = {"fleet": fleet_way, "owner": owner_way, "teslemetry": teslemetry_way}
OLD = {
    "mode": "self_consumption",
    "reserve": 20,
    "disallow": True,
    "export_rule": "pv_only",
    "storm": True,
    "tariff": tariff("Of old"),
}


async def begin(
    hass: HomeAssistant, cloud: TeslaCloud, freezer: FrozenDateTimeFactory, way: str, now: datetime, zone: str
) -> None:
    await hass.config.async_set_time_zone(zone)
    freezer.move_to(now)
    cloud.site.time_zone = zone
    cloud.site.now = lambda: datetime.now(UTC)
    cloud.site.settings = dict(OLD)
    await set_up(hass, home(powerwall(WAYS[way](cloud))))


@pytest.fixture(autouse=True)
def _sleep(freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    let_sleep_pass(freezer, monkeypatch)


def is_old(cloud: TeslaCloud) -> bool:
    cloud.site.advance()
    now = dict(cloud.site.settings)
    return same_tariff(now.pop("tariff"), OLD["tariff"]) and now == {
        name: value for name, value in OLD.items() if name != "tariff"
    }


def battery_w(cloud: TeslaCloud) -> float:
    cloud.site.advance()
    return cloud.site.powers(cloud.site.now())[0]


@pytest.mark.parametrize("way", ["fleet", "owner"])
@pytest.mark.parametrize("command", ["time_of_use_settings", "operation"])
@pytest.mark.parametrize(
    ("fault", "headers"), [("lost", {}), (403, {}), (429, {"Retry_After": "90"}), (500, {}), ("half_body", {})]
)
async def test_a_fault_ends_in_what_was_asked_or_in_what_was(
    hass: HomeAssistant,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    command: str,
    fault: str | int,
    headers: dict[str, Any],
) -> None:
    await begin(hass, tesla_cloud, freezer, way, EVENING, "America/Los_Angeles")
    monkeypatch.setattr("custom_components.energy_optimizer.api.powerwall.energy_site.TIMEOUT_S", 1.0)
    tesla_cloud.fault(tesla_cloud.path_of(command), fault, times=1, **headers)
    try:
        await act(hass, "force_discharge", duration={"minutes": 30})
    except HomeAssistantError as err:
        assert err.translation_key == "force_failed"  # noqa: PT017 - no error is as good
    await let_pass(hass, freezer, timedelta(minutes=5))
    assert hass.states.get(COMMAND).state in {"confirmed", "gave_up"}
    if hass.states.get(COMMAND).state == "confirmed":
        assert battery_w(tesla_cloud) > 3000
    else:
        assert is_old(tesla_cloud)
    await act(hass, "back_to_automatic")
    await let_pass(hass, freezer, timedelta(minutes=6))
    assert is_old(tesla_cloud)
    assert control_of(hass).state.held == {}


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Australia/Sydney", "2026-06-01T08:40"),  # Sunday in UTC
        ("Pacific/Auckland", "2026-06-01T23:10"),  # over midnight, into another weekday
        ("America/Los_Angeles", "2026-11-01T00:40"),  # the hour from 1 to 2 comes twice
        ("America/Los_Angeles", "2026-03-08T01:10"),  # there is no hour from 2 to 3
        ("Europe/Paris", "2026-12-31T23:20"),  # over the end of a year
        ("Asia/Kathmandu", "2026-06-01T12:20"),  # 5:45 from UTC
    ],
)
@pytest.mark.parametrize("force", ["force_charge", "force_discharge"])
async def test_it_lasts_as_long_as_asked_by_the_homes_own_clock(
    hass: HomeAssistant,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    zone: str,
    local: str,
    force: str,
) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    await begin(hass, tesla_cloud, freezer, "teslemetry", now, zone)
    answer = await act(hass, force, duration={"minutes": 90})
    assert answer["outcome"] == "confirmed"
    ends_at = datetime.fromisoformat(answer["ends_at"])
    assert timedelta(minutes=89) <= ends_at - now <= timedelta(minutes=121)
    sign = -1 if force == "force_charge" else 1
    while datetime.now(UTC) < ends_at - timedelta(minutes=6):
        assert battery_w(tesla_cloud) * sign > 3000, datetime.now(UTC).astimezone(ZoneInfo(zone))
        assert hass.states.get(FORCE).state != "automatic"
        await let_pass(hass, freezer, timedelta(minutes=5), 1)
    await let_pass(hass, freezer, timedelta(minutes=15), 15)
    assert hass.states.get(FORCE).state == "automatic"
    assert is_old(tesla_cloud)
