"""What a control lets others see."""

from collections.abc import Callable
from datetime import datetime

from ..api.errors import SourceError
from ..core.model.force import ForceMeans
from .clock import Clock
from .device import Device
from .dispatching import Dispatching
from .held import TARIFF, Held, Value, same
from .precedence import Speaker, who_speaks
from .state import CommandState, ControlState


class ControlView:
    """The state of a control and what it comes to."""

    def __init__(self, *, device: Device, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._state = ControlState()
        self._dispatching = Dispatching(clock.now)
        self._confirmed: dict[str, Value] = {}
        self._listeners: list[Callable[[], None]] = []
        self.last_error: SourceError | None = None
        """What the Powerwall or the way to it last said against a command."""
        self.putting_back_since: datetime | None = None

    @property
    def state(self) -> ControlState:
        """What is asked and what is to be put back."""
        return self._state

    @property
    def speaker(self) -> Speaker:
        """Who speaks for the Powerwall now."""
        synced = self._state.synced_tariff is not None
        forced, planned = self._state.force is not None, self._state.decided is not None
        return who_speaks(self._device.reading, forced=forced, planned=planned, synced=synced)

    @property
    def unconfirmed(self) -> frozenset[str]:
        """The settings that the Powerwall does not show yet as it should."""
        return frozenset(name for name, held in self._state.held.items() if not self._is_confirmed(held))

    @property
    def command_state(self) -> CommandState:
        """How what was last asked stands."""
        state = self._state
        if state.outcome is CommandState.GAVE_UP:
            return CommandState.GAVE_UP
        if (running := state.force or state.decided) is not None:
            done = running.means is not ForceMeans.DISPATCH or self._dispatching.holds
            return CommandState.CONFIRMED if running.confirmed_at and done else CommandState.PENDING
        if state.is_putting_back or self._dispatching.is_running:
            return CommandState.PUTTING_BACK
        if state.wishes:
            missing = state.wishes.keys() - state.held.keys()
            return CommandState.PENDING if missing or self.unconfirmed else CommandState.CONFIRMED
        return state.outcome

    @property
    def changed_elsewhere(self) -> tuple[str, ...]:
        """The settings whose wish rests because someone else has set them since."""
        return tuple(sorted(name for name, held in self._state.held.items() if held.yielded))

    @property
    def has_synced_tariff(self) -> bool:
        """Whether the Powerwall shows the tariff that sync wants it to have."""
        held, wanted = self._state.held.get(TARIFF), self._state.synced_tariff
        if held is None or wanted is None or held.yielded or not self._is_confirmed(held):
            return False
        return same(TARIFF, held.target, wanted)

    def add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call *listener* whenever something of this may have changed; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _is_confirmed(self, held: Held) -> bool:
        if held.target is None:
            return True
        return held.name in self._confirmed and same(held.name, self._confirmed[held.name], held.target)

    def tell(self) -> None:
        """Say that something of this may have changed."""
        since = self.putting_back_since or self._clock.now()
        self.putting_back_since = since if self._state.is_putting_back else None
        for listener in list(self._listeners):
            listener()
