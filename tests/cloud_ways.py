"""Settings of ways through Tesla's cloud, as its dialogs would have stored them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from custom_components.energy_optimizer.api.powerwall.cloud_settings import (
    FleetSettings,
    OwnerSettings,
    TeslemetrySettings,
)
from custom_components.energy_optimizer.api.tesla.partner import make_partner_key
from tests.servers.tesla_cloud import TeslaCloud

LOGIN_AT = datetime.now(UTC) - timedelta(days=1)
WRITABLE = frozenset({"operation_mode", "backup_reserve_percent", "grid_charging", "export_rule", "storm_mode"})
SHOWN = WRITABLE | {"capacity_kwh", "energy_left_kwh", "grid_status", "firmware"}
PRIVATE_KEY = make_partner_key()


def _site(cloud: TeslaCloud) -> dict[str, Any]:
    return {
        "site_id": str(cloud.site.site_id),
        "serial": cloud.site.gateway_id,
        "server": cloud.base,
        "writable": WRITABLE,
        "shown": SHOWN,
    }


def fleet_way(cloud: TeslaCloud, **changes: Any) -> dict[str, Any]:
    """Return a way through Fleet API."""
    settings = FleetSettings(
        **_site(cloud),
        client_id="fleet-app",
        client_secret="fleet-secret",
        domain="me.example.org",
        private_key_pem=PRIVATE_KEY,
        region="na",
        refresh_token=cloud.oauth.new_login("fleet-app"),
        token_issued_at=LOGIN_AT,
    )
    return {"path": "fleet", **settings.to_data(), **changes}


def owner_way(cloud: TeslaCloud, **changes: Any) -> dict[str, Any]:
    """Return a way through the Owner API."""
    settings = OwnerSettings(
        **_site(cloud),
        refresh_token=cloud.oauth.new_login("ownerapi"),
        token_issued_at=LOGIN_AT,
        email="me@example.org",
    )
    return {"path": "owner", **settings.to_data(), **changes}


def teslemetry_way(cloud: TeslaCloud, **changes: Any) -> dict[str, Any]:
    """Return a way through Teslemetry."""
    settings = TeslemetrySettings(**_site(cloud), token=cloud.teslemetry_token)
    return {"path": "teslemetry", **settings.to_data(), **changes}
