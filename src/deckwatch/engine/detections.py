"""What the engine runs: checked queries, each with the events it may see and the order they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from deckwatch.eql.check import Checked
from deckwatch.eql.nodes import EventQuery, SampleQuery, SequenceQuery
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.events.streams import IndexPatterns
from deckwatch.rules.exceptions.lower import Exclusion
from deckwatch.rules.rule import Rule
from deckwatch.sequences.records import Key, Token
from deckwatch.sequences.samples import SampleProgram, compile_sample
from deckwatch.sequences.steps import Predicate, SequenceProgram, compile_sequence

DEFAULT_TIEBREAKER = "event.sequence"
"""Orders a rule's events of the same time where the rule names no field: sensors count their events there."""

_NO_FALLBACK = "timestamp_override_fallback_disabled"

INDEX_FIELD = "_index"
STREAM_FIELDS: Mapping[str, Kind] = {
    "data_stream.type": "keyword",
    "data_stream.dataset": "keyword",
    "data_stream.namespace": "keyword",
    "event.dataset": "keyword",
}

Program: TypeAlias = "SequenceProgram | SampleProgram | None"


@dataclass(frozen=True, slots=True)
class Detection:
    """A checked query with its ordering fields; `streams` None lets it see every event.

    `program` is None for an event query. `predicates` are numbered as the program numbers them.
    `collect`: an event query reports all its events at the end, in event order, instead of each at once.
    """

    checked: Checked
    streams: IndexPatterns | None
    time_field: str
    tiebreaker: str | None
    collect: bool
    fields: Mapping[str, Kind]
    """Every field that must be decoded for this detection."""
    program: Program
    predicates: tuple[Predicate, ...]
    exclusions: tuple[Exclusion, ...] = ()
    """What takes events away before any predicate is asked."""
    dated_by: str | None = None
    """An event without this date is not seen."""

    @classmethod
    def of(
        cls,
        checked: Checked,
        *,
        time_field: str = "@timestamp",
        tiebreaker: str | None = None,
        tiebreaker_kind: Kind = "long",
        streams: IndexPatterns | None = None,
        collect: bool = False,
        exclusions: tuple[Exclusion, ...] = (),
        dated_by: str | None = None,
    ) -> Detection:
        program, predicates = _program(checked)
        fields: dict[str, Kind] = {time_field: "date"}
        if tiebreaker is not None:
            fields[tiebreaker] = tiebreaker_kind
        if streams is not None:
            fields |= STREAM_FIELDS
        if dated_by is not None:
            fields[dated_by] = "date"
        for each in exclusions:
            fields |= each.kinds
        fields |= checked.fields
        return cls(checked, streams, time_field, tiebreaker, collect, fields, program, predicates, exclusions, dated_by)

    @classmethod
    def of_rule(cls, rule: Rule, kind: Kind = "long") -> Detection:
        """The detection of a rule; `kind` is that of its tiebreaker field."""
        return cls.of(
            rule.checked,
            time_field=rule.timestamp_field,
            tiebreaker=rule.tiebreaker_field or DEFAULT_TIEBREAKER,
            tiebreaker_kind=kind,
            streams=IndexPatterns(rule.index),
            exclusions=rule.exceptions.exclusions,
            dated_by=rule.timestamp_override if rule.parameters.get(_NO_FALLBACK) else None,
        )


def _program(checked: Checked) -> tuple[Program, tuple[Predicate, ...]]:
    match checked.query:
        case EventQuery(filter=wanted):
            return None, (Predicate(wanted, ()),)
        case SampleQuery() as query:
            sample = compile_sample(query)
            return sample, sample.predicates
        case SequenceQuery() as query:
            sequence = compile_sequence(query)
            return sequence, sequence.predicates


@dataclass(frozen=True, slots=True)
class Found:
    """Events found together: `events` are positions in the input, None for a missing stage."""

    detection: int
    key: Key
    events: tuple[Token | None, ...]

    @property
    def positions(self) -> tuple[int | None, ...]:
        """The events, as a reader knows them."""
        return cast("tuple[int | None, ...]", self.events)


class Engine(Protocol):
    """One way to evaluate detections: whole columns, or row by row."""

    @property
    def fields(self) -> Mapping[str, Kind]:
        """What batches must hold."""
        ...

    @property
    def undated(self) -> int:
        """Events that satisfied a stage of a sequence but carry no time, and so took no part."""
        ...

    @property
    def removed(self) -> Mapping[int, Mapping[str, int]]:
        """Events that exceptions took away, by detection and item; detections without exceptions are not named."""
        ...

    @property
    def removed_by_filter(self) -> Mapping[int, Mapping[str, Sequence[int]]]:
        """The same for each predicate; an event may satisfy several."""
        ...

    def process(self, batch: EventBatch) -> list[tuple[int, int]]:
        """The (row, detection) pairs of event queries that a batch satisfies, in that order."""
        ...

    def finish(self) -> list[Found]:
        """The input has ended: what was not reported at once, by detection, in the order its query lists results."""
        ...
