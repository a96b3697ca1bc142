"""A Powerwall behind Tesla's servers, as simple as can be and still alive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.tesla_tariff_rules import complaint, has_negative, price_at, with_buy_raised

STEP = timedelta(minutes=5)
NEVER = timedelta.max
DIN = "1152100-00-E--TG0000000000T9"
CHARGE_W = {"autonomous": 5000.0, "backup": 3300.0, "self_consumption": 1700.0}
"""What batteries have been seen to take from the grid in each mode."""


class NotAcceptedError(Exception):
    """What Tesla refuses with HTTP 400."""


@dataclass(kw_only=True)
class TeslaSite:
    """One energy site; settings take effect at once, after ``effect``, or with ``NEVER`` not at all."""

    site_id: int = 2252147638651122
    name: str = "Loopback cloud home"
    gateway_id: str = DIN
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    time_zone: str = "America/Los_Angeles"
    effect: timedelta = timedelta()
    effects: dict[str, timedelta] = field(default_factory=dict)
    """The same for single settings: mode, reserve, disallow, export_rule, storm, tariff."""
    solar_w: float = 2000.0
    home_w: float = 1500.0
    level_percent: float = 60.0
    capacity_wh: float = 27000.0
    battery_count: int = 2
    grid_up: bool = True
    storm_active: bool = False
    strict_reserve: bool = False
    """Refuse a reserve of 81 to 99 % instead of quietly making it 80 %."""
    settings: dict[str, Any] = field(
        default_factory=lambda: {
            "mode": "self_consumption",
            "reserve": 20,
            "disallow": True,
            "export_rule": "pv_only",
            "storm": True,
            "tariff": {},
        }
    )
    accepted: list[tuple[str, Any]] = field(default_factory=list)
    """What was asked for and accepted, in order."""
    app_error: str | None = None
    """What Tesla's app would complain of."""
    hidden: set[str] = field(default_factory=set)
    """Names of keys that answers leave out."""
    history: dict[datetime, dict[str, float]] = field(default_factory=dict)
    history_lag: timedelta = timedelta()
    _pending: list[tuple[datetime, str, Any]] = field(default_factory=list)
    _reached: datetime | None = None

    def ask(self, name: str, value: Any) -> None:
        """Accept a setting, now or for later."""
        if name == "reserve" and not 0 <= value <= 100:
            raise NotAcceptedError("backup_reserve_percent out of range")
        if name == "reserve" and 80 < value < 100:
            if self.strict_reserve:
                raise NotAcceptedError("backup_reserve_percent must be at most 80 or 100")
            value = 80
        if name == "mode" and value not in CHARGE_W:
            raise NotAcceptedError("default_real_mode unknown")
        if name == "export_rule" and value not in ("battery_ok", "pv_only", "never"):
            raise NotAcceptedError("customer_preferred_export_rule unknown")
        if name == "tariff":
            value = self._taken_tariff(value)
        self.advance()
        self.accepted.append((name, value))
        delay = self.effects.get(name, self.effect)
        if delay != NEVER:
            self._pending.append((self.now() + delay, name, value))
        self.advance()

    def change_in_app(self, **settings: Any) -> None:
        """Do what a user does in Tesla's app."""
        self.advance()
        self._pending = [each for each in self._pending if each[1] not in settings]
        self.settings.update(settings)

    def _taken_tariff(self, tariff: Mapping[str, Any]) -> dict[str, Any]:
        if has_negative(tariff):
            raise NotAcceptedError("negative prices are not supported")
        self.app_error = complaint(tariff)
        return with_buy_raised(tariff)

    def advance(self) -> None:
        """Let time pass up to now, in steps of five minutes."""
        now = self.now()
        at = self._reached or now
        while at < now:
            bucket = datetime.fromtimestamp(at.timestamp() // 300 * 300, UTC)
            until = min(now, bucket + STEP, *(due for due, *_ in self._pending if at < due))
            self._flow(bucket, at, (until - at).total_seconds() / 3600)
            at = until
            self._take_effect(at)
        self._reached = now
        self._take_effect(now)

    def _take_effect(self, at: datetime) -> None:
        for due, name, value in [each for each in self._pending if each[0] <= at]:
            self.settings[name] = value
            self._pending.remove((due, name, value))

    def _flow(self, bucket: datetime, at: datetime, hours: float) -> None:
        battery_w, grid_w = self.powers(at)
        self.level_percent = min(100.0, max(0.0, self.level_percent - battery_w * hours / self.capacity_wh * 100))
        sums = self.history.setdefault(bucket, dict.fromkeys(_HISTORY, 0.0))
        from_grid, to_grid = max(0.0, grid_w), max(0.0, -grid_w)
        charge, discharge = max(0.0, -battery_w), max(0.0, battery_w)
        charge_from_grid = min(charge, from_grid)
        export_from_solar = min(to_grid, self.solar_w)
        home_from_grid, home_from_battery = from_grid - charge_from_grid, min(discharge, self.home_w)
        parts = {
            "solar_energy_exported": self.solar_w,
            "grid_energy_imported": from_grid,
            "grid_energy_exported_from_solar": export_from_solar,
            "grid_energy_exported_from_battery": to_grid - export_from_solar,
            "battery_energy_exported": discharge,
            "battery_energy_imported_from_grid": charge_from_grid,
            "battery_energy_imported_from_solar": charge - charge_from_grid,
            "consumer_energy_imported_from_grid": home_from_grid,
            "consumer_energy_imported_from_solar": self.home_w - home_from_grid - home_from_battery,
            "consumer_energy_imported_from_battery": home_from_battery,
        }
        for name, watts in parts.items():
            sums[name] += watts * hours

    def powers(self, at: datetime) -> tuple[float, float]:
        """Return battery (+ discharge) and grid (+ import) in W."""
        surplus = self.solar_w - self.home_w
        wanted = -surplus
        mode, may_take = self.settings["mode"], not self.settings["disallow"]
        level, reserve = self.level_percent, self.settings["reserve"]
        local = at.astimezone(ZoneInfo(self.time_zone))
        if not self.grid_up:
            return wanted, 0.0
        if mode == "backup" or level < reserve:
            wanted = -max(surplus, CHARGE_W[mode] if may_take else 0.0, 0.0)
        elif mode == "autonomous" and (verdict := self._verdict(local)):
            wanted = CHARGE_W[mode] * verdict
        if wanted > 0 and level <= reserve:
            wanted = 0.0
        if wanted > 0 and self.settings["export_rule"] != "battery_ok":
            wanted = min(wanted, max(0.0, -surplus))
        if wanted < 0 and not may_take:
            wanted = -min(-wanted, max(0.0, surplus))
        if wanted < 0 and level >= 100:
            wanted = 0.0
        return wanted, self.home_w - self.solar_w - wanted

    def _verdict(self, local: datetime) -> int:
        """Say what time-based control would do: + 1 discharge at the dearest time, - 1 charge at the cheapest."""
        tariff = self.settings["tariff"]
        if not tariff:
            return 0
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        day = [midnight.replace(hour=half // 2, minute=half % 2 * 30) for half in range(48)]
        buy = [price_at(tariff, each) for each in day]
        sell = [price_at(tariff.get("sell_tariff", {}), each) for each in day]
        known_buy, known_sell = [p for p in buy if p is not None], [p for p in sell if p is not None]
        now = local.hour * 2 + local.minute // 30
        if known_sell and sell[now] == max(known_sell) > min(known_sell):
            return 1
        return -1 if known_buy and buy[now] == min(known_buy) < max(known_buy) else 0

    def live_status(self) -> dict[str, Any]:
        """Answer as Tesla does (W and Wh)."""
        self.advance()
        battery_w, grid_w = self.powers(self.now())
        return self._without_hidden(
            {
                "solar_power": self.solar_w,
                "energy_left": self.capacity_wh * self.level_percent / 100,
                "total_pack_energy": self.capacity_wh,
                "percentage_charged": self.level_percent,
                "backup_capable": True,
                "battery_power": battery_w,
                "load_power": self.home_w,
                "grid_status": "Active" if self.grid_up else "Inactive",
                "grid_services_active": False,
                "grid_power": grid_w,
                "grid_services_power": 0,
                "generator_power": 0,
                "island_status": "on_grid" if self.grid_up else "off_grid_unintentional",
                "storm_mode_active": self.storm_active,
                "timestamp": self.now().isoformat(timespec="seconds"),
                "wall_connectors": [],
            }
        )

    def site_info(self) -> dict[str, Any]:
        """Answer as Tesla does; what is not forbidden is not mentioned."""
        self.advance()
        now = self.settings
        components = {
            "solar": True,
            "solar_type": "pv_panel",
            "battery": True,
            "grid": True,
            "backup": True,
            "gateway": "teg",
            "load_meter": True,
            "tou_capable": True,
            "storm_mode_capable": True,
            "battery_type": "ac_powerwall",
            "configurable": True,
            "grid_services_enabled": False,
            "customer_preferred_export_rule": now["export_rule"],
            "net_meter_mode": now["export_rule"],
            "system_alerts_enabled": True,
        }
        if now["disallow"]:
            components["disallow_charge_from_grid_with_solar_installed"] = True
        return self._without_hidden(
            {
                "id": self.gateway_id,
                "site_name": self.name,
                "backup_reserve_percent": now["reserve"],
                "default_real_mode": now["mode"],
                "installation_date": "2022-01-01T00:00:00+00:00",
                "user_settings": {"storm_mode_enabled": now["storm"]},
                "components": self._without_hidden(components),
                "version": "26.34.1 0a1b2c3d",
                "battery_count": self.battery_count,
                "tariff_content": {},
                "tariff_content_v2": now["tariff"],
                "tou_settings": {"optimization_strategy": "economics", "schedule": []},
                "nameplate_power": 5000 * self.battery_count,
                "nameplate_energy": 13500 * self.battery_count,
                "installation_time_zone": self.time_zone,
                "max_site_meter_power_ac": 1000000000,
                "min_site_meter_power_ac": -1000000000,
            }
        )

    def product(self) -> dict[str, Any]:
        """Answer as the list of products does."""
        return {
            "energy_site_id": self.site_id,
            "resource_type": "battery",
            "site_name": self.name,
            "id": "STE20220101-00001",
            "gateway_id": self.gateway_id,
            "asset_site_id": "c0ffee00-0000-4000-8000-000000000001",
            "energy_left": self.capacity_wh * self.level_percent / 100,
            "total_pack_energy": self.capacity_wh,
            "percentage_charged": self.level_percent,
            "battery_type": "ac_powerwall",
            "backup_capable": True,
            "storm_mode_enabled": self.settings["storm"],
            "components": {"battery": True, "battery_type": "ac_powerwall", "solar": True, "grid": True},
        }

    def calendar_history(self, start: datetime, end: datetime) -> dict[str, Any]:
        """Answer with the sums of each five minutes that has begun."""
        self.advance()
        newest = min(end, self.now() - self.history_lag)
        zone = ZoneInfo(self.time_zone)
        return {
            "serial_number": self.gateway_id,
            "period": "day",
            "installation_time_zone": self.time_zone,
            "time_series": [
                {"timestamp": at.astimezone(zone).isoformat(), "raw_timestamp": at.astimezone(zone).isoformat(), **sums}
                for at, sums in sorted(self.history.items())
                if start - STEP < at < newest
            ],
        }

    def _without_hidden(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in answer.items() if name not in self.hidden}


_HISTORY = (
    "solar_energy_exported",
    "generator_energy_exported",
    "grid_energy_imported",
    "grid_services_energy_imported",
    "grid_services_energy_exported",
    "grid_energy_exported_from_solar",
    "grid_energy_exported_from_generator",
    "grid_energy_exported_from_battery",
    "battery_energy_exported",
    "battery_energy_imported_from_grid",
    "battery_energy_imported_from_solar",
    "battery_energy_imported_from_generator",
    "consumer_energy_imported_from_grid",
    "consumer_energy_imported_from_solar",
    "consumer_energy_imported_from_battery",
    "consumer_energy_imported_from_generator",
)
