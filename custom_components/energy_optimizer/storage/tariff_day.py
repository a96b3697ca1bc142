"""Keeps today's cost and earnings over a restart."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypedDict

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..core.accounting.cost import Counter, DayCost, PricedEnergy
from .steady import SteadyStore


class StoredDay(TypedDict):
    """The file's content."""

    day: str
    bought: dict[str, Any] | None
    sold: dict[str, Any] | None
    import_counter: dict[str, Any] | None
    export_counter: dict[str, Any] | None
    counted_since: str | None
    currency: str | None


class TariffDayStore(SteadyStore[StoredDay]):
    """One small file per tariff."""

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        super().__init__(hass, f"{DOMAIN}.tariff.{subentry_id}")


def day_to_json(day: DayCost) -> StoredDay:
    """Turn a day's figures into what JSON can hold."""
    return {
        "day": day.day.isoformat(),
        "bought": _energy_to_json(day.bought),
        "sold": _energy_to_json(day.sold),
        "import_counter": _counter_to_json(day.import_counter),
        "export_counter": _counter_to_json(day.export_counter),
        "counted_since": day.counted_since.isoformat() if day.counted_since else None,
        "currency": day.currency,
    }


def day_from_json(stored: StoredDay) -> DayCost:
    """Read back what ``day_to_json`` wrote; raise ``KeyError``, ``TypeError`` or ``ValueError`` if it did not."""
    since = stored["counted_since"]
    return DayCost(
        day=date.fromisoformat(stored["day"]),
        bought=_energy_from_json(stored["bought"]),
        sold=_energy_from_json(stored["sold"]),
        import_counter=_counter_from_json(stored["import_counter"]),
        export_counter=_counter_from_json(stored["export_counter"]),
        counted_since=None if since is None else _moment(since),
        currency=stored["currency"],
    )


def _energy_to_json(energy: PricedEnergy | None) -> dict[str, Any] | None:
    return None if energy is None else {**asdict(energy), "money": str(energy.money)}


def _energy_from_json(stored: dict[str, Any] | None) -> PricedEnergy | None:
    if stored is None:
        return None
    try:
        money = Decimal(stored["money"])
    except InvalidOperation as err:
        raise ValueError("money that is no number") from err
    return PricedEnergy(
        kwh=float(stored["kwh"]),
        estimated_kwh=float(stored["estimated_kwh"]),
        unpriced_kwh=float(stored["unpriced_kwh"]),
        money=money,
    )


def _counter_to_json(counter: Counter | None) -> dict[str, Any] | None:
    if counter is None:
        return None
    return {
        "kwh": counter.kwh,
        "read_at": counter.read_at.isoformat(),
        "changed_at": counter.changed_at.isoformat(),
        "step_kwh": counter.step_kwh,
    }


def _counter_from_json(stored: dict[str, Any] | None) -> Counter | None:
    if stored is None:
        return None
    step = stored["step_kwh"]
    return Counter(
        kwh=float(stored["kwh"]),
        read_at=_moment(stored["read_at"]),
        changed_at=_moment(stored["changed_at"]),
        step_kwh=None if step is None else float(step),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment
