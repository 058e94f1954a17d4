"""The tree of an EQL query: frozen values, one class per construct of the language.

The parser builds it, the printer writes it back, `check` resolves names and types and returns it
with lowered conditions. `IsNull` and `InRange` appear only in lowered conditions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of characters in a query's text."""

    start: int
    end: int


NOWHERE = Span(0, 0)

Scalar: TypeAlias = "bool | int | float | str | None"
ComparisonOperator: TypeAlias = OneOf["==", "!=", "<", "<=", ">", ">="]
ArithmeticOperator: TypeAlias = OneOf["+", "-", "*", "/", "%"]
MatchOperator: TypeAlias = OneOf[":", "like", "like~", "regex", "regex~"]


@dataclass(frozen=True, slots=True)
class Node:
    """What every construct has: its place in the text, which equality ignores."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant: text, number, boolean or null."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A field by its dotted name; `optional` when written with a leading `?`."""

    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Sign(Node):
    """Unary plus or minus."""

    operator: OneOf["+", "-"]
    operand: Expr


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """One binary arithmetic operation."""

    operator: ArithmeticOperator
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """One comparison. Lowered: never `!=`, the right side is a non-null literal of the left side's type."""

    operator: ComparisonOperator
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`operand in (…)` or `in~`. Lowered: members are non-null literals of the operand's type."""

    operand: Expr
    members: tuple[Expr, ...]
    insensitive: bool = False


@dataclass(frozen=True, slots=True)
class Match(Node):
    """`operand <operator> patterns`: true when any pattern fits. Lowered: texts, one at least with a wildcard."""

    operand: Expr
    operator: MatchOperator
    patterns: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function call. `insensitive` when written with `~`. The name is as written until checked, then canonical."""

    name: str
    arguments: tuple[Expr, ...]
    insensitive: bool = False


@dataclass(frozen=True, slots=True)
class Not(Node):
    operand: Expr


@dataclass(frozen=True, slots=True)
class And(Node):
    """Two or more conjuncts; nested conjunctions are flattened by the parser."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Two or more alternatives; nested alternatives are flattened by the parser."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class IsNull(Node):
    """True when the operand has no value. Lowered form of `operand == null`."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class InRange(Node):
    """True when low <= operand <= high; None is an open end. Lowered form of comparisons of dates, in nanoseconds."""

    operand: Expr
    low: int | None
    high: int | None


Expr: TypeAlias = (
    Literal | Field | Sign | Arithmetic | Comparison | Membership | Match | Call | Not | And | Or | IsNull | InRange
)

NANOSECONDS = {
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}


@dataclass(frozen=True, slots=True)
class MaxSpan(Node):
    """`with maxspan=<value><unit>`."""

    value: int
    unit: str

    @property
    def nanoseconds(self) -> int:
        return self.value * NANOSECONDS[self.unit]


@dataclass(frozen=True, slots=True)
class EventFilter(Node):
    """`category where condition`; category None stands for `any`."""

    category: str | None
    condition: Expr


@dataclass(frozen=True, slots=True)
class Pipe(Node):
    """`| head n` or `| tail n`."""

    name: OneOf["head", "tail"]
    count: int


@dataclass(frozen=True, slots=True)
class Stage(Node):
    """One bracketed filter of a sequence or sample, with its own join keys."""

    filter: EventFilter
    by: tuple[Field, ...] = ()
    missing: bool = False
    runs: int = 1


@dataclass(frozen=True, slots=True)
class EventQuery(Node):
    filter: EventFilter
    pipes: tuple[Pipe, ...] = ()


@dataclass(frozen=True, slots=True)
class SequenceQuery(Node):
    """Stages in order, not yet expanded by `runs`; `by` holds the global join keys, which come first in every key."""

    stages: tuple[Stage, ...]
    by: tuple[Field, ...] = ()
    maxspan: MaxSpan | None = None
    until: Stage | None = None
    pipes: tuple[Pipe, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleQuery(Node):
    stages: tuple[Stage, ...]
    by: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinQuery(Node):
    """A query of the older dialect. It parses, `check` rejects it, and no later stage meets it."""

    stages: tuple[Stage, ...]
    by: tuple[Field, ...] = ()
    until: Stage | None = None


Query: TypeAlias = EventQuery | SequenceQuery | SampleQuery
"""What can run."""

Statement: TypeAlias = Query | JoinQuery
"""What parses, and what `check` takes."""


def children(node: Expr) -> tuple[Expr, ...]:
    """The direct operands of an expression, in source order."""
    match node:
        case Literal() | Field():
            return ()
        case Sign(operand=operand) | Not(operand=operand) | IsNull(operand=operand) | InRange(operand=operand):
            return (operand,)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case Membership(operand=operand, members=members):
            return (operand, *members)
        case Match(operand=operand, patterns=patterns):
            return (operand, *patterns)
        case Call(arguments=arguments):
            return arguments
        case And(terms=terms) | Or(terms=terms):
            return terms


def walk(node: Expr) -> Iterator[Expr]:
    """The expression and everything below it, parents first, in source order."""
    yield node
    for child in children(node):
        yield from walk(child)


def fields(node: Expr) -> Iterator[Field]:
    """Every occurrence of a field in an expression, in source order."""
    return (each for each in walk(node) if isinstance(each, Field))


def stages_of(query: Statement) -> tuple[Stage, ...]:
    """Whatever filters events: the stages and what ends a sequence, or the one filter of an event query."""
    match query:
        case EventQuery(filter=only):
            return (Stage(only),)
        case SampleQuery(stages=stages):
            return stages
        case SequenceQuery(stages=stages, until=until) | JoinQuery(stages=stages, until=until):
            return stages if until is None else (*stages, until)
