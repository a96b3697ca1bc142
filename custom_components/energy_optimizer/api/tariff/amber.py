"""Learns Amber's prices as they are published, slot by slot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final, Protocol

from homeassistant.core import HomeAssistant

from ...core.model.price import Certainty, PriceSlot
from ...core.tariffs.published import PublishedTariff, merged, without_before
from ...core.tariffs.stored_slots import slots_from_data, slots_to_data
from ..errors import CoolingDownError, NonsenseError, NotPermittedError, RefusedError, SourceError
from .amber_answers import TIERS, AmberAnswer, AmberInterval, Channel, SpikeStatus, slots_of
from .amber_client import AmberClient, Quota

KEPT: Final = timedelta(hours=48)
"""How long past prices are kept, for the history."""
STORED: Final = timedelta(hours=1)
"""How long past prices outlast a restart; the file is written often, and Amber tells them again."""
LOOKED_AHEAD: Final = timedelta(hours=24)
"""Over which time the lowest and the highest forecast are sought."""
_ASKED_AFTER: Final = timedelta(seconds=30)
"""How long after the minute to ask, as Amber advises."""
_MINUTE: Final = timedelta(minutes=1)
_SLOT: Final = timedelta(minutes=5)
"""The shortest slot there is, and how often forecasts are asked for."""
_AHEAD: Final = 576
"""How many coming slots are asked for: two days of the shortest."""
_HISTORY: Final = timedelta(hours=24)
"""How far back slots are asked for that are missing."""
_ASKED_BACK_EVERY: Final = timedelta(hours=1)
_HELPLESS_PAUSE: Final = timedelta(hours=1)
"""How soon to ask again after a refusal, which a user has to mend."""
_LEAST_LEFT: Final = 2
"""How many questions are left to others who use the same account, before it is full."""


class PriceClient(Protocol):
    """Somebody who asks Amber."""

    quota: Quota | None

    async def prices(self, site_id: str, *, ahead: int = 0, back: int = 0) -> AmberAnswer:
        """Return the present interval, and so many that follow and that went before; raise ``SourceError``."""

    async def close(self) -> None:
        """Close connections."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastPrice:
    """What a kWh is forecast to cost, and when."""

    per_kwh: float
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class AmberFacts:
    """What is known of the present and of the coming 24 hours beyond the prices of slots."""

    spike: SpikeStatus | None
    renewables_percent: float | None
    descriptor: str | None
    """How dear the present price is, as a tier."""
    is_estimate: bool | None
    """Whether the present price may still change; ``None`` while there is none."""
    lowest: ForecastPrice | None
    highest: ForecastPrice | None
    forecast_until: datetime | None
    """The end of the last price that *lowest* and *highest* were chosen from."""
    has_controlled_load: bool
    """Whether the site has a meter register that prices here do not include."""


class AmberFeed:
    """The prices of one site."""

    def __init__(self, client: PriceClient, site_id: str, *, delay: timedelta = timedelta()) -> None:
        """Ask *delay* later than others do, so that not all homes ask in the same second."""
        self._client = client
        self._site_id = site_id
        self._delay = delay
        self._slots: tuple[PriceSlot, ...] = ()
        self._tariff = PublishedTariff((), tuple(TIERS.values()))
        self._conditions: tuple[AmberInterval, ...] = ()
        self._channels: frozenset[Channel] = frozenset()
        self._left_out = 0
        self._told_at: datetime | None = None
        self._whole_at: datetime | None = None
        self._asked_back_at: datetime | None = None
        self._failure: SourceError | None = None
        self._failures = 0

    @property
    def tariff(self) -> PublishedTariff:
        """All that is known now, from two days back to the end of the forecasts."""
        return self._tariff

    async def refresh(self, now: datetime) -> None:
        """Ask for the present price, and, when a slot or five minutes have passed, for forecasts and what went before.

        Raises:
            SourceError: if the answer did not come or makes no sense; all that is known stays known.
        """
        whole = self._wants_forecasts(now)
        back = self._slots_back(now) if whole else 0
        try:
            answer = await self._client.prices(self._site_id, ahead=_AHEAD if whole else 0, back=back)
            if whole and not answer.intervals:
                raise NonsenseError("No price of any time")
        except SourceError as err:
            self._failure, self._failures = err, self._failures + 1
            raise
        self._failure, self._failures, self._told_at = None, 0, now
        self._take_in(answer, now, whole=whole)
        if whole:
            self._whole_at = now
            self._asked_back_at = now if back * _SLOT >= _HISTORY else self._asked_back_at

    def next_refresh(self, now: datetime) -> datetime:
        """Return when to ask next: half a minute after a minute or a slot began, and not before Amber permits it."""
        wait = self._next_scheduled(now)
        quota = self._client.quota
        if quota is not None and quota.remaining < _LEAST_LEFT:
            wait = max(wait, quota.resets_at)
        if isinstance(self._failure, CoolingDownError) and self._failure.until is not None:
            wait = max(wait, self._failure.until)
        return wait

    def facts(self, now: datetime) -> AmberFacts:
        """Return what holds *now* and what is forecast for the coming 24 hours."""
        present = next((each for each in self._conditions if each.starts_at <= now < each.ends_at), None)
        slot = self._tariff.at(now)
        known = slot.import_per_kwh is not None and slot.certainty is not Certainty.FORECAST
        coming = [
            ForecastPrice(per_kwh=each.import_per_kwh, starts_at=each.starts_at, ends_at=each.ends_at)
            for each in self._slots
            if now < each.starts_at < now + LOOKED_AHEAD and each.import_per_kwh is not None
        ]
        return AmberFacts(
            spike=present.spike if present else None,
            renewables_percent=present.renewables_percent if present else None,
            descriptor=slot.tier or None,
            is_estimate=slot.certainty is Certainty.ESTIMATE if known else None,
            lowest=min(coming, key=_per_kwh, default=None),
            highest=max(coming, key=_per_kwh, default=None),
            forecast_until=coming[-1].ends_at if coming else None,
            has_controlled_load=Channel.CONTROLLED_LOAD in self._channels,
        )

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take up what ``to_store`` returned in an earlier run.

        Raises:
            KeyError, TypeError, ValueError: if it did not come from there; nothing is taken up then.
        """
        if stored["site_id"] != self._site_id:
            return
        slots = slots_from_data(stored["slots"])
        self._tariff = PublishedTariff(slots, tuple(TIERS.values()))
        self._slots = slots

    def to_store(self) -> dict[str, Any]:
        """Return the prices that are needed if Amber is away after a restart; of the past, the ledger knows more."""
        slots = self._slots if self._told_at is None else without_before(self._slots, self._told_at - STORED)
        return {"site_id": self._site_id, "slots": slots_to_data(slots)}

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    def diagnostics(self) -> dict[str, Any]:
        """Return how the last answers were."""
        quota = self._client.quota
        return {
            "failures_in_a_row": self._failures,
            "failure": repr(self._failure) if self._failure else None,
            "slots": len(self._slots),
            "first_slot": self._slots[0].starts_at if self._slots else None,
            "channels": sorted(self._channels),
            "intervals_left_out": self._left_out,
            "forecasts_asked_at": self._whole_at,
            "history_asked_at": self._asked_back_at,
            "questions_left": quota.remaining if quota else None,
            "questions_reset_at": quota.resets_at if quota else None,
        }

    def _wants_forecasts(self, now: datetime) -> bool:
        """Say whether more has become old than the present price."""
        if self._whole_at is None or not timedelta() <= now - self._whole_at < _SLOT:
            return True
        return self._tariff.at(now).starts_at > self._whole_at

    def _slots_back(self, now: datetime) -> int:
        """Return how many past slots to ask for: those since the last time, or a day's if some of them are missing."""
        since = self._whole_at or now - _HISTORY
        asked_lately = self._asked_back_at is not None and now - self._asked_back_at < _ASKED_BACK_EVERY
        if not asked_lately and self._lacks_history(now):
            since = now - _HISTORY
        return ceil(min(max(now - since, timedelta()), _HISTORY) / _SLOT) + 1

    def _lacks_history(self, now: datetime) -> bool:
        past = self._tariff.slots(now - _HISTORY, self._tariff.at(now).starts_at)
        return any(slot.import_per_kwh is None or slot.certainty is not Certainty.PUBLISHED for slot in past)

    def _take_in(self, answer: AmberAnswer, now: datetime, *, whole: bool) -> None:
        """Join news with what is known: a surer price is never replaced by a less sure one, and forecasts grow old.

        A whole answer tells all forecasts there are. A light one tells the present slot only.
        """
        news = slots_of(answer)
        known = [_as_foretold(slot, now) for slot in without_before(self._slots, now - KEPT)]
        slots = merged(() if whole else _as_sure(known, Certainty.FORECAST), _as_sure(news, Certainty.FORECAST))
        for certainty in (Certainty.ESTIMATE, Certainty.PUBLISHED):
            slots = merged(slots, merged(_as_sure(known, certainty), _as_sure(news, certainty)))
        self._slots = _with_next_estimated(without_before(slots, now - KEPT), now)
        self._tariff = PublishedTariff(self._slots, tuple(TIERS.values()))
        self._channels = frozenset(each.channel for each in answer.intervals) or self._channels
        self._left_out = answer.left_out
        general = {each.starts_at: each for each in (*self._conditions, *answer.of(Channel.GENERAL))}
        self._conditions = tuple(each for each in general.values() if now < each.ends_at < now + LOOKED_AHEAD)

    def _next_scheduled(self, now: datetime) -> datetime:
        if isinstance(self._failure, RefusedError | NotPermittedError):
            return now + _HELPLESS_PAUSE
        minute, after = now.replace(second=0, microsecond=0), _ASKED_AFTER + self._delay
        if self._failure is not None:
            return minute + min(_MINUTE * (1 << min(self._failures - 1, 3)), _SLOT) + after
        slot = self._tariff.at(now)
        if slot.import_per_kwh is not None and slot.certainty is Certainty.PUBLISHED:
            return min(slot.ends_at, minute + _SLOT) + after
        return minute + after if minute + after > now else minute + _MINUTE + after


def _as_sure(slots: Iterable[PriceSlot], certainty: Certainty) -> Iterable[PriceSlot]:
    return (slot for slot in slots if slot.certainty is certainty)


def _as_foretold(slot: PriceSlot, now: datetime) -> PriceSlot:
    """Return a slot that has not begun as the forecast that it is."""
    early = slot.certainty is Certainty.ESTIMATE and slot.starts_at > now
    return replace(slot, certainty=Certainty.FORECAST) if early else slot


def _per_kwh(price: ForecastPrice) -> float:
    return price.per_kwh


def _with_next_estimated(slots: tuple[PriceSlot, ...], now: datetime) -> tuple[PriceSlot, ...]:
    """Return *slots* with the forecast of the present and of the next slot passed on as an estimate.

    A slot's price is told half a minute after it began; its energy would have no price until then.
    """
    tariff = PublishedTariff(slots)
    present = tariff.at(now)
    soon = {present.starts_at}
    if present.import_per_kwh is not None:
        soon.add(present.ends_at)
    return tuple(
        replace(slot, certainty=Certainty.ESTIMATE)
        if slot.certainty is Certainty.FORECAST and slot.starts_at in soon
        else slot
        for slot in slots
    )


def make_amber_feed(hass: HomeAssistant, settings: Mapping[str, Any], delay: timedelta) -> AmberFeed:
    """Make the feed of a tariff's settings; it asks *delay* later than others do.

    Raises:
        KeyError: if they hold no token or name no site.
    """
    client = AmberClient(hass, settings["token"], settings.get("server"))
    return AmberFeed(client, settings["site_id"], delay=delay)
