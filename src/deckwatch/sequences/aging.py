"""Keyed state that forgets whole generations at once, so expiry never visits an entry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Generic, TypeVar

from deckwatch.sequences.records import Key

Value = TypeVar("Value")


class Aging(Generic[Value]):
    """Values by key in two generations; a turn forgets the old one. A key lives in one generation only.

    Turned once per span, it keeps every entry for at least one span and at most two.
    """

    __slots__ = ("old", "young")

    def __init__(self, young: dict[Key, Value], old: dict[Key, Value]) -> None:
        self.young = young
        self.old = old

    def __len__(self) -> int:
        return len(self.young) + len(self.old)

    def items(self) -> Iterator[tuple[Key, Value]]:
        """Every key with its value."""
        return chain(self.young.items(), self.old.items())

    def values(self) -> Iterator[Value]:
        """Every value."""
        return chain(self.young.values(), self.old.values())

    def latest(self) -> Iterator[tuple[Key, Value]]:
        """Every key with its value, that which was put last first."""
        return chain(reversed(self.young.items()), reversed(self.old.items()))

    def put(self, key: Key, value: Value) -> None:
        """Set the value of a key, which is young again."""
        self.young[key] = value
        self.old.pop(key, None)

    def get(self, key: Key) -> Value | None:
        """The value of a key."""
        value = self.young.get(key)
        return self.old.get(key) if value is None else value

    def pop(self, key: Key) -> Value | None:
        """Take the value of a key out."""
        value = self.young.pop(key, None)
        return self.old.pop(key, None) if value is None else value

    def turn(self) -> int:
        """Forget the old generation; how many entries that were."""
        forgotten = len(self.old)
        self.old, self.young = self.young, {}
        return forgotten
