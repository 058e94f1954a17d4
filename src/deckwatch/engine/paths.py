"""A document as its leaves: dotted path to value, with the way the path is spelled in the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Spelling: TypeAlias = tuple[str, ...]
"""The keys that lead to a leaf, outermost first; any of them may be dotted."""


def leaves(document: Mapping[str, Any]) -> dict[str, tuple[Spelling, Any]]:
    """Everything that is not an object, in document order. Arrays are leaves; of two spellings the first stays."""
    found: dict[str, tuple[Spelling, Any]] = {}
    waiting: list[tuple[Spelling, Any]] = [((), document)]
    while waiting:
        spelling, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(((*spelling, key), value[key]) for key in reversed(value))
        else:
            found.setdefault(".".join(spelling), (spelling, value))
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
