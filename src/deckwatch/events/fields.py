"""Which fields documents have: ECS and what container sensors add, under any types a caller declares over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from deckwatch.eql.suggest import hint
from deckwatch.eql.types import MAPPING_KINDS, FieldInfo, Kind, Schema
from deckwatch.errors import DeckwatchError

ALIAS = "alias:"

UNQUERYABLE = frozenset(
    [
        "aggregate_metric_double",
        "binary",
        "completion",
        "date_range",
        "dense_vector",
        "double_range",
        "flattened",
        "float_range",
        "geo_point",
        "geo_shape",
        "histogram",
        "integer_range",
        "ip_range",
        "join",
        "long_range",
        "nested",
        "object",
        "percolator",
        "point",
        "rank_feature",
        "rank_features",
        "search_as_you_type",
        "semantic_text",
        "shape",
        "sparse_vector",
        "token_count",
    ]
)
"""Mapping types that exist, and that a query cannot use."""


@dataclass(frozen=True, slots=True)
class FieldTable:
    """The fields deckwatch knows by itself, as a `Schema`."""

    fields: Mapping[str, FieldInfo]
    arrays: frozenset[str]

    def resolve(self, name: str) -> FieldInfo | None:
        return self.fields.get(name)

    def names(self) -> Iterable[str]:
        return self.fields.keys()

    def is_array(self, name: str) -> bool:
        """Whether documents usually hold several values of the field. Any document may still hold one or many."""
        return name in self.arrays


@cache
def field_table() -> FieldTable:
    """The table of `fields.tsv`."""
    text = files("deckwatch.events").joinpath("fields.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    types = {name: mapping for name, mapping, _ in rows}
    return FieldTable(
        fields={name: _field(name, types) for name in types},
        arrays=frozenset(name for name, _, cardinality in rows if cardinality == "n"),
    )


class SchemaWith:
    """A schema with other fields laid over it.

    `extra` maps names to mapping types, or to `alias:NAME` for another name of a field of either.
    Raises DeckwatchError for a type Elasticsearch does not have and for an alias that leads to no field.
    """

    def __init__(self, extra: Mapping[str, str], base: Schema) -> None:
        self._base = base
        types = {name: _known(name, mapping) for name, mapping in extra.items() if not mapping.startswith(ALIAS)}
        self._fields = {name: _field(name, types) for name in types}
        aliases = {name: mapping.removeprefix(ALIAS) for name, mapping in extra.items() if name not in types}
        for name in aliases:
            self._fields[name] = self._target(name, aliases)

    def resolve(self, name: str) -> FieldInfo | None:
        return self._fields.get(name) or self._base.resolve(name)

    def names(self) -> Iterable[str]:
        return dict.fromkeys([*self._fields, *self._base.names()])

    def _target(self, alias: str, aliases: Mapping[str, str]) -> FieldInfo:
        name = alias
        for _ in aliases:
            name = aliases.get(name, name)
        if name in aliases:
            raise DeckwatchError(f"field {alias!r}: its alias leads back to itself; let it name a field with a type")
        field = self.resolve(name)
        if field is None:
            cure = hint(name, self.names()) or "declare its type too"
            raise DeckwatchError(f"field {alias!r} is an alias of {name!r}, which is not mapped; {cure}")
        return field


def _known(name: str, mapping: str) -> str:
    if mapping in MAPPING_KINDS or mapping in UNQUERYABLE:
        return mapping
    cure = hint(mapping, [*MAPPING_KINDS, *UNQUERYABLE]) or f"use one of {', '.join(sorted(MAPPING_KINDS))}"
    raise DeckwatchError(f"field {name!r} has the unknown type {mapping!r}; {cure}")


def _field(name: str, types: Mapping[str, str]) -> FieldInfo:
    """The field of a name: as a variant of another field (`process.name.text`) it has that field's values."""
    above = [types.get(parent) for parent in _parents(name)]
    queryable = "nested" not in above
    kind: Kind | None = MAPPING_KINDS.get(types[name]) if queryable else None
    variant = bool(above) and above[0] in MAPPING_KINDS
    return FieldInfo(name.rpartition(".")[0] if variant else name, types[name], kind)


def _parents(name: str) -> Iterator[str]:
    """The names a field lies below, nearest first."""
    parent = name
    while parent := parent.rpartition(".")[0]:
        yield parent
