"""Detections evaluated over whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import cast

import numpy as np

from deckwatch.engine.detections import INDEX_FIELD, Detection, Found
from deckwatch.engine.exceptions import Removal
from deckwatch.engine.gather import Gatherer, Result, gatherer
from deckwatch.engine.inspection import Held, Look, Tally
from deckwatch.engine.visibility import TimeRange, Visibility
from deckwatch.eql.nodes import EventFilter
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.plan.bundle import Bundle, Evaluation
from deckwatch.plan.views import Mask, Rows, Views
from deckwatch.sequences.observer import Observer
from deckwatch.sequences.state import Stats

NONE_LATE: Mapping[str, Mask] = MappingProxyType({})
NOBODY: Mapping[int, Observer] = MappingProxyType({})
MOST_STREAMS = 100
"""Names of data streams that are remembered."""


class ColumnarEngine:
    """Evaluates all detections together; see `Engine`.

    A scan knows that all events are in when its input ends, and calls `finish`. A stream has only the watermark for
    that, and calls `advance` after every `process`, which it tells what is late. `horizon` (nanoseconds) bounds how
    long sequences without maxspan, and samples, are kept. The `observers` of some detections, by number, are told every
    step of their sequences.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        *,
        within: TimeRange,
        max_samples_per_key: int = 1,
        horizon: int | None = None,
        observers: Mapping[int, Observer] = NOBODY,
    ) -> None:
        self.fields: Mapping[str, Kind] = fields_of(detections)
        self.kept = 0
        """How many events their batches were asked to keep."""
        self.tallies = [Tally(0, [0] * len(each.predicates)) for each in detections]
        """Of each detection."""
        self._detections = detections
        self._groups = [_Group(detections, numbers, within) for numbers in _agreeing(detections)]
        self._gatherers = {
            i: found
            for i, each in enumerate(detections)
            if (
                found := gatherer(
                    each, max_samples_per_key=max_samples_per_key, horizon=horizon, observer=observers.get(i)
                )
            )
            is not None
        }

    def process(self, batch: EventBatch, late: Mapping[str, Mask] = NONE_LATE) -> list[tuple[int, int]]:
        """See `Engine.process`; `late` has, by time field, the events that sequences must not see any more."""
        hits: list[tuple[int, int]] = []
        kept: list[Rows] = []
        for group in self._groups:
            evaluation, found = group.process(batch)
            for i, rows in found:
                self.tallies[i].add(group.visible[i], rows)
                if (to := self._gatherers.get(i)) is not None:
                    missed = late.get(self._detections[i].time_field) if to.ordered else None
                    in_time = rows if missed is None else [each[~missed[each]] for each in rows]
                    kept.append(to.add(evaluation, in_time, batch.first))
                else:
                    hits += ((row, i) for row in rows[0].tolist())
        if kept and len(asked := np.unique(np.concatenate(kept))):
            self.kept += len(asked)
            batch.documents.keep(asked)
        return sorted(hits)

    def advance(self, watermarks: Mapping[str, int]) -> list[Found]:
        """No event before these times, by time field, will come any more, but for late ones: what is certain by now."""
        return self._found(lambda i, each: each.advance(watermarks.get(self._detections[i].time_field)))

    def held(self, number: int, look: Look) -> Held | None:
        """What the automaton of one detection holds; None if it has none."""
        gatherer = self._gatherers.get(number)
        return None if gatherer is None else gatherer.held(look)

    def drain(self) -> list[Found]:
        """The stream is cut off: what can be told of the events that are in.

        A sequence that a missing event could still have refused is not among it.
        """
        return self._found(lambda _, each: each.drain())

    def finish(self) -> list[Found]:
        return self._found(lambda _, each: each.finish())

    @property
    def undated(self) -> int:
        """Events that satisfied a stage of a sequence but carry no time, and so took no part."""
        return sum(each.undated for each in self._gatherers.values())

    @property
    def removed(self) -> dict[int, Mapping[str, int]]:
        """See `Engine.removed`."""
        return {i: each.counts for group in self._groups for i, each in group.removals.items()}

    @property
    def removed_by_filter(self) -> dict[int, Mapping[str, Sequence[int]]]:
        """See `Engine.removed_by_filter`."""
        return {i: each.by_filter for group in self._groups for i, each in group.removals.items()}

    @property
    def streams(self) -> frozenset[str]:
        """Data streams that events named, a bounded number of them."""
        return frozenset().union(*(group.streams for group in self._groups))

    @property
    def time_fields(self) -> frozenset[str]:
        """The fields that tell when an event happened."""
        return frozenset(each.time_field for each in self._detections)

    @property
    def awaited(self) -> dict[str, tuple[int, int]]:
        """By time field, the first and the last time that the watermark must pass to decide all that waits now."""
        spans: dict[str, list[tuple[int, int]]] = {}
        for i, each in self._gatherers.items():
            if (span := each.awaited) is not None:
                spans.setdefault(self._detections[i].time_field, []).append(span)
        return {field: (min(s for s, _ in found), max(e for _, e in found)) for field, found in spans.items()}

    @property
    def pending(self) -> int:
        """How many records wait for their turn."""
        return sum(each.pending for each in self._gatherers.values())

    @property
    def stats(self) -> Stats:
        """What sequences and samples hold."""
        stats = [each.stats for each in self._gatherers.values()]
        return Stats(*map(sum, zip(*stats, strict=True))) if stats else Stats(0, 0, 0, 0)

    def references(self) -> set[int]:
        """The positions of all events that a result to come may name."""
        return {cast("int", token) for each in self._gatherers.values() for token in each.tokens()}

    def _found(self, results: Callable[[int, Gatherer], Iterable[Result]]) -> list[Found]:
        return [Found(i, key, events) for i, each in self._gatherers.items() for key, events in results(i, each)]


def fields_of(detections: Sequence[Detection]) -> dict[str, Kind]:
    """Every field that any detection needs."""
    needed: dict[str, Kind] = {}
    for each in detections:
        needed |= each.fields
    return needed


def _agreeing(detections: Sequence[Detection]) -> list[list[int]]:
    """The numbers of the detections, in as few groups as agree on the kinds of all fields: nearly always one.

    Rules may take a field that no schema knows for different kinds.
    """
    groups: list[tuple[list[int], dict[str, Kind]]] = []
    for i, each in enumerate(detections):
        for numbers, kinds in groups:
            if all(kinds.get(name, kind) == kind for name, kind in each.fields.items()):
                numbers.append(i)
                kinds.update(each.fields)
                break
        else:
            groups.append(([i], dict(each.fields)))
    return [numbers for numbers, _ in groups]


class _Group:
    """Detections that agree on the kinds of their fields, evaluated in one pass."""

    def __init__(self, detections: Sequence[Detection], numbers: Sequence[int], within: TimeRange) -> None:
        self._detections = {i: detections[i] for i in numbers}
        self._within = within
        self._kinds = {**fields_of([*self._detections.values()]), INDEX_FIELD: "keyword"}
        conditions: list[tuple[EventFilter, str]] = []
        self._numbers: dict[int, range] = {}
        self._excluding: dict[int, range] = {}
        self.removals: dict[int, Removal] = {}
        self.visible: dict[int, int] = {}
        """How many events of the last batch each detection sees, if any."""
        self.streams: set[str] = set()
        for i, each in self._detections.items():
            self._numbers[i] = _appended(conditions, [one.filter for one in each.predicates], each)
            self._excluding[i] = _appended(
                conditions, [EventFilter(None, one.condition) for one in each.exclusions], each
            )
            if each.exclusions:
                self.removals[i] = Removal(each, dict(zip(self._excluding[i], each.exclusions, strict=True)))
        self._bundle = Bundle(conditions, self._kinds)

    def process(self, batch: EventBatch) -> tuple[Evaluation, list[tuple[int, list[Rows]]]]:
        """For each detection that sees any event, the events that satisfy each of its predicates."""
        views = Views(batch.columns.read_as(self._kinds), batch.height)
        visibility = Visibility(views, self._within)
        seen = [(i, rows) for i, each in self._detections.items() if len(rows := visibility.rows(each))]
        self.visible = {i: len(rows) for i, rows in seen}
        if len(self.streams) < MOST_STREAMS:
            self.streams.update(visibility.streams)
        active = (number for i, _ in seen for number in (*self._numbers[i], *self._excluding[i]))
        evaluation = self._bundle.on(views, active)
        found = [(i, [evaluation.rows(n, visible) for n in self._numbers[i]]) for i, visible in seen]
        return evaluation, [
            (i, self.removals[i].apply(evaluation, rows, batch) if i in self.removals else rows) for i, rows in found
        ]


def _appended(conditions: list[tuple[EventFilter, str]], wanted: Iterable[EventFilter], detection: Detection) -> range:
    """Add filters of a detection to those of a bundle; their numbers."""
    first = len(conditions)
    conditions += ((each, detection.checked.category_field) for each in wanted)
    return range(first, len(conditions))
