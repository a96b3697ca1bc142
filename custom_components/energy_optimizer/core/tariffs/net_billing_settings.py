"""A net-billing contract as it is kept in a home's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from enum import StrEnum
from math import isfinite
from typing import Any

from .crediting import Crediting, Credits
from .days import Holidays
from .kinds import KIND_NET_BILLING, KIND_TIME_OF_USE
from .net_billing import ExportYear, NetBillingTariff
from .serialisation import UnreadableTariffError, plan_to_data, tariff_from_data
from .time_of_use import TimeOfUsePlan, TimeOfUseTariff


class Utility(StrEnum):
    """Whose net billing it is."""

    PGE = "pge"
    SCE = "sce"
    SDGE = "sdge"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpeningCredits:
    """The credits that the utility's bill showed on the day from which we count."""

    day: date
    credits: Credits


@dataclass(frozen=True, kw_only=True, slots=True)
class NetBillingSettings:
    """All of a contract but its dates of holidays and its fixed charges."""

    plan: TimeOfUsePlan
    utility: Utility
    vintage: str
    """Year of the application, which fixes the export values: NBT23 to NBT26, or NBT00 for floating ones."""
    generation: Mapping[tuple[str | None, str], float]
    """The generation part of each import price, by season and tier."""
    non_bypassable_per_kwh: float
    crediting: Crediting
    own_generation_per_kwh: float | None = None
    adder_per_kwh: float = 0.0
    opening: OpeningCredits | None = None

    def tariff(
        self, time_zone: tzinfo, holidays: Holidays | None, exports: Mapping[int, ExportYear]
    ) -> NetBillingTariff:
        """Return the tariff at a place, with its holidays and the export values of this contract."""
        return NetBillingTariff(
            imports=TimeOfUseTariff(plan=self.plan, time_zone=time_zone, holidays=holidays),
            generation=self.generation,
            non_bypassable_per_kwh=self.non_bypassable_per_kwh,
            exports=exports,
            own_generation_per_kwh=self.own_generation_per_kwh,
            adder_per_kwh=self.adder_per_kwh,
        )

    def to_data(self) -> dict[str, Any]:
        """Return the contract as plain data."""
        opening = None
        if self.opening is not None:
            opening = {"day": self.opening.day.isoformat(), **self.opening.credits.to_data()}
        return {
            **plan_to_data(self.plan),
            "kind": KIND_NET_BILLING,
            "utility": self.utility.value,
            "vintage": self.vintage,
            "generation": [
                {"season": season, "tier": tier, "per_kwh": price} for (season, tier), price in self.generation.items()
            ],
            "non_bypassable_per_kwh": self.non_bypassable_per_kwh,
            "own_generation_per_kwh": self.own_generation_per_kwh,
            "adder_per_kwh": self.adder_per_kwh,
            "crediting": self.crediting.to_data(),
            "opening": opening,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any], time_zone: tzinfo) -> NetBillingSettings:
        """Read what ``to_data`` wrote.

        Raises:
            UnreadableTariffError: if the data are of another format, incomplete or nonsense.
        """
        imports = tariff_from_data({**data, "kind": KIND_TIME_OF_USE}, time_zone, None)
        if not isinstance(imports, TimeOfUseTariff):
            raise UnreadableTariffError("Imports have no hours")
        try:
            return cls(
                plan=imports.plan,
                utility=Utility(data["utility"]),
                vintage=str(data["vintage"]),
                generation={
                    (each["season"], str(each["tier"])): _number(each["per_kwh"]) for each in data["generation"]
                },
                non_bypassable_per_kwh=_number(data["non_bypassable_per_kwh"]),
                own_generation_per_kwh=_optional(data["own_generation_per_kwh"]),
                adder_per_kwh=_number(data["adder_per_kwh"]),
                crediting=Crediting.from_data(data["crediting"]),
                opening=opening_from_data(data.get("opening")),
            )
        except (KeyError, TypeError, ValueError, ArithmeticError) as err:
            raise UnreadableTariffError(f"Not a net-billing tariff: {err!r}") from err


def opening_from_data(data: Mapping[str, Any] | None) -> OpeningCredits | None:
    """Read credits that were entered; raise ``KeyError`` or ``ValueError`` if they are something else."""
    if data is None:
        return None
    return OpeningCredits(day=date.fromisoformat(data["day"]), credits=Credits.from_data(data))


def _number(value: float) -> float:
    if not isfinite(number := float(value)):
        raise ValueError(f"{value} is no number")
    return number


def _optional(value: float | None) -> float | None:
    return None if value is None else _number(value)
