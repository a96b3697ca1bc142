"""The form of a tariff whose prices other integrations know: its fields, and how they become settings and return."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import probatio
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..api.tariff.entity_prices import EntityTariffSettings, ExportMode, Surcharge
from ..api.tariff.entity_recognition import Choice
from ..api.tariff.entity_source import SourceSettings, Way
from ..api.tariff.entity_units import Measure
from ..core.tariffs.kinds import KIND_ENTITY
from ..core.tariffs.serialisation import FORMAT
from .tariff_terms import TERMS, read_terms, shown_terms, terms_fields

IMPORT_ENTITY: Final = "import_entity"
EXPORT_MODE: Final = "export_mode"
EXPORT_PRICE: Final = "export_price"
EXPORT_ENTITY: Final = "export_entity"
SURCHARGES: Final = "surcharges"
READING: Final = {"import": "import_reading", "export": "export_reading"}
"""The section that says how each direction is read."""
DETECT: Final = "detect"


def entity_form(currency: str) -> probatio.Schema:
    """Ask for entities, export prices and surcharges; how they are read is asked only of those who open a section."""
    return probatio.Schema(
        {
            probatio.Optional(CONF_NAME): TextSelector(),
            probatio.Optional(IMPORT_ENTITY): _entity(),
            probatio.Required(EXPORT_MODE, default=ExportMode.NONE.value): _select(
                [each.value for each in ExportMode], "tariff_entity_export"
            ),
            probatio.Optional(EXPORT_PRICE): _number(f"{currency}/kWh"),
            probatio.Optional(EXPORT_ENTITY): _entity(),
            probatio.Required(SURCHARGES): section(probatio.Schema(_surcharge_fields(currency)), {"collapsed": True}),
            **terms_fields(currency),
            **{
                probatio.Required(name): section(probatio.Schema(_reading_fields(side)), {"collapsed": True})
                for side, name in READING.items()
            },
        }
    )


def choice_of(side: str, user_input: Mapping[str, Any]) -> Choice:
    """Return what a filled form says about one direction."""
    reading = user_input.get(READING[side], {})
    action = _text(reading, f"{side}_action")
    unit = reading.get(f"{side}_unit", DETECT)
    return Choice(
        entity_id=None if action else user_input.get(f"{side}_entity"),
        action=action,
        data=reading.get(f"{side}_data") or {},
        name=_text(reading, f"{side}_list"),
        measure=None if unit == DETECT else Measure(unit),
    )


def settings_of(
    user_input: Mapping[str, Any], import_source: SourceSettings, export_source: SourceSettings | None
) -> EntityTariffSettings:
    """Return the settings that a filled form means, with the sources as they were recognised."""
    mode = ExportMode(user_input[EXPORT_MODE])
    surcharges = user_input.get(SURCHARGES, {})
    return EntityTariffSettings(
        import_source=import_source,
        import_surcharge=_surcharge(surcharges, "import"),
        export_mode=mode,
        export_source=export_source,
        export_per_kwh=user_input.get(EXPORT_PRICE) if mode is ExportMode.FIXED else None,
        export_surcharge=_surcharge(surcharges, "export"),
    )


def to_data(settings: EntityTariffSettings, user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the subentry keeps: the settings, and the fixed charges of the form."""
    terms = read_terms(user_input) if TERMS in user_input else {}
    export: dict[str, Any] = {"mode": settings.export_mode.value, "surcharge": asdict(settings.export_surcharge)}
    if settings.export_source is not None:
        export["source"] = settings.export_source.to_data()
    if settings.export_per_kwh is not None:
        export["per_kwh"] = settings.export_per_kwh
    return {
        "format": FORMAT,
        "kind": KIND_ENTITY,
        "import": {"source": settings.import_source.to_data(), "surcharge": asdict(settings.import_surcharge)},
        "export": export,
        **({TERMS: terms} if terms else {}),
    }


def suggested(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a subentry's data.

    Raises:
        KeyError, TypeError, ValueError: if they describe no such tariff.
    """
    settings = EntityTariffSettings.from_data(data)
    sources = {"import": settings.import_source, "export": settings.export_source}
    surcharges = {"import": settings.import_surcharge, "export": settings.export_surcharge}
    values: dict[str, Any] = {
        EXPORT_MODE: settings.export_mode.value,
        EXPORT_PRICE: settings.export_per_kwh,
        SURCHARGES: {
            f"{side}_{name}": value for side, each in surcharges.items() for name, value in asdict(each).items()
        },
        TERMS: shown_terms(data.get(TERMS)),
    }
    for side, source in sources.items():
        if source is not None:
            values[f"{side}_entity"] = source.entity_id
            values[READING[side]] = _reading_values(side, source)
    return {key: value for key, value in values.items() if value is not None}


def _reading_values(side: str, source: SourceSettings) -> dict[str, Any]:
    """Return what a reading section shows; a unit that the entity itself says is left to be found again."""
    is_said = source.way in (Way.STATE, Way.ATTRIBUTES) and source.unit_text is not None
    values = {
        f"{side}_unit": DETECT if is_said or source.way is Way.KNOWN_ACTION else source.measure.value,
        f"{side}_list": source.name,
        f"{side}_action": source.action,
        f"{side}_data": dict(source.data) or None,
    }
    return {key: value for key, value in values.items() if value is not None}


def _surcharge(values: Mapping[str, Any], side: str) -> Surcharge:
    default = Surcharge()
    return Surcharge(
        multiplier=values.get(f"{side}_multiplier", default.multiplier),
        addend=values.get(f"{side}_addend", default.addend),
    )


def _surcharge_fields(currency: str) -> dict[probatio.Marker, Any]:
    fields: dict[probatio.Marker, Any] = {}
    for side in READING:
        fields[probatio.Required(f"{side}_multiplier", default=1.0)] = _number("×")
        fields[probatio.Required(f"{side}_addend", default=0.0)] = _number(f"{currency}/kWh")
    return fields


def _reading_fields(side: str) -> dict[probatio.Marker, Any]:
    return {
        probatio.Required(f"{side}_unit", default=DETECT): _select(
            [DETECT, *(each.value for each in Measure)], "tariff_entity_unit"
        ),
        probatio.Optional(f"{side}_list"): TextSelector(),
        probatio.Optional(f"{side}_action"): TextSelector(),
        probatio.Optional(f"{side}_data"): ObjectSelector(),
    }


def _entity() -> EntitySelector:
    return EntitySelector(EntitySelectorConfig(filter=[{"domain": ["sensor", "event", "input_number", "number"]}]))


def _select(options: list[str], translation_key: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN, translation_key=translation_key)
    )


def _number(unit: str) -> NumberSelector:
    return NumberSelector(NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX, unit_of_measurement=unit))


def _text(values: Mapping[str, Any], key: str) -> str | None:
    return str(values.get(key, "")).strip() or None
