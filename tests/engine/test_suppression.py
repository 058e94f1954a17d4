"""Which alerts stand for others, and how many they stand for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

import deckwatch as dw
from deckwatch.engine import suppression
from deckwatch.engine.scan import Scan
from deckwatch.engine.stream import Stream
from deckwatch.engine.visibility import TimeRange
from deckwatch.rules.rule import RuleError
from tests.engine.live import RUN, FakeClock, FakeSource, at_once
from tests.golden import assert_golden
from tests.rules.build import rule

GOLDEN = Path(__file__).parent / "golden"
ENGINES = ["columnar", "reference"]
START = 1_700_000_100
"""A time at which a run of five minutes begins."""

TERMS, COUNT = "kibana.alert.suppression.terms", "kibana.alert.suppression.docs_count"
PAIR = 'sequence by user.id with maxspan=10s [any where process.name == "a"] [any where process.name == "b"]'


def event(second: float, name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"@timestamp": int((START + second) * 1000), "process.name": name, "event.id": f"{second:g}", **fields}


def suppressing(query: str = "any where true", **how: Any) -> dw.Rule:
    """A rule that groups by the process's name, in a minute, unless it is said otherwise."""
    parameters = {
        key: value for key, value in ({"group_by": ["process.name"], "duration": minutes(1)} | how).items() if value
    }
    return rule(query=query, index=["*"], alert_suppression=parameters, interval="5m")


def minutes(value: int) -> dict[str, Any]:
    return {"value": value, "unit": "m"}


def scanned(events: Any, *rules: dw.Rule, **how: Any) -> tuple[list[dict[str, Any]], dw.Summary]:
    scan = Scan(events, rules, within=TimeRange(), run=RUN, **how)
    return list(scan), scan.summary


def told(alerts: Iterable[dict[str, Any]]) -> list[tuple[str, int | None]]:
    """Of each alert its event, of a sequence its last, and for how many others it stands."""
    return [
        (alert["kibana.alert.ancestors"][-2 if "kibana.alert.group.id" in alert else -1]["id"], alert.get(COUNT))
        for alert in alerts
        if "kibana.alert.group.index" not in alert
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("how", "events", "expected"),
    [
        pytest.param({}, [event(0), event(5), event(9)], [("0", 2)], id="one-for-all"),
        pytest.param({}, [event(0), event(5, "b"), event(9)], [("0", 1), ("5", 0)], id="by-group"),
        pytest.param({}, [event(0), event(60)], [("0", 1)], id="at-the-end-of-the-window"),
        pytest.param({}, [event(0), event(60.001)], [("0", 0), ("60.001", 0)], id="after-the-window"),
        pytest.param(
            {}, [event(0), event(50), event(70), event(120)], [("0", 1), ("70", 1)], id="a-window-does-not-slide"
        ),
        pytest.param({}, [event(9), event(5), event(0)], [("0", 2)], id="the-earliest-whatever-comes-first"),
        pytest.param({"duration": None}, [event(0), event(299.999)], [("0", 1)], id="a-run"),
        pytest.param({"duration": None}, [event(299), event(300)], [("299", 0), ("300", 0)], id="two-runs"),
        pytest.param(
            {"group_by": ["process.name", "user.id"]},
            [event(0, **{"user.id": "1"}), event(1, **{"user.id": "2"}), event(2, "b", **{"user.id": "1"})],
            [("0", 0), ("1", 0), ("2", 0)],
            id="two-fields",
        ),
        pytest.param(
            {"group_by": ["user.id"]},
            [
                event(0, "a", **{"user.id": ["1", "2"]}),
                event(1, "a", **{"user.id": ["2", "1"]}),
                event(2, **{"user.id": "2"}),
            ],
            [("0", 1), ("2", 0)],
            id="several-values-in-any-order",
        ),
        pytest.param({"group_by": ["user.id"]}, [event(0), event(1)], [("0", 1)], id="missing-is-a-group"),
        pytest.param(
            {"group_by": ["user.id"], "missing_fields_strategy": "doNotSuppress"},
            [event(0), event(1, **{"user.id": "1"}), event(2), event(3, **{"user.id": "1"})],
            [("0", None), ("2", None), ("1", 1)],
            id="missing-is-not-suppressed",
        ),
        pytest.param(
            {},
            [event(0), {"process.name": "a", "event.id": "none"}, event(1)],
            [("none", None), ("0", 1)],
            id="without-a-time-nothing-is-suppressed",
        ),
    ],
)
def test_events(how: dict[str, Any], events: list[dict[str, Any]], expected: list[Any], engine: Any) -> None:
    chosen = suppressing(**how)
    alerts, summary = scanned(events, chosen, engine=engine)
    assert told(alerts) == expected
    assert summary.alerts == summary.documents == len(expected)
    assert summary.alerts + summary.suppressed[chosen.rule_id] == len(events)


def pairs(*starts: tuple[float, str, dict[str, Any], dict[str, Any]]) -> list[dict[str, Any]]:
    """For each the two events of a sequence of a user, a second apart."""
    return [
        each
        for second, user, first, last in starts
        for each in (
            event(second, "a", **{"user.id": user}, **first),
            event(second + 1, "b", **{"user.id": user}, **last),
        )
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param({"group_by": ["host.name"]}, [("1", 2), ("31", 0)], id="what-all-events-share"),
        pytest.param({"group_by": ["process.name"]}, [("1", 3)], id="what-they-do-not-share-is-missing"),
        pytest.param(
            {"group_by": ["process.name"], "missing_fields_strategy": "doNotSuppress"},
            [("1", None), ("11", None), ("21", None), ("31", None)],
            id="and-may-not-suppress",
        ),
        pytest.param(
            {"group_by": None, "group_by_v2": [{"field": "file.name", "sequence_index": 1}]},
            [("1", 1), ("11", 1)],
            id="of-the-second-event",
        ),
        pytest.param(
            {"group_by": ["user.id"], "group_by_v2": [{"field": "host.name"}]}, [("1", 2), ("31", 0)], id="v2-wins"
        ),
    ],
)
def test_sequences(how: dict[str, Any], expected: list[Any], engine: Any) -> None:
    host, other = {"host.name": "h"}, {"host.name": "i"}
    x, y = {"file.name": "x"}, {"file.name": "y"}
    events = pairs(
        (0, "1", host, host | x), (10, "2", host, host | y), (20, "3", host, host | x), (30, "4", other, other | y)
    )
    chosen = suppressing(PAIR, **how)
    alerts, summary = scanned(events, chosen, engine=engine)
    assert told(alerts) == expected
    assert summary.documents == len(alerts) == 3 * len(expected)
    assert summary.alerts + summary.suppressed[chosen.rule_id] == 4


def test_the_terms_of_events_are_lists_and_those_of_sequences_as_the_shell_has_them() -> None:
    events = pairs((0, "1", {"tags": ["z", "a"]}, {"tags": ["a", "z"]}))
    (of_event, *_), _ = scanned(events, suppressing(group_by=["tags", "process.pid", "process.name"]))
    assert of_event[TERMS] == [
        {"field": "tags", "value": ["a", "z"]},
        {"field": "process.pid", "value": None},
        {"field": "process.name", "value": ["a"]},
    ]
    (*_, shell), _ = scanned(events, suppressing(PAIR, group_by=["tags", "user.id"]))
    assert shell[TERMS] == [{"field": "tags", "value": ["a", "z"]}, {"field": "user.id", "value": "1"}]


@pytest.mark.parametrize(
    ("strategy", "expected"), [("suppress", [("1", 1)]), ("doNotSuppress", [("1", None), ("11", None)])]
)
def test_arrays_with_nothing_in_common_are_missing(strategy: str, expected: list[Any]) -> None:
    tagged = [{"tags": ["x"]}, {"tags": ["y"]}]
    events = pairs((0, "1", tagged[0], tagged[1]), (10, "2", tagged[1], tagged[0]))
    alerts, _ = scanned(events, suppressing(PAIR, group_by=["tags"], missing_fields_strategy=strategy))
    assert told(alerts) == expected
    assert all(shell["tags"] == [] for shell in alerts[2::3])
    assert all(shell.get(TERMS, [{"value": None}])[0]["value"] is None for shell in alerts[2::3])


def test_the_documents_of_a_group_are_as_reviewed() -> None:
    events = [event(0.25), event(5), event(30.5)]
    (alert,), _ = scanned(events, suppressing())
    sequence, _ = scanned(
        pairs((0, "1", {}, {"file.name": "x"}), (7, "1", {}, {"file.name": "x"})),
        suppressing(PAIR, group_by_v2=[{"field": "file.name", "sequence_index": 1}, {"field": "user.id"}]),
    )
    shown = [
        {key: value for key, value in each.items() if not key.startswith("kibana.alert.rule.")}
        for each in (alert, *sequence)
    ]
    assert_golden(GOLDEN / "suppressed.json", json.dumps(shown, indent=1, ensure_ascii=False) + "\n")


def test_but_for_its_group_it_is_the_alert_it_would_be() -> None:
    events = [event(0), event(5)]
    (alert,), _ = scanned(events, suppressing())
    (alone,), _ = scanned(events[:1], rule(index=["*"], query="any where true"))
    of_the_rule = ("kibana.alert.rule.parameters", "kibana.alert.rule.interval")
    assert {key: alert[key] for key in alone if key not in of_the_rule} == {
        key: value for key, value in alone.items() if key not in of_the_rule
    }


def test_more_groups_than_are_held_end_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "MOST_WINDOWS", 2)
    events = [event(second, name) for second, name in enumerate("abcacb")]
    alerts, summary = scanned(events, suppressing())
    assert told(alerts) == [("0", 0), ("1", 0), ("2", 1), ("3", 0), ("5", 0)]
    assert summary.cut_short == 3
    assert summary.alerts + sum(summary.suppressed.values()) == len(events)


def test_a_rule_does_not_count_its_own_alerts() -> None:
    chosen = suppressing()
    alerts, _ = scanned([event(0)], chosen)
    _, summary = scanned([*alerts, event(9)], chosen)
    assert (summary.suppressed_self, summary.alerts, summary.suppressed[chosen.rule_id]) == (1, 1, 0)


PLACES = "`sequence_index` in `alert_suppression` "


@pytest.mark.parametrize(
    ("query", "place", "fault"),
    [
        pytest.param("any where true", 0, PLACES + "is for sequences; the query finds single events", id="event"),
        pytest.param(PAIR, 2, PLACES + "must be from 0 to 1, not 2", id="beyond"),
        pytest.param(PAIR, -1, "`alert_suppression` must be ", id="negative"),
        pytest.param(PAIR, True, "`alert_suppression` must be ", id="no-number"),
        pytest.param(
            "sequence with maxspan=1m [any where true] ![any where true]", 1, "must be from 0 to 0", id="missing"
        ),
    ],
)
def test_places_are_checked(query: str, place: Any, fault: str) -> None:
    with pytest.raises(RuleError, match=fault.replace(".", r"\.")):
        suppressing(query, group_by_v2=[{"field": "a", "sequence_index": place}])


@pytest.mark.parametrize(
    ("query", "place"),
    [
        pytest.param("sequence [any where true] with runs=3 [any where true]", 3, id="runs-are-several"),
        pytest.param("sample by user.id [any where true] [any where true]", 1, id="sample"),
        pytest.param("sequence with maxspan=1m ![any where true] [any where true]", 0, id="missing-ones-are-left-out"),
    ],
)
def test_places_count_events(query: str, place: int) -> None:
    suppressing(query, group_by_v2=[{"field": "a", "sequence_index": place}])


def test_what_only_deckwatch_understands_is_told() -> None:
    rules = dw.RuleSet((suppressing(PAIR, group_by_v2=[{"field": "a"}]),))
    assert [warning.message for warning in rules.warnings] == [
        "no release of Kibana knows `group_by_v2` of `alert_suppression` so far; it groups by `group_by` alone"
    ]
    assert not dw.RuleSet((suppressing(PAIR),)).warnings


def stream_of(batches: Iterable[Sequence[dict[str, Any]]], *rules: dw.Rule, lateness: float = 1) -> Stream:
    clock = FakeClock(10**18 * 2, stopped=True)
    return Stream(FakeSource(at_once(batches), clock), rules, lateness=lateness, run=RUN, clock=clock)


def test_live_the_first_is_reported_at_once_and_again_when_its_window_has_ended() -> None:
    chosen = suppressing()
    stream = stream_of([[event(0)], [event(1.5)], [event(2, "b")], [event(59), event(62)], [event(70)]], chosen)
    assert [told(step.alerts) for step in stream] == [
        [],  # until nothing earlier can come
        [("0", 0)],
        [],
        [("2", 0), ("0", 2)],
        [("62", 0)],
        [],  # 70 is counted
        [("62", 1)],
    ]
    status = stream.status
    assert (status.alerts, status.suppressed, status.documents) == (3, {chosen.rule_id: 3}, 5)
    assert (status.windows, status.pending) == (0, 0)


def test_live_what_comes_again_is_the_same_alert_with_a_higher_count() -> None:
    first, again = (alert for step in stream_of([[event(0), event(30)]], suppressing()) for alert in step.alerts)
    changed = {"kibana.alert.suppression.docs_count", "kibana.alert.suppression.end"}
    assert {key for key in first if first[key] != again[key]} == changed
    assert first.keys() == again.keys()


def test_live_of_a_sequence_only_the_shell_comes_again() -> None:
    events = pairs((0, "1", {}, {}), (10, "1", {}, {}))
    alerts = [alert for step in stream_of([events], suppressing(PAIR)) for alert in step.alerts]
    assert ["kibana.alert.group.index" in alert for alert in alerts] == [True, True, False, False]
    assert alerts[2]["kibana.alert.uuid"] == alerts[3]["kibana.alert.uuid"]
    assert [alert[COUNT] for alert in alerts[2:]] == [0, 1]


def test_live_late_events_count_in_the_window_that_is_open() -> None:
    stream = stream_of([[event(20)], [event(40)], [event(3)], [event(5, "b")]], suppressing())
    alerts = [alert for step in stream for alert in step.alerts]
    assert told(alerts) == [("20", 0), ("5", 0), ("20", 2)]
    assert stream.status.late == 2


def test_live_events_without_a_time_are_reported_at_once() -> None:
    stream = stream_of([[{"process.name": "a", "event.id": "none"}], [event(1)]], suppressing())
    assert [told(step.alerts) for step in stream][:1] == [[("none", None)]]


def test_live_a_stop_reports_what_is_known() -> None:
    stream = stream_of([[event(0), event(1)], [event(2)]], suppressing())
    next(stream)
    stream.stop()
    assert [told(step.alerts) for step in stream] == [[("0", 0)], [("0", 1)]]
