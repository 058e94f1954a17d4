"""Samples: for every join key, different events that together satisfy all items, whatever their order in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import msgspec

from deckwatch.eql.nodes import SampleQuery
from deckwatch.sequences.records import Key, SnapshotError, Token, key_order
from deckwatch.sequences.steps import Predicate


@dataclass(frozen=True, slots=True)
class SampleProgram:
    """One predicate for every item of a sample."""

    predicates: tuple[Predicate, ...]


def compile_sample(query: SampleQuery) -> SampleProgram:
    """Lay out a checked sample query."""
    return SampleProgram(tuple(Predicate(stage.filter, query.by + stage.by) for stage in query.stages))


class Sample(NamedTuple):
    """One sample: an event for every item."""

    key: Key
    events: tuple[Token, ...]


class SampleCollector:
    """Gathers the events of every item and key, never more than a sample can need.

    `items` is the number of items, `max_samples_per_key` how many samples a key may yield.
    """

    def __init__(self, items: int, max_samples_per_key: int = 1) -> None:
        self._items = items
        self._per_key = max_samples_per_key
        self._events: dict[Key, list[list[Token]]] = {}

    def add(self, item: int, key: Key, token: Token) -> None:
        """An event satisfies an item for a key; calls come in input order, each (item, key, event) once."""
        events = self._events.get(key)
        if events is None:
            events = self._events[key] = [[] for _ in range(self._items)]
        if len(events[item]) < self._items * self._per_key:
            events[item].append(token)

    def samples(self, size: int | None = None) -> list[Sample]:
        """The first `size` samples (None: all), by ascending key, within a key in the order of a depth-first search."""
        complete = sorted((key for key, events in self._events.items() if all(events)), key=key_order)
        found = (
            Sample(key, events)
            for key in complete
            for events in islice(_distinct(self._events[key], ()), self._per_key)
        )
        return list(islice(found, size))

    def snapshot(self) -> bytes:
        """Everything gathered so far; `restore` continues from it."""
        return msgspec.msgpack.encode(self._events)

    @classmethod
    def restore(cls, snapshot: bytes, items: int, max_samples_per_key: int = 1) -> SampleCollector:
        """A collector that continues from a snapshot.

        Raises:
            SnapshotError: these bytes are no snapshot, or one of another number of items.
        """
        try:
            events = msgspec.msgpack.decode(snapshot, type=dict[Key, list[list[Token]]])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotError(f"cannot read the saved state of a sample: {error}; start without it") from error
        if any(len(lists) != items for lists in events.values()):
            raise SnapshotError(f"the saved state is of a sample without {items} items; start without it")
        self = cls(items, max_samples_per_key)
        self._events = events
        return self


def find_samples(
    hits: Sequence[Iterable[tuple[Token, Key]]], *, size: int | None = None, max_samples_per_key: int = 1
) -> list[Sample]:
    """The samples among the (event, key) hits of every item, each in input order."""
    collector = SampleCollector(len(hits), max_samples_per_key)
    for item, pairs in enumerate(hits):
        for token, key in pairs:
            collector.add(item, key, token)
    return collector.samples(size)


def _distinct(choices: Sequence[Sequence[Token]], chosen: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    """Every way to choose one token of each list, all different, depth first."""
    if len(chosen) == len(choices):
        yield chosen
        return
    for token in choices[len(chosen)]:
        if token not in chosen:
            yield from _distinct(choices, (*chosen, token))
