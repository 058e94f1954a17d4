"""What a scan does with its events, rules and range of time."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import deckwatch as dw
from deckwatch.errors import DeckwatchError
from tests.rules.build import rule

SECOND = 1_000_000_000
START = 1_700_000_000
OF_THE_RUN = ("@timestamp", "kibana.alert.start", "kibana.alert.last_detected", "kibana.alert.intended_timestamp")
ENGINES = ["columnar", "reference"]


def event(second: float, name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"@timestamp": int((START + second) * 1000), "process.name": name, "event.id": f"{second}-{name}", **fields}


def made(query: str, **parameters: Any) -> dw.Rule:
    return rule(query=query, **{"rule_id": query, "index": ["*"], **parameters})


def alerts(events: Any, *rules: dw.Rule, **how: Any) -> list[dict[str, Any]]:
    """Whole alert documents without what tells one run from the next; a shell's original time is of the run."""
    scan = dw.scan(events, rules, **how)
    found = list(scan)
    assert scan.summary.documents == len(found)
    return [
        {
            key: value
            for key, value in alert.items()
            if key not in OF_THE_RUN
            and not key.startswith("kibana.alert.rule.execution")
            and not (key == "kibana.alert.original_time" and _is_shell(alert))
        }
        for alert in found
    ]


def _is_shell(alert: dict[str, Any]) -> bool:
    return "kibana.alert.group.id" in alert and "kibana.alert.group.index" not in alert


def found(events: Any, *rules: dw.Rule, **how: Any) -> list[str | list[str]]:
    """Of each event alert its event, of each sequence or sample its events."""
    groups: dict[str, list[str]] = {}
    listed: list[str | list[str]] = []
    for alert in alerts(events, *rules, **how):
        group = alert.get("kibana.alert.group.id")
        if group is None:
            listed.append(alert["kibana.alert.original_event.id"])
        elif _is_shell(alert):
            listed.append(groups[group])
        else:
            groups.setdefault(group, []).append(alert["kibana.alert.original_event.id"])
    return listed


PAIR = made('sequence by user.id with maxspan=10s [any where process.name == "a"] [any where process.name == "b"]')
EVENTS = [
    event(second, name, **{"user.id": user})
    for second, (name, user) in enumerate(itertools.product("abc", ["1", "2", ["1", "2"], None]))
]
SEVERAL = [
    made('any where process.name : ("a", "c")'),
    PAIR,
    made('sample by user.id [any where process.name == "b"] [any where process.name == "c"]'),
    made('sequence with maxspan=3s [any where process.name == "c"] ![any where process.name == "a"]'),
    made("any where user.id != null"),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_events", [1, 5, 50])
def test_batches_do_not_matter(batch_events: int, engine: Any) -> None:
    whole = alerts(EVENTS, *SEVERAL)
    assert len({alert["kibana.alert.rule.rule_id"] for alert in whole}) == len(SEVERAL)
    assert alerts(EVENTS, *SEVERAL, batch_events=batch_events, engine=engine) == whole


def test_the_kind_of_input_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(each) + "\n" for each in EVENTS))
    whole = alerts(EVENTS, *SEVERAL)
    assert alerts(path, *SEVERAL) == whole
    assert alerts(io.BytesIO(path.read_bytes()), *SEVERAL) == whole
    assert alerts(iter(EVENTS), *SEVERAL) == whole


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_the_order_of_files_does_not_matter(order: tuple[int, ...], tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.ndjson" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_text("".join(json.dumps(each) + "\n" for each in EVENTS[number::3]))
    ids = [
        {alert["kibana.alert.uuid"] for alert in alerts(given, *SEVERAL[:2])}
        for given in (EVENTS, [paths[number] for number in order])
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) > 10


def test_event_alerts_come_by_event_and_then_by_rule() -> None:
    rules = [made('any where process.name == "a"', name="first"), made("any where true", name="second")]
    given = [event(9, "a"), event(3, "b"), event(5, "a")]
    names = [(each["event.id"], each["kibana.alert.rule.name"]) for each in alerts(given, *rules)]
    assert names == [("9-a", "first"), ("9-a", "second"), ("3-b", "second"), ("5-a", "first"), ("5-a", "second")]


def test_sequences_come_after_all_events_blocks_before_their_shell() -> None:
    given = [event(0, "a", **{"user.id": "1"}), event(1, "b", **{"user.id": "1"}), event(2, "c")]
    documents = alerts(given, PAIR, made('any where process.name == "c"'))
    assert [each.get("kibana.alert.group.index") for each in documents] == [None, 0, 1, None]
    assert "kibana.alert.group.id" not in documents[0]
    assert "kibana.alert.building_block_type" not in documents[3]


def test_numbers_add_up() -> None:
    data = b"\n".join([json.dumps(event(0)).encode(), b"", b"  ", b"{", json.dumps(event(1, "b")).encode(), b"[]"])
    letters: list[Any] = []
    scan = dw.scan(io.BytesIO(data), [*SEVERAL, made('any where process.name == "nobody"')], dead_letter=letters.append)
    documents = list(scan)
    summary = scan.summary
    assert (summary.lines, summary.events, summary.blank, summary.malformed) == (6, 2, 2, 2)
    assert [letter.line for letter in letters] == [4, 6]
    assert summary.bytes == len(data)
    assert summary.rules == len(summary.hits) == len(SEVERAL) + 1
    assert summary.hits['any where process.name == "nobody"'] == 0
    assert summary.alerts == sum(summary.hits.values()) == summary.documents == len(documents)


def test_a_sequence_counts_once() -> None:
    scan = dw.scan([event(0, "a", **{"user.id": "1"}), event(1, "b", **{"user.id": "1"})], [PAIR])
    assert len(list(scan)) == scan.summary.documents == 3
    assert scan.summary.alerts == 1


def test_the_summary_has_to_be_waited_for() -> None:
    scan = dw.scan(EVENTS, SEVERAL)
    with pytest.raises(DeckwatchError, match="iterate the scan to its end"):
        _ = scan.summary
    next(scan)
    with pytest.raises(DeckwatchError, match="iterate the scan to its end"):
        _ = scan.summary


def test_closing_early(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(each) + "\n" for each in EVENTS * 1000))
    scan = dw.scan(path, SEVERAL, batch_events=10)
    next(scan)
    scan.close()
    assert list(scan) == []
    with pytest.raises(DeckwatchError, match="iterate the scan to its end"):
        _ = scan.summary


def test_closing_before_the_beginning() -> None:
    scan = dw.scan(EVENTS, SEVERAL)
    scan.close()
    assert list(scan) == []


def test_nothing_to_do() -> None:
    assert alerts([], *SEVERAL) == []
    assert alerts(EVENTS) == []
    assert found([{}, {"x": 1}], *SEVERAL) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        pytest.param(None, None, ["0-a", "1-a", "2-a"], id="open"),
        pytest.param(1, None, ["1-a", "2-a"], id="since-is-inclusive"),
        pytest.param(None, 1, ["0-a"], id="until-is-exclusive"),
        pytest.param(1, 2, ["1-a"], id="both"),
        pytest.param(2, 1, [], id="empty"),
    ],
)
def test_a_range_of_time(since: int | None, until: int | None, expected: list[str], engine: Any) -> None:
    given = [event(0), event(1), event(2)]
    moments = {name: None if at is None else (START + at) * SECOND for name, at in (("since", since), ("until", until))}
    assert found(given, made("any where true"), engine=engine, **moments) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_a_range_of_time_goes_by_the_rules_own_time(engine: Any) -> None:
    ingested: dict[str, Any] = {"event.ingested": (START + 100) * 1000}
    rules = [made("any where true"), made("file where true", timestamp_field="event.ingested")]
    given = [event(0, **ingested, **{"event.category": "file"}), {"event.id": "undated"}]
    assert found(given, *rules, engine=engine, since=(START + 50) * SECOND) == ["0-a", "undated"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sequence_does_not_reach_beyond_the_range(engine: Any) -> None:
    given = [event(second, name, **{"user.id": "1"}) for second, name in [(0, "a"), (1, "b"), (2, "a"), (3, "b")]]
    assert found(given, PAIR, engine=engine) == [["0-a", "1-b"], ["2-a", "3-b"]]
    assert found(given, PAIR, engine=engine, since=(START + 1) * SECOND) == [["2-a", "3-b"]]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        pytest.param({}, [["0-a", "1-b"]], id="usual"),
        pytest.param({"timestamp_field": "event.created"}, [], id="timestamp_field"),
    ],
)
def test_the_field_of_time(parameters: dict[str, Any], expected: list[Any], engine: Any) -> None:
    given = [
        event(0, "a", **{"event.created": (START + 9) * 1000}),
        event(1, "b", **{"event.created": (START + 8) * 1000}),
    ]
    query = 'sequence [any where process.name == "a"] [any where process.name == "b"]'
    assert found(given, made(query, **parameters), engine=engine) == expected


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("parameters", "fields", "expected"),
    [
        pytest.param({}, [{}, {}], [["0-a", "0-b"]], id="arrival"),
        pytest.param({}, [{"event.sequence": 2}, {"event.sequence": 1}], [], id="sequence-number"),
        pytest.param({}, [{"event.sequence": 2}, {}], [["0-a", "0-b"]], id="without-comes-last"),
        pytest.param({}, [{}, {"event.sequence": 2}], [], id="without-comes-last-though-first"),
        pytest.param(
            {}, [{"event.sequence": [3, 1]}, {"event.sequence": 2}], [["0-a", "0-b"]], id="smallest-of-several"
        ),
        pytest.param(
            {"tiebreaker_field": "host.name"}, [{"host.name": "b"}, {"host.name": "a"}], [], id="text-tiebreaker"
        ),
        pytest.param(
            {"tiebreaker_field": "host.name"},
            [{"event.sequence": 2, "host.name": "a"}, {"event.sequence": 1, "host.name": "b"}],
            [["0-a", "0-b"]],
            id="instead-of-the-sequence-number",
        ),
        pytest.param(
            {"tiebreaker_field": "event.severity"},
            [{"event.severity": "10"}, {"event.severity": 9}],
            [],
            id="numbers-as-text",
        ),
    ],
)
def test_events_of_the_same_time(
    parameters: dict[str, Any], fields: list[dict[str, Any]], expected: list[Any], engine: Any
) -> None:
    given = [event(0, name, **more) for name, more in zip("ab", fields, strict=True)]
    query = 'sequence [any where process.name == "a"] [any where process.name == "b"]'
    assert found(given, made(query, **parameters), engine=engine) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_the_field_of_the_category(engine: Any) -> None:
    several: dict[str, Any] = {"event.kind": ["x", "file"]}
    given = [event(0, **{"event.category": "file"}), event(1, **several)]
    assert found(given, made("file where true"), engine=engine) == ["0-a"]
    assert found(given, made("file where true", event_category_override="event.kind"), engine=engine) == ["1-a"]


STREAM = {"data_stream.type": "logs", "data_stream.dataset": "cloud_defend.file", "data_stream.namespace": "prod"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        pytest.param(["logs-cloud_defend.file*"], [0, 1, 2, 3, 6, 7], id="prefix"),
        pytest.param(["logs-cloud_defend.*"], [0, 1, 2, 3, 4, 6, 7], id="integration"),
        pytest.param(["logs-*", "-logs-cloud_defend.file-*"], [4, 6, 7], id="exclusion"),
        pytest.param(["-logs-cloud_defend.file-*", "logs-*"], [0, 1, 2, 3, 4, 6, 7], id="exclusion-before-inclusion"),
        pytest.param(["logs-cloud_defend.file-default"], [1, 3, 6, 7], id="default-namespace"),
        pytest.param(["*-prod"], [0, 2, 6, 7], id="namespace"),
        pytest.param(["metrics-*", "other*"], [5, 6, 7], id="other"),
        pytest.param(["nothing"], [6, 7], id="nothing"),
    ],
)
def test_index_patterns(patterns: list[str], expected: list[int], engine: Any) -> None:
    documents: list[dict[str, Any]] = [
        STREAM,
        {"event.dataset": "cloud_defend.file"},
        {"_index": ".ds-logs-cloud_defend.file-prod-2026.01.01-000001", "_id": "i", "_source": {}},
        {"event": {"dataset": "x"}, "data_stream": {"dataset": "cloud_defend.file"}},
        {"data_stream": STREAM["data_stream.type"], "data_stream.dataset": "cloud_defend.process"},
        {"_index": "other-things", "_source": {**STREAM}},
        {},
        {"data_stream.namespace": "prod"},
    ]
    given = [
        {**document, "_source": {**document["_source"], "event.id": str(i)}}
        if "_source" in document
        else {**document, "event.id": str(i)}
        for i, document in enumerate(documents)
    ]
    assert found(given, made("any where true", index=patterns), engine=engine) == [str(i) for i in expected]
    frame = pl.DataFrame({"event.id": ["x"], "event.dataset": ["cloud_defend.file"]})
    assert bool(found(frame, made("any where true", index=patterns), engine=engine)) == (1 in expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_alerts_on_its_own_alerts_are_withheld(engine: Any) -> None:
    first = made("any where true", rule_id="first")
    second = made("any where true", rule_id="second")
    sequence = made("sequence [any where true] [any where true]", rule_id="sequence")
    written = list(dw.scan([event(0)], [first]))
    scan = dw.scan([*written, event(1)], [first, second, sequence], engine=engine)
    assert len(list(scan)) == scan.summary.documents
    assert scan.summary.hits == {"first": 1, "second": 2, "sequence": 1}
    assert scan.summary.suppressed_self == 1
    again = dw.scan([*dw.scan([event(0), event(1)], [sequence])], [sequence], engine=engine)
    assert list(again) == []
    assert again.summary.suppressed_self > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_events_that_come_twice_make_no_alert_twice(engine: Any) -> None:
    single, other = made("any where true", rule_id="single"), made("any where true", rule_id="other")
    overlapping = [event(0), event(1), event(1), event(2), event(0)]
    scan = dw.scan(overlapping, [single, other], engine=engine)
    ids = [(alert["kibana.alert.rule.rule_id"], alert["kibana.alert.uuid"]) for alert in scan]
    assert len(ids) == len(set(ids)) == 6
    assert (scan.summary.hits, scan.summary.repeated) == ({"single": 3, "other": 3}, 4)


@pytest.mark.parametrize("engine", ENGINES)
def test_until_ends_a_sequence(engine: Any) -> None:
    query = (
        'sequence [any where process.name == "a"] [any where process.name == "b"] until [any where process.name == "x"]'
    )
    names = {"ab": [["0-a", "1-b"]], "axb": [], "xab": [["1-a", "2-b"]], "abx": [["0-a", "1-b"]]}
    for order, expected in names.items():
        assert found([event(i, name) for i, name in enumerate(order)], made(query), engine=engine) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_missing_events(engine: Any) -> None:
    query = (
        'sequence with maxspan=5s [any where process.name == "a"] ![any where process.name == "x"] '
        '[any where process.name == "b"]'
    )
    assert found([event(0, "a"), event(1, "b")], made(query), engine=engine) == [["0-a", "1-b"]]
    assert found([event(0, "a"), event(1, "x"), event(2, "b")], made(query), engine=engine) == []
    assert found([event(0, "a"), event(9, "b")], made(query), engine=engine) == []
    last = made('sequence with maxspan=5s [any where process.name == "a"] ![any where process.name == "x"]')
    assert found([event(0, "a")], last, engine=engine) == [["0-a"]]
    assert found([event(0, "a"), event(3, "x")], last, engine=engine) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_sample_rules(engine: Any) -> None:
    sample = made('sample by host.name [any where process.name == "a"] [any where process.name == "b"]')
    given = [
        event(i, name, **{"host.name": host})
        for i, (name, host) in enumerate([("b", "1"), ("a", "2"), ("a", "1"), ("b", "3"), ("a", ["3", "4"])])
    ]
    assert found(given, sample, engine=engine) == [["2-a", "0-b"], ["4-a", "3-b"]]


@pytest.mark.parametrize(
    "engine",
    ["columnar", "reference"],
)
def test_undated_events_are_counted(engine: Any) -> None:
    given = [{"process.name": name, "event.id": name, "user.id": "1"} for name in "ab"] + [{"process.name": "a"}]
    query = 'sequence by user.id [any where process.name == "a"] [any where process.name == "b"]'
    scan = dw.scan([*given, event(0)], [made(query), made("any where true")], engine=engine)
    assert len(list(scan)) == 4
    assert scan.summary.undated == 2  # the third has no join key and could not have taken part either


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_what_one_rule_takes_a_field_for_does_not_matter_to_others(order: tuple[int, ...], engine: Any) -> None:
    queries = ['any where my.value == "5"', "any where my.value == 5", 'any where my.value : "5*"']
    given = [{"event.id": repr(value), "my": {"value": value}} for value in (5, "5", "5x", [4, "5"])]
    alone = {query: found(given, made(query), engine=engine) for query in queries}
    scan = dw.scan(given, [made(queries[number]) for number in order], engine=engine)
    _count(scan)
    assert scan.summary.hits == {query: len(events) for query, events in alone.items()}


def _count(items: Iterable[object]) -> int:
    return sum(1 for _ in items)
