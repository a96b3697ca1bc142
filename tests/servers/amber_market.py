"""A plausible electricity market in the east of Australia, the same for the same seed, for any date."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from math import cos, exp, pi

NEM = timezone(timedelta(hours=10))
"""The market's time, without summer time."""
SLOT = timedelta(minutes=5)
HALF_HOUR = timedelta(minutes=30)
_SLOTS_PER_DAY = 288
_NETWORK_CENTS, _EVENING_NETWORK_CENTS = 9.0, 19.0
_FEES_CENTS = 4.2
_GST = 1.1


@cache
def day_of_spot_prices(day: date, seed: int) -> tuple[float, ...]:
    """Return 288 prices in cents per kWh: cheap at noon, dear in the evening, now and then with a spike."""
    chance = random.Random(f"spot {seed} {day}")
    midwinter = cos(2 * pi * (day.timetuple().tm_yday - 190) / 365)
    sun = 10.0 - 3.0 * midwinter + chance.gauss(0, 2.5)
    need = 9.0 + 2.5 * abs(midwinter) + chance.gauss(0, 1.2)
    spike_at, spike_lasts = chance.uniform(17, 20), chance.uniform(0.2, 0.9)
    spike_cents = chance.uniform(250, 1500) if chance.random() < 0.08 else 0.0
    wander, prices = 0.0, []
    for number in range(_SLOTS_PER_DAY):
        hour = number / 12
        wander = 0.9 * wander + chance.gauss(0, 0.7)
        price = need + 6 * _bump(hour, 7.5, 1.3) + 17 * _bump(hour, 18.3, 1.8) - sun * _bump(hour, 12.3, 2.6) + wander
        if spike_at <= hour < spike_at + spike_lasts:
            price += spike_cents * chance.uniform(0.6, 1.0)
        prices.append(round(max(price, -8.0), 5))
    return tuple(prices)


def _bump(hour: float, at: float, width: float) -> float:
    return exp(-(((hour - at) / width) ** 2))


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """What one interval costs, in cents per kWh with tax."""

    spot: float
    general: float
    controlled_load: float
    feed_in: float
    """As Amber writes it: negative when one is paid."""
    renewables: float


@dataclass(kw_only=True)
class AmberMarket:
    """What the market comes to, and what Amber says of it at which time."""

    seed: int = 1
    spot: dict[datetime, float] = field(default_factory=dict)
    """Slots of five minutes whose price is another than the seed's, by their start in UTC."""
    estimated: dict[datetime, float] = field(default_factory=dict)
    """What is said of such slots before they are final, in cents of spot price beyond the final one."""
    final_after: timedelta = timedelta(seconds=100)
    """How long into a slot its price is an estimate."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def quote(self, start: datetime, length: timedelta) -> Quote:
        """Return what an interval finally costs."""
        slots = [start + SLOT * number for number in range(length // SLOT)]
        return self._priced(start, sum(self._spot(slot) for slot in slots) / len(slots))

    def present(self, start: datetime, length: timedelta) -> tuple[Quote, bool]:
        """Return what the present interval costs as far as one knows, and whether that may change."""
        if self.now() - start >= self.final_after:
            return self.quote(start, length), False
        aside = self.estimated.get(start, random.Random(f"estimate {self.seed} {start}").gauss(0, 0.6))
        return self._priced(start, self.quote(start, length).spot + aside), True

    def foretold(self, start: datetime, length: timedelta) -> tuple[Quote, Quote, Quote]:
        """Return low, predicted and high: the farther away, the wider, and anew each half-hour."""
        now = self.now()
        edition = int(now.timestamp() // 1800)
        hours = max((start - now) / timedelta(hours=1), 0.0)
        width = 1.0 + 0.35 * min(hours, 30.0)
        aside = random.Random(f"forecast {self.seed} {edition} {start}").gauss(0, width / 3)
        final = self.quote(start, length).spot
        return (
            self._priced(start, final + aside - width),
            self._priced(start, final + aside),
            self._priced(start, final + aside + 1.6 * width),
        )

    @property
    def foretold_until(self) -> datetime:
        """Forecasts end at four in the morning, from half past noon on a day later."""
        now = self.now().astimezone(NEM)
        days = 2 if now.time() >= time(12, 30) else 1
        return datetime.combine(now.date() + timedelta(days=days), time(4), NEM).astimezone(UTC)

    def _spot(self, start: datetime) -> float:
        if start in self.spot:
            return self.spot[start]
        local = start.astimezone(NEM)
        return day_of_spot_prices(local.date(), self.seed)[local.hour * 12 + local.minute // 5]

    def _priced(self, start: datetime, spot: float) -> Quote:
        hour = start.astimezone(NEM).hour
        network = _EVENING_NETWORK_CENTS if 16 <= hour < 21 else _NETWORK_CENTS
        sunny = 45 * _bump(hour + 0.5, 12.3, 3.5)
        return Quote(
            spot=round(spot * _GST, 5),
            general=round((spot * 1.04 + network) * _GST + _FEES_CENTS, 5),
            controlled_load=round((spot * 1.04 + 3.0) * _GST + _FEES_CENTS, 5),
            feed_in=round(-(spot * 1.01 - (1.5 if 10 <= hour < 15 else 0.0)), 5),
            renewables=round(min(28 + sunny, 100.0), 3),
        )
