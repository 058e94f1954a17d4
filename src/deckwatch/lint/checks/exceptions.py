"""Exceptions that take too much away from a rule, or nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from deckwatch.eql.dates import format_timestamp
from deckwatch.eql.folding import conjunction
from deckwatch.eql.nodes import NOWHERE, Comparison, Expr, Field, Literal
from deckwatch.eql.suggest import hint
from deckwatch.events.fields import field_table
from deckwatch.lint.checks.clauses import never
from deckwatch.lint.checks.fields import is_supplied, known_steps, known_streams, supplies
from deckwatch.lint.finding import Found
from deckwatch.lint.logic import implies
from deckwatch.lint.subject import Step, Subject
from deckwatch.rules.exceptions.lists import Entry, ExceptionItem, Nested
from deckwatch.rules.exceptions.lower import CASELESS

PARAMETER = "exceptions_list"


def removes_all(subject: Subject) -> Iterator[Found]:
    now = time.time_ns()
    for exclusion in subject.rule.exceptions.exclusions:
        if exclusion.nested or not exclusion.is_active(now):
            continue
        for number, step in enumerate(subject.steps):
            if step.role not in ("event", "stage") or not exclusion.applies_to(number) or never(step):
                continue
            if implies(_whole(step, subject), exclusion.condition):
                message = f"{_called(exclusion.item)} removes whatever {step.called} can match"
                yield Found(message, step.written.condition.span, "narrow the exception, or disable the rule")
                break


def expired(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Found]]:
    now = time.time_ns()
    for subject, item in _once(subjects):
        if item.expires is not None and item.expires < now:
            message = f"{_called(item)} has expired: {format_timestamp(item.expires)}"
            yield subject, Found(message, PARAMETER, "remove it, or give it a later `expire_time`")


def unknown_fields(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Found]]:
    table = field_table()
    for subject, item in _once(subjects):
        for name in dict.fromkeys(name for entry in item.entries for name in _names(entry)):
            if table.resolve(name) is not None or name in supplies() or name in subject.rule.checked.fields:
                continue
            if any(known.startswith(f"{name}.") for known in table.names()):
                message = f"{_called(item)} tests `{name}`, which is an object and has no value itself"
                yield subject, Found(message, PARAMETER, "name a field below it")
            elif (cure := hint(name, table.names())) or known_streams(subject):
                message = f"{_called(item)} tests `{name}`, which no schema knows"
                yield subject, Found(message, PARAMETER, cure or "name a field of the rule's data streams")


def stages_spared(subject: Subject) -> Iterator[Found]:
    """Stages whose events an exception cannot name, since they lack a field that it asks for."""
    steps = [(step, streams) for step, streams in known_steps(subject) if step.role != "until"]
    for exclusion in subject.rule.exceptions.exclusions:
        if exclusion.item.steps:
            continue
        asked = [name for entry in exclusion.item.entries if not _is_excluded(entry) for name in _names(entry)]
        lacking = [(step, [name for name in asked if not is_supplied(name, streams)]) for step, streams in steps]
        if all(names for _, names in lacking):
            continue
        for step, names in lacking:
            if names:
                message = f"{_called(exclusion.item)} takes no events from {step.called}, which has no `{names[0]}`"
                cure = "the other stages may be filled by other events; `rules except --preview` shows what goes"
                yield Found(message, step.written.condition.span, cure)


def _is_excluded(entry: Entry) -> bool:
    return not isinstance(entry, Nested) and entry.excluded


def _whole(step: Step, subject: Subject) -> Expr:
    """The filter of a step, its category included."""
    category = step.lowered.category
    if category is None:
        return step.lowered.condition
    is_of = Comparison("==", Field(subject.rule.checked.category_field), Literal(category))
    return conjunction([is_of, step.lowered.condition], NOWHERE)


def _once(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, ExceptionItem]]:
    """Each item of a list that several rules share with the first of them."""
    seen = set()
    for subject in subjects:
        for exclusion in subject.rule.exceptions.exclusions:
            identity = (*exclusion.item.key, exclusion.item_id)
            if identity not in seen:
                seen.add(identity)
                yield subject, exclusion.item


def _names(entry: Entry) -> Iterator[str]:
    if isinstance(entry, Nested):
        yield from (f"{entry.field}.{name}" for each in entry.entries for name in _names(each))
    else:
        yield entry.field.removesuffix(CASELESS)


def _called(item: ExceptionItem) -> str:
    return f"the exception {item.name!r} ({item.file}:{item.line})"
