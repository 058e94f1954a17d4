"""One pass over the events: what fired, the course of every sequence, and how far each event is from each filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from deckwatch.engine.columnar import ColumnarEngine
from deckwatch.engine.detections import INDEX_FIELD, Detection
from deckwatch.engine.keys import key_columns, key_types, keyed
from deckwatch.engine.ordering import ORDER, order_columns, sort
from deckwatch.engine.visibility import TimeRange, Visibility
from deckwatch.eql.nodes import EventFilter, Expr
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.explanation.distance import Count, distance, tests, whole
from deckwatch.explanation.focus import FIELDS, Focus
from deckwatch.explanation.journal import Course, Journal
from deckwatch.plan.bundle import Bundle, Evaluation
from deckwatch.plan.views import Mask, Views
from deckwatch.sequences.steps import Role, SequenceProgram

MOST_UNMET = 3
"""An event that misses a filter by more is not near."""


@dataclass(slots=True)
class Evidence:
    """What one pass has found.

    `near`: for each predicate a frame of the events that are near: `position`, `time`, `rank` (their place in event
    order), `unmet` (how far from the filter), `asked` (whether in focus) and the key columns. `asked`: the positions in
    focus, None when all are. `found`: the positions of each alert.
    """

    detection: Detection
    near: Mapping[int, pl.DataFrame]
    courses: list[Course]
    found: list[tuple[int | None, ...]]
    asked: frozenset[int] | None
    events: int
    undated: int


@dataclass(slots=True)
class Gathering:
    """Takes in the batches of one detection; `evidence` when all are in."""

    detection: Detection
    within: TimeRange
    focus: Focus
    events: int = 0
    _frames: dict[int, list[pl.DataFrame]] = field(default_factory=dict)
    _found: list[tuple[int | None, ...]] = field(default_factory=list)
    _asked: list[int] = field(default_factory=list)
    _journal: Journal | None = field(init=False, default=None)
    _engine: ColumnarEngine = field(init=False)
    _conditions: list[Expr] = field(init=False)
    _tests: list[Expr] = field(init=False)
    _bundle: Bundle = field(init=False)
    _kinds: dict[str, Kind] = field(init=False)

    def __post_init__(self) -> None:
        each = self.detection
        if isinstance(each.program, SequenceProgram):
            self._journal = Journal(each.program)
        self._engine = ColumnarEngine([each], within=self.within, observers={0: self._journal} if self._journal else {})
        self._conditions = [whole(predicate.filter, each.checked.category_field) for predicate in each.predicates]
        self._tests = [test for condition in self._conditions for test in tests(condition)]
        self._kinds = {**self.fields, INDEX_FIELD: "keyword"}
        self._bundle = Bundle([(EventFilter(None, test), "") for test in self._tests], self._kinds)
        self._frames = {number: [] for number in positive(each)}

    @property
    def fields(self) -> Mapping[str, Kind]:
        """What batches must hold."""
        return {**FIELDS, **self._engine.fields}

    def take(self, batch: EventBatch) -> None:
        self.events += batch.height
        self._found += ((batch.first + row,) for row, _ in self._engine.process(batch))
        views = Views(batch.columns.read_as(self._kinds), batch.height)
        asked = self.focus.mask(views, self.detection.time_field)
        if not self.focus.is_all:
            self._asked += (np.flatnonzero(asked) + batch.first).tolist()
        hidden = np.ones(batch.height, dtype=np.int64)
        hidden[Visibility(views, self.within).rows(self.detection)] = 0
        evaluation = self._bundle.on(views, range(len(self._tests)))
        unmet = self._unmet(evaluation, batch.height)
        for number, frames in self._frames.items():
            counts = hidden + distance(self._conditions[number], lambda test: unmet[id(test)])
            frames.append(self._near(evaluation, number, counts, asked, batch.first))

    def evidence(self) -> Evidence:
        """The input has ended: all that was found."""
        self._found += (each.positions for each in self._engine.finish())
        frames = {number: pl.concat(frames) for number, frames in self._frames.items() if frames}
        return Evidence(
            self.detection,
            _ranked(frames),
            self._journal.finish() if self._journal else [],
            self._found,
            None if self.focus.is_all else frozenset(self._asked),
            self.events,
            self._engine.undated,
        )

    def _unmet(self, evaluation: Evaluation, height: int) -> dict[int, Count]:
        rows = np.arange(height)
        found: dict[int, Count] = {}
        for number, test in enumerate(self._tests):
            unmet = np.ones(height, dtype=np.int64)
            unmet[evaluation.rows(number, rows)] = 0
            found[id(test)] = unmet
        return found

    def _near(self, evaluation: Evaluation, number: int, counts: Count, asked: Mask, first: int) -> pl.DataFrame:
        unmet = np.broadcast_to(counts, asked.shape)
        rows = np.flatnonzero(unmet <= MOST_UNMET)
        predicates = self.detection.predicates
        keys = [replace(key, optional=True) for key in predicates[number].keys]
        types = key_types(predicates, self.detection.fields)
        records = keyed(evaluation, rows, keys, types)
        row = records["row"].to_numpy()
        order = order_columns(evaluation, self.detection, row, first).drop("row")
        facts = {"unmet": unmet[row], "asked": asked[row]}
        return order.with_columns(**{name: pl.Series(values) for name, values in facts.items()}).hstack(
            records.select(key_columns(len(keys)))
        )


def positive(detection: Detection) -> list[int]:
    """The numbers of the predicates whose events an alert is made of."""
    if isinstance(detection.program, SequenceProgram):
        return sorted({slot.predicate for slot in detection.program.slots if slot.role is Role.STAGE})
    return list(range(len(detection.predicates)))


def stages(program: SequenceProgram) -> Sequence[int]:
    """The number of the predicate of each positive stage."""
    found = sorted((slot.stage, slot.predicate) for slot in program.slots if slot.role is Role.STAGE)
    return [predicate for _, predicate in found]


def _ranked(frames: Mapping[int, pl.DataFrame]) -> dict[int, pl.DataFrame]:
    if not frames:
        return {}
    order = sort(pl.concat(frame.select(ORDER) for frame in frames.values()).unique("position"))
    ranks = order.select("position").with_row_index("rank")
    return {number: frame.drop("tiebreaker").join(ranks, on="position", how="left") for number, frame in frames.items()}
