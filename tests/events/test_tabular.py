"""Parquet files, frames and tables: the same events as from JSON."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deckwatch.eql.dates import parse_timestamp
from deckwatch.eql.types import Kind
from deckwatch.events.reader import open_events
from deckwatch.events.tabular import TableRows, without_views
from deckwatch.events.typed import nested
from tests.events.reading import column_values, expected, read

FIELDS: dict[str, Kind] = {
    "@timestamp": "date",
    "process.name": "keyword",
    "process.args": "keyword",
    "process.pid": "long",
    "process.interactive": "boolean",
    "host.load": "double",
    "source.ip": "ip",
    "users.name": "keyword",
    "missing.field": "keyword",
}

_TIME = datetime(2026, 11, 22, 2, 42, 16, 363292, tzinfo=UTC)
_ISO = "2026-11-22T02:42:16.363292Z"
_ARGS = [["a", "b"], None, [], [None, "c"]]
_USERS = [[{"name": "x"}, {"name": "y"}], [], None, [{"name": None}]]

NESTED = pa.table(
    {
        "@timestamp": pa.array([_TIME] * 3 + [None], pa.timestamp("us", "UTC")),
        "process": [
            {"name": "sh", "args": args, "pid": pid, "interactive": pid == 1}
            for args, pid in zip(_ARGS, range(4), strict=True)
        ],
        "host": [{"load": 0.5}, {"load": float("nan")}, None, {"load": None}],
        "source": [{"ip": "10.0.0.1"}, {"ip": "::ffff:1.2.3.4"}, {"ip": "x"}, {"ip": None}],
        "users": pa.array(_USERS, pa.list_(pa.struct([("name", pa.string())]))),
    }
)
FLAT = pa.table(
    {
        "@timestamp": [_ISO] * 3 + [None],
        "process.name": pa.array(["sh"] * 4).dictionary_encode(),
        "process.args": pa.array(_ARGS, pa.large_list(pa.large_string())),
        "process.pid": pa.array(range(4), pa.uint16()),
        "process.interactive": [False, True, False, False],
        "host.load": pa.array([0.5, float("nan"), None, None], pa.float32()),
        "source.ip": ["10.0.0.1", "::ffff:1.2.3.4", "x", None],
        "users": pa.array(_USERS, pa.list_(pa.struct([("name", pa.string())]))),
    }
)


def _parquet(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path / "x.parquet", row_group_size=3)
    return path / "x.parquet"


_FORMS: dict[str, Any] = {
    "table": lambda table, _: table,
    "parquet": _parquet,
    "frame": lambda table, _: pl.from_arrow(table),
    "lazy": lambda table, _: pl.from_arrow(table).lazy(),
}


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("table", [NESTED, FLAT], ids=["nested", "flat"])
@pytest.mark.parametrize("height", [None, 2])
def test_columns_are_what_the_documents_say(form: str, table: pa.Table, height: int | None, tmp_path: Path) -> None:
    rows, documents, counts, _ = read(_FORMS[form](table, tmp_path), FIELDS, height)
    assert counts.events == 4
    assert rows == expected(documents, FIELDS)
    assert rows["@timestamp"] == [[parse_timestamp(_ISO)]] * 3 + [[]]
    assert rows["process.args"] == [["a", "b"], [], [], ["c"]]
    assert rows["process.pid"] == [[0], [1], [2], [3]]
    assert rows["host.load"] == [[0.5], [], [], []]
    assert rows["source.ip"] == [["10.0.0.1"], ["1.2.3.4"], [], []]
    assert rows["users.name"] == [["x", "y"], [], [], []]
    assert documents[1]["process"]["name"] == "sh"


_SCALARS = {
    "keyword": pa.array(["a", "", None, "1", "true", _ISO, '{"a":1}']),
    "view": pa.array(["a", "", None, "1", "true", _ISO, "x"], pa.string_view()),
    "dictionary": pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 2, None, 3, 2, 0]), pa.array(["z", None, "z", "1", "u"])
    ),
    "long": pa.array([1, -5, None, 2**62, 0, 1, 7]),
    "unsigned": pa.array([1, 2**64 - 1, None, 2**63, 0, 1, 7], pa.uint64()),
    "double": pa.array([1.5, -0.0, None, 1e300, float("inf"), 2.0, 7.0]),
    "boolean": pa.array([True, False, None, True, True, False, False]),
    "seconds": pa.array([1, 2, None, -5, 10**10, 2**61, 0], pa.timestamp("s")),
    "nanoseconds": pa.array([1, 2, None, -5, 10**18, 2**62, 0], pa.timestamp("ns")),
    "day": pa.array([date(2026, 11, 22)] * 7),
    "decimal": pa.array([Decimal("1.5")] * 7),
    "binary": pa.array([b"a", b"\xff", None, b"", b"1", b"x", b"y"]),
    "null": pa.nulls(7),
    "time": pa.array([1] * 7, pa.time64("ns")),
    "duration": pa.array([1] * 7, pa.duration("ns")),
    "list": pa.array([[1, 2], [], None, [None], [3], [[1][0]], [1]], pa.list_(pa.int64())),
    "struct": pa.array([{"a": 1}] * 7),
}


@pytest.mark.parametrize("values", _SCALARS.values(), ids=_SCALARS)
@pytest.mark.parametrize("kind", ["keyword", "long", "double", "boolean", "date", "ip", "version"])
def test_any_type_reads_as_any_kind(values: pa.Array, kind: Kind) -> None:
    rows, documents, _, _ = read(pa.table({"f": values}), {"f": kind})
    assert rows == expected(documents, {"f": kind})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.none() | st.sampled_from(["a", "b", ""]), max_size=3) | st.none(), min_size=1, max_size=20))
def test_lists(values: list[list[str | None] | None]) -> None:
    rows, documents, _, _ = read(pa.table({"f": pa.array(values, pa.list_(pa.string()))}), {"f": "keyword"})
    assert rows == expected(documents, {"f": "keyword"})


MIXED = pa.table(
    {
        "nothing": pa.nulls(4, pa.string()),
        "empty": pa.array([[], None, [], None], pa.list_(pa.string())),
        "texts": pa.array([["a"], [None, "b"], ["a", "b"], ["a"]]),
        "object": [{"a": None, "b": 1}, None, {"a": None, "b": None}, {"a": None, "b": 2}],
        "view": pa.array(["x", None, "y", "x"], pa.string_view()),
        "views": pa.array([["x"], [], None, ["y", "x"]], pa.list_(pa.string_view())),
        "dictionary": pa.array(["z", None, "z", None]).dictionary_encode(),
        "object.time": pa.array([1, None, 3, 4], pa.timestamp("ms", "UTC")),
    }
)


@pytest.mark.parametrize("height", [None, 3])
def test_a_file_holds_the_documents_of_its_table(height: int | None, tmp_path: Path) -> None:
    kinds: dict[str, Kind] = {"texts": "keyword", "views": "keyword", "dictionary": "keyword", "view": "keyword"}
    of_table = read(MIXED, kinds, height)
    of_file = read(_parquet(MIXED, tmp_path), kinds, height)
    assert of_file[:2] == of_table[:2]
    assert of_table[0]["dictionary"] == [["z"], [], ["z"], []]
    assert of_table[1] == [
        {
            "empty": [],
            "texts": ["a"],
            "object": {"b": 1, "time": "1970-01-01T00:00:00.001Z"},
            "view": "x",
            "views": ["x"],
            "dictionary": "z",
        },
        {"texts": [None, "b"], "views": []},
        {
            "empty": [],
            "texts": ["a", "b"],
            "view": "y",
            "dictionary": "z",
            "object": {"time": "1970-01-01T00:00:00.003Z"},
        },
        {"texts": ["a"], "object": {"b": 2, "time": "1970-01-01T00:00:00.004Z"}, "view": "x", "views": ["y", "x"]},
    ]


@pytest.mark.parametrize("form", ["table", "parquet"])
def test_rows_of_any_type_can_be_kept(form: str, tmp_path: Path) -> None:
    with open_events(_FORMS[form](MIXED, tmp_path), {}, batch_events=2) as reader:
        together = []
        for batch in reader:
            together += batch.documents.documents(range(batch.height))
            batch.documents.keep(range(batch.height))
        assert [reader.document(position) for position in (3, 0, 2, 1)] == [together[each] for each in (3, 0, 2, 1)]


@pytest.mark.parametrize("every", [1, 3, 20], ids=lambda every: f"of-every-{every}")
def test_reading_the_columns_of_documents_ahead_changes_nothing(every: int, tmp_path: Path) -> None:
    """Where batches are asked for documents, later ones are read with all their columns."""
    table = pa.concat_tables([MIXED] * 30)
    documents = TableRows(without_views(table)).documents(np.arange(len(table)))
    with open_events(_parquet(table, tmp_path), {"texts": "keyword", "object.b": "long", "_id": "keyword"}) as reader:
        columns = []
        for number, batch in enumerate(reader):
            columns += zip(*(column_values(column) for column in batch.columns.values()), strict=True)
            batch.documents.keep(range(batch.height))
            if number % every == 0:
                place = slice(batch.first, batch.first + batch.height)
                assert batch.documents.documents(range(batch.height)) == documents[place]
        assert columns == columns[: len(MIXED)] * 30
        assert reader.documents(range(len(table))) == dict(enumerate(documents))


def test_a_dictionary_too_large_for_its_pages(tmp_path: Path) -> None:
    """The writer falls back to plain texts in the middle of the column."""
    texts = [f"name-{number % 40_000:0100d}" for number in range(80_000)]
    lists = [[text, "x"] if number % 3 else [] for number, text in enumerate(texts)]
    pq.write_table(pa.table({"text": texts, "list": lists}), tmp_path / "x.parquet", dictionary_pagesize_limit=1 << 16)
    with open_events(tmp_path / "x.parquet", {"text": "keyword", "list": "keyword"}) as reader:
        batches = list(reader)
    assert [value for batch in batches for (value,) in column_values(batch.columns["text"])] == texts
    assert [value for batch in batches for value in column_values(batch.columns["list"])] == lists


def test_an_envelope_may_be_a_table() -> None:
    table = pa.table({"_index": ["i", ""], "_id": ["1", None], "_source": [{"process": {"name": "sh"}}] * 2})
    rows, documents, _, _ = read(table, FIELDS)
    assert rows["process.name"] == [["sh"], ["sh"]]
    assert rows["_index"] == [["i"], []]
    assert documents[0] == {"process": {"name": "sh"}, "_index": "i", "_id": "1"}


def test_both_spellings_in_one_table() -> None:
    table = pa.table({"process.name": ["x", None], "process": [{"name": "y"}, {"name": "z"}]})
    rows, documents, _, _ = read(table, {"process.name": "keyword"})
    assert rows == expected(documents, {"process.name": "keyword"})
    assert sorted(map(str, rows["process.name"][0])) == ["x", "y"]


def test_a_damaged_file_does_not_stop_the_others(tmp_path: Path) -> None:
    good = _parquet(FLAT, tmp_path)
    data = good.read_bytes()
    (tmp_path / "a.parquet").write_bytes(data[:-20])
    (tmp_path / "b.parquet").write_bytes(data[:4] + b"\xff" * 300 + data[304:])
    _, _, counts, letters = read(tmp_path, {"process.name": "keyword"})
    assert counts.events >= 4
    assert counts.damaged == 2
    assert all("not a readable Parquet file" in letter.reason for letter in letters)


@pytest.mark.parametrize(
    ("members", "document"),
    [
        pytest.param({"a.b": 1, "a.c": 2}, {"a": {"b": 1, "c": 2}}, id="unflattened"),
        pytest.param({"a": 1, "a.b": 2}, {"a": 1, "a.b": 2}, id="value-in-the-way"),
        pytest.param({"a.b": 2, "a": 1}, {"a": 1, "a.b": 2}, id="whatever-the-order"),
        pytest.param({"a": {"b": 1}, "a.b": 2}, {"a": {"b": 1}, "a.b": 2}, id="twice"),
        pytest.param({"a": None, "b": {}, "c": []}, {"c": []}, id="nulls-and-empty-objects-dropped"),
    ],
)  # fmt: skip
def test_nested(members: dict[str, Any], document: dict[str, Any]) -> None:
    assert nested(members) == document
