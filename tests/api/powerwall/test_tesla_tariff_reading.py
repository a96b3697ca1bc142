"""A tariff in Tesla's form as prices over time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.api.powerwall.tesla_tariff import tesla_tariff
from custom_components.energy_optimizer.api.powerwall.tesla_tariff_reading import TeslaPrices
from tests.api.powerwall.tesla_tariff_meaning import the_prices_at
from tests.api.powerwall.tesla_tariffs import NAMES, day_of, users_tariff

PARIS, LOS_ANGELES = ZoneInfo("Europe/Paris"), ZoneInfo("America/Los_Angeles")
HALF_HOURS = tesla_tariff(day_of([n / 100 for n in range(48)], [n / 1000 for n in range(48)]), NAMES)


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 3, 27, 12, 13, tzinfo=UTC),
        datetime(2026, 10, 24, 12, 13, tzinfo=UTC),
        datetime(2026, 5, 29, 0, 0, tzinfo=UTC),
        datetime(2026, 12, 30, 5, 0, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize("zone", [PARIS, LOS_ANGELES])
def test_every_instant_has_the_price_of_its_wall_clock(start: datetime, zone: ZoneInfo) -> None:
    for tariff in (HALF_HOURS, users_tariff()):
        prices = TeslaPrices.of(tariff, zone)
        end = start + timedelta(days=3)
        slots = list(prices.slots(start, end))
        assert slots[0].starts_at <= start < slots[0].ends_at
        assert slots[-1].starts_at < end <= slots[-1].ends_at
        assert all(one.ends_at == other.starts_at for one, other in pairwise(slots))
        for slot in slots:
            at = slot.starts_at
            while at < slot.ends_at:
                buy, sell = the_prices_at(tariff, at.astimezone(zone))
                assert (slot.import_per_kwh, slot.export_per_kwh) == (buy, sell)
                assert prices.at(at) == slot
                at += timedelta(minutes=15)
    assert prices.known_until is None


def test_what_the_tariff_does_not_say_is_unknown() -> None:
    tariff = users_tariff()
    del tariff["sell_tariff"]
    tariff["seasons"]["Winter"]["tou_periods"]["OFF_PEAK"]["periods"][0]["toHour"] = 6
    prices = TeslaPrices.of(tariff, PARIS)
    assert prices.tiers == ("OFF_PEAK", "ON_PEAK")
    night, day = (prices.at(datetime(2026, 12, 14, hour, tzinfo=PARIS)) for hour in (5, 12))
    assert (night.import_per_kwh, night.export_per_kwh, night.tier) == (0.2, None, "OFF_PEAK")
    assert (day.import_per_kwh, day.export_per_kwh, day.tier) == (None, None, "")


def test_nothing_at_all_is_unknown_for_ever() -> None:
    slot = TeslaPrices.of({}, PARIS).at(datetime(2026, 12, 14, tzinfo=UTC))
    assert (slot.import_per_kwh, slot.export_per_kwh) == (None, None)
    with pytest.raises(ValueError, match="energy_charges is no object"):
        TeslaPrices.of({"energy_charges": 1}, PARIS)
