"""Random queries and documents made for each other: few fields, few values, many of them odd."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

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

TEXTS = ["", "a", "A", "ab", "b", "aB", "a*b", "é", "K", "\u212a", "/usr/x", "[k]", '["a"]', "5", "true", "a\nb"]
PLAIN: dict[str, list[Any]] = {
    "k": TEXTS,
    "j": ["a", "b", "ab", "ba", *TEXTS],
    "n": [-3, -1, 0, 1, 2, 3, 4, 6],
    "x": [-1.5, 0.0, -0.0, 0.5, 1.0, 2.5, 4.0, 1e300],
    "b": [True, False],
    "d": [
        "2024-01-01",
        "2024-01-01T00:00:00.000000001Z",
        "2023-12-31T23:00:00-02:00",
        1704067200000,
        "x",
    ],
    "a": ["10.0.0.1", "10.1.2.3", "::1", "192.168.0.9", "no"],
    "v": ["1.2.3", "1.10.0", "2.0.0-rc1", "x"],
    "p": ["a", "b", "ab", *TEXTS],
}
ODD = st.sampled_from([None, True, 7, 1.25, "z", {"u": 1}, [], [None], [[1, "a"], None], "9", "false"])


def _values(name: str) -> st.SearchStrategy[Any]:
    plain = st.sampled_from(PLAIN[name])
    one = st.one_of(plain, plain, plain, plain, plain, plain, ODD)
    return st.one_of(one, one, one, st.lists(one, max_size=3))


def documents(most: int = 16) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Several events, rarely none, of a few categories in a narrow span of time, often of one time."""
    return st.one_of(st.lists(_DOCUMENT, min_size=most // 2, max_size=most), st.lists(_DOCUMENT, max_size=most))


_OBJECT = st.one_of(*[st.fixed_dictionaries({"p": _values("p")})] * 4, ODD)
_SPELLINGS: dict[str, st.SearchStrategy[Any]] = {
    **{name: _values(name) for name in ("k", "j", "n", "x", "b", "d", "a", "v")},
    "o": st.one_of(_OBJECT, st.lists(_OBJECT, max_size=2)),
    "o.p": _values("p"),
}
_MISSING = {"o.p": 4, "o": 2}  # of five


@st.composite
def _document(draw: st.DrawFn) -> dict[str, Any]:
    document = {
        "@timestamp": draw(st.integers(0, 12)),
        "event.category": draw(st.sampled_from(["p", "q", ["p", "q"], ["p", "q"], ["p"]])),
    }
    # k and n are the join keys: values of few kinds, or nothing would ever join.
    for name, values in _SPELLINGS.items():
        if draw(st.integers(1, 5)) > _MISSING.get(name, 1):
            usual = {"k": st.sampled_from(["a", "b"]), "n": st.sampled_from([1, 2])}.get(name)
            document[name] = draw(usual if usual is not None and draw(st.booleans()) else values)
    return document


_DOCUMENT = _document()

QUOTED = st.sampled_from(["a", "b", "ab", *TEXTS]).map(
    lambda text: json.dumps(text, ensure_ascii=False) if text.isprintable() else '"a\\nb"'
)
STRING = st.sampled_from(["k", "j", "o.p"])
NUMBER = st.sampled_from(["n", "x"])
NUMERALS = st.sampled_from(["0", "1", "-1", "2", "0.5", "2.5", "-1.5", "4"])
INTEGERS = NUMERALS.filter(lambda numeral: "." not in numeral)
COMPARE = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
WILD = st.sampled_from(
    ['"a*"', '"*b"', '"*"', '"?"', '"a?b"', '"*é*"', '"k"', '"K"', '"A*"', '"/usr/*"', '"[*"', '"*a*b*"', '"?*"']
)
REGEX = st.sampled_from(
    ['"a+b?"', '"[ab]*"', '".*"', '"~a"', '"a&.*"', '"<1-9>"', '"(a|b)+"', '"."', '"@"', '""', '"[^a]+"', '".{1,2}"']
)
DATES = st.sampled_from(['"2024-01-01"', '"2024"', '"2024-01-01T00:00:00Z"', "1704067200000"])
BLOCKS = st.sampled_from(['"10.0.0.0/8"', '"::/0"', '"10.0.0.1/32", "192.168.0.0/16"'])
RELATIONS = st.sampled_from(
    [name + tilde for name in ("startsWith", "endsWith", "stringContains") for tilde in ("", "~")]
)
NUMERIC = st.recursive(
    st.one_of(NUMBER, NUMBER, NUMERALS),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/%"), NUMBER),  # never constants alone: no value
        st.builds("({} {} {})".format, NUMBER, st.sampled_from("+-*/%"), inner),
        st.builds("-({})".format, inner),
        st.builds("length({})".format, STRING),
        st.builds("indexOf{}({}, {})".format, st.sampled_from(["", "~"]), STRING, QUOTED),
        st.builds("number({})".format, STRING),
    ),
    max_leaves=3,
)
TEXTUAL = st.recursive(
    st.one_of(STRING, STRING, QUOTED),
    lambda inner: st.one_of(
        st.builds("concat({}, {})".format, inner, st.one_of(inner, st.sampled_from(sorted(FIELDS)), NUMERALS)),
        st.builds("substring({}, {}, {})".format, inner, INTEGERS, st.sampled_from(["1", "2", "-1", "n"])),
        st.builds("between{}({}, {}, {})".format, st.sampled_from(["", "~"]), inner, QUOTED, QUOTED),
        st.builds("string({})".format, st.sampled_from(sorted(FIELDS))),
    ),
    max_leaves=3,
)

_LEAF = st.one_of(
    st.builds("{} {} {}".format, STRING, COMPARE, QUOTED),
    st.builds("{} {} {}".format, NUMBER, COMPARE, NUMERALS),
    st.builds("{} {} null".format, st.sampled_from(sorted(FIELDS)), st.sampled_from(["==", "!="])),
    st.builds("{} {} ({}, {})".format, STRING, st.sampled_from(["in", "in~", "not in", "not in~"]), QUOTED, QUOTED),
    st.builds("{} in ({}, {})".format, NUMBER, NUMERALS, NUMERALS),
    st.builds("{} : ({}, {})".format, STRING, WILD, QUOTED),
    st.builds("{} {} ({}, {})".format, STRING, st.sampled_from(["like", "like~"]), WILD, WILD),
    st.builds("{} {} {}".format, STRING, st.sampled_from(["regex", "regex~"]), REGEX),
    st.sampled_from(["b", "b == false", "b != true", "not b", "?nothing == null", "?nothing == 1"]),
    st.builds("d {} {}".format, COMPARE, DATES),
    st.builds("cidrMatch(a, {})".format, BLOCKS),
    st.builds("v {} {}".format, COMPARE, st.sampled_from(['"1.2.3"', '"1.9.0"'])),
    st.builds("a == {}".format, st.sampled_from(['"10.0.0.1"', '"::1"', '"10.0.0.0/8"'])),
    st.builds("{}({}, {})".format, RELATIONS, STRING, STRING),
    st.builds("{}({}, {})".format, RELATIONS, TEXTUAL, TEXTUAL),
    st.builds("{}({}, {}) == {}".format, RELATIONS, STRING, QUOTED, st.sampled_from(["false", "null", "true"])),
    st.builds("{} {} {}".format, NUMERIC, COMPARE, NUMERALS),
    st.builds("{} == null".format, NUMERIC),
    st.builds("{} {} {}".format, TEXTUAL, COMPARE, QUOTED),
    st.builds("{} : {}".format, TEXTUAL, WILD),
    st.builds("{} in ({}, {})".format, TEXTUAL, QUOTED, QUOTED),
)
CONDITIONS = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("({}) or ({}) or not ({})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
_CATEGORY = st.sampled_from(["any", "any", "any", "p", "q"])
FILTERS = st.builds("{} where {}".format, _CATEGORY, CONDITIONS)
STAGES = st.one_of(
    *[st.builds("{} where {}".format, _CATEGORY, st.sampled_from(["true", "true", "true", 'k : "a*"', "n > 0"]))] * 6,
    FILTERS,
)
GLOBAL_KEYS = st.sampled_from(["", " by k", " by ?k", " by n", " by k, ?n", " by ?o.p", " by ?d", " by b"])
STAGE_KEYS = st.sampled_from([["k"], ["k", "j"], ["?k", "?j"], ["n"], ["n", "x"], ["k, ?n", "j, ?n"]])


@st.composite
def sequences(draw: st.DrawFn) -> str:
    """Stages that events often satisfy, so that the order of events decides."""
    stages = draw(st.lists(STAGES, min_size=2, max_size=draw(st.sampled_from([2, 2, 3, 4]))))
    missing = [draw(st.integers(0, 7)) == 0 for _ in stages]
    missing[draw(st.integers(0, len(stages) - 1))] = False
    span = draw(st.sampled_from(["", " with maxspan=1ms", " with maxspan=5ms", " with maxspan=9ms"]))
    if any(missing) and not span:
        span = " with maxspan=4ms"
    own = draw(st.one_of(st.none(), st.none(), STAGE_KEYS))
    keys = [f" by {draw(st.sampled_from(own))}" if own else "" for _ in stages]
    runs = ["" if gone else draw(st.sampled_from(["", "", "", " with runs=2"])) for gone in missing]
    brackets = " ".join(
        f"{'![' if gone else '['} {stage} ]{key}{run}"
        for gone, stage, key, run in zip(missing, stages, keys, runs, strict=True)
    )
    until = draw(st.sampled_from(["", "", " until [ any where n == 0 ]", ' until [ q where k == "b" ]']))
    own_until = f"{until} by {own[0]}" if until and own else until
    shared = draw(st.sampled_from(["", "", " by b"]) if own else GLOBAL_KEYS)
    return f"sequence{shared}{span} {brackets}{own_until}"


@st.composite
def samples(draw: st.DrawFn) -> str:
    """Two or three filters joined by what events often share."""
    stages = draw(st.lists(STAGES, min_size=2, max_size=3))
    own = draw(st.none() | STAGE_KEYS)
    shared = draw(st.sampled_from(["", " by b"] if own else [" by k", " by ?k", " by n", " by n", " by k, ?n"]))
    keys = [f" by {draw(st.sampled_from(own))}" if own else "" for _ in stages]
    return f"sample{shared} " + " ".join(f"[ {stage} ]{key}" for stage, key in zip(stages, keys, strict=True))


PIPES = st.sampled_from(["", "", "", "", " | head 2", " | tail 2", " | head 3 | tail 1"])
QUERIES = st.one_of(
    FILTERS,
    st.builds("{}{}".format, FILTERS, PIPES),
    st.builds("{}{}".format, sequences(), PIPES),
    samples(),
)
