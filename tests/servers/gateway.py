"""A Powerwall gateway on loopback: its web interface, TEDAPI over Wi-Fi and TEDAPI with a key (v1r).

It answers in the shapes that pypowerwall reads. Tests steer its ``state`` and its faults.
"""

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import override

from pypowerwall.local import tesla_pb2

from tests.servers.gateway_tedapi import Keys, Order, answer_v1, answer_v1r, config_document
from tests.servers.https import JSON, LoopbackServer, Reply, Request, json_reply

DIN = "1232100-00-E--TG0000000000T1"
CUSTOMER_PASSWORD = "T1PWD"
GATEWAY_PASSWORD = "LOOPBACKT1PWD"


class Firmware(StrEnum):
    """How much of the web interface there is."""

    OLD = "23.28.2 0a1b2c3d"
    """All of it, and the customer may change settings."""
    NEW = "25.10.1 4e5f6a7b"
    """All of it but the vitals; the customer may only look."""
    POWERWALL_3 = "26.26.1 8c9d0e1f"
    """Three addresses for the customer; the rest needs a key."""


@dataclass(kw_only=True)
class GatewayState:
    """What the gateway is and does at the moment; watts, watt-hours, percentages of Tesla's app unless *raw*."""

    din: str = DIN
    firmware: Firmware = Firmware.OLD
    solar_w: float = 2500.0
    battery_w: float = -900.0
    home_w: float = 1350.0
    order: Order | None = None
    takes_orders: bool = True
    """Older firmware knows no orders."""
    level_percent: float = 60.0
    full_wh: float = 27_000.0
    grid_status: str = "SystemGridConnected"
    mode: str = "self_consumption"
    reserve_raw: float = 24.0
    grid_charging: bool = False
    export_rule: str | None = "pv_only"
    alerts: tuple[str, ...] = ("THC_w061_CAN_TX_FIFO_Overflow",)
    energies_wh: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {
            "site": (6_800_365.8, 4_319_958.3),
            "battery": (13_853_641.0, 12_319_540.0),
            "solar": (0.0, 15_000_000.5),
            "load": (15_946_306.4, 0.0),
        }
    )
    """Imported and exported, by meter."""
    obeys: bool = True
    """Whether an accepted setting also takes effect."""
    customer_password: str = CUSTOMER_PASSWORD
    gateway_password: str = GATEWAY_PASSWORD
    lockout_after: int = 5
    gives_cookies: bool = True
    """Whether a login gives cookies beside its token."""
    keys: Keys = field(default_factory=Keys)

    @property
    def grid_w(self) -> float:
        """What balances the rest."""
        return self.home_w - self.solar_w - self.flowing_w

    @property
    def flowing_w(self) -> float:
        """What the battery gives: as it likes, or as ordered while an order lasts."""
        return self.order.watts if self.order and time.monotonic() < self.order.until else self.battery_w

    @property
    def raw_percent(self) -> float:
        """The level on the gateway's own scale."""
        return self.level_percent * 0.95 + 5

    @property
    def left_wh(self) -> float:
        """The energy in the cells."""
        return self.full_wh * self.raw_percent / 100


@dataclass(kw_only=True)
class GatewayServer(LoopbackServer):
    """The gateway itself."""

    state: GatewayState = field(default_factory=GatewayState)
    bad_logins: int = 0
    logins: int = 0
    _sessions: set[str] = field(default_factory=set)

    @override
    def answer(self, request: Request) -> Reply:
        state, path = self.state, request.path
        if path == "/":
            return Reply(status=404 if state.firmware is Firmware.POWERWALL_3 else 200, content_type="text/html")
        if path == "/api/login/Basic":
            return self._log_in(request)
        if path == "/tedapi/v1r":
            return answer_v1r(state, request) if self._has_session(request) else _refusal(401)
        if path in ("/tedapi/din", "/tedapi/v1"):
            if not (self._has_session(request) or self._has_wifi_password(request)):
                return _refusal(403)
            return (
                answer_v1(state, request)
                if path == "/tedapi/v1"
                else Reply(body=state.din.encode(), content_type="text/plain")
            )
        return self._answer_web(request)

    @override
    def distort(self, kind: str, reply: Reply) -> Reply:
        change: dict[str, Callable[[float], float]] = {
            "all_zero": lambda _number: 0,
            "wrong_unit": lambda number: number * 1000,
        }
        return replace(reply, body=json.dumps(_changed(json.loads(reply.body), change[kind])).encode())

    def end_sessions(self) -> None:
        """Forget who is logged in, as after a reboot."""
        self._sessions.clear()

    def _log_in(self, request: Request) -> Reply:
        if self.bad_logins >= self.state.lockout_after:
            return json_reply({"code": 429, "error": "too many attempts"}, 429, **{"Retry-After": "300"})
        if _login_password(request) != self.state.customer_password:
            self.bad_logins += 1
            return json_reply({"code": 401, "error": "bad credentials", "message": "Login Error"}, 401)
        self.logins += 1
        token = secrets.token_urlsafe(32)
        self._sessions.add(token)
        document = {"email": "", "firstname": "Tesla", "roles": ["Home_Owner"], "token": token, "provider": "Basic"}
        if not self.state.gives_cookies:
            return json_reply(document)
        cookies = (("Set-Cookie", f"AuthCookie={token}; Path=/"), ("Set-Cookie", "UserRecord=loopback; Path=/"))
        return replace(json_reply(document), headers=cookies)

    def _has_session(self, request: Request) -> bool:
        offered = request.headers.get("Cookie", "") + ";" + request.headers.get("Authorization", "")
        return any(token in offered for token in self._sessions)

    def _has_wifi_password(self, request: Request) -> bool:
        wanted = base64.b64encode(f"Tesla_Energy_Device:{self.state.gateway_password}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {wanted}"

    def _answer_web(self, request: Request) -> Reply:
        state, path = self.state, request.path
        limited = state.firmware is Firmware.POWERWALL_3
        known = dict(_web_documents(state))
        if path == "/api/logout":
            return Reply(status=204)
        if path not in known and path != "/api/devices/vitals":
            return Reply(status=404, body=b"404 page not found\n", content_type="text/plain")
        if not self._has_session(request):
            return _refusal(401)
        if limited and path not in _LIMITED:
            return Reply(status=404, body=b"404 page not found\n", content_type="text/plain")
        if path == "/api/devices/vitals":
            old = state.firmware is Firmware.OLD
            return Reply(body=_vitals(state), content_type="application/octet-stream") if old else _refusal(404)
        if request.method == "POST":
            return self._change_operation(request) if path == "/api/operation" else _refusal(405)
        return Reply(body=json.dumps(known[path]).encode(), content_type=JSON)

    def _change_operation(self, request: Request) -> Reply:
        if self.state.firmware is not Firmware.OLD:
            return _refusal(403)
        wanted = request.json
        if self.state.obeys:
            self.state.mode = wanted["real_mode"]
            self.state.reserve_raw = wanted["backup_reserve_percent"]
        return json_reply(_operation(self.state))


_LIMITED = ("/api/meters/aggregates", "/api/system_status/soe", "/api/system_status/grid_status")


def _refusal(status: int) -> Reply:
    message = "User does not have adequate access rights"
    return json_reply({"code": status, "error": "Unable to use resource", "message": message}, status)


def _login_password(request: Request) -> str:
    try:
        password = request.json["password"]
    except ValueError:  # the library sends a form in one of its modes
        fields = dict(pair.split("=", 1) for pair in request.body.decode().split("&"))
        password = fields["password"]
    return str(password)


def _web_documents(state: GatewayState) -> Iterator[tuple[str, object]]:
    yield "/api/meters/aggregates", _aggregates(state)
    yield "/api/system_status/soe", {"percentage": state.raw_percent}
    yield "/api/system_status/grid_status", {"grid_status": state.grid_status, "grid_services_active": False}
    yield "/api/system_status", _system_status(state)
    yield "/api/operation", _operation(state)
    yield "/api/site_info/site_name", {"site_name": "Loopback home", "timezone": "Europe/Paris"}
    yield "/api/site_info", {"site_name": "Loopback home", "nominal_system_energy_kWh": 27}
    yield "/api/powerwalls", {"powerwalls": [{"PackageSerialNumber": "TG1"}, {"PackageSerialNumber": "TG2"}]}
    solar = {"pvac_alerts": {"LastRxTime": "now", "PVAC_a030_fan_faulted": True}, "pvs_alerts": {"PVS_a059": False}}
    yield "/api/solar_powerwall", solar
    yield "/api/status", {"din": state.din, "version": str(state.firmware), "up_time_seconds": "1541h38m20.9s"}


def _aggregates(state: GatewayState) -> dict[str, object]:
    powers = {"site": state.grid_w, "battery": state.flowing_w, "load": state.home_w, "solar": state.solar_w}
    return {
        meter: {
            "last_communication_time": "2026-06-01T12:00:00.1-07:00",
            "instant_power": power,
            "energy_imported": state.energies_wh[meter][0],
            "energy_exported": state.energies_wh[meter][1],
            "instant_average_voltage": 230.1,
        }
        for meter, power in powers.items()
    }


def _system_status(state: GatewayState) -> dict[str, object]:
    block = {"nominal_energy_remaining": state.left_wh / 2, "nominal_full_pack_energy": state.full_wh / 2}
    return {
        "nominal_full_pack_energy": state.full_wh,
        "nominal_energy_remaining": state.left_wh,
        "system_island_state": state.grid_status,
        "available_blocks": 2,
        "battery_blocks": [{"PackageSerialNumber": "TG1", **block}, {"PackageSerialNumber": "TG2", **block}],
    }


def _operation(state: GatewayState) -> dict[str, object]:
    return {"real_mode": state.mode, "backup_reserve_percent": state.reserve_raw}


def _vitals(state: GatewayState) -> bytes:
    devices = tesla_pb2.DevicesWithVitals()
    device = devices.devices.add()
    device.device.device.din.value = f"STSTSM--{state.din}"
    device.alerts.extend([*state.alerts, "SystemConnectedToGrid"])
    return bytes(devices.SerializeToString())


def _changed(document: object, change: Callable[[float], float]) -> object:
    """Apply *change* to each number in *document*."""
    match document:
        case dict():
            return {key: _changed(value, change) for key, value in document.items()}
        case list():
            return [_changed(value, change) for value in document]
        case bool() | str() | None:
            return document
        case number:
            return change(number)  # type: ignore[arg-type] # JSON has nothing else left


__all__ = [
    "CUSTOMER_PASSWORD",
    "DIN",
    "GATEWAY_PASSWORD",
    "Firmware",
    "GatewayServer",
    "GatewayState",
    "config_document",
]
