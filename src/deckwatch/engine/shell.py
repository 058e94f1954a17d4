"""What the building blocks of a sequence have in common: the body of its shell alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import accumulate, pairwise
from typing import Any

from deckwatch.engine.paths import Spelling, leaves, nested

_DROPPED = object()
_OBJECT = ("object", None)


def common(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The part that all documents share, folded from left to right; a single document is shared whole."""
    first, *others = documents
    return reduce(intersection, others, dict(first))


def intersection(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Equal values under equal paths, however these are spelled; of arrays the members that both hold, even if none."""
    others = leaves(right)
    shared: list[tuple[Spelling, Any]] = []
    for path, (spelling, value) in leaves(left).items():
        if path in others:
            other_spelling, other = others[path]
            kept = _shared(value, other)
            if kept is not _DROPPED:
                shared.append((_finest(path, spelling, other_spelling), kept))
    return nested(shared)


def _shared(left: Any, right: Any) -> Any:
    if type(left) is type(right) is str:  # the most common case by far
        return left if left == right else _DROPPED
    if isinstance(left, list) or isinstance(right, list):
        others = set(map(_identity, _members(right)))
        kept = {identity: member for member in _members(left) if (identity := _identity(member)) in others}
        kept.pop(_OBJECT, None)
        return list(kept.values())
    return left if _identity(left) == _identity(right) else _DROPPED


def _members(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _identity(value: Any) -> tuple[str, Any]:
    """What equal primitives share: JSON tells text, numbers and booleans apart. Objects never equal anything."""
    match value:
        case dict() | list():
            return _OBJECT
        case bool() | None | str():
            return type(value).__name__, value
        case _:
            return "number", value


def _finest(path: str, left: Spelling, right: Spelling) -> Spelling:
    """The path cut wherever either spelling cuts it: it stays dotted only where it is dotted in both."""
    if left == right:
        return left
    cuts = sorted({-1, *_ends(left), *_ends(right)})
    return tuple(path[start + 1 : end] for start, end in pairwise(cuts))


def _ends(spelling: Spelling) -> list[int]:
    """Where in the dotted path each key ends."""
    return [end + place for place, end in enumerate(accumulate(map(len, spelling)))]
