"""A file or stream of JSON lines as a source of events."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import stat
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.bytestream import ByteStream
from deckwatch.events.deadletter import Counts, DeadLetter, excerpt
from deckwatch.events.decoding import decode_for_display
from deckwatch.events.framing import CHUNK_BYTES, LINE_BYTES, Chunk, Overlong, frame
from deckwatch.events.ndjson import Decoded, LineDecoder, overlong
from deckwatch.events.parts import Kept, Part

_SPREAD_OUT = re.compile(rb"\s*(?:[\[{]|\[\s*\{.*,)\s*", re.DOTALL)


class LineStore(Protocol):
    """Where lines can be read again."""

    def put(self, chunk: Chunk, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each of these lines can be found from now on."""
        ...

    def read(self, place: int, size: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file that holds the lines as they are."""

    path: str
    identity: tuple[int, int]

    def put(self, chunk: Chunk, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        return chunk.starts[lines] + chunk.offset

    def read(self, place: int, size: int) -> bytes:
        try:
            with Path(self.path).open("rb") as file:
                if _identity(file) == self.identity:
                    file.seek(place)
                    return file.read(size)
        except OSError:
            pass
        raise DeckwatchError(f"{self.path}: removed or replaced while events of it were awaited; pipe it in instead")


class Spool:
    """A nameless temporary file for the lines of inputs that cannot be read twice."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`
        self._end = 0

    def put(self, chunk: Chunk, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        kept = chunk.array().cast(pa.large_binary()).take(pa.array(lines))
        _, offsets, data = kept.buffers()
        starts = np.frombuffer(offsets, np.int64)[: len(kept) + 1]
        self._file.seek(self._end)
        self._file.write(memoryview(data)[starts[0] : starts[-1]])
        places: NDArray[np.int64] = starts[:-1] - starts[0] + self._end
        self._end += int(starts[-1] - starts[0])
        return places

    def read(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        return self._file.read(size)

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class _KeptLines:
    store: LineStore
    places: NDArray[np.int64]
    sizes: NDArray[np.int32]

    def documents(self, indexes: NDArray[np.int64]) -> list[dict[str, Any]]:
        return [decode_for_display(self.store.read(int(self.places[i]), int(self.sizes[i]))) for i in indexes]


@dataclass(frozen=True, slots=True)
class _LineRows:
    chunk: Chunk
    lines: NDArray[np.int64]
    store: LineStore

    def documents(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        return [decode_for_display(self.chunk.line(int(line))) for line in self.lines[rows]]

    def keep(self, rows: NDArray[np.int64]) -> Kept:
        lines = self.lines[rows]
        sizes = (self.chunk.starts[lines + 1] - self.chunk.starts[lines]).astype(np.int32)
        return _KeptLines(self.store, self.store.put(self.chunk, lines), sizes)


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads JSON lines; `height` is how many lines a batch has at most."""

    decoder: LineDecoder
    fields: Mapping[str, Kind]
    spool: Spool
    height: int | None = None
    chunk_bytes: int = CHUNK_BYTES
    line_bytes: int = LINE_BYTES

    def read(self, file: IO[bytes], name: str) -> Generator[Part, None, None]:
        """The parts of an open file, which stays open."""
        whole = _is_whole_file(file)
        stream = ByteStream(file)
        store = PlainFile(name, _identity(file)) if whole and not stream.compressed else self.spool
        pieces = frame(stream.fill, chunk_bytes=self.chunk_bytes, line_bytes=self.line_bytes)
        with contextlib.closing(pieces):
            for piece in pieces:
                if isinstance(piece, Overlong):
                    passed = passed_over(name, piece, self.line_bytes)
                    yield dataclasses.replace(passed, consumed=stream.consumed)
                    continue
                if piece.number == 1 and _SPREAD_OUT.fullmatch(piece.line(0)):
                    yield damaged(name, _spread_out(piece.line(0)), excerpt(piece.line(0)))
                    return
                for chunk in piece.split(self.height or len(piece)):
                    yield self._part(chunk, name, store, stream.consumed)
        if stream.damage:
            yield damaged(name, stream.damage, "")

    def _part(self, chunk: Chunk, name: str, store: LineStore, consumed: int) -> Part:
        decoded = self.decoder.decode(chunk)
        rows = _LineRows(chunk, decoded.lines, store)
        return dataclasses.replace(judged(name, chunk, decoded), consumed=consumed, rows=rows)


def judged(name: str, chunk: Chunk, decoded: Decoded) -> Part:
    """What became of the lines of a chunk; without the rows."""
    counts = Counts(
        lines=len(chunk),
        events=len(decoded.lines),
        blank=decoded.blank,
        malformed=len(decoded.rejected),
        bytes=int(chunk.starts[-1] - chunk.starts[0]),
    )
    letters = [
        DeadLetter(
            name,
            chunk.number + line,
            chunk.offset + int(chunk.starts[line]),
            reason,
            excerpt(chunk.line(line)),
        )
        for line, reason in decoded.rejected.items()
    ]
    return Part(counts, letters, fields=decoded)


def passed_over(name: str, line: Overlong, limit: int) -> Part:
    """The part of an input that is one line of more than `limit` bytes."""
    letter = DeadLetter(name, line.number, line.offset, overlong(limit), excerpt(line.excerpt))
    return Part(Counts(lines=1, malformed=1, bytes=line.size), [letter])


def damaged(name: str, reason: str, beginning: str = "") -> Part:
    """The part of an input that cannot be read any further."""
    return Part(Counts(damaged=1), [DeadLetter(name, None, None, reason, beginning)])


def _spread_out(line: bytes) -> str:
    if line.lstrip().startswith(b"["):
        return "a JSON array over several lines, not one document per line; convert it with: jq -c '.[]'"
    return "a JSON document over several lines, not one document per line; convert it with: jq -c ."


def _is_whole_file(file: IO[bytes]) -> bool:
    """Whether this is a regular file with a path, about to be read from its beginning."""
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and isinstance(file.name, str) and not file.tell()
    except (OSError, AttributeError):
        return False


def _identity(file: IO[bytes]) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino
