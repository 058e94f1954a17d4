"""The meaning of conditions, one event at a time: slow, plain, and what faster ways are measured against.

A condition is two-valued. Above the leaves `and`, `or` and `not` are plain logic. A leaf (a comparison, a predicate,
a boolean call) is true when some choice of values makes it true: every occurrence of a field takes each of its
values in turn, independently of its other occurrences; a missing field is the single value null. So a leaf about a
missing field is false, unless it asks for null, and its negation is true. Inside a leaf null is a third value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product

from deckwatch.eql.errors import QueryError
from deckwatch.eql.lower import lower
from deckwatch.eql.nodes import And, EventFilter, Expr, Field, Literal, Not, Or, Scalar
from deckwatch.eql.operations import apply, operands
from deckwatch.eql.scalars import EvaluationError
from deckwatch.eql.scope import Scope
from deckwatch.eql.text import QueryText
from deckwatch.eql.types import FieldInfo

Values = Callable[[str], Sequence[Scalar]]
"""The values of a field, by its real name, without nulls; empty when it is missing."""

MOST_CHOICES = 10_000
"""How many combinations of values one operation looks at, unless one of its operands alone has more values.

The rest count as not true; only a hostile event has more.
"""


def matches(event_filter: EventFilter, category_field: str, values: Values) -> bool:
    """Whether an event has the category, in any value of the category field, and fulfils the lowered condition."""
    category = event_filter.category
    return (category is None or category in values(category_field)) and holds(event_filter.condition, values)


def holds(condition: Expr, values: Values) -> bool:
    """Whether an event fulfils a lowered condition."""
    match condition:
        case Literal(value=value):
            return value is True
        case And(terms=terms):
            return all(holds(term, values) for term in terms)
        case Or(terms=terms):
            return any(holds(term, values) for term in terms)
        case Not(operand=operand):
            return not holds(operand, values)
        case leaf:
            return any(outcome is True for outcome in outcomes(leaf, values))


def outcomes(expr: Expr, values: Values) -> Iterator[Scalar]:
    """Every value an expression can take in an event, one for each choice of the values of its fields.

    A choice without a value (a division by zero, `number("x")`) gives null. Elasticsearch fails the whole query
    there; one odd event must not stop a stream.
    """
    match expr:
        case Literal(value=value):
            yield value
        case Field(name=name):
            yield from values(name) or (None,)
        case _:
            found = [_distinct(outcomes(operand, values)) for operand in operands(expr)]
            for choice in islice(product(*found), max([MOST_CHOICES, *map(len, found)])):
                try:
                    yield apply(expr, choice)
                except EvaluationError:
                    yield None


def _distinct(found: Iterator[Scalar]) -> tuple[Scalar, ...]:
    """Each value once; `1`, `1.0` and `true` are different values."""
    return tuple({(type(value), value): value for value in found}.values())


def evaluate_constant(expr: Expr, text: str = "") -> Scalar:
    """The value of an expression without fields. `text` is what it was parsed from.

    Raises:
        QueryError: it has fields, its types do not fit, or it has no value.
    """
    scope = Scope(_NoFields(), QueryText(text))
    lowered = lower(expr, scope).expr
    if scope.faults or not isinstance(lowered, Literal):
        raise QueryError(text, tuple(scope.faults))
    return lowered.value


class _NoFields:
    """The schema of nothing."""

    def resolve(self, name: str) -> FieldInfo | None:  # noqa: ARG002
        return None

    def names(self) -> tuple[str, ...]:
        return ()
