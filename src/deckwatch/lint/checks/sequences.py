"""Sequences that cannot complete, or that hold more than they need to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, zip_longest

from deckwatch.eql.nodes import InRange, Literal, fields
from deckwatch.events.fields import field_table
from deckwatch.lint.checks.clauses import never
from deckwatch.lint.finding import Found
from deckwatch.lint.logic import Fact, facts, single_valued
from deckwatch.lint.subject import Step, Subject
from deckwatch.lint.values import Values, excluded
from deckwatch.rules.suppression import Suppression

_KINDS = frozenset(["data_stream.dataset", "event.category", "event.dataset", "event.module"])


def no_join_key(subject: Subject) -> Iterator[Found]:
    if subject.sequence and not any(step.keys for step in subject.steps):
        yield Found(
            "a sequence without `by` joins events of all containers, hosts and users",
            subject.head,
            "say what its events have in common: `sequence by container.id`, or `by process.entity_id`",
        )


def no_maxspan(subject: Subject) -> Iterator[Found]:
    if subject.sequence and subject.sequence.maxspan is None:
        yield Found(
            "a sequence without `maxspan` may wait for its next event for ever",
            subject.head,
            "say how far apart its events may be: `with maxspan=1m`",
        )


def any_category(subject: Subject) -> Iterator[Found]:
    for step in subject.steps:
        if subject.sequence and step.written.category is None and not _names_kind(step):
            yield Found(
                f"{step.called} looks at events of every category",
                step.written.span,
                "name the category, such as `process where`, if the events have one",
            )


def _names_kind(step: Step) -> bool:
    """Whether the stage says in another way which events it is about: not all datasets have categories."""
    named = {field.name for field in fields(step.written.condition)}
    return bool(named & _KINDS) or any(field_table().resolve(name) is None for name in named)


def many_valued_keys(subject: Subject) -> Iterator[Found]:
    table = field_table()
    for keys in zip(*(step.keys for step in subject.steps), strict=False):
        if all(table.is_array(key.name) for key in keys):
            for key in {key.span: key for key in keys}.values():
                yield Found(
                    f"the join key `{key.name}` usually has several values, and every one of them is a key of its own",
                    key.span,
                    "join by a field with one value, such as `process.entity_id` or `container.id`",
                )


def trailing_missing(subject: Subject) -> Iterator[Found]:
    if subject.sequence and subject.steps:
        last = [step for step in subject.steps if step.role != "until"][-1]
        if last.role == "missing":
            yield Found(
                "the sequence ends with a missing event: it is known only when `maxspan` has passed",
                last.written.span,
                "nothing needs to be done for deckwatch; Elasticsearch may report it too early",
            )


def unused_until(subject: Subject) -> Iterator[Found]:
    for step in subject.steps:
        if step.role == "until" and never(step):
            yield Found("`until` never matches, so it ends no sequence", step.written.span, "mend or remove it")


def cannot_complete(subject: Subject) -> Iterator[Found]:
    sequence = subject.sequence
    if sequence is None:
        return
    stages = [step for step in subject.steps if step.role == "stage"]
    for step in subject.steps:
        if step.role == "missing" and isinstance(step.lowered.condition, Literal) and step.lowered.condition.value:
            message = f"{step.called} must be missing, but it matches every {step.written.category or ''} event"
            yield Found(message, step.written.span, "say which event must not be there")
    for one, other in combinations(stages, 2):
        yield from _keys_differ(one, other)
        if sequence.maxspan is not None:
            yield from _too_far_apart(one, other, sequence.maxspan.nanoseconds)


def _keys_differ(one: Step, other: Step) -> Iterator[Found]:
    for left, right in zip_longest(one.keys, other.keys):
        if left is None or right is None or not (single_valued(left.name) and single_valued(right.name)):
            continue
        for first in _about(one, left.name):
            for second in _about(other, right.name):
                if excluded(Values("", first.alternatives), Values("", second.alternatives)):
                    yield Found(
                        f"{one.called} and {other.called} are joined by `{left.name}` and `{right.name}`, "
                        "but no value passes both of their tests",
                        other.written.span,
                        "join by another field, or mend one of the tests",
                    )
                    return


def _about(step: Step, name: str) -> Iterator[Values]:
    for fact in facts(step.lowered.condition):
        if fact.holds and fact.values is not None and fact.values.field == name:
            yield fact.values


def _too_far_apart(one: Step, other: Step, most: int) -> Iterator[Found]:
    latest = min((high for _, high in _times(one) if high is not None), default=None)
    earliest = max((low for low, _ in _times(other) if low is not None), default=None)
    if latest is not None and earliest is not None and earliest - latest > most:
        message = f"{other.called} begins later after {one.called} than `maxspan` allows"
        yield Found(message, other.written.span, "give `maxspan` a longer time, or mend the dates")


def _times(step: Step) -> Iterator[tuple[int | None, int | None]]:
    for fact in facts(step.lowered.condition):
        match fact:
            case Fact(InRange(low=low, high=high) as test, True) if getattr(test.operand, "name", "") == "@timestamp":
                yield low, high


def suppression_keys(subject: Subject) -> Iterator[Found]:
    suppression = Suppression.of(subject.parameters)
    if not subject.sequence or suppression is None:
        return
    shared = {name.name for name in subject.sequence.by} or _in_every_stage(subject)
    for field in suppression.group_by:
        if field.place is None and field.name not in shared:
            yield Found(
                f"alerts are grouped by `{field.name}`, which the events of a sequence need not agree in",
                "alert_suppression",
                "group by the join keys of the whole sequence",
            )


def _in_every_stage(subject: Subject) -> set[str]:
    names = [{key.name for key in step.keys} for step in subject.steps if step.role == "stage"]
    return set.intersection(*names) if names else set()
