"""Parts of conditions that decide nothing, or everything."""

from __future__ import annotations

from collections.abc import Iterator

from deckwatch.eql.nodes import Literal
from deckwatch.lint.finding import Found
from deckwatch.lint.logic import Judged, dead_alternatives, judged
from deckwatch.lint.subject import Step, Subject


def never_true(subject: Subject) -> Iterator[Found]:
    for step in subject.steps:
        if step.role == "until":
            continue
        if isinstance(step.lowered.condition, Literal) and step.lowered.condition.value is not True:
            message = f"{step.called} never matches: its condition is false whatever the event is"
            yield Found(message, step.written.condition.span, "remove what makes it false")
        for each in judged(step.lowered.condition):
            if each.verdict == "never" and each.whole:
                message = f"{step.called} never matches: {_contradiction(subject, each)}"
                yield Found(message, each.part.span, "remove one of the two, or join them by `or`")


def always_true(subject: Subject) -> Iterator[Found]:
    for step in subject.steps:
        written, lowered = step.written.condition, step.lowered.condition
        if isinstance(lowered, Literal) and lowered.value is True and not isinstance(written, Literal):
            yield Found(f"the condition of {step.called} is true whatever the event is", written.span, "write `true`")
        for each in judged(lowered):
            if each.verdict == "always" and each.because is None:
                shown = subject.excerpt(each.part.span)
                message = f"{shown} is always {'true' if each.holds else 'false'}{_while_single(each)}"
                yield Found(message, each.part.span, "with `!=` or `not`, alternatives are joined by `and`")


def dead_clauses(subject: Subject) -> Iterator[Found]:
    for each in _judged(subject):
        if each.verdict == "never" and not each.whole:
            message = f"{_contradiction(subject, each)}, so this alternative is dead"
            yield Found(message, each.part.span, "remove the alternative, or mend the clause that rules it out")


def redundant_clauses(subject: Subject) -> Iterator[Found]:
    for each in _judged(subject):
        if each.verdict == "always" and each.because is not None:
            shown, reason = subject.excerpt(each.part.span), subject.excerpt(each.because.span)
            message = f"{shown} changes nothing beside {reason}{_while_single(each)}"
            yield Found(message, each.part.span, "remove it, or mend what was meant")


def dead_members(subject: Subject) -> Iterator[Found]:
    for step in subject.steps:
        for test, place, exception in dead_alternatives(step.lowered.condition):
            message = (
                f"member {place + 1} of {subject.excerpt(test.span)} never counts: "
                f"{subject.excerpt(exception.span)} is excluded"
            )
            yield Found(message, test.span, "remove the member, or the exclusion")


def never(step: Step) -> bool:
    """Whether a filter is known to let no event through."""
    condition = step.lowered.condition
    constant = isinstance(condition, Literal) and condition.value is not True
    return constant or any(each.verdict == "never" and each.whole for each in judged(condition))


def _judged(subject: Subject) -> Iterator[Judged]:
    for step in subject.steps:
        yield from judged(step.lowered.condition)


def _contradiction(subject: Subject, each: Judged) -> str:
    shown = subject.excerpt(each.part.span)
    reason = subject.excerpt(each.because.span) if each.because else "itself"
    return f"{shown} contradicts {reason}{_while_single(each)}"


def _while_single(each: Judged) -> str:
    return f" (`{each.single}` has one value in an event)" if each.single else ""
