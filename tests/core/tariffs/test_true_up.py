"""The end of a billing year under net billing."""

from decimal import Decimal

import pytest

from custom_components.energy_optimizer.core.tariffs.bill import LineKind
from custom_components.energy_optimizer.core.tariffs.crediting import Crediting, Credits, Leftover, Standing, use
from custom_components.energy_optimizer.core.tariffs.true_up import settle

LEFT = Credits(generation=Decimal("10.00"), delivery=Decimal("4.00"), adder=Decimal("3.00"))
RATES = {"surplus_per_kwh": 0.02, "surplus_generation_per_kwh": 0.05, "surplus_delivery_per_kwh": 0.05}


def standing(**more) -> Standing:
    values = {"credits": LEFT, "import_kwh": 100.0, "export_kwh": 200.0, "unpaid_generation": Decimal("2.00"), **more}
    return Standing(**values)


def moved(lines: list) -> list[tuple[str, str, str | None, str | None]]:
    def text(money: Decimal | None) -> str | None:
        return None if money is None else str(money)

    return [(line.kind.value, line.name, text(line.amount), text(line.credit)) for line in lines]


def test_a_surplus_is_taken_back_and_paid_anew() -> None:
    lines, left = settle(standing(), Crediting(leftover=Leftover.CARRIED, **RATES))
    assert moved(lines) == [
        ("surplus", "", "-2.00", None),
        ("surplus_debit", "generation", "0.00", "-5.00"),
        ("surplus_debit", "delivery", "1.00", "-4.00"),
    ]
    assert left == Credits(generation=Decimal("5.00"), delivery=Decimal("0.00"), adder=Decimal("3.00"))


def test_leftover_credits_lapse_but_the_adder_stays() -> None:
    lines, left = settle(standing(export_kwh=50.0), Crediting(leftover=Leftover.FORFEITED, **RATES))
    assert moved(lines) == [
        ("credit_forfeited", "generation", None, "-10.00"),
        ("credit_forfeited", "delivery", None, "-4.00"),
    ]
    assert left == Credits(adder=Decimal("3.00"), generation=Decimal("0.00"), delivery=Decimal("0.00"))


def test_leftover_credits_pay_back_the_year() -> None:
    lines, left = settle(standing(export_kwh=50.0), Crediting(leftover=Leftover.APPLIED_BACK, **RATES))
    assert moved(lines) == [
        ("credit_paid_back", "generation", "-2.00", "-2.00"),
        ("credit_forfeited", "generation", None, "-8.00"),
        ("credit_forfeited", "delivery", None, "-4.00"),
    ]
    assert left.adder == Decimal("3.00")


@pytest.mark.parametrize("missing", list(RATES))
def test_an_unknown_rate_leaves_the_surplus_unknown(missing: str) -> None:
    rates = {name: rate for name, rate in RATES.items() if name != missing}
    lines, left = settle(standing(), Crediting(leftover=Leftover.CARRIED, **rates))
    assert [(line.kind, line.kwh, line.amount) for line in lines] == [(LineKind.UNKNOWN_SURPLUS, 100.0, None)]
    assert left == LEFT


def test_a_year_with_gaps_has_no_known_surplus() -> None:
    lines, left = settle(standing(is_partial=True), Crediting(leftover=Leftover.CARRIED, **RATES))
    assert [(line.kind, line.kwh) for line in lines] == [(LineKind.UNKNOWN_SURPLUS, None)]
    assert left == LEFT


@pytest.mark.parametrize(
    ("charges", "available", "used", "left"),
    [
        ("5", "3", "3", "0"),
        ("3", "5", "3", "2"),
        ("-1", "5", "0", "5"),
        ("5", "-2", "-2", "0"),
        ("-1", "-2", "-2", "0"),
    ],
)
def test_use(charges: str, available: str, used: str, left: str) -> None:
    found = use(Decimal(charges), Decimal(available))
    assert (found.used, found.left) == (Decimal(used), Decimal(left))
