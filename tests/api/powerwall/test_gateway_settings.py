"""What people type as a gateway's address, and the two scales of its battery."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.powerwall.gateway_scale import (
    app_percent,
    raw_percent,
    usable_kwh,
    usable_left_kwh,
)
from custom_components.energy_optimizer.api.powerwall.gateway_settings import (
    GatewayAuth,
    GatewaySettings,
    normalise_host,
)


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("192.168.91.1", "192.168.91.1"),
        ("  https://192.168.91.1/  ", "192.168.91.1"),
        ("https://192.168.1.7:8443/summary?x=1", "192.168.1.7:8443"),
        ("http://Powerwall.Lan", "powerwall.lan"),
        ("powerwall.lan.:443", "powerwall.lan"),
        ("user@10.0.0.2:444", "10.0.0.2:444"),
        ("TeslaPW-1", "teslapw-1"),
    ],
)
def test_host_is_what_remains_of_an_address(typed: str, host: str) -> None:
    assert normalise_host(typed) == host


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "https://",
        "my gateway",
        "host:port",
        "host:0",
        "host:70000",
        "-x",
        "a..b",
        "http:/1.2.3.4",
        "host:",
        "host:٣",
    ],
)
def test_what_is_no_host_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="Not a"):
        normalise_host(typed)


@pytest.mark.parametrize("typed", ["fe80::1", "[2001:db8::1]:443", "teslapw_1"])
def test_what_the_library_cannot_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="Not a"):
        normalise_host(typed)


@given(st.text(max_size=40))
def test_a_normal_host_stays_as_it_is(typed: str) -> None:
    try:
        host = normalise_host(typed)
    except ValueError:
        return
    assert host
    assert normalise_host(host) == host


def test_the_app_hides_five_percent() -> None:
    assert app_percent(5) == 0
    assert app_percent(24) == 20
    assert app_percent(100) == 100
    assert raw_percent(0) == 5
    assert raw_percent(20) == 24
    assert raw_percent(100) == 100


@pytest.mark.parametrize(("raw", "app"), [(3.2, 0.0), (100.7, 100.0)])
def test_levels_stay_within_the_apps_scale(raw: float, app: float) -> None:
    assert app_percent(raw) == app


@given(st.floats(min_value=0, max_value=100))
def test_scales_are_each_others_inverse(percent: float) -> None:
    assert app_percent(raw_percent(percent)) == pytest.approx(percent, abs=0.02)


@given(st.floats(min_value=5, max_value=100), st.floats(min_value=1000, max_value=500_000))
def test_energy_left_is_the_level_of_the_capacity(raw: float, full_wh: float) -> None:
    left = usable_left_kwh(full_wh * raw / 100, full_wh)
    assert left == pytest.approx(usable_kwh(full_wh) * app_percent(raw) / 100, rel=1e-3, abs=full_wh * 1e-7)


def test_below_the_hidden_part_nothing_is_left() -> None:
    assert usable_left_kwh(500, 13_500) == 0


def test_passwords_are_not_in_the_representation() -> None:
    settings = GatewaySettings.from_data(
        {"host": "h", "auth": "key", "customer_password": "S1", "gateway_password": "S2", "key_pem": "S3"}
    )
    assert not {"S1", "S2", "S3"} & set(repr(settings).replace("'", " ").split())
    assert "S1" not in repr(settings)


def test_the_customers_password_is_the_end_of_the_gateways() -> None:
    settings = GatewaySettings(host="h", auth=GatewayAuth.KEY, gateway_password="ABCDEFGHIJ")
    assert settings.login_password == "FGHIJ"
    assert settings.address == ("h", 443)
