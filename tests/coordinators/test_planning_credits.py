"""What credits are worth to a plan, told from a year of bills."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.energy_optimizer.coordinators.bills import BillsCoordinator
from custom_components.energy_optimizer.coordinators.planning_credits import CreditWatch
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.planning.effective_prices import IN_FULL
from custom_components.energy_optimizer.core.tariffs.bill import Bill, as_one
from custom_components.energy_optimizer.core.tariffs.billing import Stretch, bill_of, stretches
from custom_components.energy_optimizer.core.tariffs.crediting import Crediting, Standing
from custom_components.energy_optimizer.core.tariffs.terms import Terms
from custom_components.energy_optimizer.storage.ledger import LedgerUnavailableError
from custom_components.energy_optimizer.storage.ledger.errors import LedgerError
from tests.core.tariffs.bill_homes import contract, intervals, made_up_year
from tests.core.tariffs.test_net_billing_settings import settings as net_billing
from tests.homes import flat_tariff, home, set_up

from .planned_home import tariff

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 9, 15, 12, tzinfo=ZONE)
TERMS = {"billing_day": 1, "true_up_month": 4}


class Books:
    """Bills of a made-up home, made by the rules of the core and of nothing that a ledger must first have seen."""

    def __init__(self, kwp: float, days: int = 420) -> None:
        self.asked = 0
        self.trouble: LedgerUnavailableError | None = None
        self._rows = intervals(made_up_year(ZONE, date(2025, 9, 1), days, minutes=60, kwp=kwp))
        self._done: dict[tuple[Stretch, Standing, Crediting], tuple[Bill, Standing]] = {}

    async def bill(self, bills: BillsCoordinator, first: date, end: date) -> Bill:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        assert bills.tariff.tariff is not None
        rules = Crediting.from_data(bills.tariff.settings["crediting"])
        contracts = [contract(Terms.from_data(TERMS), rules)]
        standing, found = Standing(), []
        spans = [(date(2025, 9, 1), first), (first, end)]
        for stretch in (each for span in spans for each in stretches(*span, contracts, ZONE)):
            key = (stretch, standing, rules)
            if key not in self._done:
                inside = [row for row in self._rows if stretch.starts_at <= row.starts_at < stretch.ends_at]
                prices = bills.tariff.tariff
                self._done[key] = bill_of(stretch, inside, prices, contracts, standing=standing, now=NOW)
            one, standing = self._done[key]
            found += [one] if stretch.first >= first else []
        return as_one(found)


async def watch(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch, books: Books, **data: Any
) -> CreditWatch:
    """Set a home up whose bills are *books*."""
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NOW)
    settings = {**net_billing().to_data(), "terms": TERMS, **data}

    async def bill(self: BillsCoordinator, first: date, end: date) -> Bill:
        return await books.bill(self, first, end)

    monkeypatch.setattr(BillsCoordinator, "async_bill", bill)
    entry = await set_up(hass, home(tariff(settings)))
    (source,) = (each for each in entry.runtime_data.sources.values() if isinstance(each, TariffCoordinator))
    return CreditWatch(tariff=source)


def rules(leftover: str) -> dict[str, Any]:
    return {**Crediting().to_data(), "leftover": leftover}


@pytest.mark.parametrize(("kwp", "worth"), [(2.0, (1.0, 1.0)), (40.0, (0.0, 1.0))])
@pytest.mark.parametrize("leftover", ["forfeited", "applied_back", "carried"])
async def test_credits_of_many_panels_are_worth_nothing_and_of_few_everything(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    leftover: str,
    kwp: float,
    worth: tuple[float, float],
) -> None:
    watched = await watch(hass, freezer, monkeypatch, Books(kwp), crediting=rules(leftover))
    assert await watched.async_look(NOW) == IN_FULL  # no bill was made yet
    await watched.tariff.bills.async_refresh()
    found = await watched.async_look(NOW)
    assert (found.generation, found.delivery) == worth  # exports hardly earn anything for delivery
    assert found.until == (None if leftover == "carried" else datetime(2027, 4, 1, tzinfo=ZONE).astimezone(UTC))


async def test_a_year_is_looked_at_once_a_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books(2.0)
    watched = await watch(hass, freezer, monkeypatch, books)
    await watched.tariff.bills.async_refresh()
    await watched.async_look(NOW)
    asked = books.asked
    await watched.async_look(NOW.replace(hour=23))
    assert books.asked == asked
    await watched.async_look(NOW.replace(day=16))
    assert books.asked > asked


async def test_without_a_year_of_readings_credits_count_in_full(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = await watch(hass, freezer, monkeypatch, Books(40.0, days=60), crediting=rules("forfeited"))
    await watched.tariff.bills.async_refresh()
    assert await watched.async_look(NOW) == IN_FULL


async def test_a_ledger_that_does_not_answer_is_asked_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books(40.0)
    watched = await watch(hass, freezer, monkeypatch, books, crediting=rules("forfeited"))
    await watched.tariff.bills.async_refresh()
    books.trouble = LedgerUnavailableError(LedgerError("cannot_connect", "no"))
    assert await watched.async_look(NOW) == IN_FULL
    books.trouble = None
    assert (await watched.async_look(NOW)).generation == 0.0


async def test_other_tariffs_have_no_credits(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOW)
    entry = await set_up(hass, home(flat_tariff()))
    (source,) = entry.runtime_data.sources.values()
    await source.bills.async_refresh()
    assert await CreditWatch(tariff=source).async_look(NOW) == IN_FULL
