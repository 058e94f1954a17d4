"""What the check of a query works with: types, the schema, the faults found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal as OneOf
from typing import TypeAlias

from deckwatch.eql.errors import Fault, FaultKind, visible
from deckwatch.eql.nodes import Call, Expr, Field, Literal, Scalar, Span
from deckwatch.eql.suggest import hint as suggestion
from deckwatch.eql.text import QueryText
from deckwatch.eql.types import Kind, Schema

Type: TypeAlias = Kind | OneOf["null", "unknown"]
"""What an expression gives; unknown when a fault has been reported for it already."""

TYPE_NAMES: Mapping[Type, str] = {
    "keyword": "text",
    "long": "an integer",
    "double": "a number",
    "boolean": "a boolean",
    "date": "a date",
    "ip": "an IP address",
    "version": "a version",
    "null": "null",
    "unknown": "unknown",
}

NUMERIC: frozenset[Type] = frozenset({"long", "double"})

MOST_SUGGESTIONS = 50
"""After so many faults, names are not looked for any more: each search takes milliseconds."""

_EXCERPT = 40


@dataclass(frozen=True, slots=True)
class Typed:
    """A lowered expression and its type."""

    expr: Expr
    type: Type

    @property
    def is_constant(self) -> bool:
        return isinstance(self.expr, Literal)


def type_of(value: Scalar) -> Type:
    """The type of a constant."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "long"
        case float():
            return "double"
        case str():
            return "keyword"


def constant(value: Scalar, span: Span) -> Typed:
    """A literal with its type."""
    return Typed(Literal(value, span=span), type_of(value))


class Scope:
    """The surroundings of the conditions of one query."""

    def __init__(self, schema: Schema, source: QueryText) -> None:
        self.schema = schema
        self.source = source
        self.faults: list[Fault] = []

    def fault(self, message: str, span: Span, hint: str = "", kind: FaultKind = "verification") -> None:
        self.faults.append(self.source.fault(visible(message), span, hint, kind))

    def field(self, field: Field) -> Typed:
        """A field by its real name; null when it is optional and not mapped."""
        info = self.schema.resolve(field.name)
        if info is None and field.optional:
            return constant(None, field.span)
        kind = self._kind(field.name, field.span)
        if info is None or kind is None:
            return Typed(field, "unknown")
        return Typed(Field(info.name, span=field.span), kind)

    def key(self, key: Field) -> tuple[Field, Type]:
        """A join key by its real name; an optional one that is not mapped keeps its own and is null in every event."""
        info = self.schema.resolve(key.name)
        if info is None and key.optional:
            return key, "null"
        kind = self._kind(key.name, key.span)
        if info is None or kind is None:
            return key, "unknown"
        return Field(info.name, key.optional, span=key.span), kind

    def category(self, name: str, span: Span) -> None:
        """See that the field of the event category exists and holds text."""
        kind = self._kind(name, span, "an event category needs it; `any where …` does not")
        if kind not in {None, "keyword"}:
            self.fault(f"the category field `{name}` is {TYPE_NAMES[kind or 'unknown']}, not text", span)

    def excerpt(self, expr: Expr) -> str:
        """How an expression is called in messages."""
        written = " ".join(self.source.slice(expr.span).split())
        match expr:
            case _ if written:
                return f"`{written if len(written) <= _EXCERPT else written[:_EXCERPT] + '…'}`"
            case Field(name=name):
                return f"`{name}`"
            case Call(name=name):
                return f"`{name}(…)`"
            case Literal(value=value):
                return f"`{value}`"
            case _:
                return "this"

    def _kind(self, name: str, span: Span, hint: str = "") -> Kind | None:
        """The kind of a mapped field; a fault when it is not mapped or cannot be queried."""
        info = self.schema.resolve(name)
        if info is None:
            similar = suggestion(name, self._queryable) if len(self.faults) < MOST_SUGGESTIONS else ""
            self.fault(f"unknown field `{name}`", span, similar or hint)
            return None
        if info.kind is None:
            self.fault(f"the field `{name}` has the type {info.mapping}, which cannot be queried", span)
            return None
        return info.kind

    @cached_property
    def _queryable(self) -> tuple[str, ...]:
        resolved = ((name, self.schema.resolve(name)) for name in self.schema.names())
        return tuple(name for name, info in resolved if info and info.kind)
