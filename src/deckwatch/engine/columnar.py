"""Detections evaluated over whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import cast

import numpy as np

from deckwatch.engine.detections import INDEX_FIELD, Detection, Found
from deckwatch.engine.gather import Gatherer, Result, gatherer
from deckwatch.engine.visibility import TimeRange, Visibility
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.plan.bundle import Bundle, Evaluation
from deckwatch.plan.views import Mask, Rows, Views
from deckwatch.sequences.observer import Observer
from deckwatch.sequences.state import Stats

NONE_LATE: Mapping[str, Mask] = MappingProxyType({})


class ColumnarEngine:
    """Evaluates all detections together; see `Engine`.

    A scan knows that all events are in when its input ends, and calls `finish`. A stream has only the watermark for
    that, and calls `advance` after every `process`, which it tells what is late. `horizon` (nanoseconds) bounds how
    long sequences without maxspan, and samples, are kept. An `observer` is told every step of every sequence.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        *,
        within: TimeRange,
        max_samples_per_key: int = 1,
        horizon: int | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.fields: Mapping[str, Kind] = fields_of(detections)
        self.kept = 0
        """How many events their batches were asked to keep."""
        self._detections = detections
        self._groups = [_Group(detections, numbers, within) for numbers in _agreeing(detections)]
        self._gatherers = {
            i: found
            for i, each in enumerate(detections)
            if (found := gatherer(each, max_samples_per_key=max_samples_per_key, horizon=horizon, observer=observer))
            is not None
        }

    def process(self, batch: EventBatch, late: Mapping[str, Mask] = NONE_LATE) -> list[tuple[int, int]]:
        """See `Engine.process`; `late` has, by time field, the events that sequences must not see any more."""
        hits: list[tuple[int, int]] = []
        kept: list[Rows] = []
        for group in self._groups:
            evaluation, found = group.process(batch)
            for i, rows in found:
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
        predicates = [(i, predicate) for i, each in self._detections.items() for predicate in each.predicates]
        self._bundle = Bundle(
            [(predicate.filter, detections[i].checked.category_field) for i, predicate in predicates], self._kinds
        )
        self._numbers = {i: [n for n, (owner, _) in enumerate(predicates) if owner == i] for i in numbers}

    def process(self, batch: EventBatch) -> tuple[Evaluation, list[tuple[int, list[Rows]]]]:
        """For each detection that sees any event, the events that satisfy each of its predicates."""
        views = Views(batch.columns.read_as(self._kinds), batch.height)
        visibility = Visibility(views, self._within)
        seen = [(i, rows) for i, each in self._detections.items() if len(rows := visibility.rows(each))]
        evaluation = self._bundle.on(views, (number for i, _ in seen for number in self._numbers[i]))
        return evaluation, [(i, [evaluation.rows(n, visible) for n in self._numbers[i]]) for i, visible in seen]
