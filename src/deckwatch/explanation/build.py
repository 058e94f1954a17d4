"""From positions and courses to explanations: documents judged, keys named, endings told."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

from deckwatch.engine.detections import Detection, Program
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.dates import SECOND, format_timestamp
from deckwatch.eql.nodes import EventFilter, Scalar
from deckwatch.events.document import document_id, field_values, index_name
from deckwatch.explanation.candidates import Draft, Near
from deckwatch.explanation.clauses import Reading
from deckwatch.explanation.evidence import stages
from deckwatch.explanation.journal import Course
from deckwatch.explanation.values import Attempt, Candidate, Difference, Ending, Event, Filter, Form, Judgement, KeyPart
from deckwatch.rules.rule import Rule
from deckwatch.sequences.records import Key, Token
from deckwatch.sequences.samples import SampleProgram
from deckwatch.sequences.steps import Role, SequenceProgram


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes the values of one explanation; `documents` has every event it names, by position."""

    rule: Rule
    detection: Detection
    within: TimeRange
    documents: Mapping[int, dict[str, Any]]

    @property
    def reading(self) -> Reading:
        return Reading(self.rule.query, self.detection.checked.category_field, self.detection.fields)

    def event(self, position: int) -> Event:
        document = self.documents[position]
        time = self._time(document)
        return Event(
            position,
            document_id(document, document.get("_id")),
            None if time is None else format_timestamp(time),
            document,
        )

    def judgement(self, position: int, predicate: int, *, with_keys: bool = True) -> Judgement:
        """An event against the filter of one predicate; `with_keys`: a missing join key is an obstacle."""
        document = self.documents[position]
        clause, unmet = self.reading.judge(self.detection.predicates[predicate].filter, document)
        obstacles = (
            *self._hidden(document),
            *self._excepted(document, predicate),
            *(self._keyless(document, predicate) if with_keys else ()),
        )
        return Judgement(self.names()[predicate], self.event(position), obstacles, clause, unmet + len(obstacles))

    def attempt(self, program: SequenceProgram, draft: Draft) -> Attempt:
        """A sequence with its candidates."""
        course = draft.course
        candidates = tuple(self._candidate(program, course, near) for near in draft.near)
        return Attempt(
            self.key(course.key), self.events(course.tokens), self.ending(program, course), candidates, draft.distance
        )

    def events(self, tokens: Iterable[Token | None]) -> tuple[Event | None, ...]:
        """The events of a sequence, by positive stage."""
        return tuple(None if token is None else self.event(cast("int", token)) for token in tokens)

    def names(self) -> list[str]:
        """What to call each predicate's filter."""
        match self.detection.program:
            case SequenceProgram() as program:
                return [_name(program, number) for number in range(len(program.predicates))]
            case None:
                return ["event"]
            case _:
                return [f"item {number}" for number, _ in enumerate(self.detection.predicates, 1)]

    def filters(self) -> tuple[Filter, ...]:
        """Every filter of the query, in its order."""
        texts = (_text(self.rule.query, predicate.filter) for predicate in self.detection.predicates)
        return tuple(map(Filter, self.names(), texts))

    def _candidate(self, program: SequenceProgram, course: Course, near: Near) -> Candidate:
        predicate = stages(program)[near.stage - 1]
        keys = self.detection.predicates[predicate].keys
        differences = tuple(
            Difference(
                keys[place].name,
                self._shown_all(near.position, keys[place].name),
                self._shown(keys[place].name, course.key[place]),
            )
            for place in near.differing
        )
        judgement = self.judgement(near.position, predicate, with_keys=False)
        return Candidate(near.stage, judgement, differences, near.timing, near.distance)

    def key(self, values: Key) -> tuple[KeyPart, ...]:
        """A join key by its components."""
        places = zip_longest(*(predicate.keys for predicate in self.detection.predicates))
        fields = [tuple(dict.fromkeys(key.name for key in place)) for place in places]
        return tuple(KeyPart(names, self._shown(names[0], value)) for names, value in zip(fields, values, strict=True))

    def ending(self, program: SequenceProgram, course: Course) -> Ending:
        """What ended a sequence."""
        if course.by is None:
            return Ending(course.how)
        token, time = course.by
        by = self.event(cast("int", token))
        name = "" if course.predicate is None else self.names()[course.predicate]
        first = self._time(self.documents[cast("int", next(token for token in course.tokens if token is not None))])
        past = None
        if course.how == "expired" and first is not None and program.maxspan is not None:
            past = (time - first - program.maxspan) / SECOND
        return Ending(course.how, by, name, past)

    def _hidden(self, document: Mapping[str, Any]) -> Iterator[str]:
        """Why the rule does not look at an event, whatever it holds."""
        stream = index_name(document, document.get("_index"))
        patterns = self.detection.streams
        if stream is not None and patterns is not None and not patterns.matches(stream):
            yield f"its data stream {stream} is not among the rule's index patterns: {', '.join(self.rule.index)}"
        time = self._time(document)
        if not self.within.holds(time):
            yield f"its time {format_timestamp(time or 0)} is outside of the time asked for"
        if time is None and isinstance(self.detection.program, SequenceProgram):
            yield f"it has no {self.detection.time_field}, so it takes no part in sequences"

    def _excepted(self, document: Mapping[str, Any], predicate: int) -> Iterator[str]:
        now = time.time_ns()
        for each in self.detection.exclusions:
            if each.applies_to(predicate) and each.is_active(now) and each.names(document):
                yield f"the exception {each.item.name!r} removes it"

    def _keyless(self, document: Mapping[str, Any], predicate: int) -> Iterator[str]:
        for key in self.detection.predicates[predicate].keys:
            if not key.optional and not field_values(document, key.name, self.detection.fields[key.name]):
                yield f"it has no {key.name}, which is a join key"

    def _time(self, document: Mapping[str, Any]) -> int | None:
        times = field_values(document, self.detection.time_field, "date")
        return min((time for time in times if isinstance(time, int)), default=None)

    def _shown_all(self, position: int, name: str) -> tuple[Scalar, ...]:
        values = field_values(self.documents[position], name, self.detection.fields[name])
        return tuple(self._shown(name, value) for value in dict.fromkeys(values))

    def _shown(self, name: str, value: Scalar) -> Scalar:
        is_date = self.detection.fields[name] == "date"
        return format_timestamp(value) if is_date and isinstance(value, int) else value


def form(program: Program) -> Form:
    """What sort of query a program is of."""
    match program:
        case SequenceProgram():
            return "sequence"
        case SampleProgram():
            return "sample"
        case None:
            return "event"


def _name(program: SequenceProgram, predicate: int) -> str:
    slots = [slot for slot in program.slots if slot.predicate == predicate]
    numbers = sorted(slot.stage + 1 for slot in slots)
    match slots[0].role:
        case Role.STAGE:
            return f"stage {numbers[0]}" if len(slots) == 1 else f"stages {numbers[0]} to {numbers[-1]}"
        case Role.UNTIL:
            return "until"
        case Role.LEADING:
            return "missing event before stage 1"
        case Role.MIDDLE:
            return f"missing event between stages {numbers[0]} and {numbers[0] + 1}"
        case Role.TRAILING:
            return f"missing event after stage {program.stages}"


def _text(query: str, wanted: EventFilter) -> str:
    return " ".join(query[wanted.span.start : wanted.span.end].split())
