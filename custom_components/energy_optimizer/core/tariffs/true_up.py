"""The end of a billing year under net billing: the surplus is paid, and leftover credits go where the contract says."""

from decimal import Decimal

from .bill import BillLine, LineKind, to_cents
from .crediting import NOTHING, Crediting, Credits, Leftover, Standing


def settle(standing: Standing, rules: Crediting) -> tuple[list[BillLine], Credits]:
    """Return the lines of a true-up and the credits that the next billing year begins with.

    A surplus of exports over imports is taken back at what it had earned on average, first from the credits and for
    the rest in money, and paid at the rate of surpluses instead. A rate that is unknown, or a year of which some
    energy is, leaves the surplus unknown and the credits as they are.
    """
    lines, credits_left = _surplus(standing, rules)
    if rules.leftover is Leftover.CARRIED:
        return lines, credits_left
    if rules.leftover is Leftover.APPLIED_BACK:
        for name, unpaid in (("generation", standing.unpaid_generation), ("delivery", standing.unpaid_delivery)):
            paid_back = min(getattr(credits_left, name), unpaid)
            if paid_back > 0:
                lines.append(BillLine(kind=LineKind.CREDIT_PAID_BACK, name=name, amount=-paid_back, credit=-paid_back))
                credits_left = _less(credits_left, name, paid_back)
    for name in ("generation", "delivery"):
        if left := getattr(credits_left, name):
            lines.append(BillLine(kind=LineKind.CREDIT_FORFEITED, name=name, credit=-left))
            credits_left = _less(credits_left, name, left)
    return lines, credits_left


def _surplus(standing: Standing, rules: Crediting) -> tuple[list[BillLine], Credits]:
    left = standing.credits
    if standing.is_partial:
        return [BillLine(kind=LineKind.UNKNOWN_SURPLUS)], left
    kwh = round(standing.export_kwh - standing.import_kwh, 9)
    if kwh <= 0:
        return [], left
    rates = (rules.surplus_generation_per_kwh, rules.surplus_delivery_per_kwh)
    if rules.surplus_per_kwh is None or None in rates:
        return [BillLine(kind=LineKind.UNKNOWN_SURPLUS, kwh=kwh)], left
    lines = [BillLine(kind=LineKind.SURPLUS, kwh=kwh, amount=-_money(kwh, rules.surplus_per_kwh))]
    for name, rate in zip(("generation", "delivery"), rates, strict=True):
        debit = _money(kwh, rate or 0.0)
        taken = min(debit, max(getattr(left, name), NOTHING))
        lines.append(BillLine(kind=LineKind.SURPLUS_DEBIT, name=name, kwh=kwh, amount=debit - taken, credit=-taken))
        left = _less(left, name, taken)
    return lines, left


def _money(kwh: float, per_kwh: float) -> Decimal:
    return to_cents(Decimal(repr(kwh)) * Decimal(repr(per_kwh)))


def _less(money: Credits, name: str, taken: Decimal) -> Credits:
    if name == "generation":
        return Credits(generation=money.generation - taken, delivery=money.delivery, adder=money.adder)
    return Credits(generation=money.generation, delivery=money.delivery - taken, adder=money.adder)
