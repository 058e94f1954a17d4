"""Containers, watched from the kernel, as a source of event batches."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deckwatch.engine.ports import SourceCounts
from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.batch import Columns, EventBatch
from deckwatch.sensor.columns import EventFields
from deckwatch.sensor.containers import Containers
from deckwatch.sensor.documents import Describer
from deckwatch.sensor.event import Event
from deckwatch.sensor.node import Node
from deckwatch.sensor.reading import Reading, Records
from deckwatch.sensor.runtimes import Runtimes

_MOST_EVENTS = 16_384
"""In a batch."""


class KernelSource:
    """Implements `engine.ports.Source`, and `Holder`. Takes over the kernel: `close` closes it.

    All other arguments are found out when not given: facts of the machine, which containers there are, and where
    metadata of containers is read.
    """

    name = "kernel"
    live = True
    ended = False
    lateness: float | None = 0.02
    """Events come in the order of the kernel's ring: on a busy machine a tenth of a millisecond from that of time, and
    more only where a processor stands still between taking the time and making the record.
    """

    def __init__(
        self,
        kernel: Records,
        *,
        node: Node | None = None,
        containers: Containers | None = None,
        runtimes: Runtimes | None = None,
    ) -> None:
        self._reading = Reading(kernel, Containers() if containers is None else containers, runtimes or Runtimes())
        self._describer = Describer(node or Node.this(), secrets.token_hex(8))
        self._fields: Mapping[str, Kind] = {}
        self._kept: dict[int, Event] = {}
        self._events = 0
        self._closed = False

    def open(self, fields: Mapping[str, Kind]) -> None:
        self._fields = {**fields, "_index": "keyword"}
        self._reading.start()

    def poll(self, timeout: float) -> EventBatch | None:
        events = self._reading.take(timeout, _MOST_EVENTS)
        if not events:
            return None
        first = self._events
        self._events += len(events)
        columns = Columns(EventFields(events, self._describer), self._fields)
        return EventBatch(len(events), first, columns, _Documents(events, first, self._describer, self._kept))

    @property
    def counts(self) -> SourceCounts:
        """`lost` has the kernel's losses by reason.

        `incidents` are the io_urings through which files are out of sight, and the times that hooks were passed unseen.
        """
        lost = {f"kernel: {reason}": count for reason, count in self._reading.lost.copy().items()}
        incidents = {"io_uring": self._reading.translator.rings, "kernel: missed": self._reading.missed}
        return SourceCounts(self._events, 0, lost, {place: count for place, count in incidents.items() if count})

    @property
    def lost_by_container(self) -> Mapping[str, int]:
        """How many of the lost records are of which container, by its id; of the others it is not known."""
        return dict(self._reading.lost_by_container.copy())

    @property
    def holding(self) -> int:
        """See `engine.ports.Holder`: how far the kernel's records had been read and told at the last `poll`."""
        return self._describer.node.boot_epoch + self._reading.taken_until

    @property
    def left_out(self) -> Mapping[str, int]:
        """Records that are no events, by reason: what runtimes do to set a container up."""
        return dict(self._reading.translator.left_out.copy())

    def documents(self, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        try:
            return {position: self._describer.document(self._kept[position]) for position in positions}
        except KeyError as missing:
            raise DeckwatchError(f"event {missing} was not kept: call `keep` while its batch is at hand") from None

    def retain(self, positions: Collection[int]) -> None:
        for position in [position for position in self._kept if position not in positions]:
            del self._kept[position]

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._reading.close()


class _Documents:
    """The way from the rows of a batch to documents; see `Documents`."""

    def __init__(self, events: Sequence[Event], first: int, describer: Describer, kept: dict[int, Event]) -> None:
        self._events = events
        self._first = first
        self._describer = describer
        self._kept = kept

    def document(self, row: int) -> dict[str, Any]:
        return self._describer.document(self._events[row])

    def documents(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        return [self.document(row) for row in rows]

    def keep(self, rows: Sequence[int] | NDArray[np.intp]) -> None:
        self._kept.update((self._first + row, self._events[row]) for row in map(int, rows))
