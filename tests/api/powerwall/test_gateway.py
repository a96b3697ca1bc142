"""The web interface of a gateway: what a look shows, what can be changed and how failures show."""

import asyncio
import logging
import stat
from pathlib import Path

import pytest

from custom_components.energy_optimizer.api.errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.powerwall.gateway import forget
from custom_components.energy_optimizer.core.model.powerwall import (
    ExportRule,
    GridStatus,
    OperationMode,
    PowerwallReading,
    PowerwallSettings,
)
from tests.api.powerwall.gateway_paths import Clock, path_to
from tests.servers.gateway import DIN, Firmware, GatewayServer

AGGREGATES = "/api/meters/aggregates"
LEVEL = "/api/system_status/soe"
LOGIN = "/api/login/Basic"


async def test_a_look_at_an_older_gateway(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as path:
        reading = await path.read()
    assert reading.grid_kw == pytest.approx(-0.25)
    assert reading.battery_kw == pytest.approx(-0.9)
    assert reading.solar_kw == pytest.approx(2.5)
    assert reading.home_kw == pytest.approx(1.35)
    assert reading.level_percent == pytest.approx(60)
    assert reading.capacity_kwh == pytest.approx(27 * 0.95)
    assert reading.energy_left_kwh == pytest.approx(27 * 0.95 * 0.6)
    assert reading.backup_time_left_h == pytest.approx(27 * 0.95 * 0.6 / 1.35)
    assert reading.grid_status is GridStatus.CONNECTED
    assert reading.alerts == ("THC_w061_CAN_TX_FIFO_Overflow",)
    assert reading.totals.grid_import_kwh == pytest.approx(6800.3658)
    assert reading.totals.grid_export_kwh == pytest.approx(4319.9583)
    assert reading.totals.solar_kwh == pytest.approx(15000.0005)
    assert reading.totals.battery_charge_kwh == pytest.approx(13853.641)
    assert reading.totals.battery_discharge_kwh == pytest.approx(12319.54)
    assert reading.totals.home_kwh == pytest.approx(15946.3064)
    assert reading.settings == PowerwallSettings(
        operation_mode=OperationMode.SELF_CONSUMPTION, backup_reserve_percent=20.0
    )
    assert reading.identity.serial == DIN
    assert reading.identity.model == "Backup Gateway 2"
    assert reading.identity.firmware == "23.28.2"
    assert reading.identity.site_name == "Loopback home"
    assert reading.identity.battery_count == 2


async def test_a_newer_gateway_tells_alerts_elsewhere(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.state.firmware = Firmware.NEW
    async with path_to(gateway, tmp_path / "gw") as path:
        reading = await path.read()
    assert reading.alerts == ("PVAC_a030_fan_faulted",)
    assert reading.identity.firmware == "25.10.1"


async def test_a_powerwall_3_shows_three_documents_and_the_rest_is_unknown(
    gateway: GatewayServer, tmp_path: Path
) -> None:
    gateway.state.firmware = Firmware.POWERWALL_3
    gateway.state.din = "1707000-11-J--TG0000000000T3"
    async with path_to(gateway, tmp_path / "gw") as path:
        probe = await path.probe()
        reading = await path.read()
    assert reading.home_kw == pytest.approx(1.35)
    assert reading.level_percent == pytest.approx(60)
    assert reading.grid_status is GridStatus.CONNECTED
    assert reading.totals.solar_kwh == pytest.approx(15000.0005)
    assert reading.capacity_kwh is None
    assert reading.energy_left_kwh is None
    assert reading.backup_time_left_h is None
    assert reading.alerts is None
    assert reading.settings == PowerwallSettings()
    assert probe.shown == {"grid_status"}
    assert probe.writable == frozenset()
    assert probe.identity.serial == "1707000-11-J--TG0000000000T3"
    assert probe.identity.model == "Powerwall 3"


async def test_probe_finds_what_an_older_gateway_permits(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as path:
        probe = await path.probe()
    assert probe.writable == {"operation_mode", "backup_reserve_percent"}
    assert probe.shown == {
        *("capacity_kwh", "energy_left_kwh", "grid_status", "backup_time_left_h", "alerts", "firmware"),
        *("operation_mode", "backup_reserve_percent"),
    }
    assert probe.has_solar
    assert (gateway.state.mode, gateway.state.reserve_raw) == ("self_consumption", 24.0)


async def test_probe_finds_that_a_newer_gateway_may_only_be_read(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.state.firmware = Firmware.NEW
    async with path_to(gateway, tmp_path / "gw") as path:
        probe = await path.probe()
    assert probe.writable == frozenset()
    assert "backup_reserve_percent" in probe.shown


async def test_settings_are_sent_in_the_gateways_scale_and_read_back(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as path:
        await path.apply(PowerwallSettings(operation_mode=OperationMode.BACKUP, backup_reserve_percent=40))
        assert (gateway.state.mode, gateway.state.reserve_raw) == ("backup", 43.0)
        reading = await path.read()
    assert reading.settings.operation_mode is OperationMode.BACKUP
    assert reading.settings.backup_reserve_percent == pytest.approx(40)


async def test_what_is_not_asked_for_stays(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as path:
        await path.apply(PowerwallSettings(backup_reserve_percent=0))
        assert (gateway.state.mode, gateway.state.reserve_raw) == ("self_consumption", 5.0)
        await path.apply(PowerwallSettings(operation_mode=OperationMode.AUTONOMOUS))
    assert (gateway.state.mode, gateway.state.reserve_raw) == ("autonomous", 5.0)


async def test_a_login_that_may_only_look_is_told_so(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.state.firmware = Firmware.NEW
    async with path_to(gateway, tmp_path / "gw") as path:
        with pytest.raises(NotPermittedError):
            await path.apply(PowerwallSettings(backup_reserve_percent=30))
    async with path_to(gateway, tmp_path / "gw", writable=frozenset()) as path:
        with pytest.raises(NotPermittedError, match="export_rule"):
            await path.apply(PowerwallSettings(export_rule=ExportRule.NEVER))


async def test_a_command_to_a_gateway_that_is_gone(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as path:
        await path.read()
        gateway.stop()
        with pytest.raises(UnreachableError):
            await path.apply(PowerwallSettings(backup_reserve_percent=30))
    gateway.start()


@pytest.mark.parametrize(
    ("status", "grid"),
    [
        ("SystemGridConnected", GridStatus.CONNECTED),
        ("SystemIslandedActive", GridStatus.ISLANDED),
        ("SystemTransitionToGrid", GridStatus.SYNCING),
        ("SystemSomethingNew", None),
    ],
)
async def test_the_grid_is_seen(gateway: GatewayServer, tmp_path: Path, status: str, grid: GridStatus | None) -> None:
    gateway.state.grid_status = status
    async with path_to(gateway, tmp_path / "gw") as path:
        assert (await path.read()).grid_status is grid


async def test_noise_below_zero_is_zero_and_more_is_unknown(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.state.solar_w, gateway.state.home_w = -16.0, -1752.0
    async with path_to(gateway, tmp_path / "gw") as path:
        reading = await path.read()
    assert reading.solar_kw == 0
    assert reading.home_kw is None


async def test_counters_at_zero_are_unknown(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.state.energies_wh["solar"] = (0.0, 0.0)
    async with path_to(gateway, tmp_path / "gw") as path:
        totals = (await path.read()).totals
    assert totals.solar_kwh is None
    assert totals.home_kwh is not None


@pytest.mark.parametrize("path", [AGGREGATES, LEVEL])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("timeout", UnreachableError),
        ("html", NonsenseError),
        ("nonsense", NonsenseError),
        ("half_body", SourceError),
        (401, NotPermittedError),
        (403, NotPermittedError),
        (404, NonsenseError),
        (408, UnreachableError),
        (429, CoolingDownError),
        (500, UnreachableError),
        (502, UnreachableError),
        (503, CoolingDownError),
    ],
)
async def test_each_fault_has_its_own_error_and_gives_no_reading(
    gateway: GatewayServer, tmp_path: Path, path: str, kind: str | int, error: type[SourceError]
) -> None:
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        await powerwall.read()
        gateway.fault(path, kind)
        with pytest.raises(error) as first:
            await powerwall.read()
        with pytest.raises(error) as second:
            await powerwall.read()
    assert type(first.value) is type(second.value)


@pytest.mark.parametrize("kind", ["all_zero", "wrong_unit"])
async def test_meters_that_cannot_be_true_give_no_reading(gateway: GatewayServer, tmp_path: Path, kind: str) -> None:
    gateway.fault(AGGREGATES, kind)
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        with pytest.raises(NonsenseError):
            await powerwall.read()


@pytest.mark.parametrize("kind", ["timeout", 404, 500, "nonsense"])
async def test_what_is_optional_may_fail(gateway: GatewayServer, tmp_path: Path, kind: str | int) -> None:
    gateway.fault("/api/operation", kind)
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        reading = await powerwall.read()
    assert reading.settings == PowerwallSettings()
    assert reading.level_percent == pytest.approx(60)


async def test_a_look_ends_in_time_even_if_everything_is_slow(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        await powerwall.read()
        for path in ("/api/system_status/grid_status", "/api/system_status", "/api/operation", "/api/status"):
            gateway.fault(path, "timeout")
        async with asyncio.timeout(2.5):
            reading = await powerwall.read()
    assert reading.grid_status is None
    assert reading.home_kw == pytest.approx(1.35)


async def test_an_unplugged_gateway_and_its_return(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        await powerwall.read()
        gateway.stop()
        for _ in range(3):
            with pytest.raises(UnreachableError):
                await powerwall.read()
        gateway.end_sessions()
        gateway.start()
        reading = await powerwall.read()
    assert reading.home_kw == pytest.approx(1.35)


async def test_a_gateway_that_is_dead_from_the_start(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.stop()
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        with pytest.raises(UnreachableError):
            await powerwall.read()
        gateway.start()
        assert (await powerwall.read()).level_percent == pytest.approx(60)


async def test_an_expired_login_is_renewed(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        await powerwall.read()
        gateway.end_sessions()
        assert (await powerwall.read()).level_percent == pytest.approx(60)


async def test_a_gateway_that_gives_a_token_only(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.state.gives_cookies = False
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        assert (await powerwall.read()).level_percent == pytest.approx(60)
        gateway.end_sessions()
        assert (await powerwall.read()).level_percent == pytest.approx(60)
    assert gateway.logins == 2


async def test_a_wrong_password_is_tried_once_in_five_minutes(gateway: GatewayServer, tmp_path: Path) -> None:
    clock = Clock()
    async with path_to(gateway, tmp_path / "gw", clock=clock, customer_password="WRONG") as powerwall:
        for _ in range(4):
            with pytest.raises(RefusedError):
                await powerwall.read()
            clock.pass_s(60)
        assert gateway.bad_logins == 1
        clock.pass_s(61)
        with pytest.raises(RefusedError):
            await powerwall.read()
    assert gateway.bad_logins == 2


async def test_a_password_changed_meanwhile_is_tried_once_in_five_minutes(
    gateway: GatewayServer, tmp_path: Path
) -> None:
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        await powerwall.read()
        gateway.state.customer_password = "NEW"
        gateway.end_sessions()
        for _ in range(3):
            with pytest.raises(RefusedError):
                await powerwall.read()
    assert gateway.bad_logins == 1


async def test_a_locked_gateway_is_left_alone_as_it_asks(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.bad_logins = gateway.state.lockout_after
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        with pytest.raises(CoolingDownError, match="300 s"):
            await powerwall.read()


@pytest.mark.parametrize(
    ("kind", "error"), [("html", NonsenseError), (404, NonsenseError), ("nonsense", NonsenseError)]
)
async def test_another_device_at_the_address(
    gateway: GatewayServer, tmp_path: Path, kind: str | int, error: type[SourceError]
) -> None:
    gateway.fault(LOGIN, kind)
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        with pytest.raises(error):
            await powerwall.read()


async def test_a_host_without_encryption(gateway: GatewayServer, tmp_path: Path) -> None:
    gateway.stop()
    gateway.tls = False
    gateway.start()
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        with pytest.raises(CertificateError):
            await powerwall.read()


async def test_files_are_private_and_can_be_forgotten(gateway: GatewayServer, tmp_path: Path) -> None:
    folder = tmp_path / "energy_optimizer" / "subentry"
    async with path_to(gateway, folder) as powerwall:
        await powerwall.read()
        gateway.end_sessions()
        await powerwall.read()  # the library keeps the login it had to make
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())
        assert list(folder.iterdir())
    forget(folder)
    assert not folder.exists()
    forget(folder)


async def test_a_folder_that_cannot_be_written_is_said_before_anyone_logs_in(
    gateway: GatewayServer, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "energy_optimizer"
    in_the_way.write_text("a file where the folder should be")
    async with path_to(gateway, in_the_way / "subentry") as powerwall:
        with pytest.raises(NotPermittedError, match="cannot be written"):
            await powerwall.read()
    assert not gateway.logins


async def test_the_library_does_not_log_each_failure(
    gateway: GatewayServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = logging.getLogger("pypowerwall")
    monkeypatch.setattr(library, "level", logging.NOTSET)
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        await powerwall.read()
        gateway.fault(AGGREGATES, 500)
        for _ in range(3):
            with pytest.raises(UnreachableError):
                await powerwall.read()
        assert not [record for record in caplog.records if record.name.startswith("pypowerwall")]
        library.setLevel(logging.DEBUG)
        with pytest.raises(UnreachableError):
            await powerwall.read()
    assert [record for record in caplog.records if record.name.startswith("pypowerwall")]


async def test_looks_do_not_overlap(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw") as powerwall:
        readings: list[PowerwallReading] = await asyncio.gather(*(powerwall.read() for _ in range(3)))
    assert len(readings) == 3
    assert gateway.logins == 1


async def test_a_gateway_that_drips_does_not_hold_up_a_poll(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw", timeout_s=1.0, look_limit_s=-0.8) as powerwall:
        gateway.fault(LOGIN, "timeout")
        async with asyncio.timeout(0.8):
            with pytest.raises(UnreachableError, match="waiting"):
                await powerwall.read()
            with pytest.raises(UnreachableError, match="still"):
                await powerwall.read()
