"""The buffer that hands a sequence's events to its automaton in event order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import polars as pl

from deckwatch.engine.keys import key_columns
from deckwatch.engine.ordering import sort
from deckwatch.sequences.automaton import SequenceAutomaton
from deckwatch.sequences.observer import Observer
from deckwatch.sequences.records import Match, Record, Token, key_order
from deckwatch.sequences.state import Stats
from deckwatch.sequences.steps import Role, SequenceProgram

_SLICE = 100_000  # records that exist as Python objects at one time


class Reorder:
    """Collects records of one sequence and releases them in event order.

    Frames hold one row per event, slot and key: time, tiebreaker, position, slot and the key columns. Matches come in
    the order of the last event and, within it, of the join key. `horizon`, `observer`: see `SequenceAutomaton`.
    """

    def __init__(
        self, program: SequenceProgram, *, horizon: int | None = None, observer: Observer | None = None
    ) -> None:
        self._program = program
        self._observed = observer is not None
        self._automaton = SequenceAutomaton(program, horizon=horizon, observer=observer)
        self._pending: list[pl.DataFrame] = []
        self._times: tuple[int, int] | None = None  # the first and the last of what is pending

    def add(self, records: pl.DataFrame) -> None:
        """Take in records in any order; each has a time, and none is before the last watermark."""
        if records.height:
            self._pending.append(records)
            first, last = records["time"].min(), records["time"].max()
            self._times = _span(self._times, (first, last))  # type: ignore[arg-type]  # of an integer column

    def advance(self, watermark: int) -> list[Match]:
        """No record before the watermark will come any more: the matches that this completes or releases."""
        frame = _sorted(self._taken(watermark))
        return _ordered(self._processed(frame) + self._automaton.advance_time(watermark), frame)

    def drain(self) -> list[Match]:
        """Nothing will be waited for any more: the matches among what is pending.

        Not those that a missing event could still have refused.
        """
        frame = _sorted(self._taken(None))
        return _ordered(self._processed(frame), frame)

    def finish(self) -> list[Match]:
        """All records are in: every match that is left."""
        frame = self._taken(None)
        if frame is not None and not len(self._automaton) and not self._observed:
            frame = self._complete_keys(frame)
        frame = _sorted(frame)
        return _ordered(self._processed(frame) + self._automaton.finish(), frame)

    @property
    def awaited(self) -> tuple[int, int] | None:
        """The first and the last time that the watermark must pass to decide all that waits now."""
        return _span(self._times, self._automaton.deadlines)

    @property
    def pending(self) -> int:
        """How many records wait for their turn."""
        return sum(frame.height for frame in self._pending)

    def pending_by_slot(self) -> dict[int, int]:
        """How many events wait for their turn, by the slot of the program that they satisfy."""
        if not self._pending:
            return {}
        frame = pl.concat([each.select("slot", "position") for each in self._pending])
        return dict(frame.group_by("slot").agg(pl.col("position").n_unique()).iter_rows())

    @property
    def automaton(self) -> SequenceAutomaton:
        """What it feeds, to look at only."""
        return self._automaton

    @property
    def stats(self) -> Stats:
        """What the automaton holds."""
        return self._automaton.stats

    def tokens(self) -> Iterator[Token]:
        """The events of all that is held, with repetitions."""
        for frame in self._pending:
            yield from frame["position"].to_list()
        yield from self._automaton.tokens()

    def _taken(self, before: int | None) -> pl.DataFrame | None:
        """What is pending before a time, out of the buffer; None if there is nothing."""
        if self._times is None or (before is not None and before <= self._times[0]):
            return None
        frame = pl.concat(self._pending)
        self._pending, self._times = [], None
        if before is not None:
            ready = pl.col("time") < before
            self.add(frame.filter(~ready))
            frame = frame.filter(ready)
        return frame

    def _processed(self, frame: pl.DataFrame | None) -> list[Match]:
        matches: list[Match] = []
        if frame is None:
            return matches
        for records in _slices(frame, len(self._program.predicates[0].keys)):
            matches += self._automaton.advance(records)
        return matches

    def _complete_keys(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Without the keys that some positive stage never sees: no sequence of theirs can complete."""
        names = key_columns(len(self._program.predicates[0].keys))
        stages = {slot.predicate: number for number, slot in enumerate(self._program.slots) if slot.role is Role.STAGE}
        if not names or len(stages) == 1:
            return frame
        wanted = (frame.filter(pl.col("slot") == slot).select(names) for slot in stages.values())
        return reduce(
            lambda kept, keys: kept.join(keys, on=names, how="semi", nulls_equal=True), sorted(wanted, key=len), frame
        )


def _span(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    """The span of time that covers both."""
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def _sorted(frame: pl.DataFrame | None) -> pl.DataFrame | None:
    return None if frame is None else sort(frame, "slot")


def _slices(frame: pl.DataFrame, width: int) -> Iterator[Iterator[Record]]:
    names = key_columns(width)
    for part in frame.iter_slices(_SLICE):
        keys = zip(*(part[name].to_list() for name in names), strict=True) if width else iter([()] * part.height)
        yield zip(part["time"].to_list(), part["position"].to_list(), part["slot"].to_list(), keys, strict=True)


def _ordered(matches: list[Match], frame: pl.DataFrame | None) -> list[Match]:
    """Matches by their last event and key; those whose last event came before the frame, which waited, first."""
    if not matches:
        return matches
    place = {} if frame is None else _places(frame, matches)
    return sorted(matches, key=lambda match: (place.get(match.last_token, -1), match.last_time, key_order(match.key)))


def _places(frame: pl.DataFrame, matches: Sequence[Match]) -> dict[object, int]:
    """Where in event order the last events of the matches stand."""
    last = pl.Series("position", sorted({match.last_token for match in matches}), dtype=pl.Int64)
    found = frame.select("position").with_row_index("place").filter(pl.col("position").is_in(last.implode()))
    return dict(zip(found["position"].to_list(), found["place"].to_list(), strict=True))
