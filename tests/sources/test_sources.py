"""Live lines and recordings as sources of a stream."""

from __future__ import annotations

import gzip
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import deckwatch as dw
from deckwatch.engine.ports import Source
from deckwatch.events.deadletter import DeadLetter
from deckwatch.sources.lines import LineSource
from deckwatch.sources.replay import Replay
from deckwatch.sources.taps import FileTap

FIELDS: dict[str, Any] = {"@timestamp": "date", "process.name": "keyword"}


def line(name: str) -> bytes:
    return json.dumps({"@timestamp": 1, "process": {"name": name}}).encode() + b"\n"


PATIENCE = 20.0


class Reading:
    """A source under test: what it gives, and the dead letters."""

    def __init__(self, source: Source, letters: list[DeadLetter]) -> None:
        self.source = source
        self.letters = letters
        source.open(FIELDS)

    def names(self, count: int = 0) -> list[str]:
        """The process names of all that is there now; so many are sure to come, sooner or later."""
        found: list[str] = []
        while True:
            batch = self.source.poll(PATIENCE if len(found) < count else 0)
            if batch is None and len(found) < count and not self.source.ended:  # half a line
                continue
            if batch is None:
                return found
            assert batch.first + batch.height == self.source.counts.events
            column = batch.columns["process.name"]
            values = [column.values[code] for code in column.codes]
            assert values == [each["process"]["name"] for each in batch.documents.documents(range(batch.height))]
            batch.documents.keep(range(batch.height))
            found += values

    def has_ended(self) -> bool:
        """Whether it ends now, sooner or later."""
        assert self.source.poll(PATIENCE) is None
        return self.source.ended

    def refused(self) -> list[tuple[int | None, str]]:
        return [(letter.line, letter.excerpt) for letter in self.letters]


@pytest.fixture
def letters() -> list[DeadLetter]:
    return []


@pytest.fixture
def pipe() -> Iterator[tuple[Any, int]]:
    read, write = os.pipe()
    with os.fdopen(read, "rb", buffering=0) as file:
        yield file, write


def test_a_pipe_is_read_line_by_line(pipe: tuple[Any, int], letters: list[DeadLetter]) -> None:
    file, write = pipe
    reading = Reading(dw.open_source(file, dead_letter=letters.append), letters)
    assert reading.source.live
    assert reading.names() == []
    os.write(write, line("a") + line("b")[:9])
    assert reading.names(1) == ["a"]
    os.write(write, line("b")[9:] + b"\nnonsense\n" + line("c"))
    assert reading.names(2) == ["b", "c"]
    assert not reading.source.ended
    os.write(write, line("d").rstrip())
    os.close(write)
    assert reading.names(1) == ["d"]
    assert reading.has_ended()
    assert reading.refused() == [(4, "nonsense")]
    counts = reading.source.counts
    assert (counts.events, counts.lost, counts.incidents) == (4, {"malformed": 1}, {})
    reading.source.close()
    reading.source.close()
    assert reading.source.counts == counts


def test_a_pipe_that_is_waited_for(pipe: tuple[Any, int], letters: list[DeadLetter]) -> None:
    file, write = pipe
    reading = Reading(dw.open_source(file), letters)
    assert reading.source.poll(0.001) is None
    os.write(write, line("a"))
    batch = reading.source.poll(PATIENCE)
    assert batch is not None
    assert batch.height == 1
    os.close(write)
    assert reading.has_ended()
    reading.source.close()


def test_events_are_kept_until_they_are_let_go(pipe: tuple[Any, int], letters: list[DeadLetter]) -> None:
    file, write = pipe
    reading = Reading(dw.open_source(file), letters)
    os.write(write, b"".join(map(line, "abcd")))
    assert reading.names(4) == list("abcd")
    reading.source.retain({1, 3})
    assert {place: each["process"]["name"] for place, each in reading.source.documents([3, 1]).items()} == {
        1: "b",
        3: "d",
    }
    os.write(write, line("e"))
    assert reading.names(1) == ["e"]
    assert [*reading.source.documents([1, 4])] == [1, 4]
    with pytest.raises(KeyError):
        reading.source.documents([0])
    os.close(write)
    reading.source.close()


@pytest.mark.parametrize("follow", [False, True])
def test_a_named_pipe_ends_with_its_last_writer_unless_it_is_followed(
    tmp_path: Path, follow: bool, letters: list[DeadLetter]
) -> None:
    path = tmp_path / "events"
    os.mkfifo(path)
    reading = Reading(dw.open_source(path, follow=follow), letters)
    assert reading.names() == []
    assert not reading.source.ended
    with path.open("wb", buffering=0) as writer:
        writer.write(line("a"))
        assert reading.names(1) == ["a"]
    if follow:
        with path.open("wb", buffering=0) as writer:
            writer.write(line("b"))
        assert reading.names(1) == ["b"]
    else:
        assert reading.has_ended()
    reading.source.close()


class Growing:
    """A file that is followed."""

    def __init__(self, path: Path, letters: list[DeadLetter]) -> None:
        self.path = path
        self.path.write_bytes(line("a") + line("b"))
        tap = FileTap(str(path), lambda _: None)
        self.reading = Reading(LineSource("file", tap, letters.append), letters)

    def add(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)

    def incidents(self) -> dict[str, int]:
        return dict(self.reading.source.counts.incidents)


@pytest.fixture
def growing(tmp_path: Path, letters: list[DeadLetter]) -> Iterator[Growing]:
    file = Growing(tmp_path / "events.ndjson", letters)
    assert file.reading.names() == ["a", "b"]
    yield file
    file.reading.source.close()


def test_what_is_added_to_a_file_is_read(growing: Growing) -> None:
    assert growing.reading.names() == []
    growing.add(line("c") + line("d")[:5])
    assert growing.reading.names() == ["c"]
    growing.add(line("d")[5:])
    assert growing.reading.names() == ["d"]
    assert not growing.reading.source.ended
    assert growing.incidents() == {}


def test_a_rotated_file_is_read_to_its_end_and_the_next_from_its_beginning(growing: Growing) -> None:
    growing.add(line("c") + line("d").rstrip())
    growing.path.rename(growing.path.with_suffix(".1"))
    assert growing.reading.names() == ["c"]
    growing.path.write_bytes(b"nonsense\n" + line("e"))
    assert growing.reading.names() == ["d", "e"]
    assert growing.reading.refused() == [(1, "nonsense")]
    assert growing.incidents() == {"rotated": 1}


def test_a_truncated_file_is_read_from_its_beginning(growing: Growing) -> None:
    growing.add(line("c")[:20])
    assert growing.reading.names() == []
    growing.path.write_bytes(line("d"))
    assert growing.reading.names() == []
    assert growing.reading.names() == ["d"]
    assert growing.reading.refused() == [(3, line("c")[:20].decode())]
    assert growing.incidents() == {"truncated": 1}


def test_many_lines_come_in_batches(growing: Growing) -> None:
    growing.add(b"".join(line(str(number)) for number in range(10_000)))
    heights = []
    while (batch := growing.reading.source.poll(0)) is not None:
        heights.append(batch.height)
        assert growing.reading.source.counts.events == 2 + sum(heights)
    assert sum(heights) == 10_000
    assert max(heights) <= 4096


@pytest.mark.parametrize("kind", ["file", "folder", "gzip", "documents", "several", "stream"])
def test_recordings_are_read_as_a_scan_reads_them(kind: str, tmp_path: Path, letters: list[DeadLetter]) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(line("a") + line("b"))
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with path.open("rb") as stream:
        events: dict[str, Any] = {
            "file": path,
            "folder": tmp_path,
            "gzip": str(packed),
            "documents": [json.loads(line(name)) for name in "ab"],
            "several": [path, path],
            "stream": stream,
        }
        reading = Reading(dw.open_source(events[kind]), letters)
        assert isinstance(reading.source, Replay)
        assert (reading.source.live, reading.source.lateness) == (False, math.inf)
        assert reading.names() == ["a", "b"]
        assert reading.has_ended()
        assert [each["process"]["name"] for each in reading.source.documents([0, 1]).values()] == ["a", "b"]
        reading.source.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("missing",), "no such file or folder", id="missing"),
        pytest.param((".",), "no event files in this folder", id="empty-folder"),
        pytest.param((["a.ndjson", "b.ndjson"],), "only a file can be followed, and only one", id="several"),
        pytest.param(("-",), "only a file can be followed, and only one", id="standard-input"),
        pytest.param(("folder",), "only one file can be followed; name it", id="folder"),
    ],
)
def test_what_cannot_be_followed(
    arguments: tuple[Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "events.ndjson").touch()
    monkeypatch.chdir(tmp_path if arguments != (".",) else tmp_path / "empty")
    with pytest.raises(dw.DeckwatchError, match=message):
        dw.open_source(*arguments, follow=True)


def test_compressed_bytes_cannot_be_followed(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(gzip.compress(line("a")))
    source = dw.open_source(path, follow=True)
    source.open(FIELDS)
    with pytest.raises(dw.DeckwatchError, match="compressed, which only whole files may be; pipe it through `zcat`"):
        source.poll(0)
    source.close()


def test_watch_takes_a_pipe_and_ends_with_it(pipe: tuple[Any, int]) -> None:
    file, write = pipe
    os.write(write, line("nc") + line("cat"))
    os.close(write)
    with dw.watch(file, dw.founding_rules()) as stream:
        assert [alert for step in stream for alert in step.alerts] == []
    assert (stream.status.seen, stream.status.evaluated) == (2, 2)


def test_watch_refuses_options_that_belong_to_the_source() -> None:
    with pytest.raises(dw.DeckwatchError, match="give them to the source"):
        dw.watch(dw.open_source([]), [], follow=True)
