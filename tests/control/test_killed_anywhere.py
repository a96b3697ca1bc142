"""Home Assistant is killed between any two steps: the next run ends what was begun and puts everything back."""

from datetime import timedelta

import pytest

from custom_components.energy_optimizer.control.held import same
from custom_components.energy_optimizer.core.model.force import Force, ForceKind
from tests.control.stubborn_powerwall import CLOUD, LOCAL, SETTINGS_ONLY, Home, run, tariff

MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """The process ends here."""


class Reaper:
    """Kills before or after the step of a number: a write to the disk, a command, or a look."""

    def __init__(self, home: Home, at: int, *, after: bool) -> None:
        self.left, self.after, self.armed = at, after, True
        save, take, send = home.store.async_keep, home.path._take, home.path.dispatch

        async def saved(data):
            self.step(before=True)
            stored = await save(data)
            self.step(before=False)
            return stored

        def taken(name, value):
            self.step(before=True)
            take(name, value)
            self.step(before=False)

        async def dispatched(power_kw, lasting):
            self.step(before=True)
            await send(power_kw, lasting)
            self.step(before=False)

        home.store.async_keep, home.path._take, home.path.dispatch = saved, taken, dispatched

    def step(self, *, before: bool) -> None:
        if not self.armed or before is self.after:
            return
        self.left -= 1
        if self.left < 0:
            self.armed = False
            raise Killed


def life(home: Home, kind: ForceKind) -> None:
    now = home.clock.at
    if home.path.abilities.can_set_tariff:
        run(home.control.async_sync(tariff("Ours"), wait=True))
    run(home.control.async_force(Force(kind=kind, starts_at=now, ends_at=now + 30 * MINUTE)))
    run(home.live(60 * MINUTE))
    run(home.control.async_stop_sync())
    run(home.live(15 * MINUTE))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("abilities", [CLOUD, LOCAL, SETTINGS_ONLY])
@pytest.mark.parametrize("away", [timedelta(seconds=20), timedelta(hours=2)])
def test_nothing_stays_forced(abilities, after: bool, away: timedelta) -> None:
    killed = 0
    for at in range(60):
        home = Home(abilities)
        run(home.start())
        old = dict(home.path.values)
        reaper = Reaper(home, at, after=after)
        try:
            life(home, ForceKind.CHARGE)
        except Killed:
            killed += 1
        if reaper.armed:
            break
        home.clock.at += away
        run(home.restart())
        run(home.live(150 * MINUTE))
        run(home.control.async_stop_sync())
        run(home.live(15 * MINUTE))
        assert home.control.state.held == {}, at
        assert home.control.state.force is None
        assert home.path.dispatched_kw == 0.0
        for name, value in old.items():
            assert same(name, home.path.values[name], value), (at, name)
    assert killed >= 5
