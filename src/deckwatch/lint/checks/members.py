"""Lists that say something twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from deckwatch.eql.nodes import Expr, Literal, Match, Membership, Span, walk
from deckwatch.lint.finding import Edit, Found
from deckwatch.lint.subject import Subject
from deckwatch.lint.values import Alternative, Glob, Interval, pattern_of, repeated

_COMMENT_OR_COMMA = re.compile(r"/\*.*?\*/|//[^\n]*|,", re.DOTALL)


def duplicate_members(subject: Subject) -> Iterator[Found]:
    for members, alternatives in _lists(subject):
        for place, other in _repeated(alternatives):
            if alternatives[place] == alternatives[other]:
                shown = subject.excerpt(members[place].span)
                yield Found(
                    f"{shown} is in this list already",
                    members[place].span,
                    "take it out",
                    _removal(subject, members, place),
                )


def subsumed_members(subject: Subject) -> Iterator[Found]:
    for members, alternatives in _lists(subject):
        for place, other in _repeated(alternatives):
            if alternatives[place] != alternatives[other]:
                shown, wide = subject.excerpt(members[place].span), subject.excerpt(members[other].span)
                yield Found(
                    f"{shown} adds nothing to this list: {wide} fits all that it fits",
                    members[place].span,
                    f"take it out, or narrow {wide} if that is too wide",
                    _removal(subject, members, place),
                )


def lists(expr: Expr) -> Iterator[tuple[tuple[Expr, ...], list[Alternative | None]]]:
    """Every list of values or patterns in a condition as written; None for a member that is no constant."""
    for node in walk(expr):
        match node:
            case Membership(members=members, insensitive=insensitive):
                yield members, [_member(member, insensitive=insensitive) for member in members]
            case Match(operator=operator, patterns=patterns):
                yield (
                    patterns,
                    [pattern_of(operator, each.value) if isinstance(each.value, str) else None for each in patterns],
                )


def _lists(subject: Subject) -> Iterator[tuple[tuple[Expr, ...], list[Alternative | None]]]:
    for step in subject.steps:
        yield from lists(step.written.condition)


def _member(member: Expr, *, insensitive: bool) -> Alternative | None:
    match member:
        case Literal(value=str(text)):
            return Glob.literal(text, insensitive=insensitive)
        case Literal(value=int() | float() as number):
            return Interval(number, number)
        case _:
            return None


def _repeated(alternatives: Sequence[Alternative | None]) -> Iterator[tuple[int, int]]:
    constant = [place for place, each in enumerate(alternatives) if each is not None]
    for place, other in repeated([each for each in alternatives if each is not None]):
        yield constant[place], constant[other]


def _removal(subject: Subject, members: Sequence[Expr], place: int) -> tuple[Edit, ...]:
    """What to take out so that a member is gone, comments excepted."""
    span, text = members[place].span, subject.text.text
    last = place == len(members) - 1
    start, end = (members[place - 1].span.end, span.start) if last else (span.end, members[place + 1].span.start)
    found = list(_COMMENT_OR_COMMA.finditer(text, start, end))
    if len(found) == 1:
        return (Edit(Span(start, span.end) if last else Span(span.start, end)),)
    comma = next(each for each in found if each[0] == ",")
    return tuple(sorted((Edit(span), Edit(Span(*comma.span()))), key=lambda edit: edit.span.start))
