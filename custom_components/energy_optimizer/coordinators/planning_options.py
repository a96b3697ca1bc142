"""What the user told about forecasts, in the home's options."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..core.model.site import SolarPanels

CONF_FORECASTS: Final = "forecasts"
CONF_SOLAR_FORECASTS: Final = "solar_forecasts"
CONF_WEATHER: Final = "weather"
CONF_LEFT_OUT_LOADS: Final = "left_out_loads"
CONF_PANELS: Final = "panels"
CONF_TILT: Final = "tilt"
CONF_AZIMUTH: Final = "azimuth"
CONF_KWP: Final = "kwp"


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastOptions:
    """Where forecasts come from."""

    solar_forecasts: tuple[str, ...] = ()
    """Ids of config entries; if empty, those of the Energy dashboard, else all there are."""
    weather: str | None = None
    """An entity's id, or its id in the registry, which outlasts a new name; likewise those below."""
    left_out_loads: tuple[str, ...] = ()
    panels: tuple[SolarPanels, ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> ForecastOptions:
        """Read a home's options; what is missing was not told."""
        told = options.get(CONF_FORECASTS, {})
        panels = told.get(CONF_PANELS)
        return cls(
            solar_forecasts=tuple(told.get(CONF_SOLAR_FORECASTS, ())),
            weather=told.get(CONF_WEATHER),
            left_out_loads=tuple(told.get(CONF_LEFT_OUT_LOADS, ())),
            panels=(
                SolarPanels(
                    kwp=float(panels[CONF_KWP]),
                    tilt_degrees=float(panels[CONF_TILT]),
                    azimuth_degrees=float(panels[CONF_AZIMUTH]),
                ),
            )
            if panels
            else (),
        )
