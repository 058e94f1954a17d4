"""The same events as they really arrive: in another order, late, twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deckwatch.engine.detections import Detection
from deckwatch.events.document import field_values
from deckwatch.proof.run import Findings, find, find_live
from deckwatch.proof.scenario import Places, Scenario
from deckwatch.sequences.samples import SampleProgram


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of arrival, and whether the rule fired all the same."""

    name: str
    fired: bool


def variants(detection: Detection, scenario: Scenario) -> tuple[Variant, ...]:
    """What comes of a scenario on which the rule fires.

    `reordered`: recorded in the opposite order. `late`: live, the first event after all others, as late as is allowed.
    `duplicated`: every event twice.
    """
    events = list(scenario.documents)
    count = len(events)
    expected = _told(detection, scenario.match or ())
    backwards = find([detection], events[::-1])[0]
    late = find_live(detection, [*events[1:], events[0]], _length(detection, scenario))
    twice = find([detection], [event for event in events for _ in range(2)])[0]
    reordered = _renumbered(backwards, [count - 1 - place for place in range(count)])
    delayed = _renumbered(late, [(place + 1) % count for place in range(count)])
    return (
        Variant("reordered", expected in {_told(detection, match) for match in reordered}),
        Variant("late", expected in {_told(detection, match) for match in delayed}),
        Variant("duplicated", bool(twice)),
    )


def _renumbered(found: Findings, places: Sequence[int]) -> Findings:
    return frozenset(tuple(None if place is None else places[place] for place in match) for match in found)


def _told(detection: Detection, match: Places) -> Places | frozenset[int | None]:
    """What tells a match from others: of a sample, which of its events stands for which item depends on their order."""
    return frozenset(match) if isinstance(detection.program, SampleProgram) else match


def _length(detection: Detection, scenario: Scenario) -> int:
    """Nanoseconds from the first event to the last."""
    times = [
        time
        for event in scenario.documents
        for time in field_values(event, detection.time_field, "date")
        if isinstance(time, int)
    ]
    return max(times, default=0) - min(times, default=0)
