"""The limit of a rule's alerts per run, where somebody asks for it."""

from __future__ import annotations

from typing import Any

import pytest

import deckwatch as dw
from deckwatch.engine.detections import Found
from deckwatch.engine.moments import latest
from tests.engine.test_suppression import COUNT, PAIR, event, minutes, pairs, scanned, told
from tests.rules.build import rule

ENGINES = ["columnar", "reference"]


def limited(query: str = "any where true", most: int = 2, **parameters: Any) -> dw.Rule:
    return rule(query=query, index=["*"], max_signals=most, interval="5m", **parameters)


@pytest.mark.parametrize(
    ("moments", "most", "kept", "full"),
    [
        pytest.param([1, 2, 3], 2, [1, 2], 1, id="the-latest"),
        pytest.param([1, 2], 2, [0, 1], 1, id="as-many-is-full"),
        pytest.param([1], 2, [0], 0, id="fewer"),
        pytest.param([1, 2, 3, 11, 12, 13, 21], 2, [1, 2, 4, 5, 6], 2, id="each-run-for-itself"),
        pytest.param([9, 10], 1, [0, 1], 2, id="runs-begin-at-multiples"),
        pytest.param([None, None, 1], 1, [0, 1, 2], 1, id="without-a-time"),
        pytest.param([-1, -2, 1], 1, [1, 2], 2, id="before-1970"),
        pytest.param([], 1, [], 0, id="nothing"),
    ],
)
def test_the_latest_of_each_run(moments: list[int | None], most: int, kept: list[int], full: int) -> None:
    found = [Found(0, (), (number,)) for number in range(len(moments))]
    assert latest(found, moments, 10, most) == ([found[number] for number in kept], full)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("chosen", "events", "expected", "runs", "left"),
    [
        pytest.param(
            limited(),
            [event(2), event(0), event(1), event(300)],
            [("1", None), ("2", None), ("300", None)],
            1,
            1,
            id="events-in-order",
        ),
        pytest.param(limited(), [event(0), event(1)], [("0", None), ("1", None)], 1, 0, id="reached-is-told"),
        pytest.param(limited(most=3), [event(0), event(1)], [("0", None), ("1", None)], 0, 0, id="not-reached"),
        pytest.param(
            limited(PAIR, 1),
            pairs((0, "1", {}, {}), (10, "2", {}, {}), (400, "3", {}, {})),
            [("11", None), ("401", None)],
            2,
            1,
            id="sequences",
        ),
        pytest.param(
            limited(alert_suppression={"group_by": ["process.name"], "duration": minutes(60)}),
            [event(0), event(1), event(2), event(300)],
            [("1", 2)],
            1,
            1,
            id="suppressed-is-what-is-left",
        ),
    ],
)
def test_a_scan_keeps_to_it(
    chosen: dw.Rule, events: list[Any], expected: list[Any], runs: int, left: int, engine: Any
) -> None:
    alerts, summary = scanned(events, chosen, engine=engine, max_signals=True)
    assert told(alerts) == expected
    assert summary.full_runs == ({chosen.rule_id: runs} if runs else {})
    assert sum(summary.over_limit.values()) == left
    _, whole = scanned(events, chosen)
    assert summary.alerts + sum(summary.suppressed.values()) + left == whole.alerts + sum(whole.suppressed.values())


def test_without_asking_there_is_no_limit() -> None:
    alerts, summary = scanned([event(second) for second in range(9)], limited())
    assert len(alerts) == 9
    assert all(COUNT not in alert for alert in alerts)
    assert summary.full_runs == {}
