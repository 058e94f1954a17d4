"""When what a rule has found happened, by its events' own times, and which run of the rule that belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deckwatch.engine.detections import Found
from deckwatch.eql.nodes import Query, SequenceQuery
from deckwatch.events.document import field_values
from deckwatch.rules.rule import Rule


def moment(rule: Rule, documents: Iterable[Mapping[str, Any]]) -> int | None:
    """The time of the last of some events that were found together, in nanoseconds; None if none of them has a time.

    A sequence that had to wait for a missing event happens when that could no longer come.
    """
    found = (field_values(document, rule.timestamp_field, "date") for document in documents)
    times = [min(time for time in values if isinstance(time, int)) for values in found if values]
    if not times:
        return None
    wait = waits(rule.checked.query)
    return max(times) if wait is None else min(times) + wait


def waits(query: Query) -> int | None:
    """For how long after its first event a sequence waits for an event that must not come last; None if for none."""
    if isinstance(query, SequenceQuery) and query.stages[-1].missing and query.maxspan is not None:
        return query.maxspan.nanoseconds
    return None


def latest(found: Sequence[Found], moments: Sequence[int | None], interval: int, most: int) -> tuple[list[Found], int]:
    """Of each run of a rule the last that were found, `most` of them; and how many runs had as many as that.

    A run has what happens in one interval (nanoseconds), counted from 1970. What has no time is always kept.
    """
    runs = [None if time is None else time // interval for time in moments]
    left = Counter(runs)
    full = sum(1 for run, count in left.items() if run is not None and count >= most)
    kept = []
    for each, run in zip(found, runs, strict=True):
        if run is None or left[run] <= most:
            kept.append(each)
        left[run] -= 1
    return kept, full
