"""What checks find, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from deckwatch.eql.nodes import Span
from deckwatch.lint.subject import Subject

Severity: TypeAlias = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From the gravest on. An error: the rule, or a part of it, does not do what it says."""

Profile: TypeAlias = Literal["detection-rules"]
"""Conventions of one author, checked on demand only."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters of the query to be taken out."""

    span: Span


@dataclass(frozen=True, slots=True)
class Found:
    """What a check says of one rule. `at` is a place in the query, or the name of a parameter."""

    message: str
    at: Span | str
    cure: str
    fix: tuple[Edit, ...] = ()


Find: TypeAlias = Callable[[Sequence[Subject]], Iterator[tuple[Subject, Found]]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked for, in all rules at once. `why` says what is bad about it."""

    code: str
    severity: Severity
    what: str
    why: str
    find: Find = field(repr=False)
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found in a rule, and where: `line` and `column` in the file, `span` in the query.

    `line` is None when the file as a whole is meant, `column` when a line is, `span` when it is not about the query.
    """

    code: str
    severity: Severity
    rule: str
    file: str
    line: int | None
    column: int | None
    span: Span | None
    message: str
    why: str
    cure: str
    fix: tuple[Edit, ...] = ()
    name: str = field(default="", compare=False)
    query: str = field(default="", compare=False, repr=False)


def each(check: Callable[[Subject], Iterable[Found]]) -> Find:
    """A check that looks at one rule at a time."""

    def find(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Found]]:
        for subject in subjects:
            for found in check(subject):
                yield subject, found

    return find
