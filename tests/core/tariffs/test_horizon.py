"""What is planned with where prices are missing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.price import Certainty, PriceRange, PriceSlot
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.horizon import HorizonSlot, PriceSource, has_long_hole, horizon
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
KNOWN, BRIDGED, HOLE, BEYOND = PriceSource


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def tariff_of(*stretches: tuple[int, float | None, float | None], since: float = 0) -> PublishedTariff:
    """Make a tariff of (minutes, import, export) in a row; nothing is published of a stretch without prices."""
    slots, minute = [], since
    for length, buy, sell in stretches:
        if (buy, sell) != (None, None):
            slots.append(
                PriceSlot(
                    starts_at=at(minute),
                    ends_at=at(minute + length),
                    tier="",
                    import_per_kwh=buy,
                    export_per_kwh=sell,
                )
            )
        minute += length
    return PublishedTariff(tuple(slots))


def imports(slots: Sequence[HorizonSlot]) -> list[tuple[PriceSource, float | None]]:
    return [(each.source, each.slot.import_per_kwh) for each in slots]


def exports(slots: Sequence[HorizonSlot]) -> list[tuple[PriceSource, float | None]]:
    return [(each.export_source, each.slot.export_per_kwh) for each in slots]


def test_one_missing_slot_is_bridged_by_the_neighbour_that_is_worse() -> None:
    found = horizon(tariff_of((30, 0.2, 0.1), (30, None, None), (30, 0.5, 0.3)), NOON, at(90))
    assert imports(found) == [(KNOWN, 0.2), (BRIDGED, 0.5), (KNOWN, 0.5)]
    assert exports(found) == [(KNOWN, 0.1), (BRIDGED, 0.1), (KNOWN, 0.3)]
    assert not has_long_hole(found)
    assert found[1].slot.certainty is Certainty.FORECAST


def test_more_than_one_missing_slot_takes_the_worst_prices_of_the_day_before() -> None:
    tariff = tariff_of(
        (60, 9.0, -9.0),  # more than 24 h before the hole
        (24 * 60, 0.3, 0.1),
        (60, None, None),
        (30, 0.9, 0.0),
        since=-(24 * 60) - 60,
    )
    long_before = horizon(tariff, NOON, at(90))
    assert imports(long_before)[0] == (HOLE, 0.3)
    assert exports(long_before)[0] == (HOLE, 0.1)
    assert has_long_hole(long_before)


def test_of_unequal_neighbours_the_shorter_says_how_long_a_slot_is() -> None:
    five_missing = tariff_of((5, 0.2, None), (5, None, None), (30, 0.5, None))
    assert imports(horizon(five_missing, NOON, at(40)))[1] == (BRIDGED, 0.5)
    ten_missing = tariff_of((5, 0.2, None), (10, None, None), (30, 0.5, None))
    assert imports(horizon(ten_missing, NOON, at(45)))[1] == (HOLE, 0.2)


def test_hours_between_long_slots_are_no_single_slot() -> None:
    found = horizon(tariff_of((480, 0.2, None), (120, None, None), (480, 0.5, None)), NOON, at(1080))
    assert imports(found)[1] == (HOLE, 0.2)


def test_after_the_last_price_nothing_is_made_up() -> None:
    found = horizon(tariff_of((30, 0.2, 0.1)), NOON, at(90))
    assert imports(found) == [(KNOWN, 0.2), (BEYOND, None)]
    assert exports(found) == [(KNOWN, 0.1), (BEYOND, None)]
    assert not has_long_hole(found)


def test_before_the_first_price_is_a_hole_without_a_price() -> None:
    found = horizon(tariff_of((30, 0.2, None), since=60), NOON, at(90))
    assert imports(found) == [(HOLE, None), (KNOWN, 0.2)]
    assert has_long_hole(found)


def test_nothing_published_is_all_beyond() -> None:
    assert imports(horizon(PublishedTariff(()), NOON, at(60))) == [(BEYOND, None)]


def test_a_hole_that_began_before_and_ends_after_the_stretch_is_one() -> None:
    tariff = tariff_of((30, 0.4, None), (120, None, None), (30, 0.2, None), since=-60)
    assert imports(horizon(tariff, NOON, at(30))) == [(HOLE, 0.4)]


def test_a_side_that_is_known_stays_while_the_other_is_missing() -> None:
    tariff = tariff_of((30, 0.4, 0.1), (30, 0.5, None), (30, None, 0.2), (30, 0.6, 0.3))
    found = horizon(tariff, NOON, at(120))
    assert imports(found) == [(KNOWN, 0.4), (KNOWN, 0.5), (BRIDGED, 0.6), (KNOWN, 0.6)]
    assert exports(found) == [(KNOWN, 0.1), (BRIDGED, 0.1), (KNOWN, 0.2), (KNOWN, 0.3)]
    assert found[1].slot.certainty is Certainty.PUBLISHED


def test_a_tariff_without_export_prices_has_no_hole_in_them() -> None:
    found = horizon(FlatTariff(tier="All", import_per_kwh=0.3), NOON, at(60))
    assert exports(found) == [(BEYOND, None)]
    assert imports(found) == [(KNOWN, 0.3)]
    assert (found[0].slot.starts_at, found[0].slot.ends_at) == (NOON, at(60))
    assert not has_long_hole(found)


def test_ranges_and_certainty_are_carried_along() -> None:
    range_ = PriceRange(low=0.1, predicted=0.2, high=0.9)
    dear = PriceSlot(
        starts_at=at(60),
        ends_at=at(90),
        tier="high",
        import_per_kwh=0.6,
        export_per_kwh=None,
        certainty=Certainty.FORECAST,
        import_range=range_,
    )
    cheap = tariff_of((30, 0.2, None)).published
    found = horizon(PublishedTariff((*cheap, dear)), NOON, at(90))
    assert found[2].slot == dear
    assert found[1].slot.import_range == range_
    assert found[1].slot.tier == ""


prices = st.none() | st.sampled_from([-0.1, 0.0, 0.2, 0.7])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([5, 15, 30, 60, 480]), prices, prices), max_size=10),
    st.integers(-300, 900),
    st.integers(0, 900),
)
def test_whatever_is_missing(stretches: list[tuple[int, float | None, float | None]], minute: int, length: int) -> None:
    tariff = tariff_of(*stretches)
    start, end = at(minute), at(minute + length)
    found = horizon(tariff, start, end)
    assert sum((each.slot.ends_at - each.slot.starts_at for each in found), timedelta()) == end - start
    assert all(earlier.slot.ends_at == later.slot.starts_at for earlier, later in pairwise(found))
    given_prices = {buy for _, buy, _ in stretches}
    for each in found:
        truth = tariff.at(each.slot.starts_at)
        assert (each.source is KNOWN) == (truth.import_per_kwh is not None)
        assert (each.export_source is KNOWN) == (truth.export_per_kwh is not None)
        if each.source is KNOWN:
            assert each.slot.import_per_kwh == truth.import_per_kwh
        if each.source is BRIDGED:
            assert each.slot.import_per_kwh is not None
        if each.source is BEYOND:
            assert each.slot.import_per_kwh is None
            assert tariff.known_until <= each.slot.starts_at
        else:
            assert each.slot.starts_at < tariff.known_until
        if each.source in (BRIDGED, HOLE):
            assert each.slot.import_per_kwh in given_prices | {None}
