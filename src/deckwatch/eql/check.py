"""From what is written to what is meant: names resolved, types checked, conditions lowered, all faults at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from deckwatch.eql.constraints import uneven_keys
from deckwatch.eql.errors import QueryError
from deckwatch.eql.inference import infer
from deckwatch.eql.lower import lower_condition
from deckwatch.eql.nodes import (
    EventFilter,
    EventQuery,
    Field,
    JoinQuery,
    Query,
    SampleQuery,
    SequenceQuery,
    Span,
    Stage,
    Statement,
    fields,
    stages_of,
)
from deckwatch.eql.scope import NUMERIC, TYPE_NAMES, Scope, Type
from deckwatch.eql.text import QueryText
from deckwatch.eql.tokens import token_span
from deckwatch.eql.types import Kind, Schema


@dataclass(frozen=True, slots=True)
class Checked:
    """A query with lowered conditions, and the real name and kind of every field it needs."""

    query: Query
    fields: Mapping[str, Kind]
    category_field: str


def check(
    query: Statement,
    schema: Schema,
    *,
    text: str = "",
    category_field: str = "event.category",
    on_unknown: Literal["error", "infer"] = "error",
) -> Checked:
    """The query as it will run. `text` is what it was parsed from, for the places in errors.

    With `on_unknown="error"` an unknown field is a fault, and an unknown optional one is null.
    With "infer" both are taken as mapped, with the kind that the query uses them as.

    Raises:
        QueryError: with every fault of names and types.
    """
    scope = Scope(_inferred(query, schema, category_field) if on_unknown == "infer" else schema, QueryText(text))
    checked = _checked(query, category_field, scope)
    if scope.faults or isinstance(checked, JoinQuery):
        raise QueryError(text, tuple(scope.faults))
    real = scope.schema.resolve(category_field)
    category = real.name if real else category_field
    return Checked(checked, _needed(checked, category, scope.schema), category)


def _checked(query: Statement, category_field: str, scope: Scope) -> Statement:
    if isinstance(query, EventQuery):
        return replace(query, filter=_filter(query.filter, category_field, scope))
    by = _keys(query.by, scope)
    stages = tuple(_stage(stage, category_field, scope) for stage in query.stages)
    match query:
        case SampleQuery():
            checked: Statement = replace(query, by=by, stages=stages)
        case SequenceQuery(until=until) | JoinQuery(until=until):
            checked = replace(query, by=by, stages=stages, until=until and _stage(until, category_field, scope))
    if isinstance(query, JoinQuery):
        scope.fault("`join` is not supported", Span(query.span.start, query.span.start + len("join")), "use `sequence`")
    for uneven in uneven_keys(query):
        scope.fault(uneven.message, uneven.span, uneven.hint)
    for position in _positions(query):
        _check_position(position, scope)
    return checked


def _filter(written: EventFilter, category_field: str, scope: Scope) -> EventFilter:
    if written.category is not None:
        scope.category(category_field, token_span(scope.source, written.span.start))
    return replace(written, condition=lower_condition(written.condition, scope))


def _stage(stage: Stage, category_field: str, scope: Scope) -> Stage:
    return replace(stage, filter=_filter(stage.filter, category_field, scope), by=_keys(stage.by, scope))


def _keys(keys: tuple[Field, ...], scope: Scope) -> tuple[Field, ...]:
    return tuple(scope.key(key)[0] for key in keys)


def _needed(query: Query, category: str, schema: Schema) -> dict[str, Kind]:
    """The kinds of all fields of a checked query; a join key that is not mapped is a keyword."""
    filters = [stage.filter for stage in stages_of(query)]
    keys = [*_global_keys(query), *(key for stage in stages_of(query) for key in stage.by)]
    used = [field for each in filters for field in fields(each.condition)]
    names = [field.name for field in (*used, *keys)] + [category] * any(each.category is not None for each in filters)
    infos = {name: schema.resolve(name) for name in names}
    return {name: info.kind if info and info.kind else "keyword" for name, info in infos.items()}


def _global_keys(query: Statement) -> tuple[Field, ...]:
    return () if isinstance(query, EventQuery) else query.by


def _positions(query: Statement) -> Iterator[tuple[Field, ...]]:
    """The join keys of the stages that are compared with each other."""
    for position in zip_longest(*(stage.by for stage in stages_of(query))):
        yield tuple(key for key in position if key is not None)


def _check_position(keys: tuple[Field, ...], scope: Scope) -> None:
    """A fault for each key that can never equal the first one."""
    typed = [(key, kind) for key in keys if (kind := _key_type(key, scope))]
    for key, kind in typed[1:]:
        first, expected = typed[0]
        if kind != expected and not {kind, expected} <= NUMERIC:
            message = (
                f"the join key `{key.name}` is {TYPE_NAMES[kind]} and can never equal "
                f"`{first.name}`, which is {TYPE_NAMES[expected]}"
            )
            scope.fault(message, key.span)


def _key_type(key: Field, scope: Scope) -> Type | None:
    info = scope.schema.resolve(key.name)
    return info.kind if info else None


def _inferred(query: Statement, schema: Schema, category_field: str) -> Schema:
    conditions = [stage.filter.condition for stage in stages_of(query)]
    keys = [*((key,) for key in _global_keys(query)), *_positions(query)]
    return infer(conditions, keys, category_field, schema)
