"""What a Powerwall's coordinator must remember over a restart."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, TypedDict

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..core.accounting.day import DayEnergy
from ..core.accounting.meters import Meter, Meters
from ..core.model.energy import EnergyTotals
from .steady import SteadyStore


class StoredPowerwall(TypedDict):
    """The file's content."""

    meters: dict[str, Any]
    day: dict[str, Any] | None
    simulation: dict[str, Any] | None


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
        "channels": {
            name: [meter.total_kwh, meter.counter_kwh, meter.read_at.isoformat() if meter.read_at else None]
            for name, meter in meters.channels.items()
        },
    }


def meters_from_json(stored: dict[str, Any]) -> Meters:
    """Read back what ``meters_to_json`` wrote."""
    return Meters(
        origin=stored["origin"],
        channels={
            name: Meter(
                total_kwh=total_kwh,
                counter_kwh=counter_kwh,
                read_at=datetime.fromisoformat(read_at) if read_at else None,
            )
            for name, (total_kwh, counter_kwh, read_at) in stored["channels"].items()
        },
    )
