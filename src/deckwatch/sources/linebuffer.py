"""Bytes as they come to whole lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from deckwatch.events.deadletter import EXCERPT_BYTES
from deckwatch.events.framing import BYTE_ORDER_MARK, LINE_BYTES, Chunk, Overlong

Piece: TypeAlias = "Chunk | Overlong"

_NEWLINE = b"\n"


class LineBuffer:
    """The lines of one input. What follows the last newline waits for the rest of its line.

    Of a line longer than `line_bytes` the beginning alone is kept.
    """

    def __init__(self, line_bytes: int = LINE_BYTES) -> None:
        self._limit = line_bytes
        self._rest = bytearray()
        self._size = 0  # of the line that waits, also where it is longer than what is kept of it
        self._number = 1
        self._offset = 0

    def add(self, data: bytes) -> Iterator[Piece]:
        """The lines that more bytes complete."""
        if self._size > self._limit:
            end = data.find(_NEWLINE) + 1
            self._size += end or len(data)
            if not end:
                return
            yield self._overlong()
            data = data[end:]
        end = data.rfind(_NEWLINE) + 1
        if end:
            yield self._chunk(bytes(self._rest) + data[:end])
            self._rest.clear()
            self._size = 0
        self._rest += data[end:]
        self._size += len(data) - end
        if self._size > self._limit:
            del self._rest[EXCERPT_BYTES:]

    def finish(self) -> Iterator[Piece]:
        """The input has ended: what is left is a line."""
        if self._size > self._limit:
            yield self._overlong()
        elif self._rest:
            yield self._chunk(bytes(self._rest))
            self._rest.clear()
            self._size = 0

    def _chunk(self, data: bytes) -> Chunk:
        array = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(array == _NEWLINE[0]) + 1
        if not (len(ends) and ends[-1] == len(data)):
            ends = np.append(ends, len(data))
        mark = len(BYTE_ORDER_MARK) if self._offset == 0 and data.startswith(BYTE_ORDER_MARK) else 0
        chunk = Chunk(array, np.concatenate([[mark], ends]), self._number, self._offset)
        self._number += len(chunk)
        self._offset += len(data)
        return chunk

    def _overlong(self) -> Overlong:
        line = Overlong(self._number, self._offset, self._size, bytes(self._rest[:EXCERPT_BYTES]))
        self._number += 1
        self._offset += self._size
        self._rest.clear()
        self._size = 0
        return line
