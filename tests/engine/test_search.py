"""Searches that read their input twice, and what they say about it."""

import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

import deckwatch
from deckwatch.events.deadletter import Counts, DeadLetter
from deckwatch.events.reader import EventSource

EVENTS = [{"@timestamp": n, "event": {"category": "file"}, "size": n} for n in range(12)]
LINES = "".join(json.dumps(event) + "\n" for event in EVENTS).encode()
QUERY = "file where size > 9"


def _pipe() -> IO[bytes]:
    reader, writer = os.pipe()
    os.write(writer, LINES)
    os.close(writer)
    return os.fdopen(reader, "rb")


class _OnlyReads(io.RawIOBase):
    """A stream that cannot be set back."""

    def __init__(self) -> None:
        self._data = io.BytesIO(LINES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        return self._data.readinto(buffer)


def _after_a_line() -> IO[bytes]:
    stream = io.BytesIO(b"{}\n" + LINES)
    stream.readline()
    return stream


@pytest.mark.parametrize(
    "opened",
    [
        pytest.param(lambda: io.BytesIO(LINES), id="in memory"),
        pytest.param(lambda: io.BytesIO(gzip.compress(LINES)), id="compressed"),
        pytest.param(_pipe, id="pipe"),
        pytest.param(_OnlyReads, id="not seekable"),
        pytest.param(_after_a_line, id="read before"),
    ],
)
def test_streams_are_read_twice_for_an_undeclared_field(opened: Callable[[], IO[bytes]]) -> None:
    with opened() as stream:
        result = deckwatch.search(QUERY, stream)
    assert result.events == EVENTS[10:]
    assert result.counts == Counts(lines=12, events=12, bytes=len(LINES))


@pytest.mark.parametrize("query", [QUERY, "file where true"])
def test_an_open_file_is_no_list_of_documents(query: str, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(LINES)
    with path.open("rb") as file:
        assert deckwatch.search(query, file, size=2).events == EVENTS[10:]


def _listed(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from events


@pytest.mark.parametrize("source", [EVENTS, _listed(EVENTS)], ids=["list", "iterator"])
def test_documents_are_read_twice(source: EventSource) -> None:
    assert deckwatch.search(QUERY, source).events == EVENTS[10:]


def test_counts_and_dead_letters() -> None:
    letters: list[DeadLetter] = []
    data = gzip.compress(LINES + b"nonsense\n\n")[:-4]
    result = deckwatch.search(QUERY, io.BytesIO(data), dead_letter=letters.append)
    assert result.events == EVENTS[10:]
    counts = result.counts
    assert (counts.lines, counts.events, counts.malformed, counts.blank, counts.damaged) == (14, 12, 1, 1, 1)
    assert [letter.line for letter in letters] == [13, None]
    assert result == deckwatch.search(QUERY, EVENTS)
