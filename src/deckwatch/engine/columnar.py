"""Detections evaluated over whole batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from deckwatch.engine.detections import Detection, Found
from deckwatch.engine.keys import key_columns, key_types, keyed
from deckwatch.engine.ordering import order_columns, sort
from deckwatch.engine.reorder import Reorder
from deckwatch.engine.visibility import TimeRange, Visibility
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.plan.bundle import Bundle, Evaluation
from deckwatch.plan.views import Rows, Views
from deckwatch.sequences.samples import SampleCollector, SampleProgram
from deckwatch.sequences.steps import SequenceProgram


class ColumnarEngine:
    """Evaluates all detections together; see `Engine`."""

    def __init__(
        self, detections: Sequence[Detection], *, within: TimeRange, max_samples_per_key: int = 1
    ) -> None:
        self._detections = detections
        self._within = within
        self.fields: Mapping[str, Kind] = fields_of(detections)
        self.undated = 0
        self._bundle = Bundle(
            [(predicate.filter, each.checked.category_field) for each in detections for predicate in each.predicates],
            self.fields,
        )
        starts = np.cumsum([0, *(len(each.predicates) for each in detections)]).tolist()
        self._numbers = [range(start, end) for start, end in zip(starts, starts[1:], strict=False)]
        self._sequences = {
            i: _Sequence(each, each.program, self.fields)
            for i, each in enumerate(detections)
            if isinstance(each.program, SequenceProgram)
        }
        self._collected = {i: _Collected(each) for i, each in enumerate(detections) if each.collect}
        self._samples = {
            i: _Sample(each.program, self.fields, max_samples_per_key)
            for i, each in enumerate(detections)
            if isinstance(each.program, SampleProgram)
        }

    def process(self, batch: EventBatch) -> list[tuple[int, int]]:
        views = Views(batch)
        visibility = Visibility(views, self._within)
        seen = [(i, rows) for i, each in enumerate(self._detections) if len(rows := visibility.rows(each))]
        evaluation = self._bundle.on(views, (number for i, _ in seen for number in self._numbers[i]))
        hits: list[tuple[int, int]] = []
        kept: list[Rows] = []
        for i, rows in seen:
            found = [evaluation.rows(number, rows) for number in self._numbers[i]]
            if i in self._sequences:
                taken, undated = self._sequences[i].add(evaluation, found, batch.first)
                self.undated += undated
                kept.append(taken)
            elif i in self._samples:
                kept.append(self._samples[i].add(evaluation, found, batch.first))
            elif i in self._collected:
                kept.append(self._collected[i].add(evaluation, found[0], batch.first))
            else:
                hits += ((row, i) for row in found[0].tolist())
        if kept:
            batch.documents.keep(np.unique(np.concatenate(kept)))
        return sorted(hits)

    def finish(self) -> list[Found]:
        found: list[Found] = []
        for i in range(len(self._detections)):
            if i in self._sequences:
                found += (Found(i, match.key, match.events) for match in self._sequences[i].reorder.finish())
            elif i in self._samples:
                found += (Found(i, sample.key, sample.events) for sample in self._samples[i].collector.samples())
            elif i in self._collected:
                found += (Found(i, (), (position,)) for position in self._collected[i].positions())
        return found


def fields_of(detections: Sequence[Detection]) -> dict[str, Kind]:
    """Every field that any detection needs."""
    needed: dict[str, Kind] = {}
    for each in detections:
        needed |= each.fields
    return needed


class _Sequence:
    """The way of one sequence's events into its automaton."""

    def __init__(self, detection: Detection, program: SequenceProgram, kinds: Mapping[str, Kind]) -> None:
        self.reorder = Reorder(program)
        self._detection = detection
        self._program = program
        self._types = key_types(program.predicates, kinds)
        self._slots = [
            [number for number, slot in enumerate(program.slots) if slot.predicate == predicate]
            for predicate in range(len(program.predicates))
        ]

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> tuple[Rows, int]:
        """Take the events that satisfy each predicate; those that count, and how many have no time."""
        columns = ["time", "tiebreaker", "position", "slot", *key_columns(len(self._types))]
        taken: list[Rows] = [np.empty(0, dtype=np.intp)]
        undated = 0
        for predicate, rows, slots in zip(self._program.predicates, found, self._slots, strict=True):
            if not len(rows):
                continue
            order = order_columns(evaluation, self._detection, rows, first)
            dated = order.drop_nulls("time")
            undated += order.height - dated.height
            records = dated.join(
                keyed(evaluation, rows, predicate.keys, self._types), on="row", how="inner", maintain_order="left_right"
            )
            taken.append(records["row"].to_numpy())
            for slot in slots:
                self.reorder.add(records.with_columns(slot=pl.lit(slot, pl.UInt16)).select(columns))
        return np.concatenate(taken), undated


class _Collected:
    """All events of one event query."""

    def __init__(self, detection: Detection) -> None:
        self._detection = detection
        self._frames: list[pl.DataFrame] = []

    def add(self, evaluation: Evaluation, rows: Rows, first: int) -> Rows:
        if len(rows):
            self._frames.append(order_columns(evaluation, self._detection, rows, first))
        return rows

    def positions(self) -> list[int]:
        """Where in the input the events stand, in event order."""
        return sort(pl.concat(self._frames))["position"].to_list() if self._frames else []


class _Sample:
    """The way of one sample's events into its collector."""

    def __init__(self, program: SampleProgram, kinds: Mapping[str, Kind], max_samples_per_key: int) -> None:
        self.collector = SampleCollector(len(program.predicates), max_samples_per_key)
        self._program = program
        self._types = key_types(program.predicates, kinds)

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        taken: list[Rows] = [np.empty(0, dtype=np.intp)]
        names = key_columns(len(self._types))
        for item, (predicate, rows) in enumerate(zip(self._program.predicates, found, strict=True)):
            records = keyed(evaluation, rows, predicate.keys, self._types)
            for row, *key in records.select("row", *names).iter_rows():
                self.collector.add(item, tuple(key), row + first)
            taken.append(records["row"].to_numpy())
        return np.concatenate(taken)
