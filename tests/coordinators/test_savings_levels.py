"""What a battery held where days and slots began."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.coordinators.savings_levels import LevelWatch
from custom_components.energy_optimizer.core.model.powerwall import PowerwallReading

PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2026, 10, 25, tzinfo=PARIS).astimezone(ZoneInfo("UTC"))
MINUTE = timedelta(minutes=1)


def looked(*readings: tuple[float, float | None]) -> tuple[LevelWatch, dict[datetime, float]]:
    """Return a watch that saw levels so many minutes after midnight, and what it wanted to be kept."""
    kept: dict[datetime, float] = {}
    watch = LevelWatch(kept.__setitem__)
    for minutes, level in readings:
        watch.look(PowerwallReading(taken_at=MIDNIGHT + minutes * MINUTE, level_percent=level), PARIS)
    return watch, kept


def test_the_level_at_midnight_lies_on_the_line_between_readings() -> None:
    watch, kept = looked((-6, 50.0), (-1, 48.0), (3, 52.0), (6, 58.0))
    assert kept == {MIDNIGHT - 6 * MINUTE: 50.0, MIDNIGHT: pytest.approx(49.0)}
    assert watch.at(MIDNIGHT) == pytest.approx(49.0)
    assert watch.at(MIDNIGHT + 5 * MINUTE) == pytest.approx(56.0)
    assert watch.at(MIDNIGHT + 10 * MINUTE) is None


def test_after_a_long_silence_nobody_knows_what_was_between() -> None:
    watch, kept = looked((-70, 50.0), (2, 20.0))
    assert watch.at(MIDNIGHT) is None
    assert kept == {MIDNIGHT - 70 * MINUTE: 50.0, MIDNIGHT + 2 * MINUTE: 20.0}
    watch.known = kept
    assert watch.around(MIDNIGHT) == ((MIDNIGHT - 70 * MINUTE, 50.0), (MIDNIGHT + 2 * MINUTE, 20.0))
    assert watch.around(MIDNIGHT - 80 * MINUTE) == (None, (MIDNIGHT - 70 * MINUTE, 50.0))


def test_only_the_last_slots_are_remembered() -> None:
    watch, kept = looked(*((float(minute), 50.0) for minute in range(1, 200, 2)))
    assert watch.at(MIDNIGHT + 195 * MINUTE) == 50.0
    assert watch.at(MIDNIGHT + 100 * MINUTE) is None
    assert list(kept) == [MIDNIGHT + MINUTE]


def test_a_silent_level_and_a_clock_that_went_back_are_no_reading() -> None:
    watch, kept = looked((-2, None), (-2, 50.0), (-2, 10.0), (-3, 10.0), (2, None))
    assert watch.last == (MIDNIGHT - 2 * MINUTE, 50.0)
    assert kept == {MIDNIGHT - 2 * MINUTE: 50.0}
