"""Inputs of every kind through `open_events`."""

import gzip
import io
import json
import os
import random
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.document import field_values
from deckwatch.events.lines import LineReader, Spool
from deckwatch.events.ndjson import LineDecoder
from deckwatch.events.reader import open_events
from tests.events.reading import expected, ndjson, read

FIELDS: dict[str, Kind] = {"@timestamp": "date", "process.name": "keyword", "n": "long"}
DEEP = 10_000


def _documents(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {"@timestamp": f"2026-11-22T02:42:{i % 60:02}.{i:09}Z", "process": {"name": f"p{i % 7}"}, "n": start + i}
        for i in range(count)
    ]


def _write(path: Path, documents: list[dict[str, Any]]) -> Path:
    data = ndjson(documents).getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pl.DataFrame(documents).write_parquet(path)
    else:
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"n":1', "truncated", id="cut-off"),
        pytest.param(b'{"n":1}}', "trailing characters", id="trailing-characters"),
        pytest.param(b'{"n":1}{"n":2}', "trailing characters", id="two-documents"),
        pytest.param(b"[1,2]", "not a JSON object but an array; write one document per line", id="array"),
        pytest.param(b'"text"', "not a JSON object but a string", id="string"),
        pytest.param(b"null", "not a JSON object but null", id="null"),
        pytest.param(b"hello", "malformed", id="no-json"),
        pytest.param(b'{"n":"\xff"}', "not UTF-8: invalid start byte at byte 6", id="latin-1"),
        pytest.param(b'{"n":"\xed\xa0\x80"}', "not UTF-8", id="surrogate-bytes"),
        pytest.param(b'{"n":"\\ud800"', "truncated", id="half-a-surrogate-pair-cut-off"),
        pytest.param(b'{"n":"\x00"}', "malformed", id="null-byte"),
        pytest.param(b"\xef\xbb\xbf{}", "malformed", id="byte-order-mark-in-the-middle"),
        pytest.param(b'{"process.name":' + b"[" * DEEP + b"]" * DEEP + b"}", "nested too deeply", id="deep-and-dotted"),
        pytest.param(b"[" * DEEP + b"]" * DEEP, "nested too deeply", id="deep-array"),
    ],
)
def test_bad_lines_are_dead_letters_and_the_rest_is_read(line: bytes, reason: str) -> None:
    good = b'{"n":1}\r\n'
    rows, _, counts, (letter,) = read(io.BytesIO(b"\xef\xbb\xbf" + good + b" \r\n\n" + line + b"\n" + good), FIELDS)
    assert rows["n"] == [[1], [1]]
    assert (counts.lines, counts.events, counts.blank, counts.malformed) == (5, 2, 2, 1)
    assert reason in letter.reason
    assert (letter.line, letter.offset) == (4, 3 + len(good) + 4)
    assert letter.excerpt
    assert len(letter.excerpt) < 1000


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param(r"\ud800", "\ufffd", id="first-half"),
        pytest.param(r"a\uDC00z", "a\ufffdz", id="second-half"),
        pytest.param(r"\ud83d\ud83d\ude00", "\ufffd\U0001f600", id="half-before-a-pair"),
        pytest.param(r"\ude00\ud83d", "\ufffd\ufffd", id="wrong-order"),
        pytest.param(r"\\ud800\ud800", r"\ud800" + "\ufffd", id="after-a-backslash"),
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        '{{"n":1,"process":{{"name":"{}"}}}}',
        '{{"n":1,"process.name":"{}"}}',
        '{{"n":NaN,"process":{{"name":"{}"}},"n":1}}',
        '{{"_source":{{"process":{{"name":"{}"}},"n":1}}}}',
    ],
    ids=["nested", "dotted", "lenient", "envelope"],
)
def test_half_a_surrogate_pair_hides_no_event(line: str, written: str, name: str) -> None:
    rows, (document,), counts, _ = read(io.BytesIO(line.format(written).encode()), FIELDS)
    assert counts.events == 1
    assert rows["n"] == [[1]]
    assert rows["process.name"] == [[name]]
    assert field_values(document, "process.name", "keyword") == [name]


def test_half_a_surrogate_pair_beside_the_fields() -> None:
    rows, documents, _, _ = read(io.BytesIO(b'{"n":1,"\\ud800":"x\\udfff"}'), FIELDS)
    assert rows["n"] == [[1]]
    assert documents == [{"n": 1, "\ufffd": "x\ufffd"}]


_ARRAY = "[" * DEEP + "]" * DEEP
_OBJECT = '{"x":' * DEEP + "1" + "}" * DEEP


@pytest.mark.parametrize("deep", [_ARRAY, _OBJECT], ids=["array", "object"])
def test_depth_beside_the_fields_does_not_matter(deep: str) -> None:
    rows, documents, _, _ = read(io.BytesIO(f'{{"n":1,"x":{deep}}}'.encode()), FIELDS)
    assert rows["n"] == [[1]]
    assert documents == [{"n": 1, "x": deep}]


@pytest.mark.parametrize("data", [b'[\n{"n":1},\n{"n":2}\n]\n', b'[{"n":1},\n{"n":2}]\n', b'{\n  "n": 1\n}\n'])
def test_json_over_several_lines_is_one_fault_with_a_hint(data: bytes) -> None:
    _, _, counts, (letter,) = read(io.BytesIO(data), FIELDS)
    assert counts.damaged == 1
    assert "jq -c" in letter.reason


def test_a_huge_line_is_passed_over() -> None:
    class Huge(io.RawIOBase):
        """One line of 200 MB between two events, made as it is read."""

        def __init__(self) -> None:
            self.pieces = [b'{"n":1}\n{"n":"', *[b"x" * (1 << 20)] * 200, b'"}\n{"n":2}\n']

        def readinto(self, buffer: Any) -> int:
            if not self.pieces:
                return 0
            piece = self.pieces[0][: len(buffer)]
            self.pieces[0] = self.pieces[0][len(piece) :]
            if not self.pieces[0]:
                del self.pieces[0]
            buffer[: len(piece)] = piece
            return len(piece)

    rows, _, counts, (letter,) = read(Huge(), FIELDS)  # type: ignore[arg-type]
    assert rows["n"] == [[1], [2]]
    assert counts.bytes == (200 << 20) + 25
    assert (letter.line, letter.offset) == (2, 8)
    assert "longer than 16,777,216 bytes" in letter.reason


def test_the_limit_of_a_line_does_not_depend_on_chunks() -> None:
    data = b'{"n":1}\n' + b'{"n":%s}\n' % (b"2" * 60) + b'{"n":3}\n' * 3
    for chunk_bytes in (7, 64, 1000):
        decoder, spool = LineDecoder(FIELDS, line_bytes=50), Spool()
        reader = LineReader(decoder, {"n": "long"}, spool, chunk_bytes=chunk_bytes, line_bytes=50)
        parts = list(reader.read(io.BytesIO(data), "x"))
        assert sum(part.counts.events for part in parts) == 4
        assert [letter.line for part in parts for letter in part.letters] == [2]
        decoder.close()
        spool.close()


def test_a_truncated_file_yields_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson.gz"
    noise = random.Random(1)
    whole = gzip.compress(ndjson([{"n": i, "x": noise.random()} for i in range(20_000)]).getvalue())
    path.write_bytes(whole[: len(whole) // 2])
    rows, _, counts, letters = read(path, FIELDS)
    assert rows["n"] == [[i] for i in range(counts.events)]
    assert counts.events > 9_000
    assert counts.damaged == 1
    assert letters[-1].line is None
    assert "ends early" in letters[-1].reason


def test_folders_patterns_and_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["a/x.ndjson", "a/b/y.jsonl.gz", "c.json", "d.parquet", "a/wrong-name.gz"]
    for place, name in enumerate(names):
        _write(Path(name), _documents(50, place * 100))
    _write(tmp_path / "a/notes.txt", _documents(1))
    (tmp_path / "a/wrong-name.gz").rename(tmp_path / "a/really-gzip.ndjson")
    one = read(["."], FIELDS)
    assert one == read([tmp_path / "c.json", "d.parquet", "a/**/*.gz", "a/[!n]*", "c.json", "a"], FIELDS)
    assert one[2].events == 250
    assert [values[0] for values in one[0]["n"]][::50] == [100 * place for place in (1, 4, 0, 2, 3)]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("nowhere.ndjson", "no such file", id="missing"),
        pytest.param(["nowhere.ndjson"], "no such file", id="missing-in-list"),
        pytest.param("*.nothing", "no file matches", id="empty-pattern"),
        pytest.param(".", "no event files", id="empty-folder"),
        pytest.param(5, "cannot read events from int", id="not-a-source"),
    ],
)
def test_wrong_sources(source: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeckwatchError, match=message):
        open_events(source, FIELDS)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(ndjson(_documents(3))))
    assert read("-", FIELDS)[0]["n"] == [[0], [1], [2]]


def test_a_live_stream_is_evaluated_before_it_ends() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as file, open_events(file, FIELDS) as reader:  # noqa: PTH123
        os.write(writing, b'{"n":1}\n{"n":')
        batches = iter(reader)
        assert next(batches).height == 1
        threading.Timer(0.1, lambda: (os.write(writing, b"2}\n"), os.close(writing))).start()
        assert next(batches).height == 1
        assert next(batches, None) is None


@pytest.mark.parametrize("kind", ["plain", "gzip", "stream", "documents", "parquet", "frame", "lazy"])
@pytest.mark.parametrize("height", [None, 7])
def test_kept_events_outlive_their_batch(kind: str, height: int | None, tmp_path: Path) -> None:
    documents = _documents(100)
    source: Any = {
        "plain": lambda: _write(tmp_path / "x.ndjson", documents),
        "gzip": lambda: _write(tmp_path / "x.ndjson.gz", documents),
        "stream": lambda: ndjson(documents),
        "documents": lambda: documents,
        "parquet": lambda: _write(tmp_path / "x.parquet", documents),
        "frame": lambda: pl.DataFrame(documents),
        "lazy": lambda: pl.LazyFrame(documents),
    }[kind]()
    with open_events(source, FIELDS, batch_events=height) as reader:
        for batch in reader:
            batch.documents.keep([row for row in range(batch.height) if (batch.first + row) % 3 == 0])
            batch.documents.keep(np.flatnonzero((batch.first + np.arange(batch.height)) % 5 == 0).tolist())
        for position in range(100):
            if position % 3 == 0 or position % 5 == 0:
                assert reader.document(position) == documents[position]
            else:
                with pytest.raises(DeckwatchError, match="not kept"):
                    reader.document(position)


def test_a_replaced_file_is_noticed(tmp_path: Path) -> None:
    path = _write(tmp_path / "x.ndjson", _documents(3))
    with open_events(path, FIELDS) as reader:
        for batch in reader:
            batch.documents.keep([0])
        path.unlink()
        with pytest.raises(DeckwatchError, match="removed or replaced"):
            reader.document(0)


def test_envelopes_are_kept_as_two_members() -> None:
    lines = [{"_index": "i", "_id": "1", "_score": 2, "_source": {"n": 1}}, {"n": 2, "_index": "j"}]
    rows, documents, _, _ = read(ndjson(lines), FIELDS)
    assert documents == [{"n": 1, "_index": "i", "_id": "1"}, {"n": 2, "_index": "j"}]
    assert rows["_index"] == [["i"], ["j"]]
    assert rows["_id"] == [["1"], []]
    assert read(lines, FIELDS)[:2] == (rows, documents)


def test_documents_in_memory() -> None:
    documents = [{"n": 1}, {"process.name": ["a", "b"]}, "text", {"process": [{"name": "\ud800"}]}, None, {1: 2}]
    rows, _, counts, letters = read(documents, FIELDS)  # type: ignore[arg-type]
    assert rows["process.name"] == [[], ["a", "b"], ["\ufffd"]]
    assert (counts.events, counts.malformed) == (3, 3)
    assert [(letter.line, letter.reason) for letter in letters] == [
        (3, "not a dict but str"),
        (5, "not a dict but NoneType"),
        (6, "a key is not text"),
    ]
    assert documents[0] is next(iter(open_events([documents[0]], FIELDS))).documents.document(0)  # type: ignore[list-item]


def test_progress(tmp_path: Path) -> None:
    paths = [_write(tmp_path / name, _documents(500)) for name in ("a.ndjson", "b.ndjson.gz", "c.parquet")]
    with open_events(paths, FIELDS) as reader:
        assert sum(batch.height for batch in reader) == 1500
        assert reader.size_bytes == reader.bytes_read == sum(path.stat().st_size for path in paths)


def test_a_reader_may_be_left_early(tmp_path: Path) -> None:
    path = _write(tmp_path / "x.ndjson", _documents(1000))
    with open_events(path, FIELDS, batch_events=10) as reader:
        assert next(iter(reader)).height == 10
        assert reader.counts.events == 10


def test_repeated_documents_agree_with_the_reference() -> None:
    documents = _documents(500) + [json.loads(json.dumps(document)) for document in _documents(3)]
    assert read(ndjson(documents), FIELDS)[0] == expected(documents, FIELDS)
