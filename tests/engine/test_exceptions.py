"""Which events exceptions remove, and what that does to alerts, in both engines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deckwatch as dw
from deckwatch.engine.detections import Detection
from deckwatch.engine.exceptions import DocumentRemoval
from tests.engine.test_scan import event, found
from tests.rules.excepting import entry, excepting, excluded, item, nested, within

ENGINES = ["columnar", "reference"]
CODE = "file.Ext.code_signature"
LISTS = {
    "tools": ["curl", "wget", "443"],
    "ports": ["443", "8443"],
    "addresses": ["10.0.0.1", "10.1.0.0/16"],
    "ranges": ["10.2.0.5-10.2.0.9", "10.3.0.0/24", "::1"],
    "empty": [],
}


def removes(entries: list[dict[str, Any]], fields: dict[str, Any], **more: Any) -> bool:
    """Whether an item keeps an event from a rule that asks for any; both engines must say the same."""
    rule = excepting(item(*entries, **more), lists=LISTS, query="any where true", rule_id="r")
    assert rule.exceptions.warnings == ()
    verdicts = []
    for engine in ENGINES:
        scan = dw.scan([event(1, "x", **fields)], [rule], engine=engine)
        gone = not list(scan)
        assert scan.summary.excepted == {"r": {"item": int(gone)}}
        verdicts.append(gone)
    assert verdicts[0] == verdicts[1]
    return verdicts[0]


KEYWORD = "user.name"
NUMBER = "destination.port"
ADDRESS = "source.ip"
VALUES = [None, "curl", "CURL", "curly", ["x", "curl"], [], 443, "443", [["443"], None], {"a": 1}, True]

# Which of VALUES satisfy the entry. `excluded` satisfies the others: the table says both.
ENTRIES = [
    pytest.param(entry(KEYWORD, "match", "curl"), {1, 4}, id="match is letter by letter"),
    pytest.param(entry(KEYWORD, "match", "443"), {6, 7, 8}, id="match of a number as text"),
    pytest.param(entry(KEYWORD, "match", "true"), {10}, id="match of a boolean as text"),
    pytest.param(entry(f"{KEYWORD}.caseless", "match", "Curl"), {1, 2, 4}, id="match of a caseless field"),
    pytest.param(entry(KEYWORD, "match", "cur*"), set(), id="match takes a star for a star"),
    pytest.param(entry(KEYWORD, "match_any", ["curl", "443"]), {1, 4, 6, 7, 8}, id="match_any"),
    pytest.param(entry(f"{KEYWORD}.caseless", "match_any", ["CURLY"]), {3}, id="match_any of a caseless field"),
    pytest.param(entry(KEYWORD, "wildcard", "cur*"), {1, 3, 4}, id="wildcard is letter by letter"),
    pytest.param(entry(KEYWORD, "wildcard", "cur?"), {1, 4}, id="wildcard for one character"),
    pytest.param(entry(f"{KEYWORD}.caseless", "wildcard", "CUR?"), {1, 2, 4}, id="wildcard of a caseless field"),
    pytest.param(entry(KEYWORD, "wildcard", "*"), {1, 2, 3, 4, 6, 7, 8, 10}, id="wildcard for anything"),
    pytest.param(entry(KEYWORD, "wildcard", "curl"), {1, 4}, id="wildcard without any"),
    pytest.param(entry(KEYWORD, "exists"), {1, 2, 3, 4, 6, 7, 8, 10}, id="exists"),
    pytest.param(within(KEYWORD, "tools"), {1, 4, 6, 7, 8}, id="list of keywords"),
    pytest.param(within(f"{KEYWORD}.caseless", "tools"), {1, 2, 4, 6, 7, 8}, id="list of keywords, caseless field"),
    pytest.param(within(KEYWORD, "empty"), set(), id="list without values"),
    pytest.param(entry(NUMBER, "match", "443"), {6, 7, 8}, id="match of a number"),
    pytest.param(entry(NUMBER, "match", "443.0"), {6, 7, 8}, id="match of a whole number with a point"),
    pytest.param(entry(NUMBER, "match_any", ["1", "443"]), {6, 7, 8}, id="match_any of a number"),
    pytest.param(entry(NUMBER, "exists"), {6, 7, 8}, id="exists of a number"),
    pytest.param(within(NUMBER, "ports"), {6, 7, 8}, id="list of keywords, number field"),
    pytest.param(entry("made.up", "match", "443"), {6, 7, 8}, id="match of a field nobody knows"),
]


@pytest.mark.parametrize(("wanted", "satisfying"), ENTRIES)
@pytest.mark.parametrize("operator", ["included", "excluded"])
def test_every_entry_on_every_value(wanted: dict[str, Any], satisfying: set[int], operator: str) -> None:
    field = wanted["field"].removesuffix(".caseless")
    fields = [{} if value is None else {field: value} for value in VALUES]
    gone = {place for place, each in enumerate(fields) if removes([{**wanted, "operator": operator}], each)}
    assert gone == (satisfying if operator == "included" else set(range(len(VALUES))) - satisfying)


ADDRESSES = [
    pytest.param(entry(ADDRESS, "match", "10.0.0.1"), "10.0.0.1", True, id="an address"),
    pytest.param(entry(ADDRESS, "match", "10.0.0.1"), "::ffff:10.0.0.1", True, id="an address, spelled otherwise"),
    pytest.param(entry(ADDRESS, "match", "10.0.0.0/8"), ["8.8.8.8", "10.9.9.9"], True, id="one of several, in a block"),
    pytest.param(entry(ADDRESS, "match", "10.0.0.0/8"), "11.0.0.1", False, id="outside of a block"),
    pytest.param(entry(ADDRESS, "match_any", ["10.0.0.0/8", "::1"]), "::1", True, id="any of some"),
    pytest.param(entry(ADDRESS, "exists"), "no address", False, id="what is no address has no value"),
    pytest.param(excluded(ADDRESS, "match", "10.0.0.1"), "no address", True, id="what is no address is not excluded"),
    pytest.param(within(ADDRESS, "addresses", "ip"), "10.0.0.1", True, id="list of addresses"),
    pytest.param(within(ADDRESS, "addresses", "ip"), "10.1.2.3", True, id="list of addresses, block"),
    pytest.param(within(ADDRESS, "addresses", "ip", "excluded"), "10.1.2.3", False, id="not in list of addresses"),
    pytest.param(within(ADDRESS, "ranges", "ip_range"), "10.2.0.5", True, id="list of ranges, first"),
    pytest.param(within(ADDRESS, "ranges", "ip_range"), "10.2.0.9", True, id="list of ranges, last"),
    pytest.param(within(ADDRESS, "ranges", "ip_range"), "10.2.0.10", False, id="list of ranges, beyond"),
    pytest.param(within(ADDRESS, "ranges", "ip_range"), ["9.9.9.9", "10.3.0.77"], True, id="list of ranges, block"),
    pytest.param(within(ADDRESS, "ranges", "ip_range"), "::1", True, id="list of ranges, single"),
    pytest.param(within(ADDRESS, "empty", "ip_range"), "::1", False, id="list of ranges without any"),
]


@pytest.mark.parametrize(("wanted", "value", "gone"), ADDRESSES)
def test_addresses(wanted: dict[str, Any], value: Any, gone: bool) -> None:
    assert removes([wanted], {ADDRESS: value}) is gone


TEXTS = [
    pytest.param(entry("message", "match", "hello WORLD"), "Say: Hello, world.", True, id="words in order"),
    pytest.param(entry("message", "match", "hello world"), "hello brave world", False, id="words apart"),
    pytest.param(entry("message", "match", "hell"), "hello", False, id="part of a word"),
    pytest.param(entry("message", "match", "caf"), "café", False, id="letters beyond ASCII are letters"),
    pytest.param(entry("message", "match", "--"), "a -- b", False, id="no word"),
    pytest.param(entry("message", "match_any", ["x", "é b"]), "a é-b", True, id="one of several phrases"),
    pytest.param(entry("message", "wildcard", "wor*"), "hello, WORLD", True, id="wildcard for one word"),
    pytest.param(entry("message", "wildcard", "hello*world"), "hello world", False, id="wildcard over words"),
    pytest.param(entry("message", "wildcard", "w?rld"), ["a", "hello\nworld"], True, id="one of several texts"),
    pytest.param(entry("process.name.text", "match", "NC"), "nc", True, id="text variant of a keyword"),
]


@pytest.mark.parametrize(("wanted", "value", "gone"), TEXTS)
def test_text_is_compared_word_by_word(wanted: dict[str, Any], value: Any, gone: bool) -> None:
    assert removes([wanted], {wanted["field"].removesuffix(".text"): value}) is gone


TWO = [{"subject_name": "Acme", "trusted": False}, {"subject_name": "Evil", "trusted": True}]
BOTH = (entry("subject_name", "match", "Acme"), entry("trusted", "match", "true"))
NESTED = [
    pytest.param(BOTH, [{"subject_name": "Acme", "trusted": True}], True, id="one object fulfils both"),
    pytest.param(BOTH, {"subject_name": "Acme", "trusted": "true"}, True, id="an object without an array"),
    pytest.param(BOTH, TWO, False, id="two objects fulfil one each"),
    pytest.param(BOTH, [*TWO, {"subject_name": ["x", "Acme"], "trusted": True}], True, id="the third does"),
    pytest.param(BOTH, None, False, id="missing"),
    pytest.param(BOTH, "Acme", False, id="no object"),
    pytest.param(
        (entry("subject_name", "match", "Acme"), excluded("trusted", "match", "true")), TWO, True, id="excluded"
    ),
    pytest.param(
        (entry("subject_name", "match_any", ["Evil", "x"]), excluded("trusted", "exists")), TWO, False, id="not there"
    ),
    pytest.param((excluded("revoked", "exists"),), None, False, id="excluded asks for an object all the same"),
    pytest.param((entry("subject_name.caseless", "match", "ACME"),), TWO, True, id="caseless"),
]


@pytest.mark.parametrize(("children", "value", "gone"), NESTED)
def test_nested_entries_see_one_object_at_a_time(children: tuple[Any, ...], value: Any, gone: bool) -> None:
    assert removes([nested(CODE, *children)], {} if value is None else {CODE: value}) is gone
    spelled = {} if value is None else {"file": {"Ext": {"code_signature": value}}}
    assert removes([nested(CODE, *children)], spelled) is gone


def test_what_is_spelled_with_dots_only_is_one_object() -> None:
    fields = {f"{CODE}.subject_name": "Acme", f"{CODE}.trusted": True}
    assert removes([nested(CODE, *BOTH)], fields)
    assert not removes([nested(CODE, *BOTH)], {**fields, f"{CODE}.trusted": False})


def test_entries_are_joined_by_and() -> None:
    entries = [entry(KEYWORD, "match", "root"), excluded("host.name", "match", "build")]
    assert removes(entries, {KEYWORD: "root"})
    assert not removes(entries, {KEYWORD: "root", "host.name": "build"})
    assert not removes(entries, {})


OS = [
    pytest.param(["linux"], {"host.os.type": "linux"}, True, id="type"),
    pytest.param(["linux"], {"host.os.type": "Linux"}, False, id="type is letter by letter"),
    pytest.param(["linux"], {"host.os.name": "Linux"}, True, id="name without regard to case"),
    pytest.param(["windows", "macos"], {"host.os.type": "macos"}, True, id="one of several"),
    pytest.param(["windows"], {"host.os.type": "linux"}, False, id="another"),
    pytest.param(["windows"], {}, False, id="none"),
    pytest.param([], {}, True, id="no matter"),
]


@pytest.mark.parametrize(("os_types", "fields", "gone"), OS)
def test_os_types(os_types: list[str], fields: dict[str, Any], gone: bool) -> None:
    assert removes([entry("process.name", "match", "x")], fields, os_types=os_types) is gone


EXPIRY = [
    pytest.param("2020-01-01T00:00:00Z", False, id="expired"),
    pytest.param("2200-01-01T00:00:00Z", True, id="not yet"),
    pytest.param(None, True, id="never"),
]


@pytest.mark.parametrize(("expire_time", "gone"), EXPIRY)
def test_an_expired_item_is_ignored(expire_time: str | None, gone: bool) -> None:
    assert removes([entry("process.name", "match", "x")], {}, expire_time=expire_time) is gone


def test_an_item_expires_while_events_go_on() -> None:
    """The clock is asked for every batch."""
    rule = excepting(item(entry("process.name", "match", "x"), expire_time="1970-01-01T00:00:01Z"))
    times = iter([0, 1_000_000_000, 1_000_000_001])
    removal = DocumentRemoval(Detection.of_rule(rule), lambda: next(times))
    assert [removal.apply({"process.name": "x"}, [0]) for _ in range(3)] == [[], [], [0]]


A, B, C = ('any where process.name == "a"', 'any where process.name == "b"', 'any where process.name == "c"')
OF_HOST = "host.name"
OUT = item(entry(OF_HOST, "match", "trusted"))
EVENTS = [event(1, "a"), event(2, "b", **{OF_HOST: "trusted"}), event(3, "b"), event(4, "c")]
STEPS = [
    pytest.param(f"sequence [{A}] [{B}]", OUT, EVENTS, [["1-a", "3-b"]], id="another event takes the place"),
    pytest.param(f"sequence [{A}] [{B}]", OUT, EVENTS[:2], [], id="a sequence disappears"),
    pytest.param(f"sequence [{A}] [{C}] until [{B}]", OUT, EVENTS, [], id="another event ends it"),
    pytest.param(
        f"sequence [{A}] [{C}] until [{B}]", OUT, [*EVENTS[:2], EVENTS[3]], [["1-a", "4-c"]], id="until is removed"
    ),
    pytest.param(f"sequence with maxspan=9s [{A}] ![{B}] [{C}]", OUT, EVENTS, [], id="another event is not missing"),
    pytest.param(
        f"sequence with maxspan=9s [{A}] ![{B}] [{C}]",
        OUT,
        [*EVENTS[:2], EVENTS[3]],
        [["1-a", "4-c"]],
        id="what must be missing is removed",
    ),
    pytest.param(
        f"sample by user.id [{A}] [{B}]",
        OUT,
        [{**each, "user.id": "1"} for each in EVENTS],
        [["1-a", "3-b"]],
        id="sample",
    ),
    pytest.param(
        f"sequence [{A}] [any where true] with runs=2",
        item(entry("process.name", "match", "b"), meta={"step": 2}),
        [event(1, "a"), event(2, "b"), event(3, "a"), event(4, "c")],
        [["1-a", "3-a", "4-c"]],
        id="one stage only, whatever its runs",
    ),
    pytest.param(
        f'sequence [any where process.name == "a"] [{B}]',
        item(entry(OF_HOST, "match", "trusted"), meta={"step": 1}),
        EVENTS,
        [["1-a", "2-b"]],
        id="not the stage it is for",
    ),
    pytest.param(
        f"sequence [{A}] [{C}] until [{B}]",
        item(entry(OF_HOST, "match", "trusted"), meta={"step": "until"}),
        [*EVENTS[:2], EVENTS[3]],
        [["1-a", "4-c"]],
        id="for until only",
    ),
    pytest.param(
        f"sequence [{A}] [{C}] until [{B}]",
        item(entry(OF_HOST, "match", "trusted"), meta={"step": [1, 2]}),
        [*EVENTS[:2], EVENTS[3]],
        [],
        id="for all but until",
    ),
    pytest.param(
        f"sample by user.id [{A}] [any where process.name != null]",
        item(entry("process.name", "match", "a"), meta={"step": [2]}),
        [{**each, "user.id": "1"} for each in EVENTS[:2]],
        [["1-a", "2-b"]],
        id="one filter of a sample",
    ),
]


@pytest.mark.parametrize(("query", "exception", "events", "expected"), STEPS)
@pytest.mark.parametrize("engine", ENGINES)
def test_removal_comes_before_the_query(
    query: str, exception: dict[str, Any], events: list[dict[str, Any]], expected: list[Any], engine: str
) -> None:
    assert found(events, excepting(exception, query=query), engine=engine) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_each_rule_has_its_own_exceptions_and_each_item_its_count(engine: Any) -> None:
    items = [item(entry("process.name", "match_any", ["a", "b"]), item_id="ab"), item(entry(OF_HOST, "exists"))]
    rules = [
        excepting(*items, query="any where true", rule_id="with"),
        excepting(query="any where true", rule_id="without"),
        excepting(items[1], query=B, rule_id="some"),
    ]
    scan = dw.scan(EVENTS, rules, engine=engine, batch_events=2)
    for _ in scan:
        pass
    assert scan.summary.hits == {"with": 1, "without": 4, "some": 1}
    assert scan.summary.excepted == {"with": {"ab": 3, "item": 1}, "some": {"item": 1}}
    assert scan.summary.excepted_by_stage == {"with": {"ab": [3], "item": [1]}, "some": {"item": [1]}}


@pytest.mark.parametrize("engine", ENGINES)
def test_removed_events_are_counted_by_stage(engine: Any) -> None:
    query = f"sequence with maxspan=1m [{A}] [any where true] ![{B}] [{C}] with runs=2 until [{B}]"
    rule = excepting(item(entry("process.name", "match_any", ["a", "b"])), query=query, rule_id="r")
    scan = dw.scan(EVENTS, [rule], engine=engine)
    assert list(scan) == []
    assert scan.summary.excepted == {"r": {"item": 3}}
    assert scan.summary.excepted_by_stage == {"r": {"item": [1, 3, 2, 0, 2]}}


def test_a_stream_removes_and_counts_as_a_scan() -> None:
    rule = excepting(OUT, query=f"sequence [{A}] [{B}]", rule_id="r")
    with dw.watch(EVENTS, [rule]) as stream:
        alerts = [alert for step in stream for alert in step.alerts]
    assert [each["kibana.alert.original_event.id"] for each in alerts if "kibana.alert.group.index" in each] == [
        "1-a",
        "3-b",
    ]
    assert stream.status.excepted == {"r": {"item": 1}}


FIELDS = ["process.name", "process.pid", "source.ip", "host.name", "made.up", "process.name.caseless", "message"]
SOME = st.sampled_from(["a", "A", "ab", "1", "2", "10.0.0.1", "10.0.0.2", "x y"])
PATTERNS = st.sampled_from(["a*", "?", "*", "A?", "x*"])
OPERATOR = st.sampled_from(["included", "excluded"])
TEXT_FIELD = st.sampled_from([name for name in FIELDS if name not in ("process.pid", "source.ip")])


def _entries() -> st.SearchStrategy[dict[str, Any]]:
    numbers = st.builds(entry, st.just("process.pid"), st.just("match"), st.sampled_from(["1", "2"]), OPERATOR)
    address = st.sampled_from(["10.0.0.1", "10.0.0.0/30"])
    addresses = st.builds(
        entry, st.just("source.ip"), st.just("match_any"), st.lists(address, min_size=1, max_size=2), OPERATOR
    )
    match = st.builds(entry, TEXT_FIELD, st.just("match"), SOME, OPERATOR)
    match_any = st.builds(entry, TEXT_FIELD, st.just("match_any"), st.lists(SOME, min_size=1, max_size=3), OPERATOR)
    wildcard = st.builds(entry, TEXT_FIELD, st.just("wildcard"), PATTERNS, OPERATOR)
    exists = st.builds(entry, st.sampled_from(FIELDS), st.just("exists"), st.none(), OPERATOR)
    lists = st.builds(within, TEXT_FIELD, st.just("tools"), st.just("keyword"), OPERATOR)
    ranges = st.builds(within, st.just("source.ip"), st.just("ranges"), st.just("ip_range"), OPERATOR)
    child = st.one_of(
        st.builds(entry, st.sampled_from(["a", "b"]), st.just("match"), st.sampled_from(["1", "x"]), OPERATOR),
        st.builds(entry, st.sampled_from(["a", "b"]), st.just("exists"), st.none(), OPERATOR),
    )
    below = st.lists(child, min_size=1, max_size=2).map(lambda each: nested("made.array", *each))
    return st.one_of(numbers, addresses, match, match_any, wildcard, exists, lists, ranges, below)


ITEMS = st.lists(st.lists(_entries(), min_size=1, max_size=3), min_size=1, max_size=3).map(
    lambda items: [item(*entries, item_id=str(place)) for place, entries in enumerate(items)]
)
ELEMENT = st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", 1, "x", ["x", "1"], None]), max_size=2)
VALUE = st.one_of(SOME, st.sampled_from([1, 2, None, [], True]), st.lists(SOME, max_size=2))
DOCUMENT = st.dictionaries(
    st.sampled_from([name for name in FIELDS if not name.endswith("caseless")]), VALUE, max_size=4
).flatmap(
    lambda fields: st.one_of(
        st.just(fields), st.lists(ELEMENT, max_size=2).map(lambda elements: {**fields, "made": {"array": elements}})
    )
)
QUERIES = st.sampled_from(
    [
        "any where true",
        'any where process.name : "a*" or made.up == "1"',
        "sequence [any where true] [any where process.pid > 0] until [any where host.name == null]",
        "sequence with maxspan=3s [any where process.name != null] ![any where source.ip != null]",
        "sample by host.name [any where true] [any where process.name != null]",
    ]
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items=ITEMS, query=QUERIES, documents=st.lists(DOCUMENT, max_size=8), step=st.sampled_from([None, 1]))
def test_columns_and_rows_agree(
    items: list[dict[str, Any]], query: str, documents: list[dict[str, Any]], step: int | None
) -> None:
    steps = {} if step is None else {"meta": {"step": step}}
    rule = excepting(*({**each, **steps} for each in items), lists=LISTS, query=query, rule_id="r")
    events = [{**event(second), "process.name": None, **each} for second, each in enumerate(documents)]
    results = []
    for engine, batch_events in (("columnar", None), ("columnar", 3), ("reference", None)):
        scan = dw.scan(events, [rule], engine=engine, batch_events=batch_events)
        ids = [alert["kibana.alert.uuid"] for alert in scan]
        results.append((ids, scan.summary.excepted, scan.summary.excepted_by_stage))
    assert results[0] == results[1] == results[2]


def test_an_explanation_names_the_exception() -> None:
    told = dw.explain(excepting(OUT, query=B), EVENTS, event="2-b")
    assert told.fired == 0
    (judged,) = told.judgements
    assert judged.obstacles == ("the exception 'name of item' removes it",)


def test_a_proof_is_of_the_rule_alone() -> None:
    (proof,) = dw.prove([excepting(item(excluded("made.up", "exists")), query=B)], mutants=0)
    assert proof.proven


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_removed_is_not_suppressed_either(engine: Any) -> None:
    suppression = {"group_by": ["process.name"], "duration": {"value": 1, "unit": "h"}}
    rule = excepting(OUT, query=B, rule_id="r", alert_suppression=suppression)
    scan = dw.scan([*EVENTS, event(5, "b")], [rule], engine=engine)
    (alert,) = scan
    assert alert["kibana.alert.original_event.id"] == "3-b"
    assert alert["kibana.alert.suppression.docs_count"] == 1
    assert scan.summary.excepted == {"r": {"item": 1}}
