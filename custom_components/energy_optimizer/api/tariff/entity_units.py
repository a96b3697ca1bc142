"""Units of prices, as entities write them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_DOLLARS: Final = frozenset({"USD", "AUD", "CAD", "NZD", "SGD", "HKD"})
_CROWNS: Final = frozenset({"SEK", "NOK", "DKK", "ISK"})
_SIGNS: Final = {
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "$": _DOLLARS,
    "US$": frozenset({"USD"}),
    "A$": frozenset({"AUD"}),
    "AU$": frozenset({"AUD"}),
    "C$": frozenset({"CAD"}),
    "CA$": frozenset({"CAD"}),
    "NZ$": frozenset({"NZD"}),
    "KR": _CROWNS,
    "ZŁ": frozenset({"PLN"}),
    "KČ": frozenset({"CZK"}),
    "FT": frozenset({"HUF"}),
    "LEI": frozenset({"RON"}),
    "FR": frozenset({"CHF"}),
}
_CENTS: Final = {
    **dict.fromkeys(("C", "¢", "CENT", "CENTS"), _DOLLARS | {"EUR"}),
    **dict.fromkeys(("CT", "EUROCENT", "EUROCENTS"), frozenset({"EUR"})),
    **dict.fromkeys(("ÖRE",), frozenset({"SEK"})),
    **dict.fromkeys(("ØRE",), frozenset({"NOK", "DKK"})),
    **dict.fromkeys(("ORE",), _CROWNS),
    **dict.fromkeys(("P", "PENCE", "PENNY"), frozenset({"GBP"})),
    **dict.fromkeys(("GR", "GROSZ", "GROSZY"), frozenset({"PLN"})),
    **dict.fromkeys(("RP", "RAPPEN"), frozenset({"CHF"})),
}
_ISO_LETTERS: Final = 3


class Measure(StrEnum):
    """What a price is counted in."""

    PER_KWH = "per_kwh"
    PER_MWH = "per_mwh"
    CENTS_PER_KWH = "cents_per_kwh"

    @property
    def factor(self) -> float:
        """What a number in this measure is multiplied with to get currency per kWh."""
        return {"per_kwh": 1.0, "per_mwh": 0.001, "cents_per_kwh": 0.01}[self.value]


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceUnit:
    """A measure, and the currencies that it may mean; none if it says nothing of a currency."""

    measure: Measure
    currencies: frozenset[str] = frozenset()

    def fits(self, currency: str) -> bool:
        """Tell whether prices in this unit can be prices in *currency*."""
        return not self.currencies or currency in self.currencies


def read_unit(text: str) -> PriceUnit | None:
    """Read a unit like "EUR/kWh", "öre/kWh", "c/kWh" or "€/MWh"; ``None`` if it is no price of energy."""
    money, slash, energy = text.replace(" per ", "/").replace(" ", "").rpartition("/")
    money = money.upper().rstrip(".")
    per_mwh = energy.casefold() == "mwh"
    if not slash or not money or (not per_mwh and energy.casefold() != "kwh"):
        return None
    if money in _CENTS:
        return None if per_mwh else PriceUnit(measure=Measure.CENTS_PER_KWH, currencies=_CENTS[money])
    currencies = _SIGNS.get(money)
    if currencies is None and len(money) == _ISO_LETTERS and money.isascii() and money.isalpha():
        currencies = frozenset({money})
    if currencies is None:
        return None
    return PriceUnit(measure=Measure.PER_MWH if per_mwh else Measure.PER_KWH, currencies=currencies)
