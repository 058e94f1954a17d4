"""Types of fields nobody declared, read off the data as a dynamic mapping would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deckwatch.eql.nodes import (
    EventFilter,
    EventQuery,
    Field,
    JoinQuery,
    SampleQuery,
    SequenceQuery,
    Stage,
    Statement,
    fields,
)
from deckwatch.eql.types import Schema
from deckwatch.events.document import leaves
from deckwatch.events.fields import SchemaWith
from deckwatch.events.reader import Reader


def undeclared(query: Statement, schema: Schema) -> set[str]:
    """The names of the fields that a query names and the schema lacks."""
    return {field.name for field in named_fields(query) if schema.resolve(field.name) is None}


def completed(schema: Schema, names: set[str], reader: Reader) -> Schema:
    """The schema, with what the events tell of more fields."""
    found = dict(_discover(names, reader))
    return SchemaWith(found, schema) if found else schema


def named_fields(query: Statement) -> Iterator[Field]:
    """Every field a query names, in conditions and join keys."""
    match query:
        case EventQuery(filter=wanted):
            yield from _filtered(wanted)
        case SequenceQuery(stages=stages, by=by, until=until) | JoinQuery(stages=stages, by=by, until=until):
            yield from by
            yield from _staged([*stages, *([until] if until else [])])
        case SampleQuery(stages=stages, by=by):
            yield from by
            yield from _staged(stages)


def _staged(stages: Iterable[Stage]) -> Iterator[Field]:
    for stage in stages:
        yield from stage.by
        yield from _filtered(stage.filter)


def _filtered(wanted: EventFilter) -> Iterator[Field]:
    return fields(wanted.condition)


def _discover(names: set[str], reader: Reader) -> Iterator[tuple[str, str]]:
    """The first value of each field decides, in input order; reading ends when every name has one."""
    missing = set(names)
    for batch in reader:
        for row in range(batch.height):
            document = batch.documents.document(row)
            for name in sorted(missing):
                value = next((leaf for leaf in leaves(document, name) if leaf is not None), None)
                if value is not None:
                    missing.discard(name)
                    yield name, _mapping(value)
            if not missing:
                return


def _mapping(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "long"
        case float():
            return "double"
        case dict():
            return "object"
        case _:
            return "keyword"
