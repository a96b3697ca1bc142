"""Telling what optimizing would have saved on past days."""

from datetime import date, timedelta
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import ConfigEntrySelector
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinators.backtest import (
    BEST,
    FOLLOWING,
    OPTIMIZED,
    TIME_LIMIT_S,
    WITHOUT,
    Backtest,
    TooSlowError,
    async_gather,
    async_run,
)
from .coordinators.planning import find_planning
from .coordinators.savings import tariff_of
from .core.accounting.backtest import DayCosts
from .core.accounting.savings import LEAST_POSSIBLE
from .services_home import home_of, powerwall_of

BACKTEST: Final = "backtest"
ATTR_CONFIG_ENTRY: Final = "config_entry"
ATTR_START: Final = "start_date"
ATTR_END: Final = "end_date"
MOST: Final = timedelta(days=31)
USUAL: Final = timedelta(days=30)
LEAST_DAYS: Final = 1.0
"""Of less known time nothing is told."""
_DAY: Final = timedelta(days=1)
_NAMES: Final = (WITHOUT, FOLLOWING, OPTIMIZED, BEST)
_RUNNING: HassKey[bool] = HassKey(f"{DOMAIN}_backtest_runs")

_SCHEMA: Final = probatio.Schema(
    {
        probatio.Optional(ATTR_CONFIG_ENTRY): ConfigEntrySelector({"integration": DOMAIN}),
        probatio.Optional(ATTR_START): cv.date,
        probatio.Optional(ATTR_END): cv.date,
    }
)


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register this action."""
    hass.services.async_register(
        DOMAIN, BACKTEST, _async_backtest, schema=_SCHEMA, supports_response=SupportsResponse.ONLY
    )


async def _async_backtest(call: ServiceCall) -> ServiceResponse:
    """Answer with what past days would have cost; one asks at a time, as it takes all of a core for a while."""
    hass, entry_id = call.hass, call.data.get(ATTR_CONFIG_ENTRY)
    entry = home_of(hass, entry_id)
    first, end = _asked(call, dt_util.now().date())
    powerwall = powerwall_of(hass, entry_id, None)
    if (tariff := tariff_of(entry)) is None:
        raise _refused("home_without_tariff", home=entry.title)
    planning = find_planning(powerwall)
    if planning is None or (problem := planning.data.problem) is None:
        raise _refused("backtest_not_ready", home=entry.title)
    if hass.data.get(_RUNNING):
        raise _refused("backtest_running")
    hass.data[_RUNNING] = True
    try:
        past = await async_gather(powerwall, tariff, first, end)
        if past.known_days < LEAST_DAYS:
            raise _refused(
                "backtest_too_little",
                known=f"{past.known_days:.1f}",
                days=str((end - first).days),
                least=f"{LEAST_DAYS:.0f}",
            )
        done = await async_run(powerwall, past, problem)
    except TooSlowError as err:
        raise _refused("backtest_too_slow", seconds=f"{TIME_LIMIT_S:.0f}") from err
    finally:
        hass.data[_RUNNING] = False
    return {"currency": tariff.currency, "start_date": first.isoformat(), "end_date": (end - _DAY).isoformat()} | _told(
        done
    )


def _asked(call: ServiceCall, today: date) -> tuple[date, date]:
    """Return the days that are asked for, the last one not included."""
    last = call.data.get(ATTR_END) or max(today - _DAY, call.data.get(ATTR_START) or date.min)
    first = call.data.get(ATTR_START) or last - USUAL + _DAY
    if last >= today:
        raise _refused("backtest_not_over")
    if first > last:
        raise _refused("bill_ends_before_start")
    if last - first >= MOST:
        raise _refused("backtest_too_long", days=str(MOST.days))
    return first, last + _DAY


def _refused(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders or None
    )


def _told(done: Backtest) -> dict[str, Any]:
    costs = {name: done.total(name) for name in _NAMES}
    possible = costs[FOLLOWING] - costs[BEST]
    saved = costs[FOLLOWING] - costs[OPTIMIZED]
    share = None if possible < LEAST_POSSIBLE else round(100 * saved / possible, 1)
    return {
        "costs": {name: round(cost, 2) for name, cost in costs.items()},
        "saved": round(saved, 2),
        "possible": round(possible, 2),
        "captured_percent": share,
        "known_percent": round(100 * done.known_days / len(done.days), 1),
        "export_prices_known": done.exports_have_prices,
        "days": [_day(day) for day in done.days],
    }


def _day(day: DayCosts) -> dict[str, Any]:
    costs = {name: round(cost, 2) if day.known_share else None for name, cost in day.costs.items()}
    return {"date": day.day.isoformat(), **costs, "known_percent": round(100 * day.known_share, 1)}
