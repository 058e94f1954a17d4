"""Which fields a rule needs its events to have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deckwatch.eql.nodes import EventQuery, Field, JoinQuery, SampleQuery, SequenceQuery, Stage, Statement, fields
from deckwatch.events.fields import field_table

_NOT_IN_ECS = ("cloud_defend.", "file.Ext.", "process.parent.same_as_process")


def required_fields(query: Statement) -> list[dict[str, Any]]:
    """The fields that a query names, sorted, each with its type and whether ECS knows it."""
    names = sorted({field.name for field in _fields(query)})
    return [{"name": name, "type": _type(name), "ecs": _is_ecs(name)} for name in names]


def _type(name: str) -> str:
    field = field_table().resolve(name)
    return field.mapping if field else "unknown"


def _is_ecs(name: str) -> bool:
    return field_table().resolve(name) is not None and not name.startswith(_NOT_IN_ECS)


def _fields(query: Statement) -> Iterator[Field]:
    match query:
        case EventQuery(filter=wanted):
            yield from fields(wanted.condition)
        case SampleQuery(stages=stages, by=by):
            yield from by
            yield from _stage_fields(*stages)
        case SequenceQuery(stages=stages, by=by, until=until) | JoinQuery(stages=stages, by=by, until=until):
            yield from by
            yield from _stage_fields(*stages, *([until] if until else []))


def _stage_fields(*stages: Stage) -> Iterator[Field]:
    for stage in stages:
        yield from stage.by
        yield from fields(stage.filter.condition)
