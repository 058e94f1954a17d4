"""What flows through sequences and samples: join keys, records of satisfied stages, matches, saved state."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from deckwatch.eql.nodes import Scalar
from deckwatch.errors import DeckwatchError

Key: TypeAlias = tuple[bool | int | float | str | None, ...]
"""Values of the join keys, global ones first. Null equals null; no join keys make one empty tuple."""

Token: TypeAlias = int | str
"""The caller's name for an event; carried, never looked at."""

Record: TypeAlias = tuple[int, Token, int, Key]
"""Time (nanoseconds), event, slot of the program, key: this event satisfies this slot's predicate for this key."""


class Match(NamedTuple):
    """One sequence: an event for every place, None where a missing stage stands. Times in nanoseconds."""

    key: Key
    events: tuple[Token | None, ...]
    first_time: int
    last_time: int
    last_token: Token


class SnapshotError(DeckwatchError):
    """Saved state that cannot be continued."""


def key_order(key: Key) -> tuple[tuple[int, Scalar], ...]:
    """Sort key of a join key: component by component, null first, numbers by value, then text by its bytes."""
    return tuple((_rank(value), value) for value in key)


def _rank(value: Scalar) -> int:
    match value:
        case None:
            return 0
        case str():
            return 2
        case _:
            return 1
