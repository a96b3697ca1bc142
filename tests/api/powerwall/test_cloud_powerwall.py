"""Each way through Tesla's cloud, with its real library, against a server on loopback."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant

from custom_components.energy_optimizer.api.errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.powerwall import energy_site
from custom_components.energy_optimizer.api.powerwall.energy_site import CloudPowerwall
from custom_components.energy_optimizer.core.model.powerwall import (
    ExportRule,
    GridStatus,
    OperationMode,
    PowerwallSettings,
)
from tests.api.powerwall.cloud_paths import WAYS, Clock, MemoryTokens, make_path
from tests.servers.tesla_cloud import TeslaCloud
from tests.servers.tesla_site import DIN, NEVER
from tests.servers.tls import certificate

TARIFF = {
    "version": 1,
    "name": "Test",
    "utility": "Loopback",
    "currency": "USD",
    "seasons": {"Summer": {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31, "tou_periods": {
        "ON_PEAK": {"periods": [{"fromDayOfWeek": 0, "toDayOfWeek": 6, "fromHour": 0, "toHour": 0}]}}}},
    "energy_charges": {"ALL": {"rates": {"ALL": 0}}, "Summer": {"rates": {"ON_PEAK": 0.3}}},
}  # fmt: skip


@pytest.fixture
def clock(tesla_cloud: TeslaCloud) -> Clock:
    clock = Clock()
    tesla_cloud.site.now = tesla_cloud.oauth.now = clock
    return clock


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def path(way: str, hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock) -> AsyncIterator[CloudPowerwall]:
    path = make_path(way, hass, tesla_cloud, clock)
    yield path
    await path.close()


async def test_reads_what_the_site_shows(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.site.storm_active = True
    reading = await path.read()
    assert (reading.grid_kw, reading.battery_kw, reading.solar_kw, reading.home_kw) == (0.0, -0.5, 2.0, 1.5)
    assert reading.level_percent == pytest.approx(60, abs=0.01)
    assert reading.capacity_kwh == 27.0
    assert reading.energy_left_kwh == pytest.approx(16.2, abs=0.01)
    assert reading.backup_time_left_h == pytest.approx(10.8, abs=0.01)
    assert reading.grid_status is GridStatus.CONNECTED
    assert reading.storm_watch is True
    assert reading.settings == PowerwallSettings(
        operation_mode=OperationMode.SELF_CONSUMPTION,
        backup_reserve_percent=20,
        grid_charging=False,
        export_rule=ExportRule.PV_ONLY,
        storm_mode=True,
    )
    assert reading.identity.serial == DIN
    assert reading.identity.firmware == "26.34.1 0a1b2c3d"
    assert reading.identity.battery_count == 2
    assert path.abilities.most_discharge_kw == 10.0


async def test_what_is_not_told_is_unknown(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.site.hidden = {
        "solar_power",
        "energy_left",
        "percentage_charged",
        "backup_reserve_percent",
        "storm_mode_active",
    }
    reading = await path.read()
    assert reading.solar_kw is None
    assert reading.energy_left_kwh is None
    assert reading.backup_time_left_h is None
    assert reading.level_percent is None
    assert reading.storm_watch is None
    assert reading.settings.backup_reserve_percent is None
    assert reading.home_kw == 1.5


async def test_islanded(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.site.grid_up = False
    assert (await path.read()).grid_status is GridStatus.ISLANDED


@pytest.mark.parametrize(
    ("wanted", "command"),
    [
        (PowerwallSettings(operation_mode=OperationMode.AUTONOMOUS), "operation"),
        (PowerwallSettings(backup_reserve_percent=35), "backup"),
        (PowerwallSettings(backup_reserve_percent=100), "backup"),
        (PowerwallSettings(grid_charging=True), "grid_import_export"),
        (PowerwallSettings(export_rule=ExportRule.BATTERY_OK), "grid_import_export"),
        (PowerwallSettings(grid_charging=True, export_rule=ExportRule.NEVER), "grid_import_export"),
        (PowerwallSettings(storm_mode=False), "storm_mode"),
    ],
)
async def test_a_command_is_one_call_and_is_read_back_at_once(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, wanted: PowerwallSettings, command: str
) -> None:
    before = (await path.read()).settings
    assert wanted.differing(before).named == wanted.named
    await path.apply(wanted)
    assert tesla_cloud.commands() == [command]
    after = (await path.read()).settings
    assert not wanted.differing(after).named
    untouched = before.named.keys() - wanted.named.keys()
    assert after.only(untouched) == before.only(untouched)


async def test_what_was_accepted_and_not_done_is_seen_as_not_done(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    tesla_cloud.site.effects = {"reserve": timedelta(seconds=40), "mode": NEVER}
    await path.apply(PowerwallSettings(operation_mode=OperationMode.BACKUP, backup_reserve_percent=50))
    shown = []
    for _ in range(6):
        settings = (await path.read()).settings
        shown.append((settings.backup_reserve_percent, settings.operation_mode))
        clock.pass_(seconds=10)
    mode = OperationMode.SELF_CONSUMPTION
    assert shown == [(20, mode)] * 4 + [(50, mode)] * 2


@pytest.mark.parametrize("reserve", [81, 90, 99])
async def test_a_reserve_that_tesla_would_quietly_change_is_refused_before_it_is_sent(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, reserve: float
) -> None:
    with pytest.raises(NotPermittedError, match=f"{reserve} %"):
        await path.apply(PowerwallSettings(backup_reserve_percent=reserve, operation_mode=OperationMode.BACKUP))
    assert tesla_cloud.commands() == []


async def test_the_tariff_is_written_and_read_back(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    assert await path.read_tariff() is None
    await path.write_tariff(TARIFF)
    assert await path.read_tariff() == TARIFF
    assert tesla_cloud.commands() == ["time_of_use_settings"]
    assert tesla_cloud.site.app_error is None


async def test_a_tariff_that_tesla_refuses_is_said_to_be_refused(path: CloudPowerwall) -> None:
    with pytest.raises(NotPermittedError, match=r"negative|invalid_request"):
        await path.write_tariff({**TARIFF, "energy_charges": {"Summer": {"rates": {"ON_PEAK": -0.01}}}})
    assert await path.read_tariff() is None


async def test_settings_are_asked_for_more_seldom_than_powers(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    for _ in range(9):
        await path.read()
        clock.pass_(seconds=path.poll_interval.total_seconds())
    asked = [call.name for call in tesla_cloud.calls]
    assert asked.count("live_status") == 9
    assert asked.count("site_info") <= 3
    assert path.meter.calls_this_month == len(asked)


async def test_asked_again_too_early_it_answers_from_memory_unless_told_not_to(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    first = await path.read()
    clock.pass_(seconds=2)
    assert await path.read() is first
    path.ask_anew()
    await path.read()
    assert [call.name for call in tesla_cloud.calls].count("site_info") == 2


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (400, NotPermittedError),
        (403, NotPermittedError),
        (404, NotPermittedError),
        (408, UnreachableError),
        (429, CoolingDownError),
        (500, UnreachableError),
        (502, UnreachableError),
        (503, UnreachableError),
        (504, UnreachableError),
        ("half_body", UnreachableError),
        ("lost", UnreachableError),
        ("html", NonsenseError),
        ("nonsense", NonsenseError),
    ],
)
async def test_each_fault_is_one_of_ours(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, kind: int | str, expected: type[SourceError]
) -> None:
    tesla_cloud.fault(tesla_cloud.path_of("live_status"), kind, 1)
    with pytest.raises(SourceError) as caught:
        await path.read()
    if kind == "html" and isinstance(caught.value, UnreachableError):
        pytest.fail("a login page of a router is no outage")
    assert isinstance(caught.value, expected)


async def test_a_server_that_keeps_us_waiting(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(energy_site, "TIMEOUT_S", 0.3)
    await path.read()
    path.ask_anew()
    clock.pass_(seconds=31)
    tesla_cloud.fault(tesla_cloud.path_of("live_status"), "timeout", 1)
    with pytest.raises(UnreachableError):
        await path.read()


async def test_nothing_listens(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.stop()
    with pytest.raises(UnreachableError):
        await path.read()


async def test_a_server_whose_certificate_nobody_knows(
    way: str, hass: HomeAssistant, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    server = TeslaCloud(tls=True)
    server.start()
    path = make_path(way, hass, server, Clock())
    with pytest.raises(CertificateError):
        await path.read()
    await path.close()
    server.stop()


async def test_the_owner_api_is_spoken_to_over_tls(
    hass: HomeAssistant, socket_enabled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "known.pem"
    known.write_bytes(certificate()[0])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(known))
    server = TeslaCloud(tls=True)
    server.start()
    path = make_path("owner", hass, server, Clock())
    assert (await path.read()).home_kw == 1.5
    await path.close()
    server.stop()


async def test_a_pause_that_is_asked_for_is_kept(path: CloudPowerwall, tesla_cloud: TeslaCloud, clock: Clock) -> None:
    tesla_cloud.fault(tesla_cloud.path_of("live_status"), 429, 1, Retry_After="90")
    begun = clock()
    with pytest.raises(CoolingDownError) as caught:
        await path.read()
    assert caught.value.until is not None
    assert timedelta(seconds=85) < caught.value.until - begun < timedelta(seconds=95)
    asked = len(tesla_cloud.requests)
    with pytest.raises(CoolingDownError):
        await path.apply(PowerwallSettings(storm_mode=False))
    assert len(tesla_cloud.requests) == asked
    clock.pass_(seconds=95)
    assert (await path.read()).home_kw == 1.5


async def test_powers_survive_settings_that_cannot_be_had(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.fault(tesla_cloud.path_of("site_info"), 503)
    reading = await path.read()
    assert reading.home_kw == 1.5
    assert reading.settings == PowerwallSettings()


async def test_meters_that_show_nothing_are_not_believed(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.site.solar_w = tesla_cloud.site.home_w = 0.0
    with pytest.raises(NonsenseError):
        await path.read()


async def test_powers_of_a_site_that_lost_its_connection_are_not_believed(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    tesla_cloud.site.now = lambda: clock() - timedelta(minutes=20)
    with pytest.raises(UnreachableError, match="told Tesla nothing since"):
        await path.read()


async def test_a_lost_answer_leaves_the_setting_to_be_read(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.fault(tesla_cloud.path_of("backup"), "lost", 1)
    with pytest.raises(UnreachableError):
        await path.apply(PowerwallSettings(backup_reserve_percent=55))
    assert (await path.read()).settings.backup_reserve_percent == 55
    assert tesla_cloud.commands() == ["backup"]


async def test_energy_of_an_outage(path: CloudPowerwall, tesla_cloud: TeslaCloud, clock: Clock) -> None:
    await path.read()
    clock.pass_(minutes=7)
    start = clock()
    clock.pass_(hours=2)
    energies = await path.energy_between(start, clock())
    assert energies is not None
    assert energies.solar_kwh == pytest.approx(4.0, rel=0.01)
    assert energies.home_kwh == pytest.approx(3.0, rel=0.01)
    assert energies.battery_charge_kwh == pytest.approx(1.0, rel=0.01)
    assert energies.grid_import_kwh == 0
    assert energies.battery_discharge_kwh == 0
    assert await path.energy_between(start - timedelta(days=1), clock()) is None


async def test_no_token_is_ever_logged(
    way: str, hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    path = make_path(way, hass, tesla_cloud, clock)
    await path.read()
    await path.apply(PowerwallSettings(storm_mode=False))
    tesla_cloud.fault(tesla_cloud.path_of("live_status"), 401, 1)
    clock.pass_(days=1)
    if way == "teslemetry":
        with pytest.raises(RefusedError):
            await path.read()
    else:
        await path.read()
    await path.close()
    secrets = [*tesla_cloud.oauth.access, *tesla_cloud.oauth.refresh, tesla_cloud.teslemetry_token, "fleet-secret"]
    assert len(secrets) >= 2
    assert [secret for secret in secrets if secret in caplog.text] == []


@pytest.mark.parametrize("way", ["fleet", "owner"], indirect=True)
async def test_a_token_that_ends_early_is_renewed_once(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    await path.read()
    tesla_cloud.oauth.expire_access()
    path.ask_anew()
    await path.read()
    assert tesla_cloud.oauth.refreshes == 2


@pytest.mark.parametrize("way", ["fleet", "owner"], indirect=True)
async def test_consent_that_was_withdrawn_is_a_refusal(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    await path.read()
    tesla_cloud.oauth.revoke_consent()
    path.ask_anew()
    with pytest.raises(RefusedError):
        await path.read()


@pytest.mark.parametrize("way", ["fleet", "owner"], indirect=True)
async def test_a_command_that_was_refused_is_not_sent_for_ever(path: CloudPowerwall, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.fault(tesla_cloud.path_of("backup"), 401)
    with pytest.raises(RefusedError):
        await path.apply(PowerwallSettings(backup_reserve_percent=55))
    assert tesla_cloud.count(tesla_cloud.path_of("backup")) == 2


async def test_a_permission_that_is_missing_is_named(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    tesla_cloud.oauth.granted = ("openid", "offline_access", "energy_device_data")
    path = make_path("fleet", hass, tesla_cloud, clock)
    await path.read()
    with pytest.raises(NotPermittedError, match="scopes"):
        await path.apply(PowerwallSettings(storm_mode=False))


async def test_a_subscription_that_ended_is_named(hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock) -> None:
    path = make_path("teslemetry", hass, tesla_cloud, clock)
    tesla_cloud.subscribed = False
    with pytest.raises(NotPermittedError, match="subscription"):
        await path.read()


async def test_another_region_is_followed(hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock) -> None:
    tesla_cloud.region = "eu"
    path = make_path("fleet", hass, tesla_cloud, clock)
    assert (await path.read()).home_kw == 1.5
    asked = tesla_cloud.count("/api/1/users/region")
    path.ask_anew()
    await path.read()
    assert tesla_cloud.count("/api/1/users/region") == asked == 1


async def test_reading_stops_where_the_budget_ends_and_commands_do_not(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    path = make_path("fleet", hass, tesla_cloud, clock)
    await path.read()
    for _ in range(5000):
        path.meter.count("data")
    clock.pass_(hours=7)
    with pytest.raises(CoolingDownError) as caught:
        await path.read()
    assert caught.value.until == path.meter.month_end
    await path.apply(PowerwallSettings(storm_mode=False))
    assert (await path.read()).settings.storm_mode is False


async def test_tokens_are_on_disk_before_the_site_is_asked(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    tokens = MemoryTokens()
    tesla_cloud.fault(tesla_cloud.path_of("live_status"), 503)
    with pytest.raises(UnreachableError):
        await make_path("fleet", hass, tesla_cloud, clock, tokens).read()
    assert [token for token, _ in tokens.tokens] == list(reversed(tesla_cloud.oauth.refresh))


async def test_a_clock_that_is_set_right_leaves_nothing_waiting(
    path: CloudPowerwall, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    clock.pass_(days=400)
    await path.apply(PowerwallSettings(backup_reserve_percent=44))
    await path.read()
    tesla_cloud.fault(tesla_cloud.path_of("live_status"), 429, 1, Retry_After="3600")
    clock.pass_(minutes=1)
    with pytest.raises(CoolingDownError):
        await path.read()
    clock.pass_(days=-400)
    for home_w in (2000.0, 3000.0):
        tesla_cloud.site.home_w = home_w
        reading = await path.read()
        assert reading.home_kw == home_w / 1000
        assert abs(clock() - reading.taken_at) < timedelta(seconds=30)
        clock.pass_(minutes=30)
