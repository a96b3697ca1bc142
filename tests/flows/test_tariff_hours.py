"""Hours as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.flows.tariff_hours import HoursError, read_hours, write_hours


def clock(hour: int, minute: int = 0) -> int:
    return hour * 60 + minute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16:00-21:00", [(clock(16), clock(21))]),
        ("16-21", [(clock(16), clock(21))]),
        ("16:00 – 21:00", [(clock(16), clock(21))]),
        ("07:00-10:00, 17:30-20:15", [(clock(7), clock(10)), (clock(17, 30), clock(20, 15))]),
        ("7.00-10.00;17-20", [(clock(7), clock(10)), (clock(17), clock(20))]),
        ("22h30 à 6h", [(clock(22, 30), clock(6))]),
        ("22h-6h30", [(clock(22), clock(6, 30))]),
        ("4-9pm", [(clock(16), clock(21))]),
        ("4pm–9pm", [(clock(16), clock(21))]),
        ("11am to 2 p.m.", [(clock(11), clock(14))]),
        ("11-2pm", [(clock(11), clock(14))]),
        ("9pm-8am", [(clock(21), clock(8))]),
        ("12am-6am", [(0, clock(6))]),
        ("12-6pm", [(clock(12), clock(18))]),
        ("9pm-12am", [(clock(21), clock(24))]),
        ("4pm-21:30", [(clock(16), clock(21, 30))]),
        ("0-24", [(0, clock(24))]),
        ("00:00-00:00", [(0, clock(24))]),
        ("22:00-00:00", [(clock(22), clock(24))]),
        ("", []),
        (" , ", []),
    ],
)
def test_read(text: str, expected: list[tuple[int, int]]) -> None:
    assert read_hours(text) == expected


@pytest.mark.parametrize(
    "text",
    ["noon", "16:00", "16:00-", "25-26", "16:61-17:00", "13pm-2pm", "0am-3am", "24-6", "8-8", "4pm to 9", "-5-7"],
)
def test_refuse(text: str) -> None:
    with pytest.raises(HoursError, match=text.strip()):
        read_hours(f"07:00-10:00, {text}")


stretches = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda hours: hours[0] != hours[1])


@given(st.lists(stretches, min_size=1, max_size=4))
def test_what_is_written_is_read_again(hours: list[tuple[int, int]]) -> None:
    assert read_hours(write_hours(hours)) == hours
