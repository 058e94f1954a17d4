"""A source that shows every document to someone before the stream gets it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from deckwatch.engine.ports import Holder, Source, SourceCounts
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch


class Tapped:
    """Implements `Source` and `Holder` by another one."""

    def __init__(self, source: Source, see: Callable[[dict[str, Any]], None]) -> None:
        self._source = source
        self._see = see
        self.name, self.live, self.lateness = source.name, source.live, source.lateness

    def open(self, fields: Mapping[str, Kind]) -> None:
        self._source.open(fields)

    def poll(self, timeout: float) -> EventBatch | None:
        batch = self._source.poll(timeout)
        if batch is not None:
            for row in range(batch.height):
                self._see(batch.documents.document(row))
        return batch

    @property
    def ended(self) -> bool:
        return self._source.ended

    @property
    def counts(self) -> SourceCounts:
        return self._source.counts

    @property
    def holding(self) -> int | None:
        return self._source.holding if isinstance(self._source, Holder) else None

    def documents(self, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        return self._source.documents(positions)

    def retain(self, positions: Collection[int]) -> None:
        self._source.retain(positions)

    def close(self) -> None:
        self._source.close()
