"""A document as its leaves: dotted path to value, with the way the path is spelled in the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Spelling: TypeAlias = tuple[str, ...]
"""The keys that lead to a leaf, outermost first; any of them may be dotted."""
Leaves: TypeAlias = dict[str, tuple[Spelling, Any]]
"""Spelling and value by dotted path."""


def leaves(document: Mapping[str, Any]) -> Leaves:
    """Everything that is not an object, in document order. Arrays are leaves; of two spellings the first stays."""
    found: Leaves = {}
    open_objects: list[tuple[str, Spelling, Iterator[tuple[str, Any]]]] = [("", (), iter(document.items()))]
    while open_objects:
        prefix, spelling, members = open_objects[-1]
        for key, value in members:
            if isinstance(value, dict):
                open_objects.append((f"{prefix}{key}.", (*spelling, key), iter(value.items())))
                break
            path = prefix + key
            if path not in found:
                found[path] = ((*spelling, key), value)
        else:
            open_objects.pop()
    return found


def nested(spelled: Iterable[tuple[Spelling, Any]]) -> dict[str, Any]:
    """The document with these leaves. A leaf below another leaf is left out."""
    document: dict[str, Any] = {}
    for spelling, value in spelled:
        place = document
        for key in spelling[:-1]:
            inner = place.setdefault(key, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place.setdefault(spelling[-1], value)
    return document
