"""Bytes to chunks of lines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deckwatch.events.deadletter import EXCERPT_BYTES

CHUNK_BYTES = 64 << 20
LINE_BYTES = 16 << 20

_NEWLINE = 10
_SEARCHED_BYTES = 1 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Fill: TypeAlias = Callable[[memoryview], int]
"""Reads some bytes into a buffer and says how many; 0 at the end."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive lines of one input: line i is `data[starts[i]:starts[i + 1]]`, with its newline.

    `number` is the number of the first line, counted from 1; `offset` is where `data` starts in the input.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    number: int
    offset: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def line(self, index: int) -> bytes:
        return self.data[self.starts[index] : self.starts[index + 1]].tobytes()

    def array(self) -> pa.Array:
        """The lines as text, not copied and not yet known to be UTF-8."""
        buffers = [None, pa.py_buffer(self.starts), pa.py_buffer(self.data)]
        return pa.Array.from_buffers(pa.large_string(), len(self), buffers)

    def split(self, height: int) -> Iterator[Chunk]:
        """The same lines in chunks of at most so many."""
        for first in range(0, len(self), height):
            yield Chunk(self.data, self.starts[first : first + height + 1], self.number + first, self.offset)


@dataclass(frozen=True, slots=True)
class Overlong:
    """A line that was passed over unread, because it is longer than the limit."""

    number: int
    offset: int
    size: int
    excerpt: bytes


Lines: TypeAlias = Generator["Chunk | Overlong", None, None]


def frame(fill: Fill, *, chunk_bytes: int = CHUNK_BYTES, line_bytes: int = LINE_BYTES) -> Lines:
    """The lines of an input in order. Memory is bounded by the two limits, however long a line is.

    A line a little longer than `line_bytes` may still come in a chunk: the limit is kept by who reads the lines.
    """
    number, offset = 1, 0
    rest: NDArray[np.uint8] = np.empty(0, np.uint8)
    searched = 0  # so much of the rest has no newline
    while True:
        data, ended = _extend(rest, fill, chunk_bytes)
        ends = _newlines(data[searched:]) + (searched + 1)
        if ended and len(data) and not (len(ends) and ends[-1] == len(data)):
            ends = np.append(ends, len(data))
        if len(ends):
            starts = np.concatenate([[_mark_length(data) if offset == 0 else 0], ends])
            rest = data[starts[-1] :].copy()
            searched = len(rest)
            if starts[-1] > starts[0]:
                yield Chunk(data[: starts[-1]], starts, number, offset)
                number += len(ends)
            offset += int(starts[-1])
        elif len(data) > line_bytes:
            size, rest = _pass_over(data, fill, chunk_bytes)
            yield Overlong(number, offset, size, data[:EXCERPT_BYTES].tobytes())
            number, offset, searched = number + 1, offset + size, 0
        else:
            rest, searched = data, len(data)
        if ended:
            return


def _extend(rest: NDArray[np.uint8], fill: Fill, size: int) -> tuple[NDArray[np.uint8], bool]:
    """The rest of the last chunk followed by what comes next, and whether nothing did."""
    data = np.frombuffer(pa.allocate_buffer(len(rest) + size), np.uint8)
    data[: len(rest)] = rest
    added = fill(data.data[len(rest) :])
    return data[: len(rest) + added], added == 0


def _newlines(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where newlines are; searched piece by piece, since the comparison of a whole chunk outgrows the cache."""
    pieces = (
        np.flatnonzero(data[start : start + _SEARCHED_BYTES] == _NEWLINE) + start
        for start in range(0, len(data), _SEARCHED_BYTES)
    )
    return np.concatenate([np.empty(0, np.int64), *pieces])


def _pass_over(data: NDArray[np.uint8], fill: Fill, size: int) -> tuple[int, NDArray[np.uint8]]:
    """How long the line is that starts with `data`, newline included, and what was read of the lines after it."""
    passed = len(data)
    while True:
        piece, ended = _extend(data[:0], fill, size)
        ends = np.flatnonzero(piece == _NEWLINE)
        if ended or len(ends):
            end = int(ends[0]) + 1 if len(ends) else 0
            return passed + end, piece[end:].copy()
        passed += len(piece)


def _mark_length(data: NDArray[np.uint8]) -> int:
    return len(BYTE_ORDER_MARK) if data[: len(BYTE_ORDER_MARK)].tobytes() == BYTE_ORDER_MARK else 0
