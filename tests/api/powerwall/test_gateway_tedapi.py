"""TEDAPI: reading with the Wi-Fi password, reading and writing with a registered key."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

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
from custom_components.energy_optimizer.api.powerwall.gateway_settings import GatewayAuth
from custom_components.energy_optimizer.api.powerwall.v1r_key import V1rKey
from custom_components.energy_optimizer.core.model.powerwall import (
    ExportRule,
    GridStatus,
    OperationMode,
    PowerwallSettings,
)
from tests.api.powerwall.gateway_paths import ALL, Clock, path_to
from tests.servers.gateway import DIN, Firmware, GatewayServer
from tests.servers.gateway_tedapi import KeyState


@pytest.fixture(scope="module")
def key() -> V1rKey:
    return V1rKey.generate()


@pytest.fixture(params=[GatewayAuth.WIFI, GatewayAuth.KEY])
def tedapi(request: pytest.FixtureRequest, gateway: GatewayServer, key: V1rKey) -> dict[str, Any]:
    """Both ways to TEDAPI, with what it takes to log in."""
    if request.param is GatewayAuth.KEY:
        gateway.state.firmware = Firmware.POWERWALL_3
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    return {"auth": request.param, "key_pem": key.pem}


def endpoint(tedapi: dict[str, Any]) -> str:
    return "/tedapi/v1r" if tedapi["auth"] is GatewayAuth.KEY else "/tedapi/v1"


async def test_a_look(gateway: GatewayServer, tmp_path: Path, tedapi: dict[str, Any]) -> None:
    async with path_to(gateway, tmp_path / "gw", **tedapi) as path:
        probe = await path.probe()
        reading = await path.read()
    assert reading.grid_kw == pytest.approx(-0.25)
    assert reading.battery_kw == pytest.approx(-0.9)
    assert reading.solar_kw == pytest.approx(2.5)
    assert reading.home_kw == pytest.approx(1.35)
    assert reading.level_percent == pytest.approx(60)
    assert reading.capacity_kwh == pytest.approx(27 * 0.95)
    assert reading.energy_left_kwh == pytest.approx(27 * 0.95 * 0.6)
    assert reading.grid_status is GridStatus.CONNECTED
    assert reading.totals.grid_import_kwh == pytest.approx(6800.3658)
    assert reading.settings == PowerwallSettings(
        operation_mode=OperationMode.SELF_CONSUMPTION,
        backup_reserve_percent=20.0,
        grid_charging=False,
        export_rule=ExportRule.PV_ONLY,
    )
    assert reading.alerts is not None
    assert probe.identity.serial == DIN
    assert probe.identity.firmware == str(gateway.state.firmware).partition(" ")[0]
    assert probe.identity.site_name == "Loopback home"
    assert probe.identity.battery_count == 2
    assert probe.shown >= ALL | {"capacity_kwh", "alerts", "grid_status", "firmware"}
    assert probe.writable == (ALL if tedapi["auth"] is GatewayAuth.KEY else frozenset())


async def test_the_grid_is_seen(gateway: GatewayServer, tmp_path: Path, tedapi: dict[str, Any]) -> None:
    gateway.state.grid_status = "SystemIslandedActive"
    async with path_to(gateway, tmp_path / "gw", **tedapi) as path:
        assert (await path.read()).grid_status is GridStatus.ISLANDED


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("timeout", UnreachableError),
        (403, RefusedError),
        (404, NonsenseError),
        (500, UnreachableError),
        (429, CoolingDownError),
        (503, CoolingDownError),
        ("html", SourceError),
        ("half_body", SourceError),
    ],
)
async def test_faults_give_no_reading(
    gateway: GatewayServer, tmp_path: Path, tedapi: dict[str, Any], kind: str | int, error: type[SourceError]
) -> None:
    async with path_to(gateway, tmp_path / "gw", tedapi_cache_s=0.0, **tedapi) as path:
        await path.read()
        gateway.fault(endpoint(tedapi), kind)
        with pytest.raises(error):
            await path.read()


async def test_an_unplugged_gateway_and_its_return(
    gateway: GatewayServer, tmp_path: Path, tedapi: dict[str, Any]
) -> None:
    async with path_to(gateway, tmp_path / "gw", tedapi_cache_s=0.0, **tedapi) as path:
        await path.read()
        gateway.stop()
        for _ in range(4):
            with pytest.raises(UnreachableError):
                await path.read()
        gateway.end_sessions()
        gateway.start()
        assert (await path.read()).home_kw == pytest.approx(1.35)


async def test_what_the_library_remembers_does_not_pass_for_fresh(
    gateway: GatewayServer, tmp_path: Path, tedapi: dict[str, Any]
) -> None:
    async with path_to(gateway, tmp_path / "gw", tedapi_cache_s=0.05, **tedapi) as path:
        await path.read()
        gateway.state.home_w = 4000.0
        first = await path.read()
        while first.home_kw == pytest.approx(1.35):
            first = await path.read()
        assert first.home_kw == pytest.approx(4.0)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_foreign_certificates_in_the_environment_are_named(
    gateway: GatewayServer,
    tmp_path: Path,
    tedapi: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, "/etc/ssl/certs/ca-certificates.crt")
    async with path_to(gateway, tmp_path / "gw", **tedapi) as path:
        with pytest.raises(CertificateError, match=variable):
            await path.read()
    assert not gateway.requests


async def test_foreign_certificates_do_not_disturb_the_web_interface(
    gateway: GatewayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    async with path_to(gateway, tmp_path / "gw") as path:
        assert (await path.read()).home_kw == pytest.approx(1.35)


async def test_a_wrong_wifi_password(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.WIFI, gateway_password="WRONG") as path:
        for _ in range(3):
            with pytest.raises(RefusedError):
                await path.read()
    assert gateway.count("/tedapi/din") == 1


async def test_the_wifi_password_only_reads(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.WIFI) as path:
        with pytest.raises(NotPermittedError):
            await path.apply(PowerwallSettings(backup_reserve_percent=50))
        with pytest.raises(NotPermittedError):
            await path.apply(PowerwallSettings(grid_charging=True))
    assert gateway.state.reserve_raw == 24


async def test_a_key_writes_everything(gateway: GatewayServer, tmp_path: Path, key: V1rKey) -> None:
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    wanted = PowerwallSettings(
        operation_mode=OperationMode.AUTONOMOUS,
        backup_reserve_percent=40,
        grid_charging=True,
        export_rule=ExportRule.BATTERY_OK,
    )
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, key_pem=key.pem) as path:
        await path.apply(wanted)
        assert (gateway.state.mode, gateway.state.reserve_raw) == ("autonomous", 43.0)
        assert (gateway.state.grid_charging, gateway.state.export_rule) == (True, "battery_ok")
        assert (await path.read()).settings == wanted


async def test_a_key_orders_powers(gateway: GatewayServer, tmp_path: Path, key: V1rKey) -> None:
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, key_pem=key.pem, tedapi_cache_s=0.0) as path:
        assert path.abilities.can_dispatch
        await path.dispatch(3.5, timedelta(seconds=29.5))
        assert gateway.state.order is not None
        assert (gateway.state.order.watts, gateway.state.order.seconds) == (3500.0, 30)
        reading = await path.read()
        assert (reading.battery_kw, reading.grid_kw) == (pytest.approx(3.5), pytest.approx(-4.65))
        assert path.abilities.most_charge_kw == path.abilities.most_discharge_kw == 10.0, "there are two batteries"
        await path.dispatch(-2.0, timedelta(seconds=60))
        assert (await path.read()).battery_kw == pytest.approx(-2.0)
        gateway.state.order = gateway.state.order._replace(until=time.monotonic())
        assert (await path.read()).battery_kw == pytest.approx(-0.9), "it ends by itself"
        await path.dispatch(0.0, timedelta(seconds=30))
        assert (await path.read()).battery_kw == 0.0
        await path.stop_dispatch()
        assert gateway.state.order is None
        await path.stop_dispatch()
        assert (await path.read()).battery_kw == pytest.approx(-0.9)


@pytest.mark.parametrize(
    ("power_kw", "lasting"),
    [
        (10.5, timedelta(seconds=30)),
        (float("nan"), timedelta(seconds=30)),
        (1.0, timedelta(minutes=2)),
        (1.0, timedelta()),
    ],
)
async def test_orders_no_gateway_may_get(
    gateway: GatewayServer, tmp_path: Path, key: V1rKey, power_kw: float, lasting: timedelta
) -> None:
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, key_pem=key.pem) as path:
        with pytest.raises(NotPermittedError):
            await path.dispatch(power_kw, lasting)
    assert not gateway.requests


async def test_orders_that_fail_say_so(gateway: GatewayServer, tmp_path: Path, key: V1rKey) -> None:
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, key_pem=key.pem, tedapi_cache_s=0.0) as path:
        await path.read()
        gateway.state.takes_orders = False
        for order in (lambda: path.dispatch(1.0, timedelta(seconds=30)), path.stop_dispatch):
            with pytest.raises(NotPermittedError, match="does not accept"):
                await order()
        gateway.fault("/tedapi/v1r", 500)
        for order in (lambda: path.dispatch(1.0, timedelta(seconds=30)), path.stop_dispatch):
            with pytest.raises(UnreachableError):
                await order()
    assert gateway.state.order is None


async def test_a_password_orders_nothing(gateway: GatewayServer, tmp_path: Path) -> None:
    for auth in (GatewayAuth.CUSTOMER, GatewayAuth.WIFI, GatewayAuth.BOTH):
        async with path_to(gateway, tmp_path / auth, auth) as path:
            assert not path.abilities.can_dispatch
            assert path.abilities.most_discharge_kw is None
            for order in (lambda: path.dispatch(1.0, timedelta(seconds=30)), path.stop_dispatch):
                with pytest.raises(NotPermittedError):
                    await order()
            with pytest.raises(NotPermittedError):
                await path.read_tariff()
    assert not gateway.requests


async def test_a_command_that_breaks_off(gateway: GatewayServer, tmp_path: Path, key: V1rKey) -> None:
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, key_pem=key.pem) as path:
        await path.read()
        gateway.fault("/tedapi/v1r", 500)
        with pytest.raises(UnreachableError):
            await path.apply(PowerwallSettings(grid_charging=True))
        gateway.heal()
        gateway.stop()
        with pytest.raises(UnreachableError):
            await path.apply(PowerwallSettings(export_rule=ExportRule.NEVER))
    gateway.start()
    assert gateway.state.export_rule == "pv_only"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "does not know"),
        (KeyState.PENDING, "confirmed at the Powerwall's switch"),
        (KeyState.TIMED_OUT, "confirmed at the Powerwall's switch"),
        (KeyState.REMOVED, "does not know"),
    ],
)
async def test_a_key_that_is_not_accepted(
    gateway: GatewayServer, tmp_path: Path, key: V1rKey, state: KeyState | None, words: str
) -> None:
    if state is not None:
        gateway.state.keys.states[key.public_der] = state
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, key_pem=key.pem) as path:
        with pytest.raises(RefusedError, match=words):
            await path.read()


async def test_a_wrong_password_beside_a_good_key(gateway: GatewayServer, tmp_path: Path, key: V1rKey) -> None:
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    changes = {"key_pem": key.pem, "customer_password": "WRONG"}
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, **changes) as path:
        for _ in range(3):
            with pytest.raises(RefusedError):
                await path.read()
    assert gateway.bad_logins == 1


async def test_a_password_changed_meanwhile_beside_a_good_key(
    gateway: GatewayServer, tmp_path: Path, key: V1rKey
) -> None:
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    clock = Clock()
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, clock, key_pem=key.pem, tedapi_cache_s=0.0) as path:
        await path.read()
        gateway.state.customer_password = "NEW"
        gateway.state.lockout_after = 100
        gateway.end_sessions()
        with pytest.raises(RefusedError):
            await path.read()
        tried = gateway.bad_logins
        for _ in range(3):
            with pytest.raises(RefusedError):
                await path.read()
        assert gateway.bad_logins == tried
        clock.pass_s(301)
        with pytest.raises(RefusedError):
            await path.read()
    assert gateway.bad_logins == tried + 1


async def test_the_key_lies_in_a_private_file(gateway: GatewayServer, tmp_path: Path, key: V1rKey) -> None:
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.KEY, key_pem=key.pem) as path:
        await path.read()
        assert (tmp_path / "gw" / "key.pem").stat().st_mode & 0o777 == 0o600


async def test_both_passwords_read_the_web_interface(gateway: GatewayServer, tmp_path: Path) -> None:
    async with path_to(gateway, tmp_path / "gw", GatewayAuth.BOTH) as path:
        reading = await path.read()
    assert reading.home_kw == pytest.approx(1.35)
    assert gateway.count("/api/meters/aggregates") > 0
