"""Samples: for every join key, different events that together satisfy all items, whatever their order in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeAlias

import msgspec

from deckwatch.eql.nodes import SampleQuery
from deckwatch.sequences.aging import Aging
from deckwatch.sequences.records import Key, SnapshotError, Token, key_order
from deckwatch.sequences.state import Stats
from deckwatch.sequences.steps import Predicate

_Generation: TypeAlias = dict[Key, list[list[Token]]]


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

    `items` is the number of items, `max_samples_per_key` how many samples a key may yield. Keys are kept for ever,
    unless a `horizon` (nanoseconds) is given: after that time a key is forgotten, and what it evicts is counted.
    """

    def __init__(self, items: int, max_samples_per_key: int = 1, *, horizon: int | None = None) -> None:
        self._items = items
        self._per_key = max_samples_per_key
        self._horizon = horizon
        self._events: Aging[list[list[Token]]] = Aging({}, {})  # no lists: the key's sample has been given
        self._touched: set[Key] = set()
        self._generation: int | None = None
        self._evicted = 0

    def add(self, item: int, key: Key, token: Token) -> None:
        """An event satisfies an item for a key; calls come in input order, each (item, key, event) once."""
        events = self._events.get(key)
        if events is None:
            events = [[] for _ in range(self._items)]
            self._events.put(key, events)
        if events and len(events[item]) < self._items * self._per_key:
            events[item].append(token)
            self._touched.add(key)

    def settled(self) -> list[Sample]:
        """The samples that nothing to come can change, where a key may yield one; each is given once, here or at last.

        That is so when every item has an event besides those that the items before it take first.
        """
        found = []
        for key in sorted(self._touched, key=key_order):
            events = self._events.get(key)
            chosen = _first_choice(events or [])
            if events and chosen is not None:
                found.append(Sample(key, chosen))
                events.clear()
        self._touched.clear()
        return found

    def advance_time(self, now: int) -> None:
        """It is `now` (nanoseconds): forget what is older than the horizon."""
        if self._horizon is None:
            return
        generation = now // max(self._horizon, 1)
        if self._generation is not None:
            for _ in range(min(generation - self._generation, 2)):
                self._evicted += sum(map(bool, self._events.old.values()))
                self._events.turn()
        self._generation = generation if self._generation is None else max(generation, self._generation)

    @property
    def stats(self) -> Stats:
        """What is held now: each key without a sample counts as one begun."""
        open_keys = sum(map(bool, self._events.values()))
        return Stats(open_keys, 0, len(self._events) - open_keys, self._evicted)

    def tokens(self) -> Iterator[Token]:
        """The events of all samples that are begun, with repetitions."""
        for events in self._events.values():
            for tokens in events:
                yield from tokens

    def samples(self, size: int | None = None) -> list[Sample]:
        """The first `size` samples (None: all), by ascending key, within a key in the order of a depth-first search."""
        complete = {key: events for key, events in self._events.items() if events and all(events)}
        found = (
            Sample(key, events)
            for key in sorted(complete, key=key_order)
            for events in islice(_distinct(complete[key], ()), self._per_key)
        )
        return list(islice(found, size))

    def snapshot(self) -> bytes:
        """Everything gathered so far; `restore` continues from it."""
        return msgspec.msgpack.encode((self._events.young, self._events.old))

    @classmethod
    def restore(cls, snapshot: bytes, items: int, max_samples_per_key: int = 1) -> SampleCollector:
        """A collector that continues from a snapshot.

        Raises:
            SnapshotError: these bytes are no snapshot, or one of another number of items.
        """
        try:
            young, old = msgspec.msgpack.decode(snapshot, type=tuple[_Generation, _Generation])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotError(f"cannot read the saved state of a sample: {error}; start without it") from error
        events = Aging(young, old)
        if any(len(lists) not in (0, items) for lists in events.values()):
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


def _first_choice(choices: Sequence[Sequence[Token]]) -> tuple[Token, ...] | None:
    """The first token of every list that no list before has taken; None if a list has none."""
    chosen: tuple[Token, ...] = ()
    for tokens in choices:
        token = next((token for token in tokens if token not in chosen), None)
        if token is None:
            return None
        chosen = (*chosen, token)
    return chosen


def _distinct(choices: Sequence[Sequence[Token]], chosen: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    """Every way to choose one token of each list, all different, depth first."""
    if len(chosen) == len(choices):
        yield chosen
        return
    for token in choices[len(chosen)]:
        if token not in chosen:
            yield from _distinct(choices, (*chosen, token))
