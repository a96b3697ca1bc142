"""What a bill shows, and that it always adds up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.metering import MeteredInterval
from custom_components.energy_optimizer.core.model.price import Certainty, PartName, PricePart, PriceSlot
from custom_components.energy_optimizer.core.tariffs import BEGINNING, FOREVER
from custom_components.energy_optimizer.core.tariffs.bill import UNKNOWNS, Bill, LineKind, as_one
from custom_components.energy_optimizer.core.tariffs.bill_prices import RulesInForce, billed_prices
from custom_components.energy_optimizer.core.tariffs.billing import Contract, Stretch, bill_of, stretches
from custom_components.energy_optimizer.core.tariffs.crediting import Crediting, Credits, Leftover, Standing
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff
from custom_components.energy_optimizer.core.tariffs.terms import Terms
from tests.core.tariffs.bill_homes import contract, monthly_bills

PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2026, 1, 15, tzinfo=PARIS).astimezone(UTC)
HOUR = timedelta(hours=1)
FLAT = FlatTariff(tier="Base", import_per_kwh=0.25, export_per_kwh=0.1)
DAY = Stretch(first=date(2026, 1, 15), end=date(2026, 1, 16), time_zone=PARIS)


def hour(index: int, bought: float | None, sold: float | None = 0.0, **more: bool) -> MeteredInterval:
    start = MIDNIGHT + index * HOUR
    return MeteredInterval(starts_at=start, ends_at=start + HOUR, import_kwh=bought, export_kwh=sold, **more)


def priced(index: int, hours: int, tier: str, bought: float | None, sold: float | None = None, **more) -> PriceSlot:
    start = MIDNIGHT + index * HOUR
    return PriceSlot(
        starts_at=start,
        ends_at=start + hours * HOUR,
        tier=tier,
        import_per_kwh=bought,
        export_per_kwh=sold,
        **more,
    )


def bill(metered: list[MeteredInterval], tariff=FLAT, *contracts: Contract, now: datetime = FOREVER) -> Bill:
    made, _ = bill_of(DAY, metered, tariff, contracts or (contract(),), standing=Standing(), now=now)
    return made


def shown(made: Bill) -> list[tuple[str, str, float | None, str | None]]:
    return [
        (line.kind.value, line.name, line.kwh, None if line.amount is None else str(line.amount)) for line in made.lines
    ]


def test_energy_per_tier_and_exports() -> None:
    tariff = PublishedTariff((priced(0, 12, "Night", 0.1, 0.05), priced(12, 12, "Day", 0.3, 0.05)))
    made = bill([hour(index, 1.0, 0.5) for index in range(24)], tariff)
    assert shown(made) == [
        ("import", "Night", 12.0, "1.20"),
        ("import", "Day", 12.0, "3.60"),
        ("export", "Night", 6.0, "-0.30"),
        ("export", "Day", 6.0, "-0.30"),
    ]
    assert (made.total, made.is_complete, made.known_hours) == (Decimal("4.20"), True, 24.0)


def test_negative_prices_are_paid_out_and_charged() -> None:
    tariff = PublishedTariff((priced(0, 24, "", -0.05, -0.02),))
    made = bill([hour(index, 1.0, 0.5) for index in range(24)], tariff)
    assert shown(made) == [("import", "", 24.0, "-1.20"), ("export", "", 12.0, "0.24")]


def test_what_nobody_knows_has_no_money() -> None:
    tariff = PublishedTariff((priced(0, 6, "Known", 0.2, None), priced(10, 14, "Known", 0.2, 0.1)))
    metered = [hour(index, 1.0, 0.25) for index in range(20)] + [hour(20, None, 1.0)]
    made = bill(metered, tariff)
    assert shown(made) == [
        ("import", "Known", 16.0, "3.20"),
        ("export", "Known", 3.5, "-0.35"),
        ("unpriced_import", "", 4.0, None),
        ("unpriced_export", "Known", 1.5, None),
        ("unpriced_export", "", 1.0, None),
        ("unknown_time", "", None, None),
    ]
    assert made.lines[-1].hours == 4.0
    assert not made.is_complete


def test_a_price_that_was_only_foretold_is_none() -> None:
    tariff = PublishedTariff((priced(0, 24, "", 0.2, 0.1, certainty=Certainty.FORECAST),))
    assert [line.kind for line in bill([hour(index, 1.0) for index in range(24)], tariff).lines] == [
        LineKind.UNPRICED_IMPORT
    ]


def test_estimates_are_told_apart() -> None:
    tariff = PublishedTariff((priced(0, 12, "", 0.2, 0.1, certainty=Certainty.ESTIMATE), priced(12, 12, "", 0.2, 0.1)))
    metered = [hour(index, 1.0, is_estimated=index == 20) for index in range(24)]
    made = bill(metered, tariff)
    assert made.lines[0].estimated_kwh == 13.0
    assert made.estimated_share == pytest.approx(13 / 24)


def test_energy_over_a_change_of_price_is_spread() -> None:
    halves = PublishedTariff(
        (priced(0, 1, "A", 0.1), priced(1, 1, "B", 0.3), priced(2, 22, "C", 0.5)),
    )
    two_hours = MeteredInterval(starts_at=MIDNIGHT, ends_at=MIDNIGHT + 2 * HOUR, import_kwh=3.0, export_kwh=0.0)
    made = bill([two_hours, *(hour(index, 0.0) for index in range(2, 24))], halves)
    assert shown(made) == [("import", "A", 1.5, "0.15"), ("import", "B", 1.5, "0.45")]
    assert made.estimated_kwh == 3.0


def test_metered_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        bill([hour(0, 1.0), hour(0, 1.0)])


def test_a_day_that_is_not_over() -> None:
    """Charges count the days that have begun; what has not come yet is not unknown."""
    made = bill([hour(0, 1.0)], FLAT, contract(Terms(per_day=0.5)), now=MIDNIGHT + HOUR)
    assert made.total == Decimal("0.75")
    assert made.is_complete
    before = bill([], FLAT, contract(Terms(per_day=0.5)), now=MIDNIGHT)
    assert (before.total, before.has_energy) == (Decimal("0.00"), False)


def test_charges_before_the_contract_are_unknown() -> None:
    late = Contract(since=MIDNIGHT + timedelta(days=2), terms=Terms(per_day=1.0))
    stretch = Stretch(first=date(2026, 1, 15), end=date(2026, 1, 20), time_zone=PARIS)
    made, _ = bill_of(stretch, [], FLAT, (late,), standing=Standing(), now=FOREVER)
    days = {line.kind: line.days for line in made.lines}
    assert days[LineKind.PER_DAY] == 3
    assert days[LineKind.UNKNOWN_CHARGES] == 2


def test_a_later_contract_leaves_the_day_on_which_the_first_began() -> None:
    """The first contract began at noon of a day; whatever follows it, that day has its charge."""
    first = Contract(since=MIDNIGHT + timedelta(hours=12), terms=Terms(per_day=1.0))
    second = Contract(since=MIDNIGHT + timedelta(days=2, hours=3), terms=Terms(per_day=2.0))
    stretch = Stretch(first=date(2026, 1, 15), end=date(2026, 1, 20), time_zone=PARIS)
    for contracts in ((first,), (first, second)):
        made, _ = bill_of(stretch, [], FLAT, contracts, standing=Standing(), now=FOREVER)
        days = {line.kind: line.days for line in made.lines}
        assert days[LineKind.PER_DAY] == 5
        assert LineKind.UNKNOWN_CHARGES not in days


@pytest.mark.parametrize("billing_day", [1, 15, 28])
def test_a_whole_year_costs_what_the_contract_says(billing_day: int) -> None:
    terms = Terms(per_month=7.77, per_year=100.01, billing_day=billing_day, true_up_month=4)
    first, end = terms.year_of(date(2024, 2, 29))
    assert (first, end) == (date(2023, 4, billing_day), date(2024, 4, billing_day))
    bills = monthly_bills([], FLAT, [contract(terms)], PARIS, first, end)
    amounts = {line.kind: line.amount for line in as_one(bills).lines}
    assert amounts[LineKind.PER_MONTH] == 12 * Decimal("7.77")
    assert abs(amounts[LineKind.PER_YEAR] - Decimal("100.01")) <= Decimal("0.06")
    assert [made.first.day for made in bills] == [billing_day] * 12


def test_stretches_are_cut_at_billing_months() -> None:
    cut = stretches(date(2026, 1, 10), date(2026, 3, 20), [contract(Terms(billing_day=15))], PARIS)
    assert [(each.first, each.end) for each in cut] == [
        (date(2026, 1, 10), date(2026, 1, 15)),
        (date(2026, 1, 15), date(2026, 2, 15)),
        (date(2026, 2, 15), date(2026, 3, 15)),
        (date(2026, 3, 15), date(2026, 3, 20)),
    ]


def test_no_bills_are_no_bill() -> None:
    with pytest.raises(ValueError, match="No bills"):
        as_one([])


def test_published_prices_win_over_rules_and_rules_fill_holes() -> None:
    known = [priced(2, 1, "Published", 0.9)]
    rules = [
        RulesInForce(since=MIDNIGHT + HOUR, until=MIDNIGHT + 5 * HOUR, tariff=FLAT),
        RulesInForce(since=MIDNIGHT + 5 * HOUR, until=FOREVER, tariff=FlatTariff(tier="New", import_per_kwh=0.5)),
    ]
    prices = billed_prices(known, rules, MIDNIGHT, MIDNIGHT + 24 * HOUR)
    tiers = [prices.at(MIDNIGHT + (index + 0.5) * HOUR).tier for index in range(7)]
    assert tiers == ["", "Base", "Published", "Base", "Base", "New", "New"]
    assert prices.at(MIDNIGHT + 25 * HOUR).import_per_kwh is None


PRICES = st.one_of(st.none(), st.floats(-1, 2).map(lambda price: round(price, 5)))
KWH = st.one_of(st.none(), st.floats(0, 20).map(lambda kwh: round(kwh, 4)))


@st.composite
def parts(draw: st.DrawFn) -> PriceSlot:
    """A slot of net billing or of a simple tariff, or one that nobody knows."""
    bought, sold = draw(PRICES), draw(PRICES)
    slot = priced(0, 1, draw(st.sampled_from(["", "A", "B"])), bought, sold)
    if bought is None or sold is None or not draw(st.booleans()):
        return slot
    values = [draw(st.floats(-0.2, 1).map(lambda price: round(price, 5))) for _ in range(6)]
    names = (PartName.GENERATION, PartName.DELIVERY, PartName.NON_BYPASSABLE)
    import_parts = tuple(PricePart(name=n, per_kwh=v) for n, v in zip(names, values[:3], strict=True))
    names = (PartName.GENERATION, PartName.DELIVERY, PartName.ADDER)
    export_parts = tuple(PricePart(name=n, per_kwh=v) for n, v in zip(names, values[3:], strict=True))
    return priced(0, 1, slot.tier, bought, sold, import_parts=import_parts, export_parts=export_parts)


MONEY = st.decimals(0, 50, places=2)
RATE = st.one_of(st.none(), st.floats(0, 0.2).map(lambda rate: round(rate, 5)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(KWH, KWH, parts()), min_size=24, max_size=24),
    st.builds(Credits, generation=MONEY, delivery=MONEY, adder=MONEY),
    st.builds(
        Crediting,
        leftover=st.sampled_from(Leftover),
        surplus_per_kwh=RATE,
        surplus_generation_per_kwh=RATE,
        surplus_delivery_per_kwh=RATE,
    ),
)
def test_every_bill_adds_up(hours: list, opening: Credits, crediting: Crediting) -> None:
    """Whatever flows at whatever price, over a true-up: lines make the total, and credits neither appear nor vanish."""
    terms = Terms(per_day=0.79343, per_year=11.0, billing_day=16)
    slots = tuple(
        priced(
            index,
            1,
            slot.tier,
            slot.import_per_kwh,
            slot.export_per_kwh,
            import_parts=slot.import_parts,
            export_parts=slot.export_parts,
        )
        for index, (_, _, slot) in enumerate(hours)
    )
    metered = [hour(index, bought, sold) for index, (bought, sold, _) in enumerate(hours)]
    year_end = Terms(per_day=0.79343, per_year=11.0, billing_day=16, true_up_month=1)
    assert terms.year_of(DAY.first)[1] == year_end.year_of(DAY.first)[1] == DAY.end
    made, after = bill_of(
        DAY,
        metered,
        PublishedTariff(slots),
        (contract(terms, crediting),),
        standing=Standing(credits=opening),
        now=FOREVER,
    )
    assert made.total == sum(line.amount for line in made.lines if line.amount is not None)
    assert made.total == made.total.quantize(Decimal("0.01"))
    assert sum(line.credit for line in made.lines if line.credit is not None) == 0
    assert after.credits == made.closing
    if crediting.leftover is not Leftover.CARRIED:
        assert (made.closing.generation, made.closing.delivery) == (0, 0)
    assert made.is_complete == (not {line.kind for line in made.lines} & UNKNOWNS)
    used = {line.name: -line.amount for line in made.lines if line.kind is LineKind.CREDIT_USED}
    for name, kind in (("generation", LineKind.IMPORT_GENERATION), ("delivery", LineKind.IMPORT_DELIVERY)):
        charges = sum((line.amount for line in made.lines if line.kind is kind), Decimal(0))
        assert used.get(name, Decimal(0)) <= max(charges, 0)
    energy = sum(bought or 0 for bought, _, _ in hours), sum(sold or 0 for _, sold, _ in hours)
    assert (made.import_kwh, made.export_kwh) == (pytest.approx(energy[0]), pytest.approx(energy[1]))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), min_size=20, max_size=20), st.integers(1, 28))
def test_a_long_bill_is_the_sum_of_its_months(days: list[tuple[float, float]], billing_day: int) -> None:
    first = date(2026, 3, 20)
    metered = []
    for index, (bought, sold) in enumerate(days):
        start = datetime(2026, 3, 20, 12, tzinfo=UTC) + timedelta(days=3 * index)
        metered.append(
            MeteredInterval(
                starts_at=start, ends_at=start + HOUR, import_kwh=round(bought, 3), export_kwh=round(sold, 3)
            )
        )
    contracts = [contract(Terms(per_day=0.333, per_month=5.0, billing_day=billing_day))]
    bills = monthly_bills(metered, FLAT, contracts, PARIS, first, date(2026, 5, 25))
    whole = as_one(bills)
    assert whole.total == sum(made.total for made in bills)
    assert (whole.first, whole.end) == (first, date(2026, 5, 25))
    assert whole.total == sum(line.amount for line in whole.lines if line.amount is not None)


def test_the_beginning_of_time_is_no_trouble() -> None:
    assert contract().since == BEGINNING
