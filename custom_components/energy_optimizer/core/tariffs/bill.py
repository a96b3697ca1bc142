"""What a bill is: lines that add up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from .crediting import Credits

_CENT: Final = Decimal("0.01")


class LineKind(StrEnum):
    """What a line is about."""

    IMPORT = "import"
    IMPORT_GENERATION = "import_generation"
    IMPORT_DELIVERY = "import_delivery"
    NON_BYPASSABLE = "non_bypassable"
    EXPORT = "export"
    EXPORT_GENERATION = "export_generation"
    EXPORT_DELIVERY = "export_delivery"
    EXPORT_ADDER = "export_adder"
    PER_DAY = "per_day"
    PER_MONTH = "per_month"
    PER_YEAR = "per_year"
    CREDIT_BROUGHT = "credit_brought"
    CREDIT_USED = "credit_used"
    SURPLUS = "surplus"
    """What a billing year's surplus of exports is paid with."""
    SURPLUS_DEBIT = "surplus_debit"
    """What the same surplus had earned before, taken back."""
    CREDIT_PAID_BACK = "credit_paid_back"
    """Credits that pay back what the year's energy had cost."""
    CREDIT_FORFEITED = "credit_forfeited"
    CREDIT_CARRIED = "credit_carried"
    UNPRICED_IMPORT = "unpriced_import"
    UNPRICED_EXPORT = "unpriced_export"
    UNKNOWN_TIME = "unknown_time"
    UNKNOWN_CHARGES = "unknown_charges"
    UNKNOWN_SURPLUS = "unknown_surplus"


UNKNOWNS: Final = frozenset(
    {
        LineKind.UNPRICED_IMPORT,
        LineKind.UNPRICED_EXPORT,
        LineKind.UNKNOWN_TIME,
        LineKind.UNKNOWN_CHARGES,
        LineKind.UNKNOWN_SURPLUS,
    }
)
"""What keeps a bill from being complete; such a line has no money."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BillLine:
    """One line; money is rounded to the cent, half to even, so that what is shown is what is added."""

    kind: LineKind
    name: str = ""
    """The tier, or which credits; may be empty."""
    kwh: float | None = None
    estimated_kwh: float = 0.0
    """What of it was spread evenly over a time without readings, or had a price that was still an estimate."""
    days: int | None = None
    hours: float | None = None
    amount: Decimal | None = None
    """What it adds to the bill, negative in the customer's favour; ``None`` for a line that moves no money."""
    credit: Decimal | None = None
    """What it puts into the credits, negative if it takes out; over a whole bill these add up to nothing."""

    def plus(self, other: BillLine) -> BillLine:
        """Return the two lines as one."""
        return replace(
            self,
            kwh=_both(self.kwh, other.kwh),
            estimated_kwh=self.estimated_kwh + other.estimated_kwh,
            days=_both(self.days, other.days),
            hours=_both(self.hours, other.hours),
            amount=_both(self.amount, other.amount),
            credit=_both(self.credit, other.credit),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What a stretch of local days costs."""

    first: date
    end: date
    """The first day that is not billed any more."""
    until: datetime
    """Up to when energy was counted; before the end of the last day while that is not over."""
    lines: tuple[BillLine, ...]
    import_kwh: float
    export_kwh: float
    known_hours: float
    """For how much of the time up to *until* energy was read, whether or not any flowed."""
    estimated_kwh: float
    """What of the energy, either way, was not measured where it flowed or priced with a final price."""
    opening: Credits
    closing: Credits

    @property
    def total(self) -> Decimal:
        """What is to be paid; negative if the supplier owes."""
        return sum((line.amount for line in self.lines if line.amount is not None), Decimal("0.00"))

    @property
    def has_energy(self) -> bool:
        """Whether anything is known of the energy at all."""
        return self.known_hours > 0

    @property
    def is_complete(self) -> bool:
        """Whether all energy was read and priced and all charges are known."""
        return not any(line.kind in UNKNOWNS for line in self.lines)

    @property
    def estimated_share(self) -> float | None:
        """The part of the energy that is estimated, from 0 to 1; ``None`` if there was no energy."""
        energy = self.import_kwh + self.export_kwh
        return self.estimated_kwh / energy if energy > 0 else None


def to_cents(money: Decimal) -> Decimal:
    """Round to the cent, half to even."""
    return money.quantize(_CENT, ROUND_HALF_EVEN)


def as_one(bills: Sequence[Bill]) -> Bill:
    """Return bills that follow each other as one, each of whose lines is the sum of theirs.

    Raises:
        ValueError: if there are none.
    """
    if not bills:
        raise ValueError("No bills to make one of")
    lines: dict[tuple[LineKind, str], BillLine] = {}
    for line in _outer_lines(bills):
        known = lines.get((line.kind, line.name))
        lines[line.kind, line.name] = line if known is None else known.plus(line)
    order = list(LineKind)
    return Bill(
        first=bills[0].first,
        end=bills[-1].end,
        until=bills[-1].until,
        lines=tuple(sorted(lines.values(), key=lambda line: order.index(line.kind))),
        import_kwh=sum(bill.import_kwh for bill in bills),
        export_kwh=sum(bill.export_kwh for bill in bills),
        known_hours=sum(bill.known_hours for bill in bills),
        estimated_kwh=sum(bill.estimated_kwh for bill in bills),
        opening=bills[0].opening,
        closing=bills[-1].closing,
    )


def _outer_lines(bills: Sequence[Bill]) -> Iterable[BillLine]:
    """Yield all lines but the credits handed on from one of the bills to the next."""
    for bill in bills:
        for line in bill.lines:
            if line.kind is LineKind.CREDIT_BROUGHT and bill is not bills[0]:
                continue
            if line.kind is LineKind.CREDIT_CARRIED and bill is not bills[-1]:
                continue
            yield line


def _both[N: (int, float, Decimal)](one: N | None, other: N | None) -> N | None:
    if one is None:
        return other
    return one if other is None else one + other
