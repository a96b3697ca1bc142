"""Paths to the loopback gateway, with all waiting shortened."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from custom_components.energy_optimizer.api.powerwall.gateway import GatewayPowerwall, GatewaySettings
from custom_components.energy_optimizer.api.powerwall.gateway_settings import GatewayAuth
from tests.servers.gateway import CUSTOMER_PASSWORD, GATEWAY_PASSWORD, GatewayServer

ALL = frozenset({"operation_mode", "backup_reserve_percent", "grid_charging", "export_rule"})


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


async def run[*Ts, T](target: Callable[[*Ts], T], *args: *Ts) -> T:
    """Run in a thread, as Home Assistant does."""
    return await asyncio.to_thread(target, *args)


def settings_for(server: GatewayServer, auth: GatewayAuth, **changes: Any) -> GatewaySettings:
    """Return how to log in at *server*."""
    wifi = "" if auth is GatewayAuth.CUSTOMER else GATEWAY_PASSWORD
    customer = "" if auth is GatewayAuth.WIFI else CUSTOMER_PASSWORD
    settings = GatewaySettings(
        host=server.host,
        auth=auth,
        customer_password=customer,
        gateway_password=wifi,
        writable=ALL,
        timeout_s=0.4,
        look_limit_s=1.0,
        tedapi_cache_s=0.0 if auth is GatewayAuth.CUSTOMER else 0.05,
    )
    return replace(settings, **changes)


@asynccontextmanager
async def path_to(
    server: GatewayServer,
    work_dir: Path,
    auth: GatewayAuth = GatewayAuth.CUSTOMER,
    clock: Clock | None = None,
    **changes: Any,
) -> AsyncIterator[GatewayPowerwall]:
    """Yield a path to *server* and close it."""
    path = GatewayPowerwall(
        settings=settings_for(server, auth, **changes), work_dir=work_dir, run=run, now=clock or Clock()
    )
    try:
        yield path
    finally:
        await path.close()
