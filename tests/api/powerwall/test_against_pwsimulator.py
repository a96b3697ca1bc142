"""Readings from pypowerwall's own gateway simulator, which is not ours and shares none of our mistakes.

Start ``pwsimulator`` of the pypowerwall repository on loopback and name it: ``PWSIMULATOR=127.0.0.1:18443 pytest …``.
"""

import http.client
import os
import ssl
from pathlib import Path

import pytest

from custom_components.energy_optimizer.api.powerwall.gateway import GatewayPowerwall, GatewaySettings
from custom_components.energy_optimizer.api.powerwall.gateway_settings import GatewayAuth
from custom_components.energy_optimizer.core.model.powerwall import GridStatus
from custom_components.energy_optimizer.core.model.system_mode import SystemMode, system_mode
from tests.api.powerwall.gateway_paths import Clock, run

HOST = os.environ.get("PWSIMULATOR", "")
pytestmark = pytest.mark.skipif(
    not HOST,
    reason="PWSIMULATOR=host:port is not set: start pwsimulator from the pypowerwall repository to run these",
)

CONNECTED, ISLANDED = GridStatus.CONNECTED, GridStatus.ISLANDED
# Powers in kW: grid (+ import), battery (+ discharge), solar, home.
SCENARIOS = {
    "battery-exporting": (-2.1, 3.0, 0.0, 0.9, CONNECTED, SystemMode.EXPORTING_TO_GRID),
    "solar-exporting": (-1.1, 0.0, 1.5, 0.4, CONNECTED, SystemMode.SOLAR_EXPORTING),
    "solar-powered": (0.0, 0.0, 0.9, 0.9, CONNECTED, SystemMode.SOLAR_POWERING_HOME),
    "grid-powered": (0.9, 0.0, 0.0, 0.9, CONNECTED, SystemMode.GRID_POWERED),
    "self-powered": (0.0, 0.4, 0.5, 0.9, CONNECTED, SystemMode.SOLAR_POWERING_HOME),
    "battery-powered": (0.0, 0.9, 0.0, 0.9, CONNECTED, SystemMode.DRAWING_FROM_BATTERY),
    "grid-charging": (1.2, -0.3, 0.0, 0.9, CONNECTED, SystemMode.GRID_CHARGING_BATTERY),
    "solar-charging": (0.0, -0.3, 1.2, 0.9, CONNECTED, SystemMode.SOLAR_CHARGING_BATTERY),
    "sunny-day-outage": (0.0, -3.1, 4.3, 1.2, ISLANDED, SystemMode.OFF_GRID),
    "cloudy-day-outage": (0.0, 0.8, 0.6, 1.4, ISLANDED, SystemMode.OFF_GRID),
    "nighttime-outage": (0.0, 0.9, 0.0, 0.9, ISLANDED, SystemMode.OFF_GRID),
}


def steer(command: str) -> None:
    """Give the simulator a command of its test interface."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(HOST, context=context, timeout=5)
    connection.request("GET", f"/test/{command}")
    assert connection.getresponse().read() == b"OK"
    connection.close()


def path_with(auth: GatewayAuth, work_dir: Path) -> GatewayPowerwall:
    settings = GatewaySettings(host=HOST, auth=auth, customer_password="password", gateway_password="ABCDEFGHIJ")
    return GatewayPowerwall(settings=settings, work_dir=work_dir, run=run, now=Clock())


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_each_scenario_in_sign_and_size(socket_enabled: None, tmp_path: Path, scenario: str) -> None:
    grid_kw, battery_kw, solar_kw, home_kw, grid, mode = SCENARIOS[scenario]
    steer(f"scenario/{scenario}")
    steer("battery-percentage/50")
    path = path_with(GatewayAuth.CUSTOMER, tmp_path)
    reading = await path.read()
    await path.close()
    assert reading.grid_kw == pytest.approx(grid_kw)
    assert reading.battery_kw == pytest.approx(battery_kw)
    assert reading.solar_kw == pytest.approx(solar_kw)
    assert reading.home_kw == pytest.approx(home_kw)
    assert reading.level_percent == pytest.approx(50)
    assert reading.grid_status is grid
    assert system_mode(reading) is mode


async def test_who_it_is_and_what_it_permits(socket_enabled: None, tmp_path: Path) -> None:
    steer("scenario/solar-powered")
    path = path_with(GatewayAuth.CUSTOMER, tmp_path)
    probe = await path.probe()
    reading = await path.read()
    await path.close()
    assert probe.identity.serial == "1232100-00-E--TG123456789ABC"
    assert probe.identity.firmware == "23.44.0"
    assert probe.writable == frozenset()
    assert reading.totals.grid_import_kwh == pytest.approx(887.602, abs=1e-3)
    assert reading.totals.battery_charge_kwh == pytest.approx(161.08)
    assert reading.alerts is not None


async def test_tedapi(socket_enabled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    path = path_with(GatewayAuth.WIFI, tmp_path)
    reading = await path.read()
    await path.close()
    powers = (reading.grid_kw, reading.battery_kw, reading.solar_kw, reading.home_kw)
    assert powers == pytest.approx((-2.1, -3.5, 6.5, 0.9))
    assert reading.level_percent == pytest.approx((6500 / 27000 * 100 - 5) / 0.95, abs=0.01)
    assert reading.capacity_kwh == pytest.approx(27 * 0.95)
