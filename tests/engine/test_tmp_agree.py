"""One meaning: columns and rows, any batch split, any order of files give the same results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deckwatch as dw

FIELDS = {
    "k": "keyword",
    "j": "keyword",
    "n": "long",
    "x": "double",
    "b": "boolean",
    "d": "date",
    "a": "ip",
    "v": "version",
    "o.p": "keyword",
}

TEXTS = st.sampled_from(["", "a", "A", "ab", "b", "aB", "a*b", "é", "K", "K", "/tmp/x", "[k]", '["a"]', "5", "true", "a\nb"])
INTEGERS = st.integers(-3, 6)
FLOATS = st.sampled_from([-1.5, 0.0, 0.5, 1.0, 2.5, 4.0, 1e300])
DATES = st.sampled_from(["2024-01-01", "2024-01-01T00:00:00.000000001Z", "2023-12-31T23:00:00-02:00", 1704067200000, "x"])
ADDRESSES = st.sampled_from(["10.0.0.1", "10.1.2.3", "::1", "192.168.0.9", "no"])
VERSIONS = st.sampled_from(["1.2.3", "1.10.0", "2.0.0-rc1", "x"])
ODD = st.sampled_from([None, True, 7, 1.25, "z", {"u": 1}, [], [None], [[1, "a"], None], "9", "false"])


def _values(plain: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    one = st.one_of(plain, plain, plain, ODD)
    return st.one_of(one, one, st.lists(one, max_size=3))


DOCUMENTS = st.fixed_dictionaries(
    {"@timestamp": st.integers(0, 12), "event.category": st.sampled_from(["p", "q", ["p", "q"], ["p"]])},
    optional={
        "k": _values(TEXTS),
        "j": _values(TEXTS),
        "n": _values(INTEGERS),
        "x": _values(FLOATS),
        "b": _values(st.booleans()),
        "d": _values(DATES),
        "a": _values(ADDRESSES),
        "v": _values(VERSIONS),
        "o": st.one_of(st.fixed_dictionaries({"p": _values(TEXTS)}), ODD),
        "o.p": _values(TEXTS),
    },
)

QUOTED = TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False).replace("\\u", "\\u") if text.isprintable() else '"a\\nb"')
STRING = st.sampled_from(["k", "j", "o.p"])
NUMBER = st.sampled_from(["n", "x"])
NUMERALS = st.sampled_from(["0", "1", "-1", "2", "0.5", "2.5", "-1.5", "4"])
COMPARE = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
WILD = st.sampled_from(['"a*"', '"*b"', '"*"', '"?"', '"a?b"', '"*é*"', '"k"', '"K"', '"A*"', '"/tmp/*"', '"[*"', '"*a*b*"'])
REGEX = st.sampled_from(['"a+b?"', '"[ab]*"', '".*"', '"~a"', '"a&.*"', '"<1-9>"', '"(a|b)+"', '"."', '"@"', '""'])

LEAVES = st.one_of(
    st.builds("{} {} {}".format, STRING, COMPARE, QUOTED),
    st.builds("{} {} {}".format, NUMBER, COMPARE, NUMERALS),
    st.builds("{} == null".format, st.sampled_from(sorted(FIELDS))),
    st.builds("{} != null".format, st.sampled_from(sorted(FIELDS))),
    st.builds("{} in ({}, {})".format, STRING, QUOTED, QUOTED),
    st.builds("{} in~ ({}, {})".format, STRING, QUOTED, QUOTED),
    st.builds("{} in ({}, {})".format, NUMBER, NUMERALS, NUMERALS),
    st.builds("{} : ({}, {})".format, STRING, WILD, QUOTED),
    st.builds("{} {} ({}, {})".format, STRING, st.sampled_from(["like", "like~"]), WILD, WILD),
    st.builds("{} {} {}".format, STRING, st.sampled_from(["regex", "regex~"]), REGEX),
    st.sampled_from(["b", "b == false", "b != true", "not b"]),
    st.builds("d {} {}".format, COMPARE, st.sampled_from(['"2024-01-01"', '"2024"', '"2024-01-01T00:00:00Z"', "1704067200000"])),
    st.builds("cidrMatch(a, {})".format, st.sampled_from(['"10.0.0.0/8"', '"::/0"', '"10.0.0.1/32", "192.168.0.0/16"'])),
    st.builds("v {} {}".format, COMPARE, st.sampled_from(['"1.2.3"', '"1.9.0"'])),
    st.builds("{}({}, {})".format, st.sampled_from(["startsWith", "endsWith~", "stringContains", "stringContains~"]), STRING, STRING),
    st.builds("{}({}, {})".format, st.sampled_from(["startsWith~", "endsWith", "stringContains"]), STRING, QUOTED),
    st.builds("length({}) {} {}".format, STRING, COMPARE, NUMERALS),
    st.builds("concat({}, {}) == {}".format, STRING, STRING, QUOTED),
    st.builds("concat({}, n) : {}".format, STRING, WILD),
    st.builds("{} + {} {} {}".format, NUMBER, NUMBER, COMPARE, NUMERALS),
    st.builds("{} / n {} {}".format, NUMBER, COMPARE, NUMERALS),
    st.builds("substring({}, {}, {}) == {}".format, STRING, NUMERALS.filter(lambda n: "." not in n), st.sampled_from(["1", "2", "n"]), QUOTED),
    st.builds("indexOf({}, {}) {} {}".format, STRING, QUOTED, COMPARE, NUMERALS),
    st.builds("between({}, {}, {}) == {}".format, STRING, st.just('"a"'), st.just('"b"'), st.just('""')),
    st.builds("number({}) {} {}".format, STRING, COMPARE, NUMERALS),
    st.builds("string({}) : {}".format, st.sampled_from(sorted(FIELDS)), WILD),
)

CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=6,
)
FILTERS = st.builds("{} where {}".format, st.sampled_from(["any", "p", "q"]), CONDITIONS)
SIMPLE = st.builds("{} where {}".format, st.sampled_from(["any", "p", "q"]), st.sampled_from(["true", "true", 'k : "a*"', "n > 1", "b"]))
KEYS = st.sampled_from(["", " by k", " by ?k", " by n", " by k, ?n", " by ?o.p", " by d"])


@st.composite
def _sequences(draw: st.DrawFn) -> str:
    stages = draw(st.lists(SIMPLE, min_size=2, max_size=4))
    missing = [draw(st.booleans()) and draw(st.booleans()) for _ in stages]
    missing[draw(st.integers(0, len(stages) - 1))] = False
    span = draw(st.sampled_from(["", " with maxspan=1ms", " with maxspan=5ms"]))
    if any(missing) and not span:
        span = " with maxspan=4ms"
    if len(stages) - sum(missing) == 1 and not any(missing):
        missing[0] = False
    brackets = " ".join(f"{'![' if gone else '['} {stage} ]" for gone, stage in zip(missing, stages, strict=True))
    until = draw(st.sampled_from(["", "", " until [ any where n == 0 ]"]))
    return f"sequence{draw(KEYS)}{span} {brackets}{until}"


QUERIES = st.one_of(
    FILTERS,
    FILTERS,
    _sequences(),
    st.builds("sample by {} [ {} ] [ {} ]".format, st.sampled_from(["k", "?k", "n", "k, ?n"]), SIMPLE, SIMPLE),
)
SETTINGS = settings(max_examples=80000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _found(query: str, events: Any, **how: Any) -> dw.Result:
    return dw.search(query, events, field_types=FIELDS, size=1000, max_samples_per_key=2, **how)


@SETTINGS
@given(query=QUERIES, documents=st.lists(DOCUMENTS, max_size=12))
def test_columns_and_rows_agree(query: str, documents: list[dict[str, Any]]) -> None:
    assert _found(query, documents) == _found(query, documents, engine="reference")


@settings(SETTINGS, max_examples=1500)
@given(query=QUERIES, documents=st.lists(DOCUMENTS, max_size=12), size=st.integers(1, 5))
def test_any_batch_split_gives_the_same(query: str, documents: list[dict[str, Any]], size: int) -> None:
    assert _found(query, documents, batch_events=size) == _found(query, documents)


@settings(SETTINGS, max_examples=800, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(query=QUERIES, documents=st.lists(DOCUMENTS, max_size=8))
def test_json_lines_mean_what_documents_mean(query: str, documents: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    assert _found(query, path) == _found(query, documents)


@pytest.mark.parametrize("query", ["sequence by k with maxspan=1s [any where true] [any where true]", "any where true"])
def test_the_order_of_input_files_does_not_matter(query: str, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("b.ndjson", "a.ndjson", "c.ndjson")]
    for number, path in enumerate(paths):
        events = [{"@timestamp": time, "k": "a", "file": number} for time in (3 - number, 5, 9 + number)]
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
    results = [dw.search(query, order, field_types=FIELDS, size=100) for order in (paths, paths[::-1], [tmp_path])]
    assert results[0] == results[1] == results[2]
    assert results[0].events or results[0].sequences
