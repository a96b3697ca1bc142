"""Tells the user in time when prices that come with a release run out or are probably outdated."""

from datetime import date, datetime, timedelta
from typing import Final

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..api.tariff.tempo import TempoFacts
from ..const import DOMAIN
from ..coordinators.tariff import TariffCoordinator
from ..core.tariffs.net_billing import NetBillingTariff
from ..core.tariffs.tempo_prices import next_revision_after
from ..core.tariffs.tempo_rules import PARIS

WARNED_BEFORE: Final = timedelta(days=30)
_KEYS: Final = ("export_values_end", "export_values_ended", "tempo_prices_due")


@callback
def watch_price_tables(tariff: TariffCoordinator) -> None:
    """Keep a repair from a month before export values end, and from when Tempo's prices should have changed."""

    @callback
    def look() -> None:
        now = dt_util.utcnow()
        due = _export_values(tariff, now) | _tempo_prices(tariff, now)
        for key in _KEYS:
            if (dates := due.get(key)) is None:
                ir.async_delete_issue(tariff.hass, DOMAIN, _issue_id(tariff, key))
                continue
            ir.async_create_issue(
                tariff.hass,
                DOMAIN,
                _issue_id(tariff, key),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=key,
                translation_placeholders={"name": tariff.title, **dates},
            )

    tariff.async_add_listener(look)
    look()


@callback
def forget_price_tables(tariff: TariffCoordinator) -> None:
    """Take back the repairs of a tariff that goes."""
    for key in _KEYS:
        ir.async_delete_issue(tariff.hass, DOMAIN, _issue_id(tariff, key))


def _export_values(tariff: TariffCoordinator, now: datetime) -> dict[str, dict[str, str]]:
    """Return what there is to say about the end of net billing's export values."""
    if not isinstance(rules := tariff.tariff, NetBillingTariff) or not rules.exports:
        return {}
    end, today = date(max(rules.exports) + 1, 1, 1), dt_util.as_local(now).date()
    if today < end - WARNED_BEFORE:
        return {}
    return {"export_values_end" if today < end else "export_values_ended": {"date": end.isoformat()}}


def _tempo_prices(tariff: TariffCoordinator, now: datetime) -> dict[str, dict[str, str]]:
    """Return what there is to say about prices that Tempo should have changed."""
    facts = tariff.data.facts if tariff.data is not None else None
    if not isinstance(facts, TempoFacts) or facts.prices is None:
        return {}
    since = facts.prices.since
    if now.astimezone(PARIS).date() < (revision := next_revision_after(since)):
        return {}
    return {"tempo_prices_due": {"since": since.isoformat(), "date": revision.isoformat()}}


def _issue_id(tariff: TariffCoordinator, key: str) -> str:
    return f"{key}_{tariff.subentry_id}"
