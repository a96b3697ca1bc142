"""Keeps what was saved in Home Assistant's long-term statistics, a row for each day."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import DATA_INSTANCE, get_instance
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..core.tariffs.local_days import day_starts_at
from ..storage.savings import SavingsBooks, money_of
from .powerwall import PowerwallCoordinator

NAMES: Final = ("measured", "without", "best", "saved")
_HOUR: Final = timedelta(hours=1)


def statistic_id(subentry_id: str, name: str, currency: str) -> str:
    """Return the id of one of ``NAMES``; each currency has its own, as money cannot be converted."""
    return f"{DOMAIN}:{name}_{subentry_id}_{currency}".lower()


@callback
def async_write_statistics(powerwall: PowerwallCoordinator, books: SavingsBooks, currency: str, since: date) -> None:
    """Write the days from *since* on, in place of what was written of them before."""
    if DATA_INSTANCE not in powerwall.hass.data:
        return
    days = [day for day in books.days.values() if day.currency == currency]
    for name in NAMES:
        total = books.sum_before(currency, name)
        rows: list[StatisticData] = []
        for day in days:
            money = money_of(day).get(name)
            if money is None:
                continue
            total += money
            if day.day >= since:
                rows.append(StatisticData(start=_hour_of(day.day), state=money, sum=total))
        if rows:
            async_add_external_statistics(powerwall.hass, _metadata(powerwall, name, currency), rows)


@callback
def async_clear_statistics(powerwall: PowerwallCoordinator, currencies: Iterable[str]) -> None:
    """Delete the statistics of a removed Powerwall."""
    if DATA_INSTANCE in powerwall.hass.data:
        ids = [statistic_id(powerwall.subentry_id, name, currency) for name in NAMES for currency in currencies]
        get_instance(powerwall.hass).async_clear_statistics(ids)


def _metadata(powerwall: PowerwallCoordinator, name: str, currency: str) -> StatisticMetaData:
    return StatisticMetaData(
        source=DOMAIN,
        statistic_id=statistic_id(powerwall.subentry_id, name, currency),
        name=f"{powerwall.title}: {_word(powerwall.hass, name)}",
        has_sum=True,
        mean_type=StatisticMeanType.NONE,
        unit_class=None,
        unit_of_measurement=currency,
    )


def _word(hass: HomeAssistant, name: str) -> str:
    words = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return words.get(f"component.{DOMAIN}.common.savings_{name}", name)


def _hour_of(day: date) -> datetime:
    """Return the first hour of UTC, as statistics have them, that begins on a local day."""
    start = day_starts_at(day, dt_util.get_default_time_zone())
    return start if start == start.replace(minute=0) else start.replace(minute=0) + _HOUR
