"""Fields that no mapping knows, with the kinds that a query uses them as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from deckwatch.eql.functions import Accepts, find_function
from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expr,
    Field,
    Literal,
    Match,
    Membership,
    Not,
    Or,
    Sign,
    children,
    walk,
)
from deckwatch.eql.types import FieldInfo, Kind, Schema

PRECEDENCE: tuple[Kind, ...] = ("ip", "keyword", "boolean", "double", "long")
"""Of several uses the first decides: text may be compared with numbers, but not the reverse."""

ARGUMENT_KINDS: Mapping[Accepts, Kind] = {
    "text": "keyword",
    "number": "long",
    "integer": "long",
    "boolean": "boolean",
    "ip": "ip",
}


class Inferred:
    """A schema that knows some more fields."""

    def __init__(self, schema: Schema, kinds: Mapping[str, Kind]) -> None:
        self._schema = schema
        self._kinds = kinds

    def resolve(self, name: str) -> FieldInfo | None:
        kind = self._kinds.get(name)
        return self._schema.resolve(name) or (FieldInfo(name, kind, kind) if kind else None)

    def names(self) -> Iterable[str]:
        return (*self._schema.names(), *self._kinds)


def infer(conditions: Iterable[Expr], keys: Iterable[tuple[Field, ...]], category_field: str, schema: Schema) -> Schema:
    """The schema, and every field it lacks by its use: in conditions, as one of several equal join keys, as category.

    `keys` are tuples of fields that are compared with each other. Where nothing tells, a field is a keyword.
    """
    uses: dict[str, set[Kind]] = {category_field: {"keyword"}}
    for condition in conditions:
        for field in (each for each in walk(condition) if isinstance(each, Field)):
            uses.setdefault(field.name, set())
        for name, kind in _uses(condition):
            uses[name].add(kind)
    for position in keys:
        known = set().union(_mapped_kinds(position, schema), *(uses.get(key.name, ()) for key in position))
        uses.update({key.name: known for key in position if not uses.get(key.name)})
    kinds: dict[str, Kind] = {
        name: next((kind for kind in PRECEDENCE if kind in found), "keyword")
        for name, found in uses.items()
        if schema.resolve(name) is None
    }
    return Inferred(schema, kinds)


def _mapped_kinds(keys: Iterable[Field], schema: Schema) -> set[Kind]:
    resolved = (schema.resolve(key.name) for key in keys)
    return {info.kind for info in resolved if info and info.kind}


def _uses(condition: Expr) -> Iterator[tuple[str, Kind]]:
    """Every field of a condition with each kind that it is used as."""
    if isinstance(condition, Field):
        yield condition.name, "boolean"
    for node in walk(condition):
        for operand, kind in _operand_uses(node):
            if isinstance(operand, Field) and kind:
                yield operand.name, kind


def _operand_uses(node: Expr) -> Iterator[tuple[Expr, Kind | None]]:
    match node:
        case Comparison(left=left, right=right):
            yield left, _kind(right)
            yield right, _kind(left)
        case Membership(operand=operand, members=members):
            yield from ((operand, _kind(member)) for member in members)
        case Match(operand=operand):
            yield operand, "keyword"
        case Sign() | Arithmetic():
            yield from ((operand, _kind(node)) for operand in children(node))
        case Not() | And() | Or():
            yield from ((operand, "boolean") for operand in children(node))
        case Call(name=name, arguments=arguments):
            function = find_function(name)
            if function:
                wanted = (function.parameter(i).accepts for i in range(len(arguments)))
                yield from zip(arguments, map(ARGUMENT_KINDS.get, wanted), strict=True)


def _kind(expr: Expr) -> Kind | None:
    """The kind of an expression as far as its form tells."""
    match expr:
        case Literal(value=bool()) | Comparison() | Membership() | Match() | Not() | And() | Or():
            return "boolean"
        case Literal(value=str()):
            return "keyword"
        case Literal(value=float()):
            return "double"
        case Literal(value=int()):
            return "long"
        case Sign() | Arithmetic():
            return "double" if "double" in map(_kind, children(expr)) else "long"
        case Call(name=name):
            function = find_function(name)
            return None if function is None else "long" if function.result == "number" else function.result
        case _:
            return None
