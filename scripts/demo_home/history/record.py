"""Turns moments into the states of our entities, by the same descriptions that make them live."""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime

from homeassistant.components.sensor import SensorStateClass

from custom_components.energy_optimizer import (
    amber_sensors,
    number,
    powerwall_sensors,
    select,
    switch,
    tariff_sensors,
    tempo_sensors,
)
from custom_components.energy_optimizer.amber_sensors import AmberSensorDescription
from custom_components.energy_optimizer.api.tariff.amber import AmberFacts
from custom_components.energy_optimizer.api.tariff.tempo import TempoFacts
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallSnapshot
from custom_components.energy_optimizer.coordinators.tariff import TariffSnapshot
from custom_components.energy_optimizer.tempo_sensors import TempoSensorDescription

from ..stored_home import StoredEntity
from .life import Moment
from .series import EntitySeries, Point, state_text


async def record(
    moments: AsyncIterator[Moment], entities: Iterable[StoredEntity], attributes: Mapping[str, Mapping[str, object]]
) -> list[EntitySeries]:
    """Return a series of each entity that Home Assistant has recorded before, over all *moments*."""
    many = {
        entity: EntitySeries(entity_id=entity.entity_id, attributes=attributes[entity.entity_id])
        for entity in entities
        if entity.entity_id in attributes
    }
    async for moment in moments:
        for entity, series in many.items():
            snapshot = moment.tariffs.get(entity.subentry_id, moment.powerwall)
            if isinstance(snapshot, TariffSnapshot):
                point = _tariff_point(entity, snapshot, moment)
            else:
                point = _powerwall_point(entity, snapshot, moment.at)
            if point is not None:
                series.points.append(point)
    return [series for series in many.values() if series.points]


_SENSORS = {each.key: each for each in powerwall_sensors.DESCRIPTIONS}
_SELECTS = {each.key: each for each in select.DESCRIPTIONS}
_SWITCHES = {each.key: each for each in switch.DESCRIPTIONS}
_TARIFF_SENSORS = {
    each.key: each for each in (*tariff_sensors.DESCRIPTIONS, *tempo_sensors.DESCRIPTIONS, *amber_sensors.DESCRIPTIONS)
}


def _powerwall_point(entity: StoredEntity, snapshot: PowerwallSnapshot, at: datetime) -> Point | None:
    settings = snapshot.reading.settings
    value: object
    match entity.domain, entity.key:
        case "sensor", key if key in _SENSORS:
            value = _SENSORS[key].value_fn(snapshot)
        case "select", key if key in _SELECTS:
            value = _SELECTS[key].current_fn(settings)
        case "number", number.BACKUP_RESERVE.key:
            reserve = settings.backup_reserve_percent
            value = None if reserve is None else round(reserve)
        case "switch", key if key in _SWITCHES:
            value = _SWITCHES[key].is_on_fn(settings)
        case _:
            return None
    return Point(at.timestamp(), state_text(value))


def _tariff_point(entity: StoredEntity, snapshot: TariffSnapshot, moment: Moment) -> Point | None:
    if entity.domain != "sensor" or (description := _TARIFF_SENSORS.get(entity.key)) is None:
        return None
    attributes: dict[str, object] = {}
    match description, snapshot.facts:
        case TempoSensorDescription(attributes_fn=tell), TempoFacts() as tempo:
            attributes = tell(tempo) if tell else {}
        case AmberSensorDescription(attributes_fn=tell), AmberFacts() as amber:
            attributes = tell(amber) if tell else {}
        case TempoSensorDescription() | AmberSensorDescription(), _:
            return None
    value = state_text(description.value_fn(snapshot))
    if description.state_class == SensorStateClass.TOTAL:
        since = snapshot.today.counted_since
        return Point(
            moment.at.timestamp(),
            value,
            (
                ("counted_since", since.isoformat() if since else None),
                ("last_reset", snapshot.today_starts_at.isoformat()),
            ),
        )
    # Prices change on the minute, not when the home is looked at next.
    began_at = snapshot.slot.starts_at
    at = began_at if began_at >= moment.since else moment.at
    return Point(at.timestamp(), value, tuple(attributes.items()))
