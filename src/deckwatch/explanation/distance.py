"""How far a condition is from being true: the fewest tests that would have to turn out otherwise.

It works on one event (numbers) and on many at once (arrays) alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deckwatch.eql.nodes import And, Comparison, EventFilter, Expr, Field, Literal, Not, Or
from deckwatch.explanation.values import NEVER

Count: TypeAlias = "int | NDArray[np.int64]"
Unmet: TypeAlias = Callable[[Expr], Any]
"""For a test 1 where it is false and 0 where it is true."""


def whole(wanted: EventFilter, category_field: str) -> Expr:
    """A filter as one condition: its category is a test like any other."""
    if wanted.category is None:
        return wanted.condition
    category = Comparison("==", Field(category_field), Literal(wanted.category))
    match wanted.condition:
        case And(terms=terms, span=span):
            return And((category, *terms), span=span)
        case Literal(value=True):
            return category
        case single:
            return And((category, single), span=single.span)


def tests(condition: Expr) -> Iterator[Expr]:
    """The parts of a lowered condition that are true or false of themselves, in the order of the text."""
    match condition:
        case And(terms=terms) | Or(terms=terms):
            for term in terms:
                yield from tests(term)
        case Not(operand=operand):
            yield from tests(operand)
        case Literal():
            return
        case test:
            yield test


def distance(condition: Expr, unmet: Unmet, *, want: bool = True) -> Count:
    """The fewest tests that would have to turn out otherwise for the condition to be as wanted."""
    match condition:
        case Literal(value=value):
            return 0 if (value is True) is want else NEVER
        case Not(operand=operand):
            return distance(operand, unmet, want=not want)
        case And(terms=terms) | Or(terms=terms):
            found = [distance(term, unmet, want=want) for term in terms]
            total: Count = sum(found) if isinstance(condition, And) is want else reduce(np.minimum, found)
            return total
        case test:
            count: Count = unmet(test) if want else 1 - unmet(test)
            return count


def decisive(condition: Expr, unmet: Unmet, *, want: bool = True) -> Iterator[Expr]:
    """The tests that are not as wanted, among the fewest that would have to be otherwise, on one event.

    Of alternatives that are equally far, those count of which most is met already.
    """
    match condition:
        case Literal():
            return
        case Not(operand=operand):
            yield from decisive(operand, unmet, want=not want)
        case And(terms=terms) | Or(terms=terms) if isinstance(condition, And) is want:
            for term in terms:
                yield from decisive(term, unmet, want=want)
        case And(terms=terms) | Or(terms=terms):
            far = [(distance(term, unmet, want=want), -_met(term, unmet, want=want)) for term in terms]
            for term, each in zip(terms, far, strict=True):
                if each == min(far) and each[0]:
                    yield from decisive(term, unmet, want=want)
        case test:
            if unmet(test) == want:
                yield test


def _met(condition: Expr, unmet: Unmet, *, want: bool) -> int:
    """How many tests of a condition are as wanted."""
    match condition:
        case Not(operand=operand):
            return _met(operand, unmet, want=not want)
        case And(terms=terms) | Or(terms=terms):
            return sum(_met(term, unmet, want=want) for term in terms)
        case Literal():
            return 0
        case test:
            return int(unmet(test) != want)
