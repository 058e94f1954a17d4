"""Fitting an event into the alert index, whose fields have the types of ECS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from deckwatch.eql.types import MAPPING_KINDS, Kind
from deckwatch.events.fields import field_table
from deckwatch.events.values import coerce

MAX_DEPTH = 100
"""Objects and arrays nested deeper than this cannot be stored."""

_ANYTHING = frozenset({"geo_point", "geo_shape"})
_TEXTS: frozenset[Kind | None] = frozenset({"keyword", "version"})
_STRINGS = frozenset({str})
_UNFIT = object()


def conforming(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without the values that their field's type cannot take; unknown fields stay, emptied containers go."""
    return {key: value for key, given in document.items() if (value := _fitted(given, key, MAX_DEPTH)) is not _UNFIT}


def _fitted(value: Any, path: str, depth: int) -> Any:
    """The value as far as it fits the field, or `_UNFIT`."""
    place = _place(path)
    if place.takes_text and depth > 1 and _is_text(value):  # the most common case by far
        return value
    if depth == 0 or place.below_leaf:
        return _UNFIT
    match value:
        case dict():
            return _fitted_object(value, path, depth) if place.takes_objects else _UNFIT
        case list():
            members = [kept for item in value if (kept := _fitted(item, path, depth - 1)) is not _UNFIT]
            return members if members or not value else _UNFIT
        case None:
            return None
        case _ if place.kind is not None:
            return value if coerce(value, place.kind) is not None else _UNFIT
        case _:
            return value if place.takes_scalars else _UNFIT


def _is_text(value: Any) -> bool:
    return type(value) is str or (type(value) is list and _STRINGS.issuperset(map(type, value)))


def _fitted_object(value: Mapping[str, Any], path: str, depth: int) -> Any:
    members = {
        key: kept for key, item in value.items() if (kept := _fitted(item, f"{path}.{key}", depth - 1)) is not _UNFIT
    }
    return members if members or not value else _UNFIT


@dataclass(frozen=True, slots=True)
class _Place:
    """What the alert index makes of a path: the kind of a leaf, or whether it takes objects, or other values."""

    below_leaf: bool
    kind: Kind | None
    takes_text: bool
    takes_objects: bool
    takes_scalars: bool


@lru_cache(maxsize=16384)
def _place(path: str) -> _Place:
    mapping = _mapping(path)
    kind = MAPPING_KINDS.get(mapping) if mapping else None
    below_leaf = any(_mapping(path[:dot]) in MAPPING_KINDS for dot in _dots(path))
    return _Place(
        below_leaf=below_leaf,
        kind=kind,
        takes_text=kind in _TEXTS and not below_leaf,
        takes_objects=kind is None,
        takes_scalars=path not in _parents() if mapping is None else mapping in _ANYTHING,
    )


def _mapping(path: str) -> str | None:
    field = field_table().resolve(path)
    return field.mapping if field else None


@cache
def _parents() -> frozenset[str]:
    """Every name that has fields below it."""
    return frozenset(name[:dot] for name in field_table().names() for dot in _dots(name))


def _dots(path: str) -> list[int]:
    return [place for place, character in enumerate(path) if character == "."]
