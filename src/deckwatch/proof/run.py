"""Many rules over some events in one pass: what each of them finds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from deckwatch.engine.columnar import ColumnarEngine
from deckwatch.engine.detections import Detection
from deckwatch.engine.engines import EngineName, build
from deckwatch.engine.visibility import TimeRange
from deckwatch.events.document import field_values
from deckwatch.events.reader import open_events
from deckwatch.proof.scenario import Places, Scenario

Findings: TypeAlias = frozenset[Places]
"""What a rule finds: events by their place in the input."""


def find(
    detections: Sequence[Detection], documents: Sequence[dict[str, Any]], engine: EngineName = "columnar"
) -> list[Findings]:
    """What each detection finds among all events."""
    found: list[set[Places]] = [set() for _ in detections]
    runner = build(engine, detections, TimeRange())
    with open_events(documents, runner.fields) as reader:
        for batch in reader:
            for row, number in runner.process(batch):
                found[number].add((batch.first + row,))
        for each in runner.finish():
            found[each.detection].add(each.positions)
    return [frozenset(places) for places in found]


def as_claimed(detection: Detection, scenario: Scenario) -> bool:
    """Whether evaluation by the book, one event at a time, bears out what a scenario says of its events."""
    (found,) = find([detection], scenario.documents, "reference")
    return scenario.is_borne_out(found)


def find_live(detection: Detection, documents: Sequence[dict[str, Any]], lateness: int) -> Findings:
    """What a detection finds when the events come one by one, in this order; `lateness` in nanoseconds."""
    found: set[Places] = set()
    engine = ColumnarEngine([detection], within=TimeRange())
    newest: int | None = None
    with open_events(documents, engine.fields, batch_events=1) as reader:
        for batch in reader:
            found |= {(batch.first + row,) for row, _ in engine.process(batch)}
            (document,) = batch.documents.documents([0])
            times = [each for each in field_values(document, detection.time_field, "date") if isinstance(each, int)]
            newest = max([*([] if newest is None else [newest]), *times], default=None)
            if newest is not None:
                found |= {each.positions for each in engine.advance({detection.time_field: newest - lateness})}
        found |= {each.positions for each in engine.finish()}
    return frozenset(found)


def outcomes(
    detections: Sequence[Detection], scenarios: Sequence[Scenario], *, apart: bool, engine: EngineName = "columnar"
) -> list[list[Findings]]:
    """For each detection what it finds in each scenario, events by their place in it.

    `apart`: every scenario is run for itself; otherwise all of them in one pass.
    """
    if apart:
        runs = [find(detections, scenario.documents, engine) for scenario in scenarios]
        return [[run[number] for run in runs] for number in range(len(detections))]
    documents = [document for scenario in scenarios for document in scenario.documents]
    owners = [number for number, scenario in enumerate(scenarios) for _ in scenario.documents]
    starts = list(accumulate((len(scenario.documents) for scenario in scenarios), initial=0))
    return [_by_scenario(found, owners, starts) for found in find(detections, documents, engine)]


def _by_scenario(found: Findings, owners: Sequence[int], starts: Sequence[int]) -> list[Findings]:
    """What ends in each scenario; an event of an earlier one has a negative place."""
    sorted_out: list[set[Places]] = [set() for _ in starts[1:]]
    for match in found:
        owner = max(owners[place] for place in match if place is not None)
        sorted_out[owner].add(tuple(None if place is None else place - starts[owner] for place in match))
    return [frozenset(matches) for matches in sorted_out]
