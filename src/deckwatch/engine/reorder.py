"""The buffer that hands a sequence's events to its automaton in event order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import polars as pl

from deckwatch.engine.keys import key_columns
from deckwatch.engine.ordering import sort
from deckwatch.sequences.automaton import SequenceAutomaton
from deckwatch.sequences.records import Match, Record, key_order
from deckwatch.sequences.steps import Role, SequenceProgram

_SLICE = 100_000  # records that exist as Python objects at one time


class Reorder:
    """Collects records of one sequence and releases them in event order.

    Frames hold one row per event, slot and key: time, tiebreaker, position, slot and the key columns.
    """

    def __init__(self, program: SequenceProgram) -> None:
        self._program = program
        self._automaton = SequenceAutomaton(program)
        self._pending: list[pl.DataFrame] = []

    def add(self, records: pl.DataFrame) -> None:
        """Take in records in any order; each has a time."""
        if records.height:
            self._pending.append(records)

    def finish(self) -> list[Match]:
        """All records are in: every match, in the order of the last event and, within it, of the join key."""
        if not self._pending:
            return []
        frame = sort(self._complete_keys(pl.concat(self._pending)), "slot")
        self._pending = []
        matches: list[Match] = []
        for records in _slices(frame, len(self._program.predicates[0].keys)):
            matches += self._automaton.advance(records)
        matches += self._automaton.finish()
        place = _places(frame, matches)
        return sorted(matches, key=lambda match: (place[match.last_token], key_order(match.key)))

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


def _slices(frame: pl.DataFrame, width: int) -> Iterator[Iterator[Record]]:
    names = key_columns(width)
    for part in frame.iter_slices(_SLICE):
        keys = zip(*(part[name].to_list() for name in names), strict=True) if width else iter([()] * part.height)
        yield zip(part["time"].to_list(), part["position"].to_list(), part["slot"].to_list(), keys, strict=True)


def _places(frame: pl.DataFrame, matches: Sequence[Match]) -> dict[object, int]:
    """Where in event order the last events of the matches stand."""
    last = pl.Series("position", sorted({match.last_token for match in matches}), dtype=pl.Int64)
    found = frame.select("position").with_row_index("place").filter(pl.col("position").is_in(last.implode()))
    return dict(zip(found["position"].to_list(), found["place"].to_list(), strict=True))
