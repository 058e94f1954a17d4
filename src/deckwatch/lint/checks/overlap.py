"""Rules that say what other rules say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from deckwatch.eql.nodes import EventQuery, SampleQuery, SequenceQuery, fields
from deckwatch.lint.finding import Found
from deckwatch.lint.logic import facts, implies
from deckwatch.lint.subject import Step, Subject
from deckwatch.lint.values import Glob, covers


def repeated_names(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Found]]:
    first: dict[str, Subject] = {}
    for subject in subjects:
        known = first.setdefault(subject.rule.name, subject)
        if known is not subject:
            message = f"the rule {known.rule.rule_id} in {known.rule.source} has this name, too"
            yield subject, Found(message, "name", "give one of the two another name")


def equivalent_rules(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Found]]:
    for one, other in combinations(map(_Outline.of, subjects), 2):
        if _is_wider(one, other) and _is_wider(other, one):
            rule = other.subject.rule
            message = f"this rule matches what {rule.name!r} ({rule.rule_id}) matches, no more and no less"
            yield one.subject, Found(message, one.subject.head, "keep one of the two")


def subsumed_rules(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Found]]:
    events = [_Outline.of(subject) for subject in subjects if isinstance(subject.tree, EventQuery)]
    for narrow, wide in permutations(events, 2):
        if _is_wider(wide, narrow) and not _is_wider(narrow, wide):
            rule = wide.subject.rule
            message = f"whatever this rule matches, {rule.name!r} ({rule.rule_id}) matches too"
            cure = "keep both if this one is graver; else remove this one, or narrow the other"
            yield narrow.subject, Found(message, narrow.subject.head, cure)


@dataclass(frozen=True, slots=True)
class _Outline:
    """What is compared of rules before anything that takes time."""

    subject: Subject
    frame: tuple[str, str, type, int]
    asked: frozenset[str]
    """The fields that every match speaks of."""
    index: tuple[Glob, ...]
    """Empty where the index patterns are more than a list of names to read."""

    @classmethod
    def of(cls, subject: Subject) -> _Outline:
        rule = subject.rule
        plain = not any(pattern.startswith(("-", "<")) or "," in pattern for pattern in rule.index)
        asked = (fact for step in subject.steps for fact in facts(step.lowered.condition))
        return cls(
            subject,
            (rule.checked.category_field, rule.timestamp_field, type(subject.tree), len(subject.steps)),
            frozenset(field.name for fact in asked for field in fields(fact.test)),
            tuple(map(Glob.wildcard, rule.index)) if plain else (),
        )


def _is_wider(wide: _Outline, narrow: _Outline) -> bool:
    """Whether the wide rule matches every event, or sequence, that the narrow one does."""
    if wide.frame != narrow.frame or not wide.asked <= narrow.subject.rule.checked.fields.keys():
        return False
    return _reads(wide, narrow) and _matches(wide.subject, narrow.subject)


def _matches(wide: Subject, narrow: Subject) -> bool:
    match wide.rule.checked.query, narrow.rule.checked.query:
        case EventQuery(pipes=()), EventQuery(pipes=()):
            return _filters(wide.steps[0], narrow.steps[0])
        case (SequenceQuery() as left, SequenceQuery() as right) if left.pipes == right.pipes:
            spans = [query.maxspan.nanoseconds if query.maxspan else None for query in (left, right)]
            runs = [[(stage.runs, stage.missing) for stage in query.stages] for query in (left, right)]
            return spans[0] == spans[1] and runs[0] == runs[1] and _same_stages(wide, narrow)
        case SampleQuery(), SampleQuery():
            return _same_stages(wide, narrow)
        case _:
            return False


def _same_stages(left: Subject, right: Subject) -> bool:
    """Whether the stages let the same events through: a wider one may replace what another one waits with."""
    return all(
        [key.name for key in one.keys] == [key.name for key in other.keys]
        and one.role == other.role
        and _filters(one, other)
        and _filters(other, one)
        for one, other in zip(left.steps, right.steps, strict=True)
    )


def _filters(wide: Step, narrow: Step) -> bool:
    if wide.written.category not in (None, narrow.written.category):
        return False
    return implies(narrow.lowered.condition, wide.lowered.condition)


def _reads(wide: _Outline, narrow: _Outline) -> bool:
    """Whether every data stream of the narrow rule is one of the wide rule."""
    if not wide.index or not narrow.index:
        return wide.subject.rule.index == narrow.subject.rule.index
    return all(any(covers(each, pattern) for each in wide.index) for pattern in narrow.index)
