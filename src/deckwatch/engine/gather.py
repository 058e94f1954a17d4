"""The way of a detection's events from columns to results that need several of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import polars as pl

from deckwatch.engine.detections import Detection
from deckwatch.engine.inspection import Held, Look
from deckwatch.engine.keys import key_columns, key_types, keyed
from deckwatch.engine.ordering import order_columns, sort
from deckwatch.engine.reorder import Reorder
from deckwatch.engine.watermark import BEGINNING
from deckwatch.eql.types import Kind
from deckwatch.plan.bundle import Evaluation
from deckwatch.plan.views import Rows
from deckwatch.sequences.observer import Observer
from deckwatch.sequences.records import Key, Match, Token
from deckwatch.sequences.samples import Sample, SampleCollector, SampleProgram
from deckwatch.sequences.state import Stats
from deckwatch.sequences.steps import SequenceProgram

Result: TypeAlias = tuple[Key, tuple[Token | None, ...]]
"""Join key and events, None for a missing stage."""

_NOTHING: Rows = np.empty(0, dtype=np.intp)


class Gatherer:
    """Takes in the events of one detection and lists its results when they are certain."""

    ordered = False
    """Whether the order of events matters, so that late ones must not be taken in."""
    undated = 0
    """Events that satisfied a stage but carry no time, and so took no part."""

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        """Take the events that satisfy each predicate; those that may yet be asked for again."""
        raise NotImplementedError

    def advance(self, watermark: int | None) -> Iterable[Result]:
        """No event before the watermark will come any more, but for late ones; what is certain by now."""
        raise NotImplementedError

    def drain(self) -> Iterable[Result]:
        """Nothing will be waited for any more: what can be told of the events that are in."""
        raise NotImplementedError

    def finish(self) -> Iterable[Result]:
        """All events are in: all that is left."""
        raise NotImplementedError

    @property
    def awaited(self) -> tuple[int, int] | None:
        """The first and the last time that the watermark must pass to decide all that waits now."""
        return None

    @property
    def pending(self) -> int:
        """How many records wait for their turn."""
        return 0

    @property
    def stats(self) -> Stats:
        """What else is held."""
        return Stats(0, 0, 0, 0)

    def tokens(self) -> Iterator[Token]:
        """The events of all that is held, with repetitions."""
        return iter(())

    def held(self, look: Look) -> Held | None:  # noqa: ARG002  # sequences have an answer
        """What the automaton of a sequence holds."""
        return None


def gatherer(
    detection: Detection, *, max_samples_per_key: int, horizon: int | None, observer: Observer | None = None
) -> Gatherer | None:
    """What a detection's events go to; None if each is reported at once."""
    match detection.program:
        case SequenceProgram() as program:
            return _Sequence(detection, program, horizon, observer)
        case SampleProgram() as program:
            collector = SampleCollector(len(program.predicates), max_samples_per_key, horizon=horizon)
            return _Sample(program, detection.fields, collector)
        case None:
            return _Collected(detection) if detection.collect else None


class _Sequence(Gatherer):
    """The way of one sequence's events into its automaton."""

    ordered = True

    def __init__(
        self, detection: Detection, program: SequenceProgram, horizon: int | None, observer: Observer | None
    ) -> None:
        self._reorder = Reorder(program, horizon=horizon, observer=observer)
        self._detection = detection
        self._program = program
        self._types = key_types(program.predicates, detection.fields)
        self._slots = [
            [number for number, slot in enumerate(program.slots) if slot.predicate == predicate]
            for predicate in range(len(program.predicates))
        ]

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        names = key_columns(len(self._types))
        columns = ["time", "tiebreaker", "position", "slot", *names]
        taken = [_NOTHING]
        for predicate, rows, slots in zip(self._program.predicates, found, self._slots, strict=True):
            if not len(rows):
                continue
            keys = keyed(evaluation, rows, predicate.keys, self._types)
            order = order_columns(evaluation, self._detection, keys["row"].to_numpy(), first)
            records = order.hstack(keys.select(names))
            if records["time"].null_count():
                self.undated += records.filter(pl.col("time").is_null())["row"].n_unique()
                records = records.drop_nulls("time")
            taken.append(records["row"].to_numpy())
            for slot in slots:
                number = pl.Series("slot", [slot], dtype=pl.UInt16).new_from_index(0, records.height)
                self._reorder.add(records.hstack([number])[columns])
        return np.concatenate(taken)

    def advance(self, watermark: int | None) -> Iterable[Result]:
        return () if watermark is None else _results(self._reorder.advance(watermark))

    def drain(self) -> Iterable[Result]:
        return _results(self._reorder.drain())

    def finish(self) -> Iterable[Result]:
        return _results(self._reorder.finish())

    @property
    def awaited(self) -> tuple[int, int] | None:
        return self._reorder.awaited

    @property
    def pending(self) -> int:
        return self._reorder.pending

    @property
    def stats(self) -> Stats:
        return self._reorder.stats

    def tokens(self) -> Iterator[Token]:
        return self._reorder.tokens()

    def held(self, look: Look) -> Held:
        return Held.of(self._program, self._reorder, look)


class _Sample(Gatherer):
    """The way of one sample's events into its collector."""

    def __init__(self, program: SampleProgram, kinds: Mapping[str, Kind], collector: SampleCollector) -> None:
        self._collector = collector
        self._program = program
        self._types = key_types(program.predicates, kinds)

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        taken = [_NOTHING]
        names = key_columns(len(self._types))
        for item, (predicate, rows) in enumerate(zip(self._program.predicates, found, strict=True)):
            records = keyed(evaluation, rows, predicate.keys, self._types)
            for row, *key in records.select("row", *names).iter_rows():
                self._collector.add(item, tuple(key), row + first)
            taken.append(records["row"].to_numpy())
        return np.concatenate(taken)

    def advance(self, watermark: int | None) -> Iterable[Result]:
        if watermark is not None:
            self._collector.advance_time(watermark)
        return _results(self._collector.settled())

    def drain(self) -> Iterable[Result]:
        return self.finish()

    def finish(self) -> Iterable[Result]:
        return _results(self._collector.samples())

    @property
    def stats(self) -> Stats:
        return self._collector.stats

    def tokens(self) -> Iterator[Token]:
        return self._collector.tokens()


class _Collected(Gatherer):
    """All events of one event query, in event order: a search asks for them at its end, a stream as time passes.

    Late events and those without a time are told at once.
    """

    def __init__(self, detection: Detection) -> None:
        self._detection = detection
        self._frames: list[pl.DataFrame] = []
        self._times: tuple[int, int] | None = None  # the first and the last of what is pending

    def add(self, evaluation: Evaluation, found: Sequence[Rows], first: int) -> Rows:
        (rows,) = found
        if len(rows):
            self._put(order_columns(evaluation, self._detection, rows, first))
        return rows

    def advance(self, watermark: int | None) -> Iterable[Result]:
        before = BEGINNING if watermark is None else watermark
        if self._times is None or BEGINNING < self._times[0] >= before:
            return ()
        frame = self._taken()
        waits = (pl.col("time") >= before).fill_null(value=False)
        self._put(frame.filter(waits))
        return _in_order(frame.filter(~waits))

    def drain(self) -> Iterable[Result]:
        return self.finish()

    def finish(self) -> Iterable[Result]:
        return _in_order(self._taken()) if self._frames else ()

    @property
    def awaited(self) -> tuple[int, int] | None:
        return self._times

    @property
    def pending(self) -> int:
        return sum(frame.height for frame in self._frames)

    def tokens(self) -> Iterator[Token]:
        for frame in self._frames:
            yield from frame["position"].to_list()

    def _put(self, frame: pl.DataFrame) -> None:
        if not frame.height:
            return
        self._frames.append(frame)
        times = frame["time"].fill_null(BEGINNING).to_numpy()
        first, last = self._times or (int(times[0]), int(times[0]))
        self._times = min(first, int(times.min())), max(last, int(times.max()))

    def _taken(self) -> pl.DataFrame:
        frame = pl.concat(self._frames)
        self._frames, self._times = [], None
        return frame


def _in_order(frame: pl.DataFrame) -> Iterator[Result]:
    return (((), (position,)) for position in sort(frame)["position"].to_list())


def _results(found: Iterable[Match | Sample]) -> Iterator[Result]:
    return ((each.key, each.events) for each in found)
