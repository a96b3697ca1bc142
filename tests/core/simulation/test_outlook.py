"""Cheap, dear or in between."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.simulation.outlook import Outlook, Prices, PriceWatch

MIDNIGHT = datetime(2026, 5, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class HourlyTariff:
    """Prices by the hour of the day, UTC."""

    price: Callable[[datetime], float | None]
    earned: float | None = 0.05
    known_until: datetime | None = None

    def at(self, instant: datetime) -> PriceSlot:
        start = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return PriceSlot(
            starts_at=start,
            ends_at=start + HOUR,
            tier="hour",
            import_per_kwh=self.price(start),
            export_per_kwh=self.earned,
        )

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        slot = self.at(start)
        while slot.starts_at < end:
            yield slot
            slot = self.at(slot.ends_at)


def three_tiers(instant: datetime) -> float:
    return 0.55 if 16 <= instant.hour < 21 else 0.2 if instant.hour < 6 else 0.36


def outlook(tariff: HourlyTariff, hour: float) -> Outlook:
    return PriceWatch(tariff, 0.9).at((MIDNIGHT + hour * HOUR).timestamp())


@pytest.mark.parametrize(
    ("hour", "prices", "dear_hours"),
    [
        (3, Prices.CHEAP, 5.0),
        (12, Prices.MIDDLING, 5.0),
        (16, Prices.DEAR, 5.0),
        (19.5, Prices.DEAR, 1.5),
        (20.75, Prices.DEAR, 0.5),
        (22, Prices.MIDDLING, 5.0),
    ],
)
def test_tiers_of_a_day(hour: float, prices: Prices, dear_hours: float) -> None:
    seen = outlook(HourlyTariff(three_tiers), hour)
    assert (seen.prices, seen.dear_hours) == (prices, dear_hours)


def test_filling_and_selling_must_pay_for_their_losses() -> None:
    narrow = HourlyTariff(lambda instant: 0.30 if instant.hour >= 12 else 0.28)
    assert outlook(narrow, 2) == Outlook(Prices.CHEAP, filling_pays=False, selling_pays=False, dear_hours=12.0)
    assert outlook(HourlyTariff(three_tiers), 2).filling_pays
    assert not outlook(HourlyTariff(three_tiers, earned=0.2), 17).selling_pays
    assert outlook(HourlyTariff(three_tiers, earned=0.3), 17).selling_pays
    assert not outlook(HourlyTariff(three_tiers, earned=None), 17).selling_pays


def test_flat_and_unknown_prices_say_nothing() -> None:
    assert outlook(HourlyTariff(lambda _: 0.3), 5).prices is Prices.LEVEL
    assert outlook(HourlyTariff(lambda _: None), 5).prices is Prices.UNKNOWN
    assert outlook(HourlyTariff(lambda instant: None if instant.hour == 5 else 0.3), 5).prices is Prices.UNKNOWN
    assert PriceWatch(None, 0.9).at(MIDNIGHT.timestamp()).prices is Prices.UNKNOWN


def test_negative_prices_are_cheap() -> None:
    tariff = HourlyTariff(lambda instant: -0.05 if 11 <= instant.hour < 14 else 0.25)
    assert outlook(tariff, 12) == Outlook(Prices.CHEAP, filling_pays=True, selling_pays=True, dear_hours=21.0)


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    tariff = HourlyTariff(three_tiers)
    watch = PriceWatch(tariff, 0.9)
    for minute in [*range(0, 2880, 17), *range(2880, 0, -31)]:
        at_s = (MIDNIGHT + timedelta(minutes=minute)).timestamp()
        assert watch.at(at_s) == PriceWatch(tariff, 0.9).at(at_s)
