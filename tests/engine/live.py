"""A live source without a kernel, and a clock without time."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from deckwatch.engine.alerts import Run
from deckwatch.engine.clock import Clock, Stop
from deckwatch.engine.ports import SourceCounts
from deckwatch.engine.scan import Scan
from deckwatch.engine.stream import Stream
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.types import Kind
from deckwatch.events.batch import Columns, EventBatch
from deckwatch.events.memory import DocumentFields
from deckwatch.rules.rule import Rule

SECOND = 1_000_000_000
RUN = Run("run", "2026-01-01T00:00:00.000Z")

Document = dict[str, Any]
Batches = Iterable[Sequence[Document]]


class FakeClock(Clock):
    """Stands still until somebody waits, or for ever. `begin`: nanoseconds since 1970."""

    def __init__(self, begin: int = 0, *, stopped: bool = False) -> None:
        self.begin = begin
        self.stopped = stopped
        self.passed = 0
        self.set = 0
        """How far the wall clock has been set forward since, in nanoseconds."""

    def now(self) -> int:
        return self.begin + self.passed + self.set

    def elapsed(self) -> int:
        return self.passed

    def wait(self, seconds: float, unless: Stop) -> None:
        if not (self.stopped or unless.is_wanted):
            self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        self.passed += round(seconds * SECOND)


@dataclass(frozen=True)
class Documents:
    first: int
    items: Sequence[Document]
    kept: dict[int, Document]

    def document(self, row: int) -> Document:
        return self.items[row]

    def documents(self, rows: Sequence[int]) -> list[Document]:
        return [self.items[row] for row in rows]

    def keep(self, rows: Iterable[int]) -> None:
        self.kept.update({self.first + int(row): self.items[row] for row in rows})


class FakeSource:
    """Gives batches at their times: (seconds after the beginning, documents), in this order; in between nothing."""

    name = "fake"

    def __init__(
        self,
        batches: Iterable[tuple[float, Sequence[Document]]],
        clock: FakeClock,
        *,
        live: bool = True,
        lateness: float | None = None,
        endless: bool = False,
    ) -> None:
        self.live = live
        self.lateness = lateness
        self.lost: Counter[str] = Counter()
        self.kept: dict[int, Document] = {}
        self.closed = 0
        self.holding: int | None = None
        self._coming = deque((round(at * SECOND), documents) for at, documents in batches)
        self._clock = clock
        self._endless = endless
        self._given = 0

    def open(self, fields: Mapping[str, Kind]) -> None:
        self._fields = {**fields, "_index": "keyword"}

    def poll(self, timeout: float) -> EventBatch | None:
        until = self._clock.passed + round(timeout * SECOND)
        if not self._coming or self._coming[0][0] > until:
            self._clock.passed = until
            return None
        at, documents = self._coming.popleft()
        self._clock.passed = max(self._clock.passed, at)
        first, self._given = self._given, self._given + len(documents)
        columns = Columns(DocumentFields(documents), self._fields)
        return EventBatch(len(documents), first, columns, Documents(first, documents, self.kept))

    @property
    def ended(self) -> bool:
        return not self._coming and not self._endless

    @property
    def counts(self) -> SourceCounts:
        return SourceCounts(events=self._given, lost=dict(self.lost))

    def documents(self, positions: Iterable[int]) -> dict[int, Document]:
        return {position: self.kept[position] for position in positions}

    def retain(self, positions: Collection[int]) -> None:
        for position in [*self.kept]:
            if position not in positions:
                del self.kept[position]

    def close(self) -> None:
        self.closed += 1


def at_once(batches: Batches) -> list[tuple[float, Sequence[Document]]]:
    return [(0, documents) for documents in batches if documents]


def split(documents: Sequence[Document], cuts: Iterable[int]) -> list[Sequence[Document]]:
    places = [0, *sorted(cut for cut in cuts if cut < len(documents)), len(documents)]
    return [documents[start:end] for start, end in pairwise(places)]


def scanned(documents: Sequence[Document], rules: Iterable[Rule]) -> list[Document]:
    return list(Scan(documents, rules, within=TimeRange(), run=RUN))


def streamed(stream: Stream) -> list[Document]:
    return [alert for step in stream for alert in step.alerts]


def counted(alerts: Iterable[Document]) -> Counter[str]:
    """Whole documents, ids included, in any order. An event with two join keys may be found twice, under one id."""
    return Counter(json.dumps(alert, sort_keys=True) for alert in alerts)
