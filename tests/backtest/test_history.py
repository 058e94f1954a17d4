"""What a history shows of time and of containers."""

from typing import Any

import pytest

import deckwatch
from deckwatch import Backtest
from deckwatch.eql.dates import HOUR, MINUTE
from tests.backtest.build import at, event, nanoseconds


def told(*events: dict[str, Any], **options: Any) -> Backtest:
    return deckwatch.backtest([], list(events), **options)


def test_the_period() -> None:
    period = told(
        event(at(minutes=30), "1", "c1"),
        event(at(minutes=0), "2", "c2", "cart"),
        event(at(minutes=20), "3", "c1"),
    ).period
    assert (period.first, period.last) == (nanoseconds(), nanoseconds(minutes=30))
    assert (period.events, period.containers, period.images, period.observed) == (3, 2, 2, 30 * MINUTE)


@pytest.mark.parametrize(
    ("hours", "observed"),
    [
        pytest.param([0, 1, 2], 2 * HOUR, id="an hour of silence is none"),
        pytest.param([0, 2, 3], HOUR, id="a gap is left out"),
        pytest.param([0, 24, 25, 48], HOUR, id="gaps are left out"),
        pytest.param([3, 0, 2], HOUR, id="in any order"),
    ],
)
def test_gaps(hours: list[int], observed: int) -> None:
    found = told(*(event(at(hours=hour), str(hour)) for hour in hours))
    assert found.period.observed == observed


def test_only_what_lies_within_the_time_asked_for() -> None:
    events = [event(at(days=day), str(day), f"c{day}") for day in range(4)]
    period = told(*events, since=nanoseconds(days=1), until=nanoseconds(days=3)).period
    assert (period.events, period.containers, period.observed) == (2, 2, 0)
    assert (period.first, period.last) == (nanoseconds(days=1), nanoseconds(days=2))


def test_events_without_a_time_are_counted() -> None:
    undated = event("never", "1", "c9")
    period = told(undated, event(at(), "2"), since=nanoseconds()).period
    assert (period.events, period.undated, period.containers) == (2, 1, 1)


def test_no_event_has_a_time() -> None:
    period = told({"event": {"id": "1"}}).period
    assert (period.first, period.last, period.observed, period.events) == (None, None, 0, 1)


def test_no_events() -> None:
    assert told().period.events == 0


def test_several_times_in_an_event_and_batches_that_mix() -> None:
    both = event(at(days=1), "1") | {"@timestamp": [at(days=1), at(days=2)]}
    found = told(both, event(at(days=3), "2"))
    assert (found.period.first, found.period.last) == (nanoseconds(days=1), nanoseconds(days=3))
    assert found.period.observed == 0
