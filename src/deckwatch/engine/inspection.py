"""What is inside a running stream, for people to look at: of one rule at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest
from itertools import islice
from typing import Any, cast

from deckwatch.engine.detections import Detection
from deckwatch.engine.reorder import Reorder
from deckwatch.rules.rule import Rule
from deckwatch.sequences.observer import Happening, What
from deckwatch.sequences.records import Key
from deckwatch.sequences.state import Partial, Waiting
from deckwatch.sequences.steps import SequenceProgram

MOST_LOOKED_AT = 5_000
"""Of the sequences that are begun: those that got furthest, and about those that moved last."""

MOST_PASSED = 50_000
"""Sequences with other keys than those asked about that are passed over for that."""


@dataclass(slots=True)
class Tally:
    """How many events a detection has seen, and how many of them satisfied each of its predicates."""

    seen: int
    satisfied: list[int]

    def add(self, seen: int, found: Iterable[Sized]) -> None:
        """So many more events, and those of each predicate."""
        self.seen += seen
        for number, rows in enumerate(found):
            self.satisfied[number] += len(rows)


@dataclass(frozen=True, slots=True)
class Look:
    """What to look at: at most so many sequences of each sort, those with some keys.

    `watermark`, `now`: of the stream, in nanoseconds since 1970.
    """

    watermark: int | None
    now: int | None
    most: int
    keys: Callable[[Key], bool]


@dataclass(frozen=True, slots=True)
class Held:
    """What a sequence's automaton holds.

    `pending`: events that wait for their turn, by slot. `begun`: how many sequences have got as far as each stage and
    no further, those that are too old and not forgotten yet included. `open`: some of the others, those whose time is
    not over first, among these those that got furthest, among these those that moved last. `waiting`: of
    `waiting_count` complete ones that a missing event may refuse those that are decided first.
    """

    pending: Mapping[int, int]
    begun: tuple[int, ...]
    open: tuple[tuple[Key, Partial], ...]
    waiting: tuple[Waiting, ...]
    waiting_count: int

    @classmethod
    def of(cls, program: SequenceProgram, reorder: Reorder, look: Look) -> Held:
        """What is held by the automaton that is fed by a buffer."""
        automaton, span = reorder.automaton, program.maxspan

        def is_past(first: int, time: int | None) -> bool:
            return span is not None and time is not None and time - first > span

        def promise(pair: tuple[Key, Partial]) -> tuple[bool, int, int]:
            return not is_past(pair[1].first, look.now), len(pair[1].tokens), pair[1].last

        wanted = (pair for pair in islice(automaton.partials(), MOST_PASSED) if look.keys(pair[0]))
        looked_at = islice(wanted, MOST_LOOKED_AT)
        timely = (pair for pair in looked_at if not is_past(pair[1].first, look.watermark))
        waiting = (each for each in automaton.waiting if look.keys(each[2]))
        return cls(
            reorder.pending_by_slot(),
            automaton.begun,
            tuple(nlargest(look.most, timely, key=promise)),
            tuple(nsmallest(look.most, waiting)),
            len(automaton.waiting),
        )

    def positions(self) -> Iterator[int]:
        """The events it names, with repetitions."""
        for partial in (*(partial for _, partial in self.open), *(each[3] for each in self.waiting)):
            yield from (cast("int", token) for token in partial.tokens)


@dataclass(frozen=True, slots=True)
class Inspection:
    """One rule of a stream at one moment. Times in nanoseconds since 1970.

    `now`: the present of the stream: the clock, or of a recording the newest event. `watermark`: before which all is
    decided. `events` were evaluated, `tally` says how many of them concern the rule; `excepted`: taken away by
    exceptions; `fired`: alerts, besides those `suppressed`. `streams`: data streams that events named, a bounded number
    of them. `held`, `counts` and `ended` (see `Recollection`) are of sequences; of recordings nothing is recollected.
    `documents`: of all events that the others name, by position.
    """

    rule: Rule
    detection: Detection
    source: str
    live: bool
    seconds: float
    now: int | None
    newest: int | None
    watermark: int | None
    events: int
    late: int
    tally: Tally
    fired: int
    suppressed: int
    excepted: int
    streams: frozenset[str]
    held: Held | None
    counts: Mapping[tuple[What, int], int] = field(default_factory=Counter)
    ended: tuple[Happening, ...] = ()
    documents: Mapping[int, dict[str, Any]] = field(default_factory=dict)
