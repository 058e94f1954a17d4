"""What a sequence automaton remembers; all of it can be saved."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import msgspec

from deckwatch.sequences.records import Key, Token


class Partial(msgspec.Struct, array_like=True, gc=False):
    """The beginning of a sequence, and the marks that missing stages left on it. Times in nanoseconds."""

    first: int
    last: int
    tokens: tuple[Token, ...]
    preceded: int | None = None  # latest leading missing event before `first`
    interrupted: int | None = None  # earliest middle missing event after `last`
    doomed: bool = False  # such an event lay between two stages


class Watch(msgspec.Struct, array_like=True, gc=False):
    """A key whose complete sequences wait: how many, and the latest trailing missing event since the first of them."""

    waiting: int = 0
    seen: int | None = None


class Sightings(msgspec.Struct, array_like=True, gc=False):
    """The last two distinct times of a key's leading missing events."""

    latest: int
    earlier: int | None


Waiting: TypeAlias = tuple[int, int, Key, Partial]
"""A complete sequence that a trailing missing event refuses: its deadline, a serial number, its key, itself."""


class State(msgspec.Struct, array_like=True):
    """Everything an automaton remembers."""

    stages: int
    span: int | None
    generation: int | None
    evicted: int
    tables: list[tuple[dict[Key, Partial], dict[Key, Partial]]]
    sightings: tuple[dict[Key, Sightings], dict[Key, Sightings]]
    waiting: list[Waiting]
    watches: dict[Key, Watch]
    serial: int


class Stats(NamedTuple):
    """How much an automaton holds, and how many partials the horizon has cost."""

    partials: int
    waiting: int
    remembered: int
    evicted: int
