"""What a home's meters and its weather were."""

from dataclasses import dataclass

from .forecast import Series


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HomeHistory:
    """What was measured until now, in equal steps that end at the same instant; without a value if nothing is known."""

    load_kw: Series
    """The house without what is left out of it."""
    solar_kw: Series
    recent_load_kw: Series
    """The last days in steps of five minutes, of which the others are means."""
    recent_solar_kw: Series
    temperature: Series | None = None
    """Outdoors in °C, over the past and as far ahead as it is forecast; ``None`` without a weather entity."""
