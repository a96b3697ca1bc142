"""Slots made into what one reads in a calendar."""

from datetime import UTC, datetime, timedelta

from custom_components.energy_optimizer.core.model.price import Certainty, PriceSlot
from custom_components.energy_optimizer.core.tariffs.stretches import Stretch, stretches

START = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def joined(*slots: tuple[str, float | None, float | None]) -> list[tuple[int, int, Stretch]]:
    """Return the stretches of hourly slots, with the hours in which they begin and end."""
    given = [
        PriceSlot(
            starts_at=START + n * HOUR, ends_at=START + (n + 1) * HOUR, tier=tier, import_per_kwh=i, export_per_kwh=e
        )
        for n, (tier, i, e) in enumerate(slots)
    ]
    return [((each.starts_at - START) // HOUR, (each.ends_at - START) // HOUR, each) for each in stretches(given)]


def test_exports_that_change_each_hour_do_not_tear_a_tier_apart() -> None:
    ((begin, end, stretch), (_, _, other)) = joined(
        ("Low", 0.2, 0.07), ("Low", 0.2, 0.05), ("Low", 0.2, 0.06), ("High", 0.4, 0.06)
    )
    assert (begin, end, stretch.export_per_kwh) == (0, 3, (0.05, 0.07))
    assert other.export_per_kwh == (0.06, 0.06)


def test_another_import_price_begins_anew() -> None:
    assert [each[:2] for each in joined(("", 0.2, None), ("", 0.2, None), ("", 0.3, None))] == [(0, 2), (2, 3)]


def test_an_unknown_export_is_no_part_of_a_range() -> None:
    found = joined(("Low", 0.2, 0.07), ("Low", 0.2, None), ("Low", 0.2, None))
    assert [(begin, end, each.export_per_kwh) for begin, end, each in found] == [(0, 1, (0.07, 0.07)), (1, 3, None)]


def test_time_without_tier_and_import_price_is_left_out_whatever_exports_earn() -> None:
    assert [each[:2] for each in joined(("", None, 0.04), ("Low", None, 0.04), ("", None, None))] == [(1, 2)]


def test_a_forecast_of_the_same_price_is_told_apart() -> None:
    known = PriceSlot(starts_at=START, ends_at=START + HOUR, tier="Low", import_per_kwh=0.2, export_per_kwh=None)
    forecast = PriceSlot(
        starts_at=START + HOUR,
        ends_at=START + 2 * HOUR,
        tier="Low",
        import_per_kwh=0.2,
        export_per_kwh=None,
        certainty=Certainty.FORECAST,
    )
    assert [(each.ends_at, each.is_forecast) for each in stretches([known, forecast])] == [
        (START + HOUR, False),
        (START + 2 * HOUR, True),
    ]


def test_short_slots_of_one_tier_are_one_with_the_prices_between_which_they_lie() -> None:
    def short(n: int, tier: str, price: float) -> PriceSlot:
        at = START + n * timedelta(minutes=5)
        end = at + timedelta(minutes=5)
        return PriceSlot(starts_at=at, ends_at=end, tier=tier, import_per_kwh=price, export_per_kwh=price / 2)

    low, high = stretches([short(0, "Low", 0.2), short(1, "Low", 0.3), short(2, "Low", 0.1), short(3, "High", 0.4)])
    assert (low.import_per_kwh, low.export_per_kwh) == ((0.1, 0.3), (0.05, 0.15))
    assert (high.starts_at, high.import_per_kwh) == (low.ends_at, (0.4, 0.4))
    assert len(list(stretches([short(0, "", 0.2), short(1, "", 0.3)]))) == 2, "without a tier each price is told"
