"""What one chooses of a simulated home."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from ..model.powerwall import ExportRule, OperationMode, PowerwallSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulationSettings:
    """The size of a home and the number that its weather and habits follow from.

    Raises:
        ValueError: a value that no home can have.
    """

    seed: int = 1
    since: datetime | None = None
    """When its meters began to count; ``None`` when it is first looked at."""
    solar_kwp: float = 6.6
    tilt_degrees: float = 25.0
    azimuth_degrees: float | None = None
    """Clockwise from north; ``None`` faces the equator."""
    batteries: int = 1
    home_kwh_per_year: float = 5200.0
    round_trip_efficiency: float = 0.9
    settings_delay_s: float = 2.0
    """How long the Powerwall takes to follow new settings."""
    first_level_percent: float = 40.0
    first: PowerwallSettings = field(
        default_factory=lambda: PowerwallSettings(
            operation_mode=OperationMode.SELF_CONSUMPTION,
            backup_reserve_percent=20.0,
            grid_charging=False,
            export_rule=ExportRule.BATTERY_OK,
            storm_mode=False,
        )
    )
    """The Powerwall's settings when its meters began to count; all of them."""

    def __post_init__(self) -> None:
        azimuth = 0.0 if self.azimuth_degrees is None else self.azimuth_degrees
        sound = {
            "since": self.since is None or self.since.tzinfo is not None,
            "solar_kwp": 0.0 <= self.solar_kwp <= 1000.0,
            "tilt_degrees": 0.0 <= self.tilt_degrees <= 90.0,
            "azimuth_degrees": 0.0 <= azimuth <= 360.0,
            "batteries": 1 <= self.batteries <= 100,
            "home_kwh_per_year": 0.0 < self.home_kwh_per_year <= 1e6,
            "round_trip_efficiency": 0.5 <= self.round_trip_efficiency <= 1.0,
            "settings_delay_s": 0.0 <= self.settings_delay_s <= 3600.0,
            "first_level_percent": 0.0 <= self.first_level_percent <= 100.0,
            "first": len(self.first.named) == len(fields(PowerwallSettings)),
        }
        if wrong := [name for name, is_sound in sound.items() if not is_sound]:
            raise ValueError(f"no home has such values: {', '.join(wrong)}")

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> SimulationSettings:
        """Return the settings in JSON's types; what is left out is as usual.

        The names are seed, since (ISO, with offset), solar_kwp, tilt, azimuth, batteries and home_kwh_per_year.

        Raises:
            ValueError: a value is of a wrong kind, or one that no home can have.
        """
        usual = cls()
        since, azimuth = data.get("since"), data.get("azimuth")
        return cls(
            seed=round(_number(data, "seed", usual.seed)),
            since=None if since is None else datetime.fromisoformat(str(since)),
            solar_kwp=_number(data, "solar_kwp", usual.solar_kwp),
            tilt_degrees=_number(data, "tilt", usual.tilt_degrees),
            azimuth_degrees=None if azimuth is None else _number(data, "azimuth", 0.0),
            batteries=round(_number(data, "batteries", usual.batteries)),
            home_kwh_per_year=_number(data, "home_kwh_per_year", usual.home_kwh_per_year),
        )


def _number(data: Mapping[str, object], name: str, usual: float) -> float:
    match data.get(name, usual):
        case int() | float() as value if not isinstance(value, bool):
            return float(value)
        case other:
            raise ValueError(f"{name} is no number but {other!r}")
