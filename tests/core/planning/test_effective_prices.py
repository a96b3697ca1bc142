"""What a kWh is worth where credits come between prices and money, held against the rules of the bill itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.price import PartName, PricePart, PriceSlot
from custom_components.energy_optimizer.core.planning.effective_prices import (
    IN_FULL,
    CreditMonth,
    CreditWorth,
    CreditYear,
    EffectiveTariff,
    credit_worth,
    effective_slot,
)
from custom_components.energy_optimizer.core.tariffs.crediting import Crediting, Credits, Leftover, Standing, use
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.true_up import settle

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SLOT = PriceSlot(
    starts_at=NOW,
    ends_at=NOW + timedelta(hours=1),
    tier="Peak",
    import_per_kwh=0.50,
    export_per_kwh=0.12,
    import_parts=(
        PricePart(name=PartName.GENERATION, per_kwh=0.20),
        PricePart(name=PartName.DELIVERY, per_kwh=0.27),
        PricePart(name=PartName.NON_BYPASSABLE, per_kwh=0.03),
    ),
    export_parts=(
        PricePart(name=PartName.GENERATION, per_kwh=0.05),
        PricePart(name=PartName.DELIVERY, per_kwh=0.03),
        PricePart(name=PartName.ADDER, per_kwh=0.04),
    ),
)
RATES = {"surplus_per_kwh": 0.04, "surplus_generation_per_kwh": 0.06, "surplus_delivery_per_kwh": 0.01}


def month(charges: float = 0.0, earned: float = 0.0, bought: float = 0.0, sold: float = 0.0) -> CreditMonth:
    """Return a month whose generation and delivery are alike."""
    return CreditMonth(
        generation_charges=charges,
        generation_earned=earned,
        delivery_charges=charges,
        delivery_earned=earned,
        import_kwh=bought,
        export_kwh=sold,
    )


def year(*ahead: CreditMonth, credit: float = 0.0, unpaid: float = 0.0, surplus_kwh: float = -1000.0) -> CreditYear:
    return CreditYear(
        generation=credit,
        delivery=credit,
        unpaid_generation=unpaid,
        unpaid_delivery=unpaid,
        surplus_kwh=surplus_kwh,
        ahead=ahead,
    )


def paid(ahead: Sequence[CreditMonth], rules: Crediting, credit: Decimal, unpaid: float, surplus_kwh: float) -> Decimal:
    """Return what generation and the true-up cost from now to the end of the year, by the rules of the bill."""
    standing = Standing(
        credits=Credits(generation=credit), export_kwh=max(surplus_kwh, 0.0), import_kwh=max(-surplus_kwh, 0.0)
    )
    standing = replace(standing, unpaid_generation=Decimal(str(unpaid)))
    money = Decimal(0)
    for each in ahead:
        charges = Decimal(str(each.generation_charges))
        spent = use(charges, standing.credits.generation + Decimal(str(each.generation_earned)))
        money += charges - spent.used
        standing = replace(
            standing,
            credits=Credits(generation=spent.left),
            unpaid_generation=standing.unpaid_generation + charges - spent.used,
            import_kwh=standing.import_kwh + each.import_kwh,
            export_kwh=standing.export_kwh + each.export_kwh,
        )
    lines, _ = settle(standing, rules)
    return money + sum((line.amount for line in lines if line.amount is not None), Decimal(0))


MONEY = st.integers(0, 200).map(float)


@settings(max_examples=300)
@given(
    leftover=st.sampled_from([Leftover.FORFEITED, Leftover.APPLIED_BACK]),
    months=st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=12),
    credit=MONEY,
    unpaid=MONEY,
)
def test_a_credit_is_worth_what_the_bill_makes_of_it(
    leftover: Leftover, months: list[tuple[float, float]], credit: float, unpaid: float
) -> None:
    ahead = [month(charges, earned) for charges, earned in months]
    rules = Crediting(leftover=leftover)
    worth = credit_worth(year(*ahead, credit=credit, unpaid=unpaid), rules).generation
    assume(worth in (0.0, 1.0))
    more = Decimal(1)
    had, has = Decimal(str(credit)), Decimal(str(credit)) + more
    saved = paid(ahead, rules, had, unpaid, -5e4) - paid(ahead, rules, has, unpaid, -5e4)
    if worth == 0.0:
        assert saved == 0
    else:
        # Where the last credit is just used up, one more is worth nothing though one less would be missed.
        balances = list(
            accumulate((each.generation_earned - each.generation_charges for each in ahead), initial=credit)
        )
        left = balances[-1] - unpaid if leftover is Leftover.APPLIED_BACK else min(balances[1:])
        assume(left < 0.0)
        assert saved == more


@given(months=st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=6), credit=MONEY, more=st.floats(0.0, 500.0))
def test_the_more_credit_there_is_the_less_one_more_is_worth(
    months: list[tuple[float, float]], credit: float, more: float
) -> None:
    rules = Crediting(leftover=Leftover.FORFEITED)
    ahead = [month(charges, earned) for charges, earned in months]
    little = credit_worth(year(*ahead, credit=credit), rules).generation
    much = credit_worth(year(*ahead, credit=credit + more), rules).generation
    assert 0.0 <= much <= little <= 1.0


def test_nothing_foretold_counts_in_full() -> None:
    assert credit_worth(year(credit=1e6), Crediting()) == IN_FULL


def test_carried_credits_are_worth_their_money_if_a_later_year_needs_them() -> None:
    rules = Crediting(leftover=Leftover.CARRIED)
    this = year(month(charges=10.0, earned=90.0), credit=50.0)
    assert credit_worth(this, rules).generation == 0.0
    later = replace(this, next_year=(month(charges=300.0, earned=20.0),))
    assert credit_worth(later, rules).generation == 1.0


def test_credits_are_worth_their_money_again_after_they_have_lapsed() -> None:
    until = NOW + timedelta(hours=1)
    worth = credit_worth(year(month(), credit=50.0), Crediting(leftover=Leftover.FORFEITED), until=until)
    assert effective_slot(SLOT, worth).import_per_kwh == pytest.approx(0.03)
    assert effective_slot(SLOT, worth).export_per_kwh == pytest.approx(0.04)
    after = replace(SLOT, starts_at=until, ends_at=until + timedelta(hours=1))
    assert effective_slot(after, worth) == after


@pytest.mark.parametrize("credit", [0.0, 500.0])
def test_in_a_year_of_surplus_what_is_sold_more_is_paid_at_another_rate(credit: float) -> None:
    rules = Crediting(leftover=Leftover.FORFEITED, **RATES)
    ahead = [month(charges=100.0, earned=20.0, bought=300.0, sold=500.0)]
    worth = credit_worth(year(*ahead, credit=credit, surplus_kwh=200.0), rules)
    one_more = [replace(ahead[0], export_kwh=501.0)]
    had = Decimal(str(credit))
    earned = paid(ahead, rules, had, 0.0, 200.0) - paid(one_more, rules, had, 0.0, 200.0)
    taken_delivery = worth.delivery * 0.01  # the bill above follows generation alone
    assert worth.surplus_per_kwh + taken_delivery == pytest.approx(float(earned) + 0.01, abs=0.011)
    assert worth.surplus_per_kwh == pytest.approx(0.04 if credit else 0.04 - 0.06 - 0.01)


def test_a_surplus_whose_rates_are_unknown_changes_nothing() -> None:
    worth = credit_worth(year(month(charges=100.0, sold=900.0), surplus_kwh=200.0), Crediting())
    assert worth == replace(IN_FULL, until=None)


def test_what_no_credit_pays_keeps_its_price() -> None:
    none = CreditWorth(generation=0.0, delivery=0.5, surplus_per_kwh=-0.01)
    found = effective_slot(SLOT, none)
    assert found.import_per_kwh == pytest.approx(0.03 + 0.135 - 0.01)
    assert found.export_per_kwh == pytest.approx(0.04 + 0.015 - 0.01)
    assert (found.tier, found.import_parts) == (SLOT.tier, SLOT.import_parts)


def test_prices_without_parts_and_unknown_ones_stay() -> None:
    none = CreditWorth(generation=0.0, delivery=0.0)
    plain = replace(SLOT, import_parts=(), export_per_kwh=None, export_parts=())
    assert effective_slot(plain, none) == plain


def test_a_tariff_without_credits_is_as_it_was() -> None:
    flat = FlatTariff(tier="Standard", import_per_kwh=0.3, export_per_kwh=0.1)
    seen = EffectiveTariff(tariff=flat)
    end = NOW + timedelta(days=1)
    assert list(seen.slots(NOW, end)) == list(flat.slots(NOW, end))
    assert seen.at(NOW) == flat.at(NOW)
    assert (seen.tiers, seen.known_until) == (flat.tiers, flat.known_until)
