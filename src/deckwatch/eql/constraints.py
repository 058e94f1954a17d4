"""What must hold of a statement as a whole, beyond its grammar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from deckwatch.eql.nodes import JoinQuery, SampleQuery, SequenceQuery, Span, Stage, Statement

MIN_STAGES = 2
MAX_STAGES = 256
MAX_SAMPLE_STAGES = 5


class Violation(NamedTuple):
    """A constraint that does not hold: what, where, how to mend it."""

    message: str
    span: Span
    hint: str = ""


def violations(statement: Statement) -> Iterator[Violation]:
    """Everything about the stages and keys of a statement that is not allowed."""
    match statement:
        case SequenceQuery():
            yield from _sequence_size(statement)
            yield from _sequence_missing(statement)
        case SampleQuery():
            yield from _sample_size(statement)
            yield from _no_missing(statement, "a sample")
            yield from _sample_keys(statement)
        case JoinQuery():
            yield from _no_missing(statement, "a join")


def _head(span: Span) -> Span:
    """Where a long construct begins."""
    return Span(span.start, span.start + 1)


def _sequence_size(sequence: SequenceQuery) -> Iterator[Violation]:
    count = sum(stage.runs for stage in sequence.stages)
    place = _head(sequence.span)
    if count < MIN_STAGES:
        hint = "one stage alone is an event query; add a stage, or repeat one: `with runs=3`"
        yield Violation(f"a sequence needs a minimum of {MIN_STAGES} stages, found {count}", place, hint)
    if count > MAX_STAGES:
        yield Violation(f"a sequence cannot have more than {MAX_STAGES} stages, found {count}", place)


def _sequence_missing(sequence: SequenceQuery) -> Iterator[Violation]:
    missing = [stage for stage in sequence.stages if stage.missing]
    if missing and sequence.maxspan is None:
        hint = "bound the wait: `sequence by … with maxspan=1m`"
        yield Violation("`maxspan` is required with a missing event `![…]`", _head(missing[0].span), hint)
    if missing and len(missing) == len(sequence.stages):
        yield Violation("a sequence needs at least one event that is not missing", _head(missing[0].span))
    if sequence.until and sequence.until.missing:
        yield Violation("`until` cannot wait for a missing event", _head(sequence.until.span), "write `until […]`")


def _no_missing(query: SampleQuery | JoinQuery, what: str) -> Iterator[Violation]:
    for stage in query.stages:
        if stage.missing:
            place = Span(stage.span.start, stage.span.start + 2)
            yield Violation(f"missing events `![…]` are only supported in sequences, not in {what}", place)


def _sample_size(sample: SampleQuery) -> Iterator[Violation]:
    count, place = len(sample.stages), _head(sample.span)
    if count < MIN_STAGES:
        yield Violation(f"a sample needs a minimum of {MIN_STAGES} filters, found {count}", place)
    if count > MAX_SAMPLE_STAGES:
        yield Violation(f"a sample cannot contain more than {MAX_SAMPLE_STAGES} filters, found {count}", place)


def _sample_keys(sample: SampleQuery) -> Iterator[Violation]:
    for stage in sample.stages:
        if not sample.by and not stage.by:
            hint = "write `sample by host.id …`"
            yield Violation("a sample needs at least one join key for every filter", _head(stage.span), hint)
        seen = {(key.name, key.optional) for key in sample.by}
        for key in stage.by:
            if (key.name, key.optional) in seen:
                yield Violation(f"join key `{key.name}` may be used only once", key.span)
            seen.add((key.name, key.optional))
    for place, key in enumerate(sample.by):
        if any((key.name, key.optional) == (other.name, other.optional) for other in sample.by[:place]):
            yield Violation(f"join key `{key.name}` may be used only once", key.span)


def uneven_keys(query: SequenceQuery | SampleQuery | JoinQuery) -> Iterator[Violation]:
    """Every stage whose number of join keys is not that of the first: no faults of grammar, but nothing can run."""
    until = () if isinstance(query, SampleQuery) or query.until is None else (query.until,)
    stages = (*query.stages, *until)
    expected = len(stages[0].by) if stages else 0
    for stage in stages:
        if len(stage.by) != expected:
            message = f"inconsistent number of join keys: expected {expected}, found {len(stage.by)}"
            hint = "every stage needs as many keys of its own as the first"
            yield Violation(message, _keys_span(stage), hint)


def _keys_span(stage: Stage) -> Span:
    return Span(stage.by[0].span.start, stage.by[-1].span.end) if stage.by else _head(stage.span)
