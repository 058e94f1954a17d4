"""Sequences by the book: slow, obvious, and what the automaton is tested against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deckwatch.sequences.records import Key, Match, Token, key_order
from deckwatch.sequences.steps import Role, SequenceProgram


@dataclass(frozen=True, slots=True)
class ReferenceEvent:
    """An event at a time (nanoseconds), and its keys for every predicate of the program that it satisfies."""

    time: int
    token: Token
    keys: Mapping[int, Sequence[Key]]


def reference_matches(program: SequenceProgram, events: Sequence[ReferenceEvent]) -> list[Match]:
    """All matches among all events, which come in their total order; sorted by last positive event, then by key."""
    accepted = [found for found in _candidates(program, events) if _accepts(program, events, *found)]
    accepted.sort(key=lambda found: (found[1][-1], key_order(found[0])))
    return [_match(program, events, key, chosen) for key, chosen in accepted]


def _candidates(program: SequenceProgram, events: Sequence[ReferenceEvent]) -> Iterator[tuple[Key, list[int]]]:
    """Keys and events (by number) of all sequences of positive stages, as if there were no missing stages."""
    pending: dict[tuple[Key, int], list[int]] = {}
    untils: list[tuple[Key, int]] = []
    stages = [slot for slot in program.slots if slot.role is Role.STAGE]
    for number, event in enumerate(events):
        for slot in stages:
            for key in event.keys.get(slot.predicate, ()):
                chosen = [number]
                if slot.stage > 0:
                    earlier = pending.pop((key, slot.stage - 1), None)
                    if earlier is None:
                        continue
                    if program.maxspan is not None and event.time - events[earlier[0]].time > program.maxspan:
                        continue
                    if any(until_key == key and earlier[-1] <= until < number for until_key, until in untils):
                        continue
                    chosen = [*earlier, number]
                if slot.stage == program.stages - 1:
                    yield key, chosen
                else:
                    pending[key, slot.stage] = chosen
        untils += [
            (key, number)
            for slot in program.slots
            if slot.role is Role.UNTIL
            for key in event.keys.get(slot.predicate, ())
        ]


def _accepts(program: SequenceProgram, events: Sequence[ReferenceEvent], key: Key, chosen: list[int]) -> bool:
    """Whether the missing stages let a candidate pass."""
    times = [events[number].time for number in chosen]
    first, last = times[0], times[-1]
    for slot in program.slots:
        if slot.role is Role.MIDDLE and any(
            times[slot.stage] < time < times[slot.stage + 1] for time in _times(events, slot.predicate, key)
        ):
            return False
    before = [t for slot in program.slots if slot.role is Role.LEADING for t in _times(events, slot.predicate, key)]
    after = [t for slot in program.slots if slot.role is Role.TRAILING for t in _times(events, slot.predicate, key)]
    a = max((time for time in before if time < first), default=None)
    z = min((time for time in after if time > last), default=None)
    match program.has(Role.LEADING), program.has(Role.TRAILING):
        case True, True:
            return a is None or z is None or _exceeds(program, z - a)
        case True, False:
            return a is None or _exceeds(program, last - a)
        case False, True:
            return z is None or _exceeds(program, z - first)
        case _:
            return True


def _times(events: Sequence[ReferenceEvent], predicate: int, key: Key) -> Iterator[int]:
    return (event.time for event in events if key in event.keys.get(predicate, ()))


def _exceeds(program: SequenceProgram, duration: int) -> bool:
    return program.maxspan is not None and duration > program.maxspan


def _match(program: SequenceProgram, events: Sequence[ReferenceEvent], key: Key, chosen: list[int]) -> Match:
    tokens = tuple(None if stage is None else events[chosen[stage]].token for stage in program.places)
    first, last = events[chosen[0]], events[chosen[-1]]
    return Match(key, tokens, first.time, last.time, last.token)
