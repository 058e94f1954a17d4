"""A sequence query as a table of what to process for one event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from deckwatch.eql.nodes import EventFilter, Field, SequenceQuery, Stage


@dataclass(frozen=True, slots=True)
class Predicate:
    """A filter and the join keys of the events that satisfy it, global keys first.

    An event that lacks a key field which is not optional does not take part. The keys of `until` are all optional.
    """

    filter: EventFilter
    keys: tuple[Field, ...]


class Role(Enum):
    """What an event that satisfies a slot's predicate does to the sequences of its key."""

    STAGE = "fills a positive stage"
    UNTIL = "ends what is pending"
    LEADING = "must not come before the first positive stage"
    MIDDLE = "must not come between two positive stages"
    TRAILING = "must not come after the last positive stage"


@dataclass(frozen=True, slots=True)
class Slot:
    """One use of a predicate. `stage` is the positive stage filled (STAGE) or followed (MIDDLE), otherwise -1."""

    predicate: int
    role: Role
    stage: int = -1


@dataclass(frozen=True, slots=True)
class SequenceProgram:
    """A sequence, ready to run.

    `predicates`: one for every stage as written, then one for `until`.
    `slots`: in the order in which one event goes through them: positive stages last to first, until, missing stages.
    `stages`: the number of positive stages, runs expanded.
    `places`: for every place of a match its positive stage, or None where a missing stage stands.
    `maxspan`: nanoseconds, None when unlimited.
    """

    predicates: tuple[Predicate, ...]
    slots: tuple[Slot, ...]
    stages: int
    places: tuple[int | None, ...]
    maxspan: int | None

    def has(self, role: Role) -> bool:
        """Whether any slot has this role."""
        return any(slot.role is role for slot in self.slots)


def compile_sequence(query: SequenceQuery) -> SequenceProgram:
    """Lay out a checked sequence query."""
    predicates = [Predicate(stage.filter, query.by + stage.by) for stage in query.stages]
    positive: list[Slot] = []
    places: list[int | None] = []
    for index, stage in enumerate(query.stages):
        for _ in range(stage.runs):
            places.append(None if stage.missing else len(positive))
            if not stage.missing:
                positive.append(Slot(index, Role.STAGE, len(positive)))
    slots = positive[::-1]
    if query.until is not None:
        slots.append(Slot(len(predicates), Role.UNTIL))
        keys = query.by + query.until.by
        predicates.append(Predicate(query.until.filter, tuple(replace(key, optional=True) for key in keys)))
    slots += _missing_slots(query.stages, len(positive))
    maxspan = None if query.maxspan is None else query.maxspan.nanoseconds
    return SequenceProgram(tuple(predicates), tuple(slots), len(positive), tuple(places), maxspan)


def _missing_slots(stages: tuple[Stage, ...], positive: int) -> Iterator[Slot]:
    before = 0
    for index, stage in enumerate(stages):
        if not stage.missing:
            before += stage.runs
        elif before == 0:
            yield Slot(index, Role.LEADING)
        elif before == positive:
            yield Slot(index, Role.TRAILING)
        else:
            yield Slot(index, Role.MIDDLE, before - 1)
