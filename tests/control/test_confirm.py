"""Commands are read back."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.energy_optimizer.control import confirm
from custom_components.energy_optimizer.control.confirm import Verdict, carry_out


class Device:
    """A device that obeys after some seconds of a clock that only sleeping moves."""

    def __init__(self, obeys_after_s: float | None) -> None:
        self.clock = datetime(2026, 6, 1, tzinfo=UTC)
        self.obeys_after_s = obeys_after_s
        self.sent_at: datetime | None = None
        self.sends = 0

    def now(self) -> datetime:
        return self.clock

    async def send(self) -> None:
        self.sends += 1
        self.sent_at = self.clock

    async def confirmed(self) -> bool:
        assert self.sent_at is not None
        return self.obeys_after_s is not None and (self.clock - self.sent_at).total_seconds() >= self.obeys_after_s


@pytest.fixture
def run(monkeypatch):
    async def _run(device: Device, within_s: float):
        async def sleep(seconds: float) -> None:
            device.clock += timedelta(seconds=seconds)

        monkeypatch.setattr(confirm.asyncio, "sleep", sleep)
        return await carry_out(
            send=device.send, confirmed=device.confirmed, within=timedelta(seconds=within_s), now=device.now
        )

    return _run


@pytest.mark.parametrize("obeys_after_s", [0, 1, 5, 29])
async def test_confirmed_however_late(run, obeys_after_s) -> None:
    device = Device(obeys_after_s)
    outcome = await run(device, 40)
    assert outcome.verdict is Verdict.CONFIRMED
    assert device.sends == 1
    assert outcome.confirmed_at - outcome.accepted_at >= timedelta(seconds=obeys_after_s)


@pytest.mark.parametrize("obeys_after_s", [None, 100])
async def test_gives_up(run, obeys_after_s) -> None:
    device = Device(obeys_after_s)
    outcome = await run(device, 30)
    assert outcome.verdict is Verdict.GAVE_UP
    assert outcome.confirmed_at is None
    assert outcome.looks >= 4
    assert timedelta(seconds=30) <= device.clock - outcome.accepted_at < timedelta(seconds=40)


async def test_a_refusal_is_no_disobedience(run) -> None:
    device = Device(0)

    async def refuse() -> None:
        raise PermissionError

    device.send = refuse
    with pytest.raises(PermissionError):
        await run(device, 30)
