"""Places for the demo's home: real, priced, and one of them always in the sun."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from homeassistant.helpers import config_validation as cv
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.tariffs.presets import PRESETS
from scripts.demo_home.furnish import priced
from scripts.demo_home.places import LOOK_AHEAD, PLACES, DemoPlace, has_sun, sun_height_deg, sunniest


@given(st.integers(0, 10 * 365 * 24 * 60))
@settings(max_examples=200, deadline=None)
def test_somewhere_the_sun_stands_high_and_stays(minutes: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    place = sunniest(now)
    assert has_sun(place, now)
    assert min(sun_height_deg(place, now), sun_height_deg(place, now + LOOK_AHEAD)) > 20


def test_the_sun_is_up_at_noon_and_down_at_midnight() -> None:
    for place in PLACES:
        zone = ZoneInfo(place.time_zone)
        assert sun_height_deg(place, datetime(2026, 3, 20, 12, 30, tzinfo=zone)) > 30
        assert not has_sun(place, datetime(2026, 3, 20, 0, 30, tzinfo=zone))


def test_no_place_is_named_twice() -> None:
    assert len({place.key for place in PLACES}) == len({place.name for place in PLACES}) == len(PLACES)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.key)
def test_home_assistant_knows_the_country_and_the_currency(place: DemoPlace) -> None:
    assert cv.currency(place.currency) == place.currency
    assert cv.country(place.country) == place.country


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.key)
def test_every_tier_has_both_prices(place: DemoPlace) -> None:
    preset = PRESETS[place.tariff.preset]
    assert preset.currency in (None, place.currency)
    tiers = {price.tier for price in preset.plan.prices}
    assert {tier for tier, _, _ in place.tariff.prices} <= tiers
    for price in preset.plan.prices:
        row = {"tier": price.tier} | ({} if price.import_per_kwh is None else {"import_price": price.import_per_kwh})
        filled = priced(row, place.tariff)
        assert filled["import_price"] > filled["export_price"] > 0
