"""Fitting an event into the alert index, whose fields have the types of ECS."""

from __future__ import annotations

from dataclasses import dataclass, field
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


def conforming(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the values that their field's type cannot take; unknown fields stay, emptied containers go.

    What needs no change is shared with the given document, not copied.
    """
    return _members(document, _ROOT, MAX_DEPTH + 1)


def _fitted(value: Any, place: _Place, depth: int) -> Any:
    """The value as far as it fits the field, or `_UNFIT`; the value itself if all of it does."""
    if depth == 0 or place.below_leaf:
        return _UNFIT
    match value:
        case str() if place.takes_text:
            return value
        case dict() if place.takes_objects:
            members = _members(value, place, depth)
            return members if members or not value else _UNFIT
        case dict():
            return _UNFIT
        case list():
            return _fitted_list(value, place, depth)
        case None:
            return None
        case _ if place.kind is not None:
            return value if _takes(place.kind, value) else _UNFIT
        case _:
            return value if place.takes_scalars else _UNFIT


def _members(value: dict[str, Any], place: _Place, depth: int) -> dict[str, Any]:
    """Of an object's members those that fit; the object itself if all do."""
    members = value
    for key, item in value.items():
        inner = place.inner.get(key) or _inside(place, key)
        if inner.takes_text and type(item) is str and depth > 1:  # the most common case by far
            continue
        kept = _fitted(item, inner, depth - 1)
        if kept is item:
            continue
        if members is value:
            members = dict(value)
        if kept is _UNFIT:
            del members[key]
        else:
            members[key] = kept
    return members


def _fitted_list(value: list[Any], place: _Place, depth: int) -> Any:
    if place.takes_text and depth > 1 and _STRINGS.issuperset(map(type, value)):
        return value
    members = [kept for item in value if (kept := _fitted(item, place, depth - 1)) is not _UNFIT]
    return members if members or not value else _UNFIT


def _takes(kind: Kind, value: Any) -> bool:
    return _reads(kind, value) if isinstance(value, str) else coerce(value, kind) is not None


@lru_cache(maxsize=4096)
def _reads(kind: Kind, text: str) -> bool:
    """Whether a text has a value of the kind. The times of processes come again with each of their events."""
    return coerce(text, kind) is not None


@dataclass(frozen=True, slots=True)
class _Place:
    """What the alert index makes of a path: the kind of a leaf, or whether it takes objects, or other values."""

    path: str | None
    below_leaf: bool
    kind: Kind | None
    takes_text: bool
    takes_objects: bool
    takes_scalars: bool
    inner: dict[str, _Place] = field(default_factory=dict, hash=False, compare=False)
    """Places below it by key, as far as the field table knows them: these are finitely many."""


_ROOT = _Place(None, below_leaf=False, kind=None, takes_text=False, takes_objects=True, takes_scalars=False)


def _inside(place: _Place, key: str) -> _Place:
    path = key if place.path is None else f"{place.path}.{key}"
    inner = _place(path)
    if _mapping(path) or path in _parents():
        place.inner[key] = inner
    return inner


@lru_cache(maxsize=16384)
def _place(path: str) -> _Place:
    mapping = _mapping(path)
    kind = MAPPING_KINDS.get(mapping) if mapping else None
    below_leaf = any(_mapping(path[:dot]) in MAPPING_KINDS for dot in _dots(path))
    return _Place(
        path=path,
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
