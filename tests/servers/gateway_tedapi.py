"""What a gateway answers over TEDAPI: protocol buffers around the documents that pypowerwall looks into."""

import hashlib
import json
import struct
import time
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pypowerwall.tedapi import tedapi_pb2
from pypowerwall.tedapi.protobuf.V2024_06 import tedapi_combined_pb2 as combined_pb2

from tests.servers.https import Reply, Request

if TYPE_CHECKING:
    from tests.servers.gateway import GatewayState

BINARY = "application/octet-stream"


class KeyState(IntEnum):
    """The four states of a registered key."""

    PENDING = 1
    TIMED_OUT = 2
    VERIFIED = 3
    REMOVED = 4


class Order(NamedTuple):
    """A battery power, + discharge, that ends by itself."""

    watts: float
    seconds: int
    until: float
    """On the monotonic clock."""


@dataclass(kw_only=True)
class Keys:
    """The public keys (PKCS #1, DER) that a gateway knows."""

    states: dict[bytes, KeyState] = field(default_factory=dict)

    def set_all(self, state: KeyState) -> None:
        """Bring every key into *state*."""
        self.states = dict.fromkeys(self.states, state)


def config_document(state: GatewayState) -> dict[str, Any]:
    """Write the gateway's config.json."""
    site = {"site_name": "Loopback home", "timezone": "Europe/Paris", "backup_reserve_percent": state.reserve_raw}
    site["disallow_charge_from_grid_with_solar_installed"] = not state.grid_charging
    if state.export_rule is not None:
        site["customer_preferred_export_rule"] = state.export_rule
    return {
        "vin": state.din,
        "default_real_mode": state.mode,
        "site_info": site,
        "meters": [],
        "battery_blocks": [{"vin": "2012170-25-E--TG1"}, {"vin": "3012170-05-B--TG2"}],
    }


def answer_v1(state: GatewayState, request: Request) -> Reply:
    """Answer a message sent with the Wi-Fi password."""
    message = tedapi_pb2.Message()
    message.ParseFromString(request.body)
    answer = tedapi_pb2.Message()
    answer.message.CopyFrom(_answer_envelope(state, message.message))
    answer.tail.value = 1
    return Reply(body=answer.SerializeToString(), content_type=BINARY)


def answer_v1r(state: GatewayState, request: Request) -> Reply:
    """Answer a message signed with a key, as far as the key is known."""
    signed = combined_pb2.RoutableMessage()
    signed.ParseFromString(request.body)
    answer = combined_pb2.RoutableMessage()
    known = state.keys.states.get(signed.signature_data.signer_identity.public_key)
    if known in (None, KeyState.REMOVED) or not _is_signed(signed, state.din):
        answer.signed_message_status.message_fault = combined_pb2.MESSAGEFAULT_ERROR_UNKNOWN_KEY_ID
    elif known is not KeyState.VERIFIED:
        answer.protobuf_message_as_bytes = b"v1r: client authorization not verified"
    else:
        answer.protobuf_message_as_bytes = _answer_signed(state, signed.protobuf_message_as_bytes)
    return Reply(body=answer.SerializeToString(), content_type=BINARY)


def _is_signed(message: Any, din: str) -> bool:
    """Check signature and expiry as a gateway does."""
    expires_at = message.signature_data.rsa_data.expires_at
    fields = ((0, b"\x07"), (1, b"\x07"), (2, din.encode()), (4, struct.pack(">I", expires_at)))
    head = b"".join(bytes([tag, len(value)]) + value for tag, value in fields)
    key = load_der_public_key(message.signature_data.signer_identity.public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    content = head + b"\xff" + message.protobuf_message_as_bytes
    try:
        key.verify(message.signature_data.rsa_data.signature, content, padding.PKCS1v15(), hashes.SHA512())
    except InvalidSignature:
        return False
    return bool(time.time() < expires_at)


def _answer_signed(state: GatewayState, content: bytes) -> bytes:
    envelope = combined_pb2.MessageEnvelope()
    envelope.ParseFromString(content)
    if envelope.HasField("teg"):
        return _answer_order(state, envelope.teg.dispatch_battery_power_request)
    if not envelope.HasField("filestore"):
        query = tedapi_pb2.MessageEnvelope()
        query.ParseFromString(content)
        return bytes(_answer_envelope(state, query).SerializeToString())
    answer = combined_pb2.MessageEnvelope()
    document = json.dumps(config_document(state)).encode()
    if envelope.filestore.HasField("readFileRequest"):
        answer.filestore.readFileResponse.file.name = "config.json"
        answer.filestore.readFileResponse.file.blob = document
        answer.filestore.readFileResponse.hash = hashlib.sha256(document).digest()
    elif envelope.filestore.updateFileRequest.hash == hashlib.sha256(document).digest():
        if state.obeys:
            _take_over(state, json.loads(envelope.filestore.updateFileRequest.file.blob))
        answer.filestore.updateFileResponse.file.name = "config.json"
    else:
        answer.common.error_response.status.code = 9
    return bytes(answer.SerializeToString())


def _answer_order(state: GatewayState, request: Any) -> bytes:
    """Follow an order or take it back, as far as the firmware knows such a thing."""
    answer = combined_pb2.MessageEnvelope()
    power = request.real_power
    if not state.takes_orders:
        answer.common.error_response.status.code = 12
    elif request.HasField("real_power") and power.power_watts > 10_000:
        answer.common.error_response.status.code = 3
    else:
        answer.teg.dispatch_battery_power_response.SetInParent()
        if not request.HasField("real_power"):
            state.order = None
        elif state.obeys:
            state.order = Order(power.power_watts, power.duration_seconds, time.monotonic() + power.duration_seconds)
    return bytes(answer.SerializeToString())


def _take_over(state: GatewayState, config: dict[str, Any]) -> None:
    site = config["site_info"]
    state.mode = config["default_real_mode"]
    state.reserve_raw = site["backup_reserve_percent"]
    state.grid_charging = not site["disallow_charge_from_grid_with_solar_installed"]
    state.export_rule = site.get("customer_preferred_export_rule")


def _answer_envelope(state: GatewayState, question: Any) -> Any:
    answer = tedapi_pb2.MessageEnvelope()
    if question.HasField("config"):
        answer.config.recv.file.name = "config.json"
        answer.config.recv.file.text = json.dumps(config_document(state))
    elif question.HasField("firmware"):
        answer.firmware.system.version.text = str(state.firmware)
        answer.firmware.system.din = state.din
    elif "components" in question.payload.send.payload.text.partition("{")[2][:40]:
        answer.payload.recv.text = json.dumps({"components": {}})
    else:
        answer.payload.recv.text = json.dumps(_status_document(state))
    return answer


def _status_document(state: GatewayState) -> dict[str, Any]:
    connected = state.grid_status == "SystemGridConnected"
    powers = {"SITE": state.grid_w, "BATTERY": state.flowing_w, "LOAD": state.home_w, "SOLAR": state.solar_w}
    island = "ISLAND_GridConnected_Connected" if connected else "ISLAND_GridConnected_Disconnected"
    return {
        "system": {"time": "2026-06-01T12:00:00Z"},
        "control": {
            "systemStatus": {"nominalFullPackEnergyWh": state.full_wh, "nominalEnergyRemainingWh": state.left_wh},
            "meterAggregates": [{"location": name, "realPowerW": power} for name, power in powers.items()],
            "batteryBlocks": [{"din": "2012170-25-E--TG1"}, {"din": "3012170-05-B--TG2"}],
            "alerts": {"active": [*state.alerts, *(["SystemConnectedToGrid"] if connected else [])]},
        },
        "esCan": {
            "bus": {
                "PVAC": [],
                "PVS": [],
                "PINV": [],
                "POD": [],
                "THC": [],
                "MSA": {},
                "SYNC": {},
                "ISLANDER": {"ISLAND_GridConnection": {"ISLAND_GridConnected": island}, "ISLAND_AcMeasurements": {}},
            }
        },
        "components": {"msa": []},
        "neurio": {"readings": []},
    }
