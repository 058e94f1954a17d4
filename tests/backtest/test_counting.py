"""Counters that stay small."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.backtesting.counting import UNITS, Timeline, Top, start_of, unit_for
from deckwatch.eql.dates import DAY, HOUR, MINUTE, SECOND, format_timestamp
from tests.backtest.build import nanoseconds


@given(st.lists(st.sampled_from("abcdefghijkl")), st.integers(1, 6))
def test_counts_are_too_low_by_at_most_the_error(values: list[str], most: int) -> None:
    top, exact = Top(most), Counter(values)
    for value in values:
        top.add(value)
    assert len(top) <= 2 * most
    assert top.error <= len(values) // most
    for value, count in exact.items():
        assert count - top.error <= top[value] <= count


@given(st.lists(st.sampled_from("abcdef")))
def test_few_values_are_counted_exactly(values: list[str]) -> None:
    top = Top(3)
    for value in values:
        top.add(value)
    assert top.error == 0
    assert top.common() == sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))


@given(st.lists(st.integers(0, 400 * DAY)), st.integers(2, 30))
def test_a_timeline_stays_small_and_loses_nothing(times: list[int], most: int) -> None:
    timeline = Timeline(most)
    timeline.add((time, 1) for time in times)
    counts = timeline.by(timeline.unit)
    assert sum(counts.values()) == len(times)
    assert counts == Counter(start_of(time, timeline.unit) for time in times)
    assert len(counts) <= most or timeline.unit == UNITS["week"]


@pytest.mark.parametrize(
    ("time", "unit", "start"),
    [
        pytest.param({"days": 2, "hours": 5}, "hour", "2026-11-04T05:00:00.000Z", id="hour"),
        pytest.param({"days": 2, "hours": 5}, "day", "2026-11-04T00:00:00.000Z", id="day"),
        pytest.param({"days": 2, "hours": 5}, "week", "2026-11-02T00:00:00.000Z", id="weeks begin on Mondays"),
        pytest.param({"days": 6, "hours": 23}, "week", "2026-11-02T00:00:00.000Z", id="Sunday"),
        pytest.param({"days": -1}, "week", "2026-10-26T00:00:00.000Z", id="the Sunday before"),
    ],
)
def test_units_begin(time: dict[str, int], unit: str, start: str) -> None:
    assert format_timestamp(start_of(nanoseconds(**time), UNITS[unit])) == start


@pytest.mark.parametrize(
    ("span", "unit"),
    [
        pytest.param(0, "second", id="nothing"),
        pytest.param(90 * SECOND, "second", id="a minute and a half"),
        pytest.param(10 * MINUTE, "10 seconds", id="ten minutes"),
        pytest.param(HOUR, "minute", id="an hour"),
        pytest.param(3 * HOUR, "10 minutes", id="three hours"),
        pytest.param(3 * DAY, "hour", id="three days"),
        pytest.param(5 * DAY, "day", id="five days"),
        pytest.param(90 * DAY, "day", id="a quarter"),
        pytest.param(365 * DAY, "week", id="a year"),
        pytest.param(5000 * DAY, "week", id="longer than there are bars"),
    ],
)
def test_the_unit_follows_from_the_span(span: int, unit: str) -> None:
    start = nanoseconds()
    assert unit_for(start, start + span, 100) == unit


def test_no_unit_is_shorter_than_what_was_counted() -> None:
    assert unit_for(0, SECOND, 100, least=HOUR) == "hour"
