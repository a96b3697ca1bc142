"""Homes whose past the recorder, the ledger and other integrations know."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from homeassistant.components.recorder.db_schema import Statistics, StatisticsShortTerm
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.tasks import ImportStatisticsTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallCoordinator
from custom_components.energy_optimizer.core.model.forecast import Series

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)


def powerwall_of(entry: MockConfigEntry) -> PowerwallCoordinator:
    """Return the running coordinator of a home's Powerwall."""
    return next(each for each in entry.runtime_data.sources.values() if isinstance(each, PowerwallCoordinator))


def sensor_of(hass: HomeAssistant, powerwall: PowerwallCoordinator, key: str) -> str:
    """Return the id of one of our sensors."""
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{powerwall.subentry_id}_{key}")
    assert entity_id is not None
    return entity_id


async def record_power(
    hass: HomeAssistant,
    statistic_id: str,
    starts_at: datetime,
    means: Sequence[float | None],
    *,
    step: timedelta = HOUR,
    unit: str = "kW",
) -> None:
    """Let the recorder know means of a power, by the hour or, for as long as it keeps them, by five minutes."""
    rows = [
        StatisticData(start=starts_at + step * index, mean=mean, min=mean, max=mean)
        for index, mean in enumerate(means)
        if mean is not None
    ]
    await _record(hass, statistic_id, rows, step, unit=unit, unit_class="power", counts=False)


async def record_energy(
    hass: HomeAssistant,
    statistic_id: str,
    starts_at: datetime,
    sums: Sequence[float | None],
    *,
    step: timedelta = HOUR,
    unit: str = "kWh",
) -> None:
    """Let the recorder know what a counter had risen by at the end of each step."""
    rows = [
        StatisticData(start=starts_at + step * index, state=rise, sum=rise)
        for index, rise in enumerate(sums)
        if rise is not None
    ]
    await _record(hass, statistic_id, rows, step, unit=unit, unit_class="energy", counts=True)


async def _record(
    hass: HomeAssistant,
    statistic_id: str,
    rows: list[StatisticData],
    step: timedelta,
    *,
    unit: str,
    unit_class: str,
    counts: bool,
) -> None:
    metadata = StatisticMetaData(
        mean_type=StatisticMeanType.NONE if counts else StatisticMeanType.ARITHMETIC,
        has_sum=counts,
        name=None,
        source="recorder",
        statistic_id=statistic_id,
        unit_class=unit_class,
        unit_of_measurement=unit,
    )
    table = Statistics if step == HOUR else StatisticsShortTerm
    get_instance(hass).queue_task(ImportStatisticsTask(metadata, rows, table))
    await async_wait_recording_done(hass)


def at(series: Series, instant: datetime) -> float:
    """Return the value of the step that *instant* lies in."""
    index = (instant - series.starts_at) // series.step
    assert 0 <= index < series.values.size
    return float(series.values[index])


def is_unknown(series: Series, instant: datetime) -> bool:
    """Say whether nothing is known of an instant, also because it is before the series."""
    return instant < series.starts_at or bool(np.isnan(at(series, instant)))
