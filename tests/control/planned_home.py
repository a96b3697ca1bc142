"""A stubborn Powerwall with sun and a house, so that it shows whether a plan is followed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, override

from custom_components.energy_optimizer.api.powerwall import PowerwallAbilities
from custom_components.energy_optimizer.api.powerwall.tesla_tariff_reading import buying, season_of
from custom_components.energy_optimizer.control.held import same
from custom_components.energy_optimizer.control.state import CommandState
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from custom_components.energy_optimizer.core.model.powerwall import OperationMode, PowerwallReading
from tests.control.stubborn_powerwall import CLOUD, LOCAL, ZONE, Home, StubbornPowerwall, VirtualClock, run

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MOST_KW = 5.0
GATEWAY = replace(LOCAL, acts_within=timedelta(seconds=30))
TARIFF_WAY = replace(CLOUD, acts_within=15 * MINUTE)


class HousePowerwall(StubbornPowerwall):
    """What its settings, its tariff or an order come to beside a sun and a load that one sets."""

    def __init__(self, clock: VirtualClock, abilities: PowerwallAbilities) -> None:
        super().__init__(clock, abilities)
        self.solar_kw, self.home_kw = 0.0, 1.0
        self.stuck_kw: float | None = None
        """Takes all settings and orders and does this."""

    @property
    def battery_kw(self) -> float:
        """What the battery does now, + discharging."""
        if self.stuck_kw is not None:
            return self.stuck_kw
        if self.clock.at < self.ordered_until and not self.deaf:
            return self.ordered_kw
        net_kw, values = self.home_kw - self.solar_kw, self.values
        follows_kw = net_kw if net_kw < 0.0 or self.level_percent > values["backup_reserve_percent"] else 0.0
        match values["operation_mode"]:
            case OperationMode.SELF_CONSUMPTION:
                return follows_kw
            case OperationMode.BACKUP:
                return -MOST_KW if values["grid_charging"] else -self.solar_kw
            case _:
                return self._by_price(follows_kw)

    def _by_price(self, follows_kw: float) -> float:
        now = self.clock.at.astimezone(ZONE)
        season = season_of(buying(self.values["tariff"]), now.date())
        assert season is not None
        minute = now.hour * 60 + now.minute
        (price,) = [
            each.per_kwh for each in season.week if each.weekday == now.weekday() and each.starts <= minute < each.ends
        ]
        prices = [each.per_kwh for each in season.week]
        if price == min(prices) and self.values["grid_charging"]:
            return -MOST_KW
        return MOST_KW if price == max(prices) and self.values["export_rule"] == "battery_ok" else follows_kw

    @override
    async def read(self) -> PowerwallReading:
        reading = await super().read()
        return replace(
            reading,
            solar_kw=self.solar_kw,
            home_kw=self.home_kw,
            battery_kw=self.battery_kw,
            grid_kw=self.home_kw - self.solar_kw - self.battery_kw,
        )


class PlannedHome(Home):
    """A home whose Powerwall is told what a plan decides."""

    def __init__(self, abilities: PowerwallAbilities, *, mode: OperationMode = OperationMode.SELF_CONSUMPTION) -> None:
        super().__init__(abilities)
        self.path: HousePowerwall = HousePowerwall(self.clock, abilities)
        self.path.values["operation_mode"] = mode
        run(self.start())
        self.old = dict(self.path.values)

    def decide(
        self,
        kind: DecisionKind | None,
        minutes: float = 60,
        *,
        power_kw: float | None = None,
        reserve_percent: float | None = None,
        ends_after: float | None = None,
        rule: ConnectionRule = ConnectionRule.FREE,
        limits: GridLimits | None = None,
    ) -> CommandState:
        """Decide, and let the few seconds pass in which commands are sent and read back."""
        run(self.look())
        now = self.clock.at
        decision = Decision(kind=kind, power_kw=power_kw, reserve_percent=reserve_percent) if kind else None
        ends_at = None if ends_after is None else now + MINUTE * ends_after
        run(self.control.async_decide(decision, now + MINUTE * minutes, ends_at=ends_at, rule=rule, limits=limits))
        self.wait(timedelta(seconds=3))
        return self.control.command_state

    def wait(self, duration: timedelta) -> None:
        """Let time pass, with polls and timers."""
        run(self.live(duration))

    def renew(self, duration: timedelta, kind: DecisionKind, **more: Any) -> None:
        """Let time pass with the same decision renewed each five minutes, as a planner does."""
        end = self.clock.at + duration
        while self.clock.at < end:
            self.decide(kind, **more)
            self.wait(min(5 * MINUTE, end - self.clock.at))

    @property
    def changed(self) -> set[str]:
        """What differs on the device itself from before."""
        self.path.settle()
        return {name for name, value in self.old.items() if not same(name, self.path.values[name], value)}
