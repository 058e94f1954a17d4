"""What the building blocks of a sequence have in common: the body of its shell alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import accumulate, pairwise
from typing import Any

from deckwatch.engine.paths import Leaves, Spelling, leaves, nested

_DROPPED = object()
_OBJECT = ("object", None)


def common(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The part that all documents share, folded from left to right; a single document is shared whole.

    Equal values under equal paths, however these are spelled; of arrays the members that all hold, even if none.
    """
    first, *others = documents
    return nested(reduce(_intersection, map(leaves, others), leaves(first)).values()) if others else dict(first)


def _intersection(left: Leaves, right: Leaves) -> Leaves:
    shared: Leaves = {}
    for path, (spelling, value) in left.items():
        if path in right:
            other_spelling, other = right[path]
            kept = _shared(value, other)
            if kept is not _DROPPED:
                shared[path] = (_finest(path, spelling, other_spelling), kept)
    return shared


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
