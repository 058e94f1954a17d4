"""Whether some events could make a sequence or a sample at all, `until` and missing stages aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations, product

from deckwatch.sequences.records import Key

Joins = frozenset[Key]
"""The join keys with which an event takes part in a stage; none when it does not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An event: its time in nanoseconds and, for every positive stage, its join keys."""

    time: int
    stages: tuple[Joins, ...]


def sequence_possible(events: Sequence[Seen], maxspan: int | None) -> bool:
    """Whether any events of one key fill all stages in order of time, within the span.

    More is possible than is found: a sequence takes the latest start and the first event that goes on. So where this
    is false no rule may fire.
    """
    ordered = sorted(events, key=lambda event: event.time)
    keys = {key for event in ordered for joins in event.stages for key in joins}
    return any(_completes(ordered[start:], key, maxspan) for key in keys for start in range(len(ordered)))


def _completes(events: Sequence[Seen], key: Key, maxspan: int | None) -> bool:
    """Whether the first event begins a sequence."""
    stage, stages = 0, len(events[0].stages)
    for number, event in enumerate(events):
        if key in event.stages[stage]:
            stage += 1
            if stage == stages:
                return maxspan is None or event.time - events[0].time <= maxspan
        elif number == 0:
            return False
    return False


def sample_possible(events: Sequence[Seen]) -> bool:
    """Whether there is a different event of one key for every item."""
    keys = {key for event in events for joins in event.stages for key in joins}
    items = len(events[0].stages) if events else 0
    return any(
        all(key in event.stages[item] for item, event in enumerate(chosen))
        for key in keys
        for chosen in permutations(events, items)
    )


def joins(values: Sequence[Sequence[object]]) -> Joins:
    """The keys of an event, given the values of each key field."""
    return frozenset(product(*values))  # type: ignore[arg-type]


def in_order(times: Sequence[int]) -> bool:
    """Whether times ascend without two alike."""
    return all(earlier < later for earlier, later in pairwise(times))
