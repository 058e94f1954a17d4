"""What every kind of input yields, and how rows are kept when their batch is gone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deckwatch.errors import DeckwatchError
from deckwatch.events.batch import FieldSource
from deckwatch.events.deadletter import Counts, DeadLetter


class Kept(Protocol):
    """Rows put aside, in little space."""

    def documents(self, indexes: NDArray[np.int64]) -> list[dict[str, Any]]:
        """The documents of the rows that were put aside under these numbers, which ascend."""
        ...


class Rows(Protocol):
    """The rows of a batch as they were read."""

    def documents(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """The documents of these rows, which ascend."""
        ...

    def keep(self, rows: NDArray[np.int64]) -> Kept: ...


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an input: what became of it, and the events in it if there are any.

    `fields` and `rows` are there when the piece holds events. `consumed` says how many bytes of the input have been
    read so far.
    """

    counts: Counts
    letters: Sequence[DeadLetter] = ()
    consumed: int = 0
    rows: Rows | None = None
    fields: FieldSource | None = None


@dataclass(slots=True)
class Shelf:
    """The kept rows of an input, found by their position in it."""

    _firsts: list[int] = field(default_factory=list)
    _pieces: list[list[tuple[NDArray[np.int64], Kept]]] = field(default_factory=list)

    def put(self, first: int, rows: NDArray[np.int64], kept: Kept) -> None:
        """Rows in ascending order, of the batch that starts at position `first`."""
        place = bisect_right(self._firsts, first)
        if not place or self._firsts[place - 1] != first:
            self._firsts.insert(place, first)
            self._pieces.insert(place, [])
            place += 1
        self._pieces[place - 1].append((rows, kept))

    def documents(self, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        """The documents at these positions, read in the order of the input."""
        found: dict[int, dict[str, Any]] = {}
        for place, some in groupby(sorted(positions), key=lambda position: bisect_right(self._firsts, position) - 1):
            wanted = np.fromiter(some, np.int64)
            for rows, kept in self._pieces[place] if place >= 0 else ():
                here = np.isin(wanted - self._firsts[place], rows)
                indexes = np.searchsorted(rows, wanted[here] - self._firsts[place])
                found.update(zip(wanted[here].tolist(), kept.documents(indexes), strict=True))
                wanted = wanted[~here]
            if len(wanted):
                raise DeckwatchError(f"event {wanted[0]} was not kept: call `keep` while its batch is at hand")
        return found


class BatchDocuments:
    """The way back from the events of one batch to their documents."""

    def __init__(self, rows: Rows, height: int, first: int, shelf: Shelf) -> None:
        self._rows, self._first, self._shelf = rows, first, shelf
        self._kept = np.zeros(height, np.bool_)

    def document(self, row: int) -> dict[str, Any]:
        return self.documents([row])[0]

    def documents(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        return self._rows.documents(np.asarray(rows, np.int64))

    def keep(self, rows: Sequence[int] | NDArray[np.intp]) -> None:
        asked = np.unique(np.asarray(rows, np.int64))
        new = asked[~self._kept[asked]]
        if len(new):
            self._kept[new] = True
            self._shelf.put(self._first, new, self._rows.keep(new))
