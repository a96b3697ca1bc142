"""A gateway that takes orders beside a cloud that takes tariffs: forces go by what answers now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.energy_optimizer.api.powerwall.several import SeveralPaths
from custom_components.energy_optimizer.control.held import same
from custom_components.energy_optimizer.control.powerwall import CannotForceError
from custom_components.energy_optimizer.control.state import CommandState
from custom_components.energy_optimizer.core.model.force import Force, ForceKind, ForceMeans
from tests.control.stubborn_powerwall import CLOUD, LOCAL, Home, StubbornPowerwall, run

MINUTE = timedelta(minutes=1)


class TwoWays(Home):
    """One battery behind two ways."""

    def __init__(self) -> None:
        super().__init__(replace(LOCAL, acts_within=timedelta(minutes=1)))
        self.gateway = self.path
        self.cloud = StubbornPowerwall(self.clock, replace(CLOUD, acts_within=15 * MINUTE))
        self.cloud.values = self.gateway.values
        self.path = SeveralPaths({"gateway": self.gateway, "fleet": self.cloud}, now=self.clock.now)
        self.control = self._make()
        run(self.start())

    def force(self, kind: ForceKind, minutes: float = 60, **wish: float) -> CommandState:
        now = self.clock.at
        asked = Force(kind=kind, starts_at=now, ends_at=now + MINUTE * minutes, **wish)
        return run(self.control.async_force(asked))

    @property
    def means(self) -> ForceMeans | None:
        running = self.control.state.force
        return running.means if running else None


@pytest.mark.parametrize(
    ("kind", "means"),
    [
        (ForceKind.CHARGE, ForceMeans.TARIFF),
        (ForceKind.DISCHARGE, ForceMeans.TARIFF),
        (ForceKind.HOLD, ForceMeans.SETTINGS),
    ],
)
def test_a_dead_gateway_does_not_keep_the_cloud_from_it(kind: ForceKind, means: ForceMeans) -> None:
    home = TwoWays()
    old = dict(home.gateway.values)
    home.gateway.unreachable = True
    assert home.force(kind) is CommandState.CONFIRMED
    assert home.means is means
    run(home.live(100 * MINUTE))
    assert home.control.state.held == {}
    assert all(same(name, home.cloud.values[name], value) for name, value in old.items())


def test_a_power_is_asked_of_who_can_have_it_told() -> None:
    home = TwoWays()
    home.gateway.unreachable = True
    with pytest.raises(CannotForceError, match="unreachable"):
        home.force(ForceKind.CHARGE, power_kw=2.0)
    assert home.cloud.commands == []


def test_a_gateway_that_falls_silent_is_followed_by_the_cloud() -> None:
    home = TwoWays()
    old = dict(home.gateway.values)
    assert home.force(ForceKind.DISCHARGE, minutes=120) is CommandState.CONFIRMED
    assert home.means is ForceMeans.DISPATCH
    home.gateway.unreachable = True
    run(home.live(MINUTE))
    assert home.means is ForceMeans.DISPATCH
    assert home.control.command_state is CommandState.PENDING
    run(home.live(4 * MINUTE))
    assert home.means is ForceMeans.TARIFF
    assert home.control.command_state is CommandState.CONFIRMED
    assert home.cloud.values["grid_charging"] is False
    home.gateway.unreachable = False
    run(home.live(10 * MINUTE))
    assert home.means is ForceMeans.TARIFF
    assert home.gateway.dispatched_kw == 0.0
    run(home.live(150 * MINUTE))
    assert home.control.state.held == {}
    assert all(same(name, home.cloud.values[name], value) for name, value in old.items())


def test_a_short_silence_changes_nothing() -> None:
    home = TwoWays()
    home.force(ForceKind.CHARGE)
    home.gateway.unreachable = True
    run(home.live(timedelta(seconds=70)))
    home.gateway.unreachable = False
    run(home.live(2 * MINUTE))
    assert home.means is ForceMeans.DISPATCH
    assert home.control.command_state is CommandState.CONFIRMED
    assert home.cloud.commands == []


@pytest.mark.parametrize(("minutes", "wish"), [(40, {}), (120, {"power_kw": 2.0})])
def test_what_the_cloud_could_not_do_in_time_or_not_as_asked_waits(minutes: float, wish: dict[str, float]) -> None:
    home = TwoWays()
    home.force(ForceKind.CHARGE, minutes=minutes, **wish)
    run(home.live(26 * MINUTE))
    home.gateway.unreachable = True
    run(home.live(5 * MINUTE))
    assert home.cloud.commands == []
    assert home.control.command_state is CommandState.PENDING


def test_a_discharge_whose_reserve_is_unknown_is_not_ordered() -> None:
    home = Home(LOCAL)
    home.path.values["backup_reserve_percent"] = None
    run(home.start())
    now = home.clock.at
    wish = Force(kind=ForceKind.DISCHARGE, starts_at=now, ends_at=now + 60 * MINUTE)
    with pytest.raises(CannotForceError, match="unknown_settings"):
        run(home.control.async_force(wish))
    assert home.path.commands == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_reserve_that_is_not_shown_any_more_still_ends_a_discharge(restarted: bool) -> None:
    home = Home(LOCAL)
    run(home.start())
    now = home.clock.at
    run(home.control.async_force(Force(kind=ForceKind.DISCHARGE, starts_at=now, ends_at=now + 60 * MINUTE)))
    home.path.values["backup_reserve_percent"] = None
    if restarted:
        run(home.restart())
    run(home.live(MINUTE))
    assert home.path.dispatched_kw == 5.0
    home.path.level_percent = 19.5
    run(home.live(MINUTE))
    assert home.control.state.force is None
    assert home.path.dispatched_kw == 0.0
