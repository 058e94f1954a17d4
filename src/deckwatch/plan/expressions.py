"""From one lowered EQL test to a Polars expression.

Most of the language has a columnar form here. What is rare and intricate (`between`, `number`, versions …) has
not: `compile_test` then answers None, and the caller runs the row evaluator over the distinct values instead, so there
is one definition of those functions.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce

import polars as pl

from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expr,
    Field,
    InRange,
    IsNull,
    Literal,
    Match,
    Membership,
    Not,
    Or,
    Sign,
)
from deckwatch.eql.types import Kind
from deckwatch.plan.networks import Blocks
from deckwatch.plan.patterns import TextOperator, ascii_lower, is_folded, match_text

_COMPARE: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_INT64 = 2**63


FOLDED = "~"
"""Ends the name of the column that holds another's texts with ASCII letters in lower case."""


class _NoColumnarFormError(Exception):
    """This construct is left to the row evaluator."""


def compile_test(test: Expr, kinds: Mapping[str, Kind]) -> pl.Expr | None:
    """A Boolean expression over columns named 0, 1, …, one per occurrence of a field in source order.

    Where letter case does not matter it reads 0~, 1~, …: the same texts with ASCII letters in lower case.
    Null stands for "cannot be told", which a caller treats as false. None: there is no columnar form.
    """
    try:
        return _Compiler(kinds).boolean(test)
    except _NoColumnarFormError:
        return None


class _Compiler:
    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._names: Iterator[int] = iter(range(1 << 30))

    def _field(self) -> pl.Expr:
        return pl.col(str(next(self._names)))

    def boolean(self, node: Expr) -> pl.Expr:  # noqa: C901  # one case each
        match node:
            case Not(operand=operand):
                return ~self.boolean(operand)
            case And(terms=terms):
                return reduce(operator.and_, [self.boolean(term) for term in terms])
            case Or(terms=terms):
                return reduce(operator.or_, [self.boolean(term) for term in terms])
            case IsNull(operand=operand):
                return self.value(operand).is_null()
            case InRange(operand=Field(), low=low, high=high):
                column = self._field()
                return column.is_between(-_INT64 if low is None else low, _INT64 - 1 if high is None else high)
            case Comparison():
                return self._comparison(node)
            case Membership(operand=operand, members=members, insensitive=insensitive):
                return self._membership(operand, members, insensitive=insensitive)
            case Match(operand=operand, operator=kind, patterns=patterns):
                texts = [str(pattern.value) for pattern in patterns]
                return self._match(operand, kind, texts)
            case Call(name="cidrMatch", arguments=(Field(), *blocks)):
                return self._among(blocks)
            case Call(name="startsWith" | "endsWith" | "stringContains"):
                return self._relation(node)
            case _:
                raise _NoColumnarFormError

    def _comparison(self, node: Comparison) -> pl.Expr:
        kind = self._kind(node.left)
        if not isinstance(node.right, Literal) or kind in (None, "ip", "version"):
            raise _NoColumnarFormError
        constant = node.right.value
        left = self.value(node.left)
        if kind == "long" and isinstance(constant, float):
            return _compare_long(left, node.operator, constant)
        return _COMPARE[node.operator](left, pl.lit(constant))

    def _membership(self, operand: Expr, members: tuple[Expr, ...], *, insensitive: bool) -> pl.Expr:
        constants = [member.value for member in members if isinstance(member, Literal)]
        kind = self._kind(operand)
        if len(constants) < len(members) or kind not in ("keyword", "long", "boolean"):
            raise _NoColumnarFormError
        if insensitive:
            return self._match(operand, "in~", [str(constant) for constant in constants])
        if any(isinstance(constant, float) for constant in constants):
            raise _NoColumnarFormError
        return self.value(operand).is_in(constants)

    def _match(self, operand: Expr, kind: TextOperator, texts: list[str]) -> pl.Expr:
        text = self._text(operand)
        if is_folded(kind):
            match operand:
                case Field():
                    text = pl.col(text.meta.output_name() + FOLDED)
                case _:
                    text = text.map_batches(ascii_lower, return_dtype=pl.String)
        expression = match_text(text, kind, texts)
        if expression is None:
            raise _NoColumnarFormError
        return expression

    def _among(self, blocks: Sequence[Expr]) -> pl.Expr:
        texts = [block.value for block in blocks if isinstance(block, Literal) and isinstance(block.value, str)]
        return self._field().map_batches(Blocks(texts).verdicts, return_dtype=pl.Boolean)

    def _relation(self, node: Call) -> pl.Expr:
        subject, sought = (self._text(argument) for argument in node.arguments)
        if node.insensitive:
            subject, sought = subject.str.to_lowercase(), sought.str.to_lowercase()
        match node.name:
            case "startsWith":
                return subject.str.starts_with(sought)
            case "endsWith":
                return subject.str.ends_with(sought)
            case _:
                return subject.str.contains(sought, literal=True) & (sought != "")

    def _text(self, node: Expr) -> pl.Expr:
        if self._kind(node) != "keyword":
            raise _NoColumnarFormError
        return self.value(node)

    def value(self, node: Expr) -> pl.Expr:
        match node:
            case Literal(value=value):
                return pl.lit(value)
            case Field():
                return self._field()
            case Call(name="length", arguments=(argument,)):
                return self._text(argument).str.len_chars().cast(pl.Int64)
            case Call(name="concat", arguments=arguments):
                return pl.concat_str([self._text(argument) for argument in arguments])
            case _:
                raise _NoColumnarFormError

    def _kind(self, node: Expr) -> Kind | None:
        match node:
            case Field(name=name):
                return self._kinds[name]
            case Literal(value=str()) | Call(name="concat"):
                return "keyword"
            case Call(name="length"):
                return "long"
            case Sign() | Arithmetic():
                return None
            case _:
                return None


def _compare_long(column: pl.Expr, compare: str, constant: float) -> pl.Expr:
    """Integers against a fraction, exactly: `n > 4.5` is `n >= 5`."""
    if not -_INT64 <= constant < _INT64:
        below = constant > 0 or math.isnan(constant)
        verdict = compare in (("<", "<=") if below else (">", ">="))
        return column.is_not_null() & verdict
    floor, ceiling = math.floor(constant), math.ceil(constant)
    match compare:
        case "==":
            return (column == floor) & (floor == ceiling)
        case "<":
            return column < ceiling
        case "<=":
            return column <= floor
        case ">":
            return column > floor
        case _:
            return column >= ceiling
