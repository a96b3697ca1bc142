"""What was foretold the day before, and nothing that was foretold later."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.forecast import Series
from custom_components.energy_optimizer.core.planning.foretold import KEPT, ForetoldBook

HALF_HOUR = timedelta(minutes=30)
PARIS = ZoneInfo("Europe/Paris")


def flat(starts_at: datetime, value: float, hours: float = 60) -> Series:
    return Series(starts_at=starts_at, step=HALF_HOUR, values=np.full(int(hours * 2), value))


def at(book: ForetoldBook, instant: datetime) -> float:
    return float(book.series(instant, HALF_HOUR, 1).values[0])


# A day of 23 hours, one of 25, a plain one; and zones that are not whole hours from UTC.
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Paris", (2026, 3, 29)),
        ("Europe/Paris", (2026, 10, 25)),
        ("Europe/Paris", (2026, 6, 1)),
        ("Australia/Adelaide", (2026, 4, 5)),
        ("Australia/Adelaide", (2026, 10, 4)),
        ("Asia/Kolkata", (2026, 6, 1)),
        ("Asia/Kathmandu", (2026, 6, 1)),
    ],
)
def test_the_last_word_before_the_day_began_holds(zone: str, day: tuple[int, int, int]) -> None:
    local = ZoneInfo(zone)
    midnight = datetime(*day, tzinfo=local).astimezone(UTC)
    noon = datetime(*day, 12, tzinfo=local).astimezone(UTC)
    book = ForetoldBook()
    book.note(flat(midnight - timedelta(hours=20), 1.0), midnight - timedelta(hours=20), local)
    book.note(flat(midnight - timedelta(minutes=1), 2.0), midnight - timedelta(minutes=1), local)
    book.note(flat(midnight + timedelta(minutes=1), 3.0), midnight + timedelta(minutes=1), local)
    book.note(flat(noon - timedelta(hours=1), 4.0), noon - timedelta(hours=1), local)
    assert at(book, noon) == 2.0
    assert at(book, noon + timedelta(hours=24)) == 4.0  # tomorrow is still open


def test_without_a_day_before_the_first_word_holds_and_the_past_is_never_told() -> None:
    noon = datetime(2026, 6, 1, 10, tzinfo=UTC)
    book = ForetoldBook()
    book.note(flat(noon - timedelta(hours=5), 1.0), noon, PARIS)
    assert np.isnan(at(book, noon - HALF_HOUR))
    assert np.isnan(at(book, noon))  # it has begun
    assert at(book, noon + HALF_HOUR) == 1.0
    book.note(flat(noon, 2.0), noon + timedelta(minutes=10), PARIS)
    assert at(book, noon + HALF_HOUR) == 1.0


def test_what_is_unknown_is_not_noted_and_what_is_old_is_forgotten() -> None:
    noon = datetime(2026, 6, 1, 10, tzinfo=UTC)
    book = ForetoldBook()
    told = flat(noon, 1.0)
    told.values[2] = np.nan
    book.note(told, noon, PARIS)
    assert np.isnan(at(book, noon + 2 * HALF_HOUR))
    assert at(book, noon + 3 * HALF_HOUR) == 1.0
    book.note(flat(noon, 5.0, hours=24 * 60), noon, PARIS)
    assert np.isnan(at(book, noon + timedelta(days=20)))  # nobody knows so far ahead
    later = noon + KEPT + timedelta(days=1)
    book.note(flat(later, 2.0), later, PARIS)
    assert np.isnan(at(book, noon + 3 * HALF_HOUR))
    assert len(book.to_json()["values"]) <= (KEPT + timedelta(days=9)) / HALF_HOUR


def test_json_and_back() -> None:
    noon = datetime(2026, 6, 1, 10, tzinfo=UTC)
    book = ForetoldBook()
    assert ForetoldBook.from_json(json.loads(json.dumps(book.to_json()))).to_json() == {}
    book.note(flat(noon, 1.25), noon, PARIS)
    again = ForetoldBook.from_json(json.loads(json.dumps(book.to_json())))
    assert again.to_json() == book.to_json()
    assert at(again, noon + timedelta(hours=3)) == 1.25
    with pytest.raises((KeyError, TypeError, ValueError)):
        ForetoldBook.from_json({"values": [1]})
