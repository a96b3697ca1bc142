"""A Powerwall without a tariff can be forced by one, and is left with none that forces anything."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.energy_optimizer.api.powerwall.tesla_tariff import level_tariff
from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff, validate
from custom_components.energy_optimizer.control.state import CommandState
from custom_components.energy_optimizer.core.model.force import Force, ForceKind
from tests.control.stubborn_powerwall import CLOUD, Home, run, tariff

MINUTE = timedelta(minutes=1)
LEVEL = level_tariff("AUD")


def started(*, clears: bool = False) -> Home:
    home = Home(replace(CLOUD, can_clear_tariff=clears))
    home.path.values["tariff"] = None
    run(home.start())
    return home


def force(home: Home, kind: ForceKind) -> CommandState:
    now = home.clock.at
    return run(home.control.async_force(Force(kind=kind, starts_at=now, ends_at=now + 30 * MINUTE)))


def test_a_level_tariff_is_one_that_tesla_takes() -> None:
    assert not validate(LEVEL)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("kind", [ForceKind.CHARGE, ForceKind.DISCHARGE])
def test_it_is_forced_and_left_with_a_level_one(kind: ForceKind, restarted: bool) -> None:
    home = started()
    assert force(home, kind) is CommandState.CONFIRMED
    assert not same_tariff(home.path.values["tariff"], LEVEL)
    if restarted:
        run(home.restart())
    run(home.live(70 * MINUTE))
    assert same_tariff(home.path.values["tariff"], LEVEL)
    assert home.control.state.held == {}
    assert home.control.command_state is CommandState.RESTORED


def test_one_that_can_be_cleared_is_cleared() -> None:
    home = started(clears=True)
    assert force(home, ForceKind.DISCHARGE) is CommandState.CONFIRMED
    run(home.live(70 * MINUTE))
    assert home.path.values["tariff"] == {}
    assert home.control.state.held == {}


def test_one_that_never_took_the_forced_tariff_gets_none() -> None:
    home = started()
    home.path.faults = ["refused"]
    assert force(home, ForceKind.DISCHARGE) is CommandState.GAVE_UP
    run(home.live(10 * MINUTE))
    assert home.path.values["tariff"] is None
    assert home.control.state.held == {}


def test_a_forced_tariff_that_comes_true_after_a_lost_reply_is_replaced() -> None:
    home = started()
    home.path.faults = ["late", "refused"]
    assert force(home, ForceKind.DISCHARGE) is CommandState.GAVE_UP
    run(home.live(10 * MINUTE))
    assert same_tariff(home.path.values["tariff"], LEVEL)
    assert home.control.state.held == {}


def test_a_sync_that_ends_in_the_middle_of_a_force_leaves_nothing_forced() -> None:
    home = started()
    run(home.control.async_sync(tariff("Ours"), wait=True))
    force(home, ForceKind.DISCHARGE)
    run(home.control.async_stop_sync())
    run(home.live(70 * MINUTE))
    assert same_tariff(home.path.values["tariff"], LEVEL)


def test_one_that_the_user_enters_meanwhile_stays() -> None:
    home = started()
    force(home, ForceKind.CHARGE)
    home.path.values["tariff"] = chosen = tariff("Chosen")
    run(home.live(70 * MINUTE))
    assert same_tariff(home.path.values["tariff"], chosen)
    assert home.control.state.held == {}
