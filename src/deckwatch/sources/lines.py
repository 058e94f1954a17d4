"""JSON lines as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deckwatch.engine.ports import SourceCounts
from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.batch import Columns, EventBatch
from deckwatch.events.bytestream import COMPRESSED
from deckwatch.events.deadletter import Counts, DeadLetter
from deckwatch.events.decoding import decode_for_display
from deckwatch.events.framing import LINE_BYTES, Chunk
from deckwatch.events.lines import judged, passed_over
from deckwatch.events.ndjson import LineDecoder
from deckwatch.events.parts import Part
from deckwatch.sources.linebuffer import LineBuffer, Piece
from deckwatch.sources.taps import Tap

BATCH_EVENTS = 4096

_HEAD_BYTES = 4


class LineSource:
    """Live events, one JSON document per line; see `Source`.

    A line that is no event is counted, and handed to `dead_letter`. Lines are counted from 1 in every file.
    """

    live = True
    lateness: float | None = None

    def __init__(self, name: str, tap: Tap, dead_letter: Callable[[DeadLetter], None] | None = None) -> None:
        self.name = name
        self._tap = tap
        self._dead_letter = dead_letter
        self._lines = LineBuffer()
        self._head = b""
        self._counts = Counts()
        self._ready: deque[EventBatch] = deque()
        self._kept: dict[int, bytes] = {}
        self._closing = ExitStack()
        self._closing.callback(tap.close)

    def open(self, fields: Mapping[str, Kind]) -> None:
        self._fields = {**fields, "_index": "keyword", "_id": "keyword"}
        self._decoder = self._closing.enter_context(closing(LineDecoder(fields)))

    def poll(self, timeout: float) -> EventBatch | None:
        if not self._ready and not self._tap.ended:
            for piece in self._pieces(self._tap.read(timeout)):
                self._take(piece)
        return self._ready.popleft() if self._ready else None

    @property
    def ended(self) -> bool:
        return self._tap.ended and not self._ready

    @property
    def counts(self) -> SourceCounts:
        waiting = sum(batch.height for batch in self._ready)
        lost = {"malformed": self._counts.malformed} if self._counts.malformed else {}
        return SourceCounts(self._counts.events - waiting, self._counts.bytes, lost, dict(self._tap.incidents))

    def documents(self, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        return {position: decode_for_display(self._kept[position]) for position in positions}

    def retain(self, positions: Collection[int]) -> None:
        for position in [each for each in self._kept if each not in positions]:
            del self._kept[position]

    def close(self) -> None:
        self._closing.close()

    def _pieces(self, data: bytes) -> Iterator[Piece]:
        if len(self._head) < _HEAD_BYTES:
            self._head += data[: _HEAD_BYTES - len(self._head)]
            self._refuse_packed()
        yield from self._lines.add(data)
        if self._tap.complete:
            yield from self._lines.finish()
            self._lines, self._head = LineBuffer(), b""

    def _refuse_packed(self) -> None:
        if self._head.startswith(COMPRESSED):
            raise DeckwatchError(
                f"{self.name}: compressed, which only whole files may be; pipe it through `zcat` or `zstdcat`"
            )

    def _take(self, piece: Piece) -> None:
        if isinstance(piece, Chunk):
            for chunk in piece.split(BATCH_EVENTS):
                self._decode(chunk)
        else:
            self._count(passed_over(self.name, piece, LINE_BYTES))

    def _decode(self, chunk: Chunk) -> None:
        decoded = self._decoder.decode(chunk)
        first, height = self._counts.events, len(decoded.lines)
        self._count(judged(self.name, chunk, decoded))
        if height:
            documents = _LineDocuments(chunk, decoded.lines, first, self._kept)
            self._ready.append(EventBatch(height, first, Columns(decoded, self._fields), documents))

    def _count(self, part: Part) -> None:
        self._counts.add(part.counts)
        if self._dead_letter is not None:
            for letter in part.letters:
                self._dead_letter(letter)


@dataclass(frozen=True, slots=True)
class _LineDocuments:
    """The lines of one batch; those to keep are put into `kept`, by position."""

    chunk: Chunk
    lines: NDArray[np.int64]
    first: int
    kept: dict[int, bytes]

    def document(self, row: int) -> dict[str, Any]:
        return decode_for_display(self.chunk.line(int(self.lines[row])))

    def documents(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        return [self.document(row) for row in rows]

    def keep(self, rows: Sequence[int] | NDArray[np.intp]) -> None:
        for row in map(int, rows):
            self.kept[self.first + row] = self.chunk.line(int(self.lines[row]))
