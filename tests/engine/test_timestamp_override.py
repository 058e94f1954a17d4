"""`timestamp_override` says which events a scheduled run finds, never when they happened."""

from __future__ import annotations

from typing import Any

import pytest

import deckwatch as dw
from tests.engine.test_suppression import PAIR, event, scanned, stream_of, told
from tests.rules.build import rule

ENGINES = ["columnar", "reference"]
INGESTED = "event.ingested"
LATER = {INGESTED: "2023-11-14T23:59:00Z"}
EVENTS = [
    event(0, "a", **{"user.id": "1"}),
    event(1, "b", **{"user.id": "1"}, **LATER),
    event(2, "a", **{"user.id": "2"}, **LATER),
    event(3, "b", **{"user.id": "2"}, **LATER),
    event(4, "a", **{INGESTED: "no date"}),
]


def overriding(query: str, **parameters: Any) -> dw.Rule:
    return rule(query=query, index=["*"], timestamp_override=INGESTED, **parameters)


def without_fallback(query: str) -> dw.Rule:
    return overriding(query, timestamp_override_fallback_disabled=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param(overriding("any where true"), ["0", "1", "2", "3", "4"], id="falls-back"),
        pytest.param(without_fallback("any where true"), ["1", "2", "3"], id="does-not"),
        pytest.param(overriding(PAIR), ["1", "3"], id="sequence-falls-back"),
        pytest.param(without_fallback(PAIR), ["3"], id="every-stage-of-a-sequence-does-not"),
    ],
)
def test_which_events_are_searched(chosen: dw.Rule, expected: list[str], engine: Any) -> None:
    assert [identity for identity, _ in told(scanned(EVENTS, chosen, engine=engine)[0])] == expected
    live = [alert for step in stream_of([EVENTS], chosen) for alert in step.alerts]
    assert [identity for identity, _ in told(live)] == expected


def test_their_own_time_orders_them_and_bounds_a_scan() -> None:
    since = (1_700_000_102) * 1_000_000_000
    scan = dw.scan(EVENTS, [overriding("any where true")], since=since)
    assert [identity for identity, _ in told(scan)] == ["2", "3", "4"]
    swapped = [{**EVENTS[2], INGESTED: "2023-11-15T23:59:00Z"}, EVENTS[3]]
    assert told(scanned(swapped, overriding(PAIR))[0]) == [("3", None)]


def test_what_a_rule_does_not_search_is_told() -> None:
    (warning,) = dw.RuleSet((without_fallback("any where true"),)).warnings
    assert "only events with `event.ingested` are searched" in str(warning)
    assert not dw.RuleSet((overriding("any where true"),)).warnings
