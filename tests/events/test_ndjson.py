"""The column decoder against the normative reading of a document."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deckwatch.eql.types import Kind
from deckwatch.events.structure import extraction
from tests.events.reading import expected, ndjson, read

FIELDS: dict[str, Kind] = {
    "@timestamp": "date",
    "a": "keyword",
    "a.b": "keyword",
    "a.b.c": "long",
    "A.b": "double",
    "p.q.r.s": "keyword",
    "p.q.t": "boolean",
    "p.ip": "ip",
    "p.n": "double",
    "o\"d'd.x y": "keyword",
    "ä/.z": "version",
}

_TIMES = ("2026-11-22T02:42:16.363292909Z", "2026-11-22T02:42:16Z", "2026-02-31T00:00:00Z", "1500-01-01T00:00:00.0Z")
_TEXTS = (
    "",
    "x",
    'a"b\\',
    "p.q",
    '"p":[',
    "[1]",
    "{}",
    "12",
    "1.5",
    "true",
    "10.0.0.1",
    "::ffff:1.2.3.4",
    "ä\u0000\u2028",
    *_TIMES,
)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from([2**63, -(2**63), 2**70, 1721901600000]),
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(_TEXTS), st.text(max_size=3),
)  # fmt: skip
_KEYS = sorted(
    {part for name in FIELDS for part in name.split(".")} | set(FIELDS) | {"p.q", "q.r", "r.s", "q.t", "", "other"}
)


def _objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(_KEYS), children, max_size=4)


_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | _objects(inner), max_leaves=8)


@st.composite
def _spelled(draw: st.DrawFn) -> dict[str, Any]:
    """A document that has some of the fields, each spelled in some way."""
    document: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=4, unique=True)):
        value: Any = draw(st.lists(_SCALARS, max_size=3) | _SCALARS)
        key = ""
        for part in reversed(name.split(".")):
            key = f"{part}.{key}" if key else part
            if draw(st.booleans()):
                value, key = {key: value}, ""
                value = [value] if draw(st.integers(0, 5)) == 0 else value
        if key:
            value = {key: value}
        if isinstance(value, dict):
            _merge(document, value)
    return document


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


_INNER = st.one_of(_spelled(), _spelled(), _objects(_VALUES))
_IDENTITY = st.sampled_from([None, "", "i-1", 5, ["x"], 'q"'])
_ENVELOPES = st.fixed_dictionaries({"_source": _INNER | _SCALARS}, optional={"_index": _IDENTITY, "_id": _IDENTITY})
DOCUMENTS = st.one_of(_INNER, _INNER, _ENVELOPES)


class _Writer:
    """Writes JSON with any blanks and any escapes that JSON allows."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._choose = draw(st.randoms(use_true_random=False))

    def write(self, value: object) -> str:
        match value:
            case dict():
                members = (
                    f"{self.text(key)}{self.blank()}:{self.blank()}{self.write(item)}" for key, item in value.items()
                )
                return self._between("{", members, "}")
            case list():
                return self.blank() + self._between("[", map(self.write, value), "]")
            case str():
                return self.text(value)
            case _:
                return json.dumps(value)

    def _between(self, start: str, items: Iterator[str], end: str) -> str:
        return start + self.blank() + f"{self.blank()},{self.blank()}".join(items) + self.blank() + end

    def blank(self) -> str:
        return self._choose.choice(["", "", "", " ", "  ", "\t", "\r"])

    def text(self, text: str) -> str:
        plain = json.dumps(text, ensure_ascii=self._choose.random() < 0.3)
        if self._choose.random() < 0.8:
            return plain
        units = text.encode("utf-16-be").hex()
        escapes = [units[i : i + 4] for i in range(0, len(units), 4)]
        return '"' + "".join("\\u" + self._choose.choice([one, one.upper()]) for one in escapes) + '"'


@st.composite
def _written(draw: st.DrawFn) -> tuple[list[dict[str, Any]], bytes]:
    documents = draw(st.lists(DOCUMENTS, min_size=1, max_size=6))
    writer = _Writer(draw)
    return documents, "".join(writer.write(document) + "\n" for document in documents).encode()


@settings(max_examples=120, deadline=None)
@given(_written())
def test_every_spelling_reads_as_the_document_says(written: tuple[list[dict[str, Any]], bytes]) -> None:
    documents, data = written
    rows, _, counts, _ = read(io.BytesIO(data), FIELDS)
    assert counts.events == len(documents)
    assert rows == expected(documents, FIELDS)


@settings(max_examples=40, deadline=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=12), st.integers(1, 5))
def test_any_batch_split_gives_the_same(documents: list[dict[str, Any]], height: int) -> None:
    split = read(ndjson(documents), FIELDS, batch_events=height)
    assert split == read(ndjson(documents), FIELDS)


_TOKENS = st.sampled_from([b"{", b"}", b'"a"', b":", b"[", b"]", b",", b"1", b"\n", b"\xff", b" "])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60) | st.lists(_TOKENS).map(b"".join))
def test_any_bytes_add_up(data: bytes) -> None:
    _, _, counts, letters = read(io.BytesIO(data), FIELDS)
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert counts.damaged or counts.lines == len(lines) - (not lines[-1])
    assert all(letter.reason for letter in letters)


@pytest.mark.parametrize(
    ("line", "name", "values"),
    [
        pytest.param('{"a":{"b":"x"}}', "a.b", ["x"], id="nested"),
        pytest.param('{"a.b":"x"}', "a.b", ["x"], id="dotted"),
        pytest.param('{"a":[{"b":"x"},{"b":["y","z"]}]}', "a.b", ["x", "y", "z"], id="array-of-objects"),
        pytest.param('{"a" :\t[ {"b":"x"}]}', "a.b", ["x"], id="array-behind-odd-blanks"),
        pytest.param('{"a\\u002eb":"x"}', "a.b", ["x"], id="escaped-dot"),
        pytest.param('{"\\u0061":[{"b":"x"}]}', "a.b", ["x"], id="escaped-array-key"),
        pytest.param('{"a":{"b":"x"},"a.b":"y"}', "a.b", ["x", "y"], id="both-spellings"),
        pytest.param('{"a":{"b":"[kworker]"}}', "a.b", ["[kworker]"], id="looks-like-an-array"),
        pytest.param('{"a":{"b":["x",null,["y"]]}}', "a.b", ["x", "y"], id="nested-array"),
        pytest.param('{"a":{"b":[]}}', "a.b", [], id="empty-array"),
        pytest.param('{"a":{"b":null}}', "a.b", [], id="null"),
        pytest.param('{"a":{"b":{"c":1}}}', "a.b", [], id="object"),
        pytest.param('{"a":{"b":{"c":1}}}', "a.b.c", [1], id="field-below-a-field"),
        pytest.param('{"a":{"b":1},"A":{"b":2}}', "A.b", [2.0], id="names-that-differ-by-case"),
        pytest.param('{"p":{"n":NaN}}', "p.n", [], id="not-a-number"),
        pytest.param('{"p":{"n":[1,NaN]}}', "p.n", [1.0], id="not-a-number-in-an-array"),
        pytest.param('{"p":{"n":1e400}}', "p.n", [], id="beyond-double"),
        pytest.param('{"p":{"n":1},}', "p.n", [1.0], id="trailing-comma"),
        pytest.param('{"_index":"i","_source":{"a":{"b":"x"}}}', "a.b", ["x"], id="envelope"),
        pytest.param('{"_index":"i","_source":{"a":{"b":"x"}}}', "_index", ["i"], id="envelope-index"),
        pytest.param('{"_source":{"p":{}},"a":{"b":"outer"}}', "a.b", [], id="envelope-hides-what-is-outside"),
        pytest.param('{"_source":"text","a":{"b":"x"}}', "a.b", ["x"], id="no-envelope"),
    ],
)  # fmt: skip
def test_spellings(line: str, name: str, values: list[object]) -> None:
    rows, documents, _, _ = read(io.BytesIO(line.encode()), FIELDS)
    assert rows[name] == [values]
    assert len(documents) == 1


def test_scalars_and_arrays_mix_in_one_file() -> None:
    documents = [{"a": {"b": value}} for value in ("x", ["x", "y"], None, ["x"], [["y"], "x"], {})]
    rows, _, _, _ = read(ndjson(documents), {"a.b": "keyword"})
    assert rows["a.b"] == [["x"], ["x", "y"], [], ["x"], ["y", "x"], []]


def test_rows_stay_in_order_over_many_threads() -> None:
    documents = [{"n": number, "a": {"b": str(number % 7)}, "pad": "x" * 50} for number in range(30_000)]
    rows, _, _, _ = read(ndjson(documents), {"n": "long", "a.b": "keyword"})
    assert rows["n"] == [[number] for number in range(30_000)]
    assert rows["a.b"] == [[str(number % 7)] for number in range(30_000)]


@pytest.mark.parametrize("names", [["a'b.c", 'd"e'], ["a", "a.b", "A", "A.b"]], ids=["quotes", "conflicts"])
def test_names_are_quoted_in_sql(names: list[str]) -> None:
    import duckdb

    with duckdb.connect() as connection:
        result = connection.sql(extraction(names, "(SELECT '{}' AS line)", guarded=True))
        assert result.columns == ["_index", "_id", "_source", *(f"f{i}" for i in range(len(names))), "broken"]
