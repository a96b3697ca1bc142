"""Explaining a bill."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import ConfigEntrySelector
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinators.bills import BillsCoordinator
from .coordinators.tariff import TariffCoordinator
from .core.tariffs.bill import Bill, BillLine
from .core.tariffs.crediting import Credits
from .services_home import home_of

GET_BILL: Final = "get_bill"
ATTR_CONFIG_ENTRY: Final = "config_entry"
ATTR_PERIOD: Final = "period"
ATTR_START: Final = "start_date"
ATTR_END: Final = "end_date"
MOST: Final = timedelta(days=1100)
_DAY: Final = timedelta(days=1)

type Days = tuple[date, date]


def _today(_bills: BillsCoordinator, today: date) -> Days:
    return today, today + _DAY


def _yesterday(_bills: BillsCoordinator, today: date) -> Days:
    return today - _DAY, today


def _month(bills: BillsCoordinator, today: date) -> Days:
    return bills.periods(today)[0]


def _last_month(bills: BillsCoordinator, today: date) -> Days:
    return bills.periods(bills.periods(today)[0][0] - _DAY)[0]


def _year(bills: BillsCoordinator, today: date) -> Days:
    return bills.periods(today)[1]


def _last_year(bills: BillsCoordinator, today: date) -> Days:
    return bills.periods(bills.periods(today)[1][0] - _DAY)[1]


PERIODS: Final[Mapping[str, Callable[[BillsCoordinator, date], Days]]] = {
    "today": _today,
    "yesterday": _yesterday,
    "month": _month,
    "last_month": _last_month,
    "year": _year,
    "last_year": _last_year,
}

_SCHEMA: Final = probatio.Schema(
    {
        probatio.Optional(ATTR_CONFIG_ENTRY): ConfigEntrySelector({"integration": DOMAIN}),
        probatio.Optional(ATTR_PERIOD): probatio.In(list(PERIODS)),
        probatio.Optional(ATTR_START): cv.date,
        probatio.Optional(ATTR_END): cv.date,
    }
)


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register these actions."""
    hass.services.async_register(
        DOMAIN, GET_BILL, _async_get_bill, schema=_SCHEMA, supports_response=SupportsResponse.ONLY
    )


async def _async_get_bill(call: ServiceCall) -> ServiceResponse:
    """Answer with the lines of a bill, which add up to its total."""
    entry = home_of(call.hass, call.data.get(ATTR_CONFIG_ENTRY))
    tariff = next((each for each in entry.runtime_data.sources.values() if isinstance(each, TariffCoordinator)), None)
    if tariff is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="home_without_tariff",
            translation_placeholders={"home": entry.title},
        )
    first, end = _asked(call, tariff.bills, dt_util.now().date())
    return {"currency": tariff.currency, **_bill(await tariff.bills.async_bill(first, end))}


def _asked(call: ServiceCall, bills: BillsCoordinator, today: date) -> Days:
    """Return the days that are asked for, the last one not included."""
    start, last = call.data.get(ATTR_START), call.data.get(ATTR_END)
    if start is None and last is None:
        return PERIODS[call.data.get(ATTR_PERIOD, "month")](bills, today)
    if ATTR_PERIOD in call.data or start is None:
        raise _refused("bill_period_or_dates")
    end = (today if last is None else last) + _DAY
    if start > today:
        raise _refused("bill_in_future")
    if end <= start:
        raise _refused("bill_ends_before_start")
    if end - start > MOST:
        raise _refused("bill_too_long", days=str(MOST.days))
    return start, end


def _refused(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders or None
    )


def _bill(bill: Bill) -> dict[str, Any]:
    share = bill.estimated_share
    return {
        "start_date": bill.first.isoformat(),
        "end_date": (bill.end - _DAY).isoformat(),
        "counted_until": dt_util.as_local(bill.until).isoformat(),
        "total": float(bill.total),
        "complete": bill.is_complete,
        "import_kwh": round(bill.import_kwh, 3),
        "export_kwh": round(bill.export_kwh, 3),
        "estimated_percent": None if share is None else round(100 * share, 1),
        "lines": [_line(line) for line in bill.lines],
        "credits_before": _credits(bill.opening),
        "credits_after": _credits(bill.closing),
    }


def _line(line: BillLine) -> dict[str, Any]:
    """Return a line without what it does not have."""
    shown = {
        "kind": line.kind.value,
        "name": line.name or None,
        "kwh": None if line.kwh is None else round(line.kwh, 3),
        "estimated_kwh": round(line.estimated_kwh, 3) or None,
        "days": line.days,
        "hours": None if line.hours is None else round(line.hours, 2),
        "amount": None if line.amount is None else float(line.amount),
        "credit": None if line.credit is None else float(line.credit),
    }
    return {key: value for key, value in shown.items() if value is not None}


def _credits(left: Credits) -> dict[str, float]:
    return {"generation": float(left.generation), "delivery": float(left.delivery), "adder": float(left.adder)}
