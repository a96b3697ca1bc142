"""Tariffs to try things with."""

from copy import deepcopy
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.energy_optimizer.api.powerwall.tesla_tariff import TariffNames
from custom_components.energy_optimizer.core.tariffs.rolling_day import HalfHour, HalfHourSource, RollingDay

MONDAY = datetime(2026, 6, 15, tzinfo=ZoneInfo("Europe/Paris"))
NAMES = TariffNames(name="Amber", utility="Energy Optimizer", currency="AUD")


def day_of(buy: list[float], sell: list[float]) -> RollingDay:
    """Return a day of prices that repeat over and over."""
    return RollingDay(
        made_at=MONDAY,
        half_hours=tuple(
            HalfHour(
                number=number,
                import_per_kwh=buy[number % len(buy)],
                export_per_kwh=sell[number % len(sell)],
                source=HalfHourSource.PUBLISHED,
            )
            for number in range(48)
        ),
    )


def users_tariff() -> dict[str, Any]:
    """Return a tariff as someone enters it in the app: two seasons, weekends apart, over midnight, keys left out."""
    weekdays = {"toDayOfWeek": 4}
    summer = {
        "ON_PEAK": {"periods": [{**weekdays, "fromHour": 16, "toHour": 21}]},
        "OFF_PEAK": {
            "periods": [
                {**weekdays, "fromHour": 0, "toHour": 16},
                {**weekdays, "fromHour": 21, "toHour": 0},
                {"fromDayOfWeek": 5, "toDayOfWeek": 6},
            ]
        },
    }
    winter = {"OFF_PEAK": {"periods": [{"fromHour": 22, "toHour": 22}]}}
    seasons = {
        "Summer": {"fromMonth": 6, "fromDay": 1, "toMonth": 9, "toDay": 30, "tou_periods": summer},
        "Winter": {"fromMonth": 10, "fromDay": 1, "toMonth": 5, "toDay": 31, "tou_periods": winter},
    }
    rates = {"Summer": {"rates": {"ON_PEAK": 0.5, "OFF_PEAK": 0.25}}, "Winter": {"rates": {"OFF_PEAK": 0.2}}}
    sell = {"Summer": {"rates": {"ON_PEAK": 0.1, "OFF_PEAK": 0.05}}, "Winter": {"rates": {"OFF_PEAK": 0.04}}}
    return {
        "name": "Mine",
        "currency": "USD",
        "daily_charges": [{"name": "Charge", "amount": 0.79}],
        "seasons": seasons,
        "energy_charges": rates,
        "sell_tariff": {"seasons": deepcopy(seasons), "energy_charges": sell},
    }
