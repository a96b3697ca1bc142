"""What a kWh is worth to a plan where credits come between prices and money, as they do under net billing.

A price says what the meter counts; money moves only where credits end. Three things make the difference:

- **Credits in excess.** Generation credits pay generation charges alone and delivery credits delivery charges. While
  each of them still finds a charge to pay before it lapses, a credit is worth its money. When more is earned than can
  be paid, one more is worth nothing, and for the same reason a charge costs nothing: a credit pays it that would lapse.
- **What no credit pays.** The non-bypassable part of an import always costs its money, the adder of an export always
  earns it.
- **A year's surplus.** If more is sold than bought over a billing year, each kWh of it is paid with a rate of its own
  and what it had earned is taken back. That counts for a kWh bought as for one sold: both change the surplus.

How much a credit is worth is told from what the rest of the billing year will probably bring, month by month. As long
as that is not known, a credit counts in full: a plan then does as if it were paid at once, as the bill does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ..model.price import PartName, PricePart, PriceSlot
from ..tariffs import Tariff
from ..tariffs.crediting import Crediting, Leftover

_DOUBT: Final = 0.25
"""What is foretold of months ahead may be wrong by so much of all that they are to bring."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditWorth:
    """How much of its money a credit is worth, from 0 to 1, until a billing year ends."""

    generation: float = 1.0
    delivery: float = 1.0
    surplus_per_kwh: float = 0.0
    """What one kWh more of the year's surplus brings beside its credits; negative if more is taken back."""
    until: datetime | None = None
    """From when on credits are worth their money again; ``None`` if that is not known."""


IN_FULL: Final = CreditWorth()
"""Where credits are used up, or there are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditMonth:
    """What a billing month, or what is left of one, brings in money of each kind, and in energy."""

    generation_charges: float
    generation_earned: float
    delivery_charges: float
    delivery_earned: float
    import_kwh: float
    export_kwh: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditYear:
    """A billing year from its running month on."""

    generation: float
    """Credits that the running month began with."""
    delivery: float
    unpaid_generation: float
    """Charges of the year before it that were paid with money, which leftover credits may pay back."""
    unpaid_delivery: float
    surplus_kwh: float
    """What was sold beyond what was bought in the year before it; negative if less."""
    ahead: tuple[CreditMonth, ...]
    """What the running month and those after it will have brought in all; empty if that cannot be foretold."""
    next_year: tuple[CreditMonth, ...] = ()
    """The year after it, for credits that are carried over."""


def credit_worth(year: CreditYear, rules: Crediting, *, until: datetime | None = None) -> CreditWorth:
    """Return what credits are worth in a billing year that ends at *until*."""
    if not year.ahead:
        return IN_FULL
    carries, pays_back = rules.leftover is Leftover.CARRIED, rules.leftover is Leftover.APPLIED_BACK
    months = (*year.ahead, *year.next_year) if carries else year.ahead
    generation = [(each.generation_earned, each.generation_charges) for each in months]
    delivery = [(each.delivery_earned, each.delivery_charges) for each in months]
    if pays_back:  # which month a credit pays for is all the same then
        generation = [_whole(generation, year.unpaid_generation)]
        delivery = [_whole(delivery, year.unpaid_delivery)]
    worth = CreditWorth(generation=_worth(year.generation, generation), delivery=_worth(year.delivery, delivery))
    return replace(worth, surplus_per_kwh=_surplus_per_kwh(year, rules, worth), until=None if carries else until)


def _whole(months: Sequence[tuple[float, float]], unpaid: float) -> tuple[float, float]:
    return sum(earned for earned, _ in months), unpaid + sum(charges for _, charges in months)


def _worth(credit: float, months: Sequence[tuple[float, float]]) -> float:
    """Return how likely some month, of what each earns and charges, needs a credit more: less, the more is left."""
    worth = flow = 0.0
    for earned, charges in months:
        credit += earned - charges
        flow += abs(earned) + abs(charges)
        if credit <= 0.0:
            return 1.0
        worth = max(worth, 1.0 - credit / (_DOUBT * flow) if flow > 0.0 else 0.0)
    return worth


def _surplus_per_kwh(year: CreditYear, rules: Crediting, worth: CreditWorth) -> float:
    """Return what a kWh sold more, or bought less, adds at the true-up; nothing if the year ends without surplus."""
    surplus = year.surplus_kwh + sum(each.export_kwh - each.import_kwh for each in year.ahead)
    rates = (rules.surplus_per_kwh, rules.surplus_generation_per_kwh, rules.surplus_delivery_per_kwh)
    if surplus <= 0.0 or None in rates:
        return 0.0
    paid, taken_generation, taken_delivery = (rate or 0.0 for rate in rates)
    return paid - worth.generation * taken_generation - worth.delivery * taken_delivery


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectiveTariff:
    """A tariff with the prices that a plan should go by."""

    tariff: Tariff
    worth: CreditWorth = IN_FULL

    def at(self, instant: datetime) -> PriceSlot:
        """Return the slot in force at *instant*."""
        return effective_slot(self.tariff.at(instant), self.worth)

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        """Yield the slots that touch [*start*, *end*), whole, in order and without gaps."""
        return (effective_slot(slot, self.worth) for slot in self.tariff.slots(start, end))

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of the tiers, in the order in which they were entered."""
        return self.tariff.tiers

    @property
    def known_until(self) -> datetime | None:
        """Until when prices are known; ``None`` if for ever."""
        return self.tariff.known_until


def effective_slot(slot: PriceSlot, worth: CreditWorth) -> PriceSlot:
    """Return *slot* with the prices that a plan should go by; ranges and unknown prices stay as they are."""
    if worth == IN_FULL or (worth.until is not None and slot.starts_at >= worth.until):
        return slot
    return replace(
        slot,
        import_per_kwh=_effective(slot.import_per_kwh, slot.import_parts, worth),
        export_per_kwh=_effective(slot.export_per_kwh, slot.export_parts, worth),
    )


def _effective(price: float | None, parts: tuple[PricePart, ...], worth: CreditWorth) -> float | None:
    if price is None or not parts:
        return price
    shares = {PartName.GENERATION: worth.generation, PartName.DELIVERY: worth.delivery}
    return sum(part.per_kwh * shares.get(part.name, 1.0) for part in parts) + worth.surplus_per_kwh
