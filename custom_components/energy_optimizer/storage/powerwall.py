"""What a Powerwall's coordinator must remember over a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, NotRequired, TypedDict

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..core.accounting.day import DayEnergy
from ..core.accounting.gaps import Gap, Gaps
from ..core.accounting.meters import Meter, Meters
from ..core.model.energy import EnergyTotals
from .steady import SteadyStore


class StoredPowerwall(TypedDict):
    """The file's content."""

    meters: dict[str, Any]
    day: dict[str, Any] | None
    simulation: dict[str, Any] | None
    gaps: NotRequired[list[list[str]]]
    """Times in which nobody looked and which the history may still explain."""


class PowerwallStore(SteadyStore[StoredPowerwall]):
    """One small file per Powerwall."""

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        super().__init__(hass, f"{DOMAIN}.powerwall.{subentry_id}")


def day_to_json(day: DayEnergy) -> dict[str, Any]:
    """Turn a day's energies into what JSON can hold."""
    return {
        "day": day.day.isoformat(),
        "last_at": day.last_at.isoformat(),
        "last": asdict(day.last),
        "today": asdict(day.today),
    }


def day_from_json(stored: dict[str, Any]) -> DayEnergy:
    """Read back what ``day_to_json`` wrote."""
    return DayEnergy(
        day=date.fromisoformat(stored["day"]),
        last_at=datetime.fromisoformat(stored["last_at"]),
        last=EnergyTotals(**stored["last"]),
        today=EnergyTotals(**stored["today"]),
    )


def meters_to_json(meters: Meters) -> dict[str, Any]:
    """Turn meters into what JSON can hold."""
    return {
        "origin": meters.origin,
        "channels": _channels_to_json(meters.channels),
        "elsewhere": {origin: _channels_to_json(channels) for origin, channels in meters.elsewhere.items()},
    }


def _channels_to_json(channels: Mapping[str, Meter]) -> dict[str, list[float | str | None]]:
    return {
        name: [
            meter.total_kwh,
            meter.counter_kwh,
            meter.read_at.isoformat() if meter.read_at else None,
            meter.counted_kwh,
        ]
        for name, meter in channels.items()
    }


def meters_from_json(stored: dict[str, Any]) -> Meters:
    """Read back what ``meters_to_json`` wrote."""
    return Meters(
        origin=stored["origin"],
        channels=_channels_from_json(stored["channels"]),
        elsewhere={origin: _channels_from_json(each) for origin, each in stored.get("elsewhere", {}).items()},
    )


def _channels_from_json(stored: Mapping[str, list[Any]]) -> dict[str, Meter]:
    """Read the channels; a file of an earlier release lacks what the counter stands for, which was the total."""
    return {
        name: Meter(
            total_kwh=total_kwh,
            counter_kwh=counter_kwh,
            read_at=datetime.fromisoformat(read_at) if read_at else None,
            counted_kwh=counted[0] if counted else total_kwh if counter_kwh is not None else None,
        )
        for name, (total_kwh, counter_kwh, read_at, *counted) in stored.items()
    }


def gaps_to_json(gaps: Gaps) -> list[list[str]]:
    """Turn open gaps into what JSON can hold."""
    return [[gap.start.isoformat(), gap.end.isoformat()] for gap in gaps.open]


def gaps_from_json(stored: Iterable[Iterable[str]]) -> Gaps:
    """Read back what ``gaps_to_json`` wrote; each gap is asked for at once."""
    return Gaps(
        open=tuple(Gap(start=datetime.fromisoformat(start), end=datetime.fromisoformat(end)) for start, end in stored)
    )
