"""Contracts of bills from the settings of a tariff."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from .billing import Contract
from .crediting import Crediting
from .kinds import KIND_NET_BILLING
from .net_billing_settings import OpeningCredits, opening_from_data
from .terms import Terms


def contract_of(kind: str, settings: Mapping[str, Any], since: datetime) -> Contract:
    """Return the contract that *settings* of a tariff describe.

    Raises:
        KeyError, TypeError, ValueError: if they cannot be read.
    """
    crediting = Crediting.from_data(settings["crediting"]) if kind == KIND_NET_BILLING else None
    return Contract(since=since, terms=Terms.from_data(settings.get("terms")), crediting=crediting)


def opening_of(kind: str, settings: Mapping[str, Any]) -> OpeningCredits | None:
    """Return the credits that the user entered; ``None`` if there are none, or under rules without credits."""
    return opening_from_data(settings.get("opening")) if kind == KIND_NET_BILLING else None


def first_day_of_credits(contract: Contract, opening: OpeningCredits | None, time_zone: tzinfo) -> date:
    """Return the day from which credits are followed: when those there were are known, or when *contract* began."""
    if opening is not None:
        return opening.day
    return contract.since.astimezone(time_zone).date()
