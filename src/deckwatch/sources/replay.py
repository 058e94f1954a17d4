"""Whatever a scan can read, as a source: recordings."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from typing import IO, Any

from deckwatch.engine.ports import SourceCounts
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.reader import EventSource, open_events

BATCH_EVENTS = 16_384
"""Smaller than what a scan takes at once, so that a stream has something to show now and then."""


class Replay:
    """A recording, read as `scan` reads it; see `Source`.

    Any part of it may hold an earlier event than the parts before, so sequences wait for its end.
    """

    live = False
    lateness: float | None = math.inf

    def __init__(
        self,
        name: str,
        events: EventSource,
        dead_letter: Callable[[DeadLetter], None] | None = None,
        *,
        batch_events: int = BATCH_EVENTS,
        stdin: IO[bytes] | None = None,
    ) -> None:
        self.name = name
        self.ended = False
        self._events = events
        self._dead_letter = dead_letter
        self._batch_events = batch_events
        self._stdin = stdin
        self._closing = ExitStack()

    def open(self, fields: Mapping[str, Kind]) -> None:
        self._reader = open_events(
            self._events, fields, dead_letter=self._dead_letter, batch_events=self._batch_events, stdin=self._stdin
        )
        self._closing.callback(self._reader.close)
        self._batches = iter(self._reader)

    def poll(self, timeout: float) -> EventBatch | None:  # noqa: ARG002  # a recording is there
        batch = next(self._batches, None)
        self.ended = batch is None
        return batch

    @property
    def counts(self) -> SourceCounts:
        counts = self._reader.counts
        lost = {"malformed": counts.malformed} if counts.malformed else {}
        incidents = {"damaged": counts.damaged} if counts.damaged else {}
        return SourceCounts(counts.events, counts.bytes, lost, incidents)

    def documents(self, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        return self._reader.documents(positions)

    def retain(self, positions: Collection[int]) -> None:
        """Nothing: of an event that is kept, the place in its file is remembered and not much else."""

    def close(self) -> None:
        self._closing.close()
