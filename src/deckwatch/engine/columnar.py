"""Detections evaluated over whole batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import polars as pl

from deckwatch.engine.detections import INDEX_FIELD, Detection, Found
from deckwatch.engine.keys import key_columns, key_types, keyed
from deckwatch.engine.ordering import order_columns, sort
from deckwatch.engine.reorder import Reorder
from deckwatch.engine.visibility import TimeRange, Visibility
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.plan.bundle import Bundle, Evaluation
from deckwatch.plan.views import Rows, Views
from deckwatch.sequences.records import Key, Token
from deckwatch.sequences.samples import SampleCollector, SampleProgram
from deckwatch.sequences.steps import SequenceProgram


class ColumnarEngine:
    """Evaluates all detections together; see `Engine`."""

    def __init__(self, detections: Sequence[Detection], *, within: TimeRange, max_samples_per_key: int = 1) -> None:
        self.fields: Mapping[str, Kind] = fields_of(detections)
        self._groups = [_Group(detections, numbers, within) for numbers in _agreeing(detections)]
        self._gatherers = {
            i: gatherer
            for i, each in enumerate(detections)
            if (gatherer := _gatherer(each, max_samples_per_key)) is not None
        }

    def process(self, batch: EventBatch) -> list[tuple[int, int]]:
        hits: list[tuple[int, int]] = []
        kept: list[Rows] = []
        for group in self._groups:
            evaluation, found = group.process(batch)
            for i, rows in found:
                if i in self._gatherers:
                    kept.append(self._gatherers[i].add(evaluation, rows, batch.first))
                else:
                    hits += ((row, i) for row in rows[0].tolist())
        if kept:
            batch.documents.keep(np.concatenate(kept))
        return sorted(hits)

    def finish(self) -> list[Found]:
        return [Found(i, key, events) for i, gatherer in self._gatherers.items() for key, events in gatherer.finish()]

    @property
    def undated(self) -> int:
        """Events that satisfied a stage of a sequence but carry no time, and so took no part."""
        return sum(gatherer.undated for gatherer in self._gatherers.values())


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


class _Gatherer(Protocol):
    """What takes in the events of one detection and lists its results at the end."""

    undated: int

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        """Take the events that satisfy each predicate; those that may yet be asked for again."""
        ...

    def finish(self) -> Iterable[tuple[Key, tuple[Token | None, ...]]]: ...


def _gatherer(detection: Detection, max_samples_per_key: int) -> _Gatherer | None:
    match detection.program:
        case SequenceProgram() as program:
            return _Sequence(detection, program)
        case SampleProgram() as program:
            return _Sample(program, detection.fields, max_samples_per_key)
        case None:
            return _Collected(detection) if detection.collect else None


class _Sequence:
    """The way of one sequence's events into its automaton."""

    def __init__(self, detection: Detection, program: SequenceProgram) -> None:
        self.undated = 0
        self._reorder = Reorder(program)
        self._detection = detection
        self._program = program
        self._types = key_types(program.predicates, detection.fields)
        self._slots = [
            [number for number, slot in enumerate(program.slots) if slot.predicate == predicate]
            for predicate in range(len(program.predicates))
        ]

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        columns = ["time", "tiebreaker", "position", "slot", *key_columns(len(self._types))]
        taken: list[Rows] = [np.empty(0, dtype=np.intp)]
        for predicate, rows, slots in zip(self._program.predicates, found, self._slots, strict=True):
            if not len(rows):
                continue
            order = order_columns(evaluation, self._detection, rows, first)
            keys = keyed(evaluation, rows, predicate.keys, self._types)
            records = order.join(keys, on="row", how="inner", maintain_order="left_right")
            self.undated += records.filter(pl.col("time").is_null())["row"].n_unique()
            records = records.drop_nulls("time")
            taken.append(records["row"].to_numpy())
            for slot in slots:
                self._reorder.add(records.with_columns(slot=pl.lit(slot, pl.UInt16)).select(columns))
        return np.concatenate(taken)

    def finish(self) -> Iterable[tuple[Key, tuple[Token | None, ...]]]:
        return ((match.key, match.events) for match in self._reorder.finish())


class _Collected:
    """All events of one event query."""

    def __init__(self, detection: Detection) -> None:
        self.undated = 0
        self._detection = detection
        self._frames: list[pl.DataFrame] = []

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        (rows,) = found
        if len(rows):
            self._frames.append(order_columns(evaluation, self._detection, rows, first))
        return rows

    def finish(self) -> Iterable[tuple[Key, tuple[Token | None, ...]]]:
        ordered = sort(pl.concat(self._frames))["position"].to_list() if self._frames else []
        return (((), (position,)) for position in ordered)


class _Sample:
    """The way of one sample's events into its collector."""

    def __init__(self, program: SampleProgram, kinds: Mapping[str, Kind], max_samples_per_key: int) -> None:
        self.undated = 0
        self._collector = SampleCollector(len(program.predicates), max_samples_per_key)
        self._program = program
        self._types = key_types(program.predicates, kinds)

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        taken: list[Rows] = [np.empty(0, dtype=np.intp)]
        names = key_columns(len(self._types))
        for item, (predicate, rows) in enumerate(zip(self._program.predicates, found, strict=True)):
            records = keyed(evaluation, rows, predicate.keys, self._types)
            for row, *key in records.select("row", *names).iter_rows():
                self._collector.add(item, tuple(key), row + first)
            taken.append(records["row"].to_numpy())
        return np.concatenate(taken)

    def finish(self) -> Iterable[tuple[Key, tuple[Token | None, ...]]]:
        return ((sample.key, sample.events) for sample in self._collector.samples())
