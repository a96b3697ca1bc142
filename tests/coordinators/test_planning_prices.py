"""Prices of the past, published ones and foretold ones, on the clock's half-hours."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.coordinators.planning_prices import PlanningPrices, published_over
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.model.price import Certainty, PriceSlot
from custom_components.energy_optimizer.core.planning.foretold import ForetoldBook
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff
from tests.amber_homes import amber_home, settings
from tests.coordinators.planning_homes import at, is_unknown
from tests.homes import flat_tariff, home, set_up
from tests.servers.amber import AmberServer

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
HALF_HOUR, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
COUNT = 96


def slots(
    start: datetime,
    prices: Sequence[float | None],
    *,
    length: timedelta = HOUR,
    certainty: Certainty = Certainty.PUBLISHED,
) -> tuple[PriceSlot, ...]:
    return tuple(
        PriceSlot(
            starts_at=start + length * index,
            ends_at=start + length * (index + 1),
            tier="",
            import_per_kwh=price,
            export_per_kwh=None if price is None else price / 2,
            certainty=certainty,
        )
        for index, price in enumerate(prices)
    )


@pytest.fixture
async def source(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> TariffCoordinator:
    """A home's tariff, whose prices each test replaces."""
    freezer.move_to(NOON)
    entry = await set_up(hass, home(flat_tariff()))
    return tariff_of(entry)


def tariff_of(entry: MockConfigEntry) -> TariffCoordinator:
    return next(each for each in entry.runtime_data.sources.values() if isinstance(each, TariffCoordinator))


def prices() -> PlanningPrices:
    return PlanningPrices(ForetoldBook(), ForetoldBook())


async def test_rules_tell_the_past_and_all_that_comes(source: TariffCoordinator) -> None:
    assert source.tariff is not None
    now = NOON + timedelta(minutes=17)
    gathered = await prices().async_gather(source, source.tariff, now, COUNT, PARIS)
    assert gathered.import_.past.ends_at == gathered.import_.known.starts_at == NOON
    assert gathered.import_.past.values == pytest.approx(np.full(70 * 48, 0.31))
    assert gathered.import_.known.values == pytest.approx(np.full(COUNT, 0.31))
    assert gathered.export.known.values == pytest.approx(np.full(COUNT, 0.06))
    assert gathered.import_.given is None


async def test_what_is_published_what_is_foretold_and_what_nobody_knows(source: TariffCoordinator) -> None:
    tariff = PublishedTariff(
        slots(NOON - 2 * HOUR, [0.1, 0.2, 0.3, 0.4])
        + slots(NOON + 2 * HOUR, [0.5] * 4, certainty=Certainty.FORECAST)
        + slots(NOON + 8 * HOUR, [0.7])
    )
    gathered = await prices().async_gather(source, tariff, NOON, COUNT, PARIS)
    side = gathered.import_
    assert is_unknown(side.past, NOON - 3 * HOUR)
    assert at(side.past, NOON - 2 * HOUR) == pytest.approx(0.1)
    assert [at(side.known, NOON + hours * HOUR) for hours in (0, 1, 8)] == pytest.approx([0.3, 0.4, 0.7])
    assert is_unknown(side.known, NOON + 3 * HOUR)  # foretold only
    assert at(side.known, NOON + 7 * HOUR) == pytest.approx(0.5)  # a hole: the dearest of the day before it
    assert is_unknown(side.known, NOON + 12 * HOUR)
    assert side.given is not None
    assert at(side.given, NOON + 3 * HOUR) == pytest.approx(0.5)
    assert is_unknown(side.given, NOON + HOUR)
    assert at(gathered.export.known, NOON) == pytest.approx(0.15)


async def test_what_was_foretold_the_day_before_is_remembered(source: TariffCoordinator) -> None:
    gatherer = prices()
    foretold = slots(NOON, [0.5] * 40, certainty=Certainty.FORECAST)
    await gatherer.async_gather(source, PublishedTariff(foretold), NOON, COUNT, PARIS)
    later = NOON + DAY
    came = slots(NOON, [0.9] * 24) + slots(later, [0.6] * 20, certainty=Certainty.FORECAST)
    gathered = await gatherer.async_gather(source, PublishedTariff(came), later, COUNT, PARIS)
    assert gathered.import_.given is not None
    assert at(gathered.import_.given, later - 2 * HOUR) == pytest.approx(0.5)
    assert at(gathered.import_.past, later - 2 * HOUR) == pytest.approx(0.9)
    assert at(gathered.import_.given, later + 2 * HOUR) == pytest.approx(0.6)


async def test_each_look_takes_over_what_is_new(source: TariffCoordinator) -> None:
    gatherer = prices()
    whole = slots(NOON - 3 * DAY, [0.1] * 72)
    await gatherer.async_gather(source, PublishedTariff(whole), NOON, COUNT, PARIS)
    later = NOON + 2 * HOUR
    news = slots(NOON, [0.2, 0.3])
    gathered = await gatherer.async_gather(source, PublishedTariff(news), later, COUNT, PARIS)
    assert gathered.import_.past.ends_at == later
    assert at(gathered.import_.past, NOON - 2 * DAY) == pytest.approx(0.1)  # not asked for again
    assert at(gathered.import_.past, NOON + HOUR) == pytest.approx(0.3)
    later = NOON + 14 * HOUR
    gathered = await gatherer.async_gather(source, PublishedTariff(news), later, COUNT, PARIS)
    assert is_unknown(gathered.import_.past, NOON - 2 * DAY)  # all is read anew twice a day


async def test_another_tariff_has_another_past(
    hass: HomeAssistant, source: TariffCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    gatherer = prices()
    assert source.tariff is not None
    await gatherer.async_gather(source, source.tariff, NOON, COUNT, PARIS)
    (subentry,) = source.config_entry.subentries.values()
    changed = {**subentry.data, "import_per_kwh": 0.5}
    hass.config_entries.async_update_subentry(source.config_entry, subentry, data=changed)
    await hass.async_block_till_done()
    new = next(iter(source.config_entry.runtime_data.sources.values()))
    assert isinstance(new, TariffCoordinator)
    assert new.tariff is not None
    gathered = await gatherer.async_gather(new, new.tariff, NOON, COUNT, PARIS)
    assert at(gathered.import_.past, NOON - 30 * DAY) == pytest.approx(0.5)


async def test_the_ledger_tells_what_a_feed_has_forgotten(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, amber: AmberServer
) -> None:
    freezer.move_to(NOON)
    entry = await set_up(hass, amber_home(settings(amber)))
    source = tariff_of(entry)
    past = slots(NOON - 20 * DAY, [0.2] * 24)
    entry.runtime_data.ledger.note_prices("tariff_1", past, NOON)
    entry.runtime_data.ledger.note_prices("former", slots(NOON - 30 * DAY, [9.0] * 24), NOON)
    assert source.tariff is not None
    gathered = await prices().async_gather(source, source.tariff, NOON, COUNT, PARIS)
    assert at(gathered.import_.past, NOON - 20 * DAY + HOUR) == pytest.approx(0.2)
    assert is_unknown(gathered.import_.past, NOON - 30 * DAY + HOUR)  # another tariff's
    assert gathered.import_.given is not None
    assert np.isfinite(gathered.import_.given.values[70 * 48 : 70 * 48 + 20]).all()
    assert is_unknown(gathered.import_.known, NOON + 6 * HOUR)


def test_published_prices_over_the_steps_of_a_plan() -> None:
    tariff = PublishedTariff(
        slots(NOON, [0.1, 0.4], length=timedelta(minutes=30)) + slots(NOON + HOUR, [0.5], certainty=Certainty.FORECAST)
    )
    minutes = (0, 5, 10, 15, 45, 60, 90)
    bought, sold = published_over(tariff, [NOON + timedelta(minutes=each) for each in minutes])
    assert bought == pytest.approx([0.1, 0.1, 0.1, 0.25, 0.4, np.nan], nan_ok=True)
    assert sold == pytest.approx([0.05, 0.05, 0.05, 0.125, 0.2, np.nan], nan_ok=True)


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=PARIS), datetime(2026, 10, 25, tzinfo=PARIS)])
async def test_half_hours_of_days_on_which_clocks_change(source: TariffCoordinator, day: datetime) -> None:
    start = day.astimezone(UTC)
    hours = round(((day + DAY).astimezone(UTC) - start) / HOUR)
    assert hours in (23, 25)
    tariff = PublishedTariff(slots(start, [float(index) for index in range(hours)]))
    gathered = await prices().async_gather(source, tariff, start, COUNT, PARIS)
    known = gathered.import_.known.values
    assert known[: 2 * hours] == pytest.approx([index // 2 for index in range(2 * hours)])
    assert np.isnan(known[2 * hours :]).all()
