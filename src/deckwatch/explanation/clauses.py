"""The tree of a condition, each clause with what the event held, what was wanted, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deckwatch.eql.dates import format_timestamp
from deckwatch.eql.evaluate import holds
from deckwatch.eql.nodes import (
    NOWHERE,
    And,
    Call,
    Comparison,
    EventFilter,
    Expr,
    InRange,
    IsNull,
    Literal,
    Match,
    Membership,
    Not,
    Or,
    Scalar,
    fields,
)
from deckwatch.eql.types import Kind
from deckwatch.eql.unparse import unparse
from deckwatch.events.document import field_values
from deckwatch.explanation.distance import decisive, distance, tests, whole
from deckwatch.explanation.values import Clause, Held, Verdict


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a query's conditions: its text, its category field, the kinds of its fields."""

    text: str
    category_field: str
    kinds: Mapping[str, Kind]

    def judge(self, wanted: EventFilter, document: Mapping[str, Any]) -> tuple[Clause, int]:
        """The tree of a filter on one event, and how many of its tests would have to be otherwise."""
        condition = whole(wanted, self.category_field)
        values: dict[str, Sequence[Scalar]] = {
            field.name: field_values(document, field.name, self.kinds[field.name]) for field in fields(condition)
        }
        unmet = {id(test): int(not holds(test, values.__getitem__)) for test in tests(condition)}

        def is_unmet(test: Expr) -> int:
            return unmet[id(test)]

        blamed = {id(test) for test in decisive(condition, is_unmet)}
        judge = _Judge(self, values, is_unmet, blamed)
        return judge.clause(condition), int(distance(condition, is_unmet))

    def source(self, node: Expr) -> str:
        """A part of a query as it is written there, on one line."""
        written = "" if node.span == NOWHERE else self.text[node.span.start : node.span.end]
        return " ".join(written.split()) or unparse(node)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Makes the clauses of one condition on one event."""

    reading: Reading
    values: Mapping[str, Sequence[Scalar]]
    unmet: Callable[[Expr], int]
    blamed: set[int]

    def clause(self, node: Expr) -> Clause:
        match node:
            case And(terms=terms):
                return self._junction(node, terms, "and", all)
            case Or(terms=terms):
                return self._junction(node, terms, "or", any)
            case Not(operand=And() | Or() as operand):
                inner = self.clause(operand)
                return Clause(
                    "not", self.reading.source(node), "false" if inner.verdict == "true" else "true", terms=(inner,)
                )
            case Not(operand=test):
                return self._test(node, test, negated=True)
            case test:
                return self._test(node, test, negated=False)

    def _junction(self, node: Expr, terms: Sequence[Expr], kind: Any, join: Callable[[Any], bool]) -> Clause:
        clauses = tuple(map(self.clause, terms))
        verdict: Verdict = "true" if join(each.verdict == "true" for each in clauses) else "false"
        return Clause(kind, self.reading.source(node), verdict, terms=clauses)

    def _test(self, node: Expr, test: Expr, *, negated: bool) -> Clause:
        text = self.reading.source(node)
        if isinstance(test, Literal):
            return Clause("test", text, "true" if (test.value is True) is not negated else "false", wanted="a constant")
        names = dict.fromkeys(field.name for field in fields(test))
        held = tuple(Held(name, self._shown(name)) for name in names)
        is_true = bool(self.unmet(test)) is negated
        missing = not all(each.values for each in held)
        verdict: Verdict = "true" if is_true else "missing" if missing else "false"
        return Clause("test", text, verdict, held, _wanted(node), decisive=id(test) in self.blamed)

    def _shown(self, name: str) -> tuple[Scalar, ...]:
        values = dict.fromkeys(self.values[name])
        if self.reading.kinds[name] == "date":
            return tuple(format_timestamp(value) for value in values if isinstance(value, int))
        return tuple(values)


def _wanted(test: Expr) -> str:
    match test:
        case Not(operand=IsNull()):
            return "a value"
        case Not(operand=Call()):
            return "false"
        case Not(operand=operand):
            return f"not {_wanted(operand)}"
        case IsNull():
            return "no value"
        case Comparison(operator="==", right=right):
            return unparse(right)
        case Comparison(operator=operator, right=right):
            return f"{operator} {unparse(right)}"
        case Membership(members=members, insensitive=insensitive):
            one_of, any_case = "one of " * (len(members) > 1), ", in any case" * insensitive
            return f"{one_of}{', '.join(map(unparse, members))}{any_case}"
        case Match(operator=operator, patterns=patterns):
            any_of = "any of " * (len(patterns) > 1)
            return f"{operator} {any_of}{', '.join(map(unparse, patterns))}"
        case InRange(low=low, high=high):
            bounds = (("at or after", low), ("at or before", high))
            return " and ".join(f"{word} {format_timestamp(bound)}" for word, bound in bounds if bound is not None)
        case _:
            return "true"
