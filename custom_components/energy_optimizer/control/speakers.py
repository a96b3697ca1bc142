"""What is asked, in each pass, of those who may have the say beside the tariff sync: a force and the plan."""

from abc import abstractmethod

from ..core.model.force import Force
from ..core.model.powerwall import PowerwallReading
from .state import RunningForce, Shown
from .view import ControlView


class Speakers(ControlView):
    """The parts of a pass that differ between them."""

    @abstractmethod
    def _first_planned(self, force: Force, shown: Shown) -> RunningForce | None:
        """Return a force by the first means by which it can begin now; ``None`` if something is unknown for each."""

    @abstractmethod
    def _end_decision_if_stale(self) -> None:
        """Let a decision go that the plan has not renewed in time."""

    @abstractmethod
    def _wait_with_decision(self) -> None:
        """Note that nothing can be done for a decision now."""

    @abstractmethod
    async def _plan_decision(self, reading: PowerwallReading, shown: Shown) -> Shown:
        """Choose what a decision comes to where that is not known yet; return what is shown after a closer look."""

    @abstractmethod
    def _judge_decision(self, reading: PowerwallReading) -> None:
        """Note whether a decision is confirmed, and give up one that is not followed."""

    @abstractmethod
    def _give_up_decision(self) -> None:
        """Let a decision go that the Powerwall does not follow."""

    @abstractmethod
    def _note_accepted(self) -> None:
        """Note that the Powerwall has taken all that it was sent."""

    @abstractmethod
    def _decided_order(self, reading: PowerwallReading) -> float | None:
        """Return the power that a decision orders now; ``None`` if it orders none."""
