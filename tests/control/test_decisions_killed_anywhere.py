"""Home Assistant is killed between any two steps of a plan: the next run goes on or lets go, and nothing stays."""

from datetime import timedelta

import pytest

from custom_components.energy_optimizer.control.held import same
from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from tests.control.stubborn_powerwall import CLOUD, LOCAL, SETTINGS_ONLY, Home, run, tariff
from tests.control.test_killed_anywhere import Killed, Reaper

MINUTE = timedelta(minutes=1)


def life(home: Home) -> None:
    if home.path.abilities.can_set_tariff:
        run(home.control.async_sync(tariff("Ours"), wait=True))
    for kind in (DecisionKind.CHARGE, DecisionKind.HOLD, DecisionKind.SELF_CONSUMPTION):
        run(home.control.async_decide(Decision(kind=kind), home.clock.at + 30 * MINUTE))
        run(home.live(5 * MINUTE))
    run(home.control.async_stop_optimizing())
    run(home.control.async_stop_sync())
    run(home.live(5 * MINUTE))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("abilities", [CLOUD, LOCAL, SETTINGS_ONLY])
@pytest.mark.parametrize("away", [timedelta(seconds=20), timedelta(hours=2)])
def test_nothing_of_a_plan_stays(abilities, after: bool, away: timedelta) -> None:
    killed = 0
    for at in range(60):
        home = Home(abilities)
        run(home.start())
        old = dict(home.path.values)
        reaper = Reaper(home, at, after=after)
        try:
            life(home)
        except Killed:
            killed += 1
        if reaper.armed:
            break
        home.clock.at += away
        run(home.restart())
        run(home.live(45 * MINUTE))  # no planner decides anything any more
        assert home.control.state.decided is None, at
        run(home.control.async_stop_sync())
        run(home.live(15 * MINUTE))
        assert home.control.state.held == {}, at
        assert home.path.dispatched_kw == 0.0
        for name, value in old.items():
            assert same(name, home.path.values[name], value), (at, name)
    assert killed >= 5
