"""What export credits may pay under net billing, and what becomes of them at the end of a billing year.

The rules are those of Schedule NBT of PG&E, SCE and SDG&E (decision 22-12-056): generation credits pay generation
charges and delivery credits pay delivery charges; neither pays what cannot be bypassed or any fixed charge. The adder
(ACC Plus) pays whatever is left, fixed charges included, and never lapses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

NOTHING: Final = Decimal(0)


class Leftover(StrEnum):
    """What becomes of credits that a billing year did not use up."""

    CARRIED = "carried"
    """They go on into the next billing year (PG&E)."""
    FORFEITED = "forfeited"
    """They are set to zero (SDG&E)."""
    APPLIED_BACK = "applied_back"
    """They pay back what the year's energy had cost, and the rest is set to zero (SCE)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credits:
    """Money that exports have earned and that has not been used, in the home's currency."""

    generation: Decimal = NOTHING
    delivery: Decimal = NOTHING
    adder: Decimal = NOTHING

    def to_data(self) -> dict[str, str]:
        """Return the credits as plain data, without rounding."""
        return {"generation": str(self.generation), "delivery": str(self.delivery), "adder": str(self.adder)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Credits:
        """Read what ``to_data`` wrote, or numbers under the same names; what is not there is nothing."""
        return cls(**{name: Decimal(str(data.get(name, 0))) for name in ("generation", "delivery", "adder")})


@dataclass(frozen=True, kw_only=True, slots=True)
class Crediting:
    """The rules of one contract, in currency per kWh; a rate that is ``None`` is unknown."""

    leftover: Leftover = Leftover.CARRIED
    surplus_per_kwh: float | None = None
    """What a billing year's surplus of exports over imports is paid with (net surplus compensation)."""
    surplus_generation_per_kwh: float | None = None
    """What is taken from the generation credits for the same kWh, so that they are not paid twice."""
    surplus_delivery_per_kwh: float | None = None

    def to_data(self) -> dict[str, Any]:
        """Return the rules as plain data."""
        return {
            "leftover": self.leftover.value,
            "surplus_per_kwh": self.surplus_per_kwh,
            "surplus_generation_per_kwh": self.surplus_generation_per_kwh,
            "surplus_delivery_per_kwh": self.surplus_delivery_per_kwh,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Crediting:
        """Read what ``to_data`` wrote; raise ``KeyError``, ``TypeError`` or ``ValueError`` if it is something else."""
        rates = ("surplus_per_kwh", "surplus_generation_per_kwh", "surplus_delivery_per_kwh")
        return cls(
            leftover=Leftover(data["leftover"]),
            **{name: None if data.get(name) is None else float(data[name]) for name in rates},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a billing year stands between two bills: credits, and what the true-up will look at."""

    credits: Credits = Credits()
    import_kwh: float = 0.0
    export_kwh: float = 0.0
    unpaid_generation: Decimal = NOTHING
    """Generation charges of the year that were paid with money."""
    unpaid_delivery: Decimal = NOTHING
    is_partial: bool = False
    """Some of the year's energy is unknown, so that its surplus is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """How far credits of one kind paid charges."""

    used: Decimal
    left: Decimal


def use(charges: Decimal, available: Decimal) -> Use:
    """Let *available* credits pay *charges*; what negative export values leave below zero is owed at once."""
    used = min(max(charges, NOTHING), available)
    return Use(used=used, left=available - used)
