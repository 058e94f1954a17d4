"""Conditions cut into the parts that are evaluated at different levels.

A condition is and/or/not over tests. Tests on one occurrence of one field, and whatever and/or/not joins
tests of the same field, need each distinct content of that field once (`Single`). A test over several
occurrences needs each distinct combination (`Joint`). What joins these is decided event by event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias

from deckwatch.eql.nodes import And, Comparison, EventFilter, Expr, Field, Literal, Not, Or, fields

Verdict: TypeAlias = "int | tuple[OneOf['and', 'or', 'not'], tuple[Verdict, ...]]"
"""How the verdicts of numbered tests combine."""


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    value: bool


@dataclass(frozen=True, eq=False, slots=True)
class Single:
    """And/or/not over tests that each read the same field once. Equal ones are the same object."""

    field: str
    verdict: Verdict


@dataclass(frozen=True, eq=False, slots=True)
class Joint:
    """One numbered test that reads several fields, or one field several times."""

    fields: tuple[str, ...]
    test: int


@dataclass(frozen=True, eq=False, slots=True)
class All:
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False, slots=True)
class AnyOf:
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Inverse:
    part: Part


Part: TypeAlias = Constant | Single | Joint | All | AnyOf | Inverse


class Cutter:
    """Cuts conditions, sharing what is equal among them. `tests` collects the distinct tests."""

    def __init__(self) -> None:
        self._tests: dict[str, tuple[int, Expr]] = {}  # by text: Python holds 1, 1.0 and True for equal
        self._singles: dict[tuple[str, Verdict], Single] = {}

    @property
    def tests(self) -> tuple[Expr, ...]:
        return tuple(test for _, test in self._tests.values())

    def cut(self, wanted: EventFilter, category_field: str) -> Part:
        """The parts of a lowered filter; its category is one more test, on the category field."""
        if wanted.category is None:
            return self._cut(wanted.condition)
        category = Comparison("==", Field(category_field), Literal(wanted.category))
        return self._join((category, wanted.condition), "and")

    def _cut(self, node: Expr) -> Part:
        match node:
            case And(terms=terms):
                return self._join(terms, "and")
            case Or(terms=terms):
                return self._join(terms, "or")
            case Not(operand=operand):
                match self._cut(operand):
                    case Single(field=field, verdict=verdict):
                        return self._single(field, ("not", (verdict,)))
                    case part:
                        return Inverse(part)
            case Literal(value=value):
                return Constant(value is True)
            case _:
                number, _ = self._tests.setdefault(repr(node), (len(self._tests), node))
                read = tuple(field.name for field in fields(node))
                return self._single(read[0], number) if len(read) == 1 else Joint(read, number)

    def _single(self, field: str, verdict: Verdict) -> Single:
        return self._singles.setdefault((field, verdict), Single(field, verdict))

    def _join(self, terms: tuple[Expr, ...], connective: OneOf["and", "or"]) -> Part:
        """Terms joined; those on the same field become one part."""
        node = All if connective == "and" else AnyOf
        by_field: dict[str, list[Verdict]] = {}
        rest: list[Part] = []
        for part in map(self._cut, terms):
            match part:
                case Single(field=field, verdict=verdict):
                    by_field.setdefault(field, []).append(verdict)
                case All(parts=parts) | AnyOf(parts=parts) if isinstance(part, node):
                    rest.extend(parts)
                case _:
                    rest.append(part)
        singles = [
            self._single(field, verdicts[0] if len(verdicts) == 1 else (connective, tuple(verdicts)))
            for field, verdicts in by_field.items()
        ]
        joined = (*singles, *rest)
        return joined[0] if len(joined) == 1 else node(joined)


def single_tests(part: Part) -> Iterator[tuple[str, int]]:
    """The numbers of the tests a part takes on single fields, each with its field."""
    match part:
        case Single(field=field, verdict=verdict):
            yield from ((field, number) for number in _numbers(verdict))
        case All(parts=parts) | AnyOf(parts=parts):
            for each in parts:
                yield from single_tests(each)
        case Inverse(part=inner):
            yield from single_tests(inner)
        case Constant() | Joint():
            pass


def _numbers(verdict: Verdict) -> Iterator[int]:
    if isinstance(verdict, int):
        yield verdict
    else:
        for each in verdict[1]:
            yield from _numbers(each)
