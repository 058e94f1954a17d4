"""Detections evaluated one document at a time: slow, plain, and what the columnar engine is tested against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from deckwatch.engine.columnar import fields_of
from deckwatch.engine.detections import Detection, Found
from deckwatch.engine.exceptions import DocumentRemoval
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.evaluate import matches
from deckwatch.eql.nodes import Field
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.events.document import field_values, index_name
from deckwatch.sequences.records import Key
from deckwatch.sequences.reference import ReferenceEvent, reference_matches
from deckwatch.sequences.samples import SampleProgram, find_samples
from deckwatch.sequences.steps import SequenceProgram

_Order = tuple[bool, int, bool, Any, int]


class ReferenceEngine:
    """Evaluates every detection on every document; see `Engine`."""

    def __init__(self, detections: Sequence[Detection], *, within: TimeRange, max_samples_per_key: int = 1) -> None:
        self._detections = detections
        self._within = within
        self._max_samples_per_key = max_samples_per_key
        self.fields: Mapping[str, Kind] = fields_of(detections)
        self.undated = 0
        self._removals = [DocumentRemoval(each) for each in detections]
        self._events: list[list[tuple[_Order, dict[int, list[Key]]]]] = [[] for _ in detections]

    def process(self, batch: EventBatch) -> list[tuple[int, int]]:
        hits: list[tuple[int, int]] = []
        for row in range(batch.height):
            document = batch.documents.document(row)
            for i, detection in enumerate(self._detections):
                satisfied = self._satisfied(i, document)
                if satisfied and detection.program is None and not detection.collect:
                    hits.append((row, i))
                elif satisfied:
                    self._take(i, document, batch.first + row, satisfied)
                    batch.documents.keep([row])
        return hits

    def finish(self) -> list[Found]:
        found: list[Found] = []
        for i, (detection, events) in enumerate(zip(self._detections, self._events, strict=True)):
            match detection.program:
                case SequenceProgram() as program:
                    ordered = [
                        ReferenceEvent(order[1], order[-1], keys) for order, keys in sorted(events, key=_by_order)
                    ]
                    found += (Found(i, match.key, match.events) for match in reference_matches(program, ordered))
                case None:
                    found += (Found(i, (), (order[-1],)) for order, _ in sorted(events, key=_by_order))
                case SampleProgram() as program:
                    hits = [
                        [(order[-1], key) for order, keys in events for key in keys.get(item, ())]
                        for item in range(len(program.predicates))
                    ]
                    samples = find_samples(hits, max_samples_per_key=self._max_samples_per_key)
                    found += (Found(i, sample.key, sample.events) for sample in samples)
        return found

    @property
    def removed(self) -> dict[int, Mapping[str, int]]:
        """See `Engine.removed`."""
        return {i: each.counts for i, each in enumerate(self._removals) if self._detections[i].exclusions}

    @property
    def removed_by_filter(self) -> dict[int, Mapping[str, Sequence[int]]]:
        """See `Engine.removed_by_filter`."""
        return {i: each.by_filter for i, each in enumerate(self._removals) if self._detections[i].exclusions}

    def _satisfied(self, i: int, document: Mapping[str, Any]) -> dict[int, list[Key]]:
        """The predicates a document satisfies, each with its join keys."""
        detection = self._detections[i]
        if not self._sees(detection, document):
            return {}
        category = detection.checked.category_field
        kinds = detection.fields
        fulfilled = [
            number
            for number, predicate in enumerate(detection.predicates)
            if matches(predicate.filter, category, lambda name: field_values(document, name, kinds[name]))
        ]
        return {
            number: keys
            for number in self._removals[i].apply(document, fulfilled)
            if (keys := _keys(detection.predicates[number].keys, document, kinds))
        }

    def _sees(self, detection: Detection, document: Mapping[str, Any]) -> bool:
        stream = index_name(document, document.get("_index"))
        if stream is not None and detection.streams is not None and not detection.streams.matches(stream):
            return False
        needed = detection.dated_by
        if needed is not None and _smallest(document, needed, detection.fields[needed]) is None:
            return False
        return self._within.holds(_smallest(document, detection.time_field, "date"))

    def _take(self, i: int, document: Mapping[str, Any], position: int, satisfied: dict[int, list[Key]]) -> None:
        detection = self._detections[i]
        time = _smallest(document, detection.time_field, "date")
        if time is None and isinstance(detection.program, SequenceProgram):
            self.undated += len(satisfied)
            return
        name = detection.tiebreaker
        tiebreaker = None if name is None else _smallest(document, name, detection.fields[name])
        order = (time is None, time or 0, tiebreaker is None, tiebreaker, position)
        self._events[i].append((order, satisfied))


def _keys(fields: Sequence[Field], document: Mapping[str, Any], kinds: Mapping[str, Kind]) -> list[Key]:
    choices = []
    for field in fields:
        values = dict.fromkeys(field_values(document, field.name, kinds[field.name]))
        choices.append(list(values) or [None] * field.optional)
    return list(product(*choices))


def _by_order(event: tuple[_Order, dict[int, list[Key]]]) -> _Order:
    return event[0]


def _smallest(document: Mapping[str, Any], name: str, kind: Kind) -> Any:
    return min((value for value in field_values(document, name, kind) if value is not None), default=None)
