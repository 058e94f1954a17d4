"""Field types: what a mapping calls them, and the few kinds EQL distinguishes.

A value of each kind, wherever it appears (lowered literals, columns, join keys), is

| kind      | Python  | Polars  | meaning |
|-----------|---------|---------|---------|
| keyword   | str     | String  | text |
| long      | int     | Int64   | 64-bit integer |
| double    | float   | Float64 | |
| boolean   | bool    | Boolean | |
| date      | int     | Int64   | nanoseconds since 1970-01-01 UTC |
| ip        | str     | String  | canonical text of the address |
| version   | str     | String  | as written; ordered by `version_key` |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["keyword", "long", "double", "boolean", "date", "ip", "version"]

MAPPING_KINDS: Mapping[str, Kind] = {
    "keyword": "keyword",
    "constant_keyword": "keyword",
    "wildcard": "keyword",
    "text": "keyword",
    "match_only_text": "keyword",
    "byte": "long",
    "short": "long",
    "integer": "long",
    "long": "long",
    "unsigned_long": "long",
    "half_float": "double",
    "float": "double",
    "double": "double",
    "scaled_float": "double",
    "boolean": "boolean",
    "date": "date",
    "date_nanos": "date",
    "ip": "ip",
    "version": "version",
}
"""Mapping type → kind. A type that is not here (nested, geo_point, flattened, object …) cannot be queried."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A mapped field: its real name (an alias is resolved), its mapping type, its kind (None: cannot be queried)."""

    name: str
    mapping: str
    kind: Kind | None


class Schema(Protocol):
    """Which fields exist, and of what type."""

    def resolve(self, name: str) -> FieldInfo | None:
        """The field of that name, or None when nothing of that name is mapped."""
        ...

    def names(self) -> Iterable[str]:
        """Every mapped name, for suggestions."""
        ...
