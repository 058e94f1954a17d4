"""What somebody who watches an automaton is told: every step of every sequence, with the events that caused it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

from deckwatch.sequences.aging import Aging
from deckwatch.sequences.records import Key, Token
from deckwatch.sequences.state import Partial
from deckwatch.sequences.steps import Role, Slot


class What(Enum):
    """What became of a sequence, or of an event that found none."""

    STARTED = "an event of the first stage began it"
    EXTENDED = "an event of the next stage was added"
    OVERWRITTEN = "a later one of the same key took its place"
    EXPIRED = "the next event, or the time, was past the span"
    ENDED = "until"
    INTERRUPTED = "a missing event lay behind its last event; it is refused if the next event comes after that"
    REFUSED = "complete, but a missing event was found"
    COMPLETED = "complete"
    UNCLAIMED = "an event of a later stage found no sequence to extend"
    SIGHTED = "an event that must be missing before or after"

    __hash__ = object.__hash__  # hashed with every record, and in Python otherwise


class Happening(NamedTuple):
    """One step. Times in nanoseconds.

    `tokens`: the events of the sequence, the new one included. `first` and `last`: their times. `slot`, `token`,
    `time`: the record that caused it; None where time alone did.
    """

    what: What
    key: Key
    tokens: tuple[Token, ...] = ()
    first: int = 0
    last: int = 0
    slot: Slot | None = None
    token: Token | None = None
    time: int | None = None


Observer: TypeAlias = Callable[[Happening], None]
"""Whoever has an attribute `every_step` that is False is not told what is STARTED, EXTENDED or UNCLAIMED, which costs
more than all else.
"""
Handler: TypeAlias = Callable[[int, Token, Key], None]
Tables: TypeAlias = Sequence[Aging[Partial]]


def observed(slot: Slot, handler: Handler, tables: Tables, span: int | None, tell: Observer) -> Handler:
    """The handler of a slot, telling what it does. Without an observer no handler is wrapped, so nothing is slower."""
    told = _Told(slot, handler, tables, span, tell, getattr(tell, "every_step", True))
    match slot.role:
        case Role.STAGE if not tables:
            return handler
        case Role.STAGE:
            return told.extend if slot.stage else told.start
        case Role.UNTIL:
            return told.end
        case Role.MIDDLE:
            return told.interrupt
        case Role.LEADING | Role.TRAILING:
            return told.sight


@dataclass(frozen=True, slots=True)
class _Told:
    """A handler that tells what it does: one method for each role of its slot."""

    slot: Slot
    handler: Handler
    tables: Tables
    span: int | None
    tell: Observer
    every_step: bool

    def start(self, time: int, token: Token, key: Key) -> None:
        if (partial := self.tables[0].get(key)) is not None:
            self._gone(partial, What.OVERWRITTEN, time, token, key)
        if self.every_step:
            self.tell(Happening(What.STARTED, key, (token,), time, time, self.slot, token, time))
        self.handler(time, token, key)

    def extend(self, time: int, token: Token, key: Key) -> None:
        stage, cause = self.slot.stage, (self.slot, token, time)
        partial = self.tables[stage - 1].get(key)
        if partial is None:
            if self.every_step:
                self.tell(Happening(What.UNCLAIMED, key, slot=self.slot, token=token, time=time))
        elif self._is_late(partial, time):
            self.tell(Happening(What.EXPIRED, key, partial.tokens, partial.first, partial.last, *cause))
        else:
            if stage < len(self.tables) and (replaced := self.tables[stage].get(key)) is not None:
                self._gone(replaced, What.OVERWRITTEN, time, token, key)
            if self.every_step:
                self.tell(Happening(What.EXTENDED, key, (*partial.tokens, token), partial.first, time, *cause))
        self.handler(time, token, key)

    def end(self, time: int, token: Token, key: Key) -> None:
        for table in self.tables:
            if (partial := table.get(key)) is not None:
                self._gone(partial, What.ENDED, time, token, key)
        self.handler(time, token, key)

    def interrupt(self, time: int, token: Token, key: Key) -> None:
        partial = self.tables[self.slot.stage].get(key)
        fresh = partial is not None and partial.interrupted is None
        self.handler(time, token, key)
        if partial is not None and fresh and partial.interrupted is not None:
            known = (partial.tokens, partial.first, partial.last)
            self.tell(Happening(What.INTERRUPTED, key, *known, self.slot, token, time))

    def sight(self, time: int, token: Token, key: Key) -> None:
        self.tell(Happening(What.SIGHTED, key, slot=self.slot, token=token, time=time))
        self.handler(time, token, key)

    def _gone(self, partial: Partial, what: What, time: int, token: Token, key: Key) -> None:
        """Tell what becomes of a sequence that waits; it may be too old for that already."""
        known = (partial.tokens, partial.first, partial.last)
        if self._is_late(partial, time):
            self.tell(Happening(What.EXPIRED, key, *known))
        else:
            self.tell(Happening(what, key, *known, self.slot, token, time))

    def _is_late(self, partial: Partial, time: int) -> bool:
        return self.span is not None and time - partial.first > self.span
