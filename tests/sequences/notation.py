"""Sequences and streams in a few letters, so that a test reads like the table it stands for.

A sequence is a list of stages: `A`, `!M` (missing), `F*3` (runs). A stream is a list of events
`<letters>[/<keys>]@<seconds>`: `AB/x,y@1.5` satisfies A and B for the keys ("x",) and ("y",), `A/u+7@2` has the key
("u", "7"), `A/u+@2` the key ("u", None), and without keys it is the empty key. Events are numbered from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from deckwatch.eql.nodes import EventFilter, Literal, MaxSpan, SequenceQuery, Stage
from deckwatch.sequences.automaton import SequenceAutomaton
from deckwatch.sequences.records import Key, Match, Record, key_order
from deckwatch.sequences.reference import ReferenceEvent
from deckwatch.sequences.steps import SequenceProgram, compile_sequence

SECOND = 1_000_000_000
TRUE = Literal(True)


def query(stages: str, maxspan: MaxSpan | None = None, until: str = "") -> SequenceQuery:
    end = Stage(EventFilter(until, TRUE)) if until else None
    return SequenceQuery(tuple(map(_stage, stages.split())), maxspan=maxspan, until=end)


def program(stages: str, seconds: int | None = None, until: str = "") -> SequenceProgram:
    return compile_sequence(query(stages, None if seconds is None else MaxSpan(seconds, "s"), until))


def _stage(text: str) -> Stage:
    letter, _, runs = text.lstrip("!").partition("*")
    return Stage(EventFilter(letter, TRUE), missing=text.startswith("!"), runs=int(runs or 1))


def stream(program: SequenceProgram, text: str) -> list[ReferenceEvent]:
    return [_event(program, number, item) for number, item in enumerate(text.split(), 1)]


def _event(program: SequenceProgram, number: int, item: str) -> ReferenceEvent:
    what, _, time = item.partition("@")
    letters, _, listed = what.partition("/")
    keys = [_key(key) for key in listed.split(",")] if listed else [()]
    satisfied = [index for index, each in enumerate(program.predicates) if each.filter.category in set(letters)]
    return ReferenceEvent(int(Decimal(time) * SECOND), number, dict.fromkeys(satisfied, keys))


def _key(text: str) -> Key:
    return tuple(part or None for part in text.split("+"))


def records(program: SequenceProgram, events: Iterable[ReferenceEvent]) -> Iterator[Record]:
    """The events as the automaton takes them."""
    for event in events:
        for number, slot in enumerate(program.slots):
            for key in event.keys.get(slot.predicate, ()):
                yield event.time, event.token, number, key


def ordered(matches: Iterable[Match], events: Iterable[ReferenceEvent]) -> list[Match]:
    """Matches by their last positive event, then by key."""
    places = {event.token: place for place, event in enumerate(events)}
    return sorted(matches, key=lambda match: (places[match.last_token], key_order(match.key)))


def automaton_matches(program: SequenceProgram, events: list[ReferenceEvent]) -> list[Match]:
    automaton = SequenceAutomaton(program)
    return ordered(automaton.advance(records(program, events)) + automaton.finish(), events)
