"""Lowered conditions from text, over a few fields of every kind."""

from __future__ import annotations

from collections.abc import Mapping

from deckwatch.eql.check import check
from deckwatch.eql.nodes import EventFilter, EventQuery
from deckwatch.eql.parser import parse
from deckwatch.eql.types import Kind
from deckwatch.events.fields import SchemaWith, field_table

KINDS: Mapping[str, Kind] = {
    "k": "keyword",
    "j": "keyword",
    "n": "long",
    "m": "long",
    "x": "double",
    "b": "boolean",
    "d": "date",
    "a": "ip",
    "v": "version",
}


def lowered_filter(text: str) -> EventFilter:
    """The lowered filter of `category where condition`."""
    query = check(parse(text), SchemaWith(KINDS, field_table()), text=text).query
    assert isinstance(query, EventQuery)
    return query.filter
