"""One query over some events: what `deckwatch query` and `deckwatch.search` do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

from deckwatch.engine.detections import Detection, Found
from deckwatch.engine.discover import completed, undeclared
from deckwatch.engine.engines import EngineName, build
from deckwatch.engine.repeatable import Repeatable
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.check import Checked, check
from deckwatch.eql.dates import format_timestamp
from deckwatch.eql.nodes import EventQuery, Query, SampleQuery, Scalar, SequenceQuery
from deckwatch.eql.parser import parse
from deckwatch.eql.types import Kind, Schema
from deckwatch.eql.unparse import unparse
from deckwatch.errors import DeckwatchError
from deckwatch.events.deadletter import Counts, DeadLetter
from deckwatch.events.fields import SchemaWith, field_table
from deckwatch.events.reader import EventSource, Reader, open_events
from deckwatch.sequences.limits import cut

ResultPosition: TypeAlias = Literal["head", "tail"]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Events that belong together, one per stage of the query; None for a missing stage."""

    join_keys: list[Scalar]
    events: list[dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Result:
    """What a query found: `events` for an event query, `sequences` for a sequence or a sample.

    `counts` says what was read; it takes no part in comparisons.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    sequences: list[Sequence] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts, compare=False)


@dataclass(frozen=True, slots=True)
class Options:
    """How a search orders and limits; the names are those of the EQL search API."""

    timestamp_field: str = "@timestamp"
    event_category_field: str = "event.category"
    tiebreaker_field: str | None = None
    size: int = 10
    result_position: ResultPosition = "tail"
    max_samples_per_key: int = 1

    def __post_init__(self) -> None:
        if self.size < 0:
            raise DeckwatchError(f"size must be 0 or more, not {self.size}")
        if self.max_samples_per_key < 1:
            raise DeckwatchError(f"max_samples_per_key must be 1 or more, not {self.max_samples_per_key}")
        if self.result_position not in ("head", "tail"):
            raise DeckwatchError(f"result_position must be 'head' or 'tail', not {self.result_position!r}")


def search(
    query: str | Query,
    events: EventSource,
    *,
    field_types: Mapping[str, str] | None = None,
    options: Options,
    engine: EngineName = "columnar",
    within: TimeRange,
    dead_letter: Callable[[DeadLetter], None] | None = None,
    batch_events: int | None = None,
) -> Result:
    """Run one query; see `deckwatch.search`. `batch_events` bounds the events evaluated together."""
    text = query if isinstance(query, str) else unparse(query)
    tree = parse(text)
    schema: Schema = SchemaWith(field_types or {}, field_table())
    opened: Callable[..., Reader] = partial(open_events, events)
    with ExitStack() as stack:
        if names := undeclared(tree, schema):
            opened = stack.enter_context(Repeatable(events)).open
            with opened({}) as reader:
                schema = completed(schema, names, reader)
        checked = check(tree, schema, text=text, category_field=options.event_category_field)
        detection = _detection(checked, schema, options)
        runner = build(engine, [detection], within, max_samples_per_key=options.max_samples_per_key)
        reader = stack.enter_context(opened(runner.fields, dead_letter=dead_letter, batch_events=batch_events))
        for batch in reader:
            runner.process(batch)
        return _result(_limited(runner.finish(), checked.query, options), checked, reader)


def _result(found: list[Found], checked: Checked, reader: Reader) -> Result:
    documents = reader.documents(position for each in found for position in each.positions)
    if isinstance(checked.query, EventQuery):
        return Result(
            events=[documents[place] for each in found for place in each.positions if place is not None],
            counts=reader.counts,
        )
    keys = _key_forms(checked)
    sequences = [
        Sequence(
            [form(value) for form, value in zip(keys, each.key, strict=True)],
            [None if position is None else documents[position] for position in each.positions],
        )
        for each in found
    ]
    return Result(sequences=sequences, counts=reader.counts)


def _detection(checked: Checked, schema: Schema, options: Options) -> Detection:
    time = schema.resolve(options.timestamp_field)
    if time is not None and time.kind != "date":
        raise DeckwatchError(
            f"timestamp_field {options.timestamp_field!r} is of type {time.mapping}; name a field of type date"
        )
    name = options.tiebreaker_field
    kind: Kind = "long"
    if name is not None:
        tiebreaker = schema.resolve(name)
        if tiebreaker is None or tiebreaker.kind is None:
            raise DeckwatchError(f"tiebreaker_field {name!r} is not a known field; give its type in field_types")
        name, kind = tiebreaker.name, tiebreaker.kind
    time_field = options.timestamp_field if time is None else time.name
    return Detection.of(checked, time_field=time_field, tiebreaker=name, tiebreaker_kind=kind, collect=True)


def _limited(found: list[Found], query: Query, options: Options) -> list[Found]:
    if isinstance(query, SampleQuery):
        return found[: options.size]
    return cut(found, query.pipes, options.size, options.result_position)


def _key_forms(checked: Checked) -> list[Callable[[Scalar], Scalar]]:
    """How each join key is shown, global keys first: dates as ISO 8601 in sequences, as milliseconds in samples."""
    date: Callable[[int], Scalar]
    match checked.query:
        case SequenceQuery(stages=(stage, *_), by=by):
            date = format_timestamp
        case SampleQuery(stages=(stage, *_), by=by):
            date = _milliseconds
        case _:
            return []
    return [_dated(date) if checked.fields[key.name] == "date" else _as_it_is for key in by + stage.by]


def _dated(form: Callable[[int], Scalar]) -> Callable[[Scalar], Scalar]:
    return lambda value: form(value) if isinstance(value, int) else value


def _milliseconds(nanoseconds: int) -> int:
    return nanoseconds // 1_000_000


def _as_it_is(value: Scalar) -> Scalar:
    return value
