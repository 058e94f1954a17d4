"""What the automaton tells, written down as the course of every sequence."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deckwatch.explanation.values import How
from deckwatch.sequences.observer import Happening, What
from deckwatch.sequences.records import Key, Token
from deckwatch.sequences.steps import Role, SequenceProgram

HOW: Mapping[What, How] = {
    What.COMPLETED: "completed",
    What.OVERWRITTEN: "overwritten",
    What.EXPIRED: "expired",
    What.ENDED: "until",
    What.REFUSED: "missing event",
}


@dataclass(frozen=True, slots=True)
class Course:
    """A sequence of one key: its events by positive stage (None: not reached), and how and by which event it ended.

    `by`: the event and its time, None where none did it. `predicate`: which one that event satisfied.
    """

    key: Key
    tokens: tuple[Token | None, ...]
    how: How
    by: tuple[Token, int] | None = None
    predicate: int | None = None

    @property
    def begun(self) -> bool:
        return self.tokens[0] is not None

    @property
    def reached(self) -> int:
        return sum(token is not None for token in self.tokens)


@dataclass(slots=True)
class _Open:
    """The marks of missing events on a sequence that goes on: the latest, and the one that dooms it."""

    first: int
    mark: Happening | None = None
    doom: Happening | None = None


@dataclass(slots=True)
class Journal:
    """An observer of one automaton. `courses` have ended; `finish` adds those that never did, or never began."""

    program: SequenceProgram
    courses: list[Course] = field(default_factory=list)
    _open: dict[tuple[Key, tuple[Token, ...]], _Open] = field(default_factory=dict)
    _sighted: defaultdict[Key, list[Happening]] = field(default_factory=lambda: defaultdict(list))
    _unclaimed: defaultdict[Key, list[Happening]] = field(default_factory=lambda: defaultdict(list))
    _firsts: defaultdict[Key, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __call__(self, step: Happening) -> None:
        match step.what:
            case What.STARTED:
                self._open[step.key, step.tokens] = _Open(step.first)
            case What.EXTENDED:
                self._extend(step)
            case What.INTERRUPTED:
                self._open[step.key, step.tokens].mark = step
            case What.UNCLAIMED:
                self._unclaimed[step.key].append(step)
            case What.SIGHTED:
                self._sighted[step.key].append(step)
            case _:
                self._end(step)

    def finish(self) -> list[Course]:
        """The input has ended: all courses, those without a beginning last."""
        for (key, tokens), each in self._open.items():
            self._add(key, tokens, "input ended", each.first)
        self._open.clear()
        for firsts in self._firsts.values():
            firsts.sort()
        for key, steps in self._unclaimed.items():
            self.courses.extend(self._headless(key, steps))
        self._unclaimed.clear()
        return self.courses

    def _extend(self, step: Happening) -> None:
        each = self._open.pop((step.key, step.tokens[:-1]))
        if each.doom is None and each.mark is not None and (each.mark.time or 0) < step.last:
            each.doom = each.mark
        each.mark = None
        self._open[step.key, step.tokens] = each

    def _end(self, step: Happening) -> None:
        each = self._open.pop((step.key, step.tokens), None)
        cause: Happening | None = step if step.token is not None else None
        if step.what is What.REFUSED:
            cause = (each and each.doom) or self._sighting(step)
        self._add(step.key, step.tokens, HOW[step.what], step.first, cause)

    def _sighting(self, step: Happening) -> Happening | None:
        """The missing event that refuses a complete sequence: the first after its end, or the last before its start."""
        seen = self._sighted[step.key]
        after = (e for e in seen if e.slot and e.slot.role is Role.TRAILING and (e.time or 0) > step.last)
        before = (e for e in reversed(seen) if e.slot and e.slot.role is Role.LEADING and (e.time or 0) < step.first)
        return next(after, None) or next(before, None)

    def _add(self, key: Key, tokens: tuple[Token, ...], how: How, first: int, cause: Happening | None = None) -> None:
        unreached = (None,) * (self.program.stages - len(tokens))
        by = None if cause is None or cause.token is None else (cause.token, cause.time or 0)
        predicate = None if cause is None or cause.slot is None else cause.slot.predicate
        self.courses.append(Course(key, (*tokens, *unreached), how, by, predicate))
        self._firsts[key].append(first)

    def _headless(self, key: Key, steps: list[Happening]) -> Iterator[Course]:
        """Of events of later stages that found no beginning within the span before them: those that make one whole."""
        span = self.program.maxspan
        tokens: dict[int, tuple[Token, int]] = {}
        for step in steps:
            if step.slot is None or step.token is None or step.time is None or self._has_beginning(key, step.time):
                continue
            late = tokens and span is not None and step.time - min(time for _, time in tokens.values()) > span
            if tokens and (late or step.slot.stage <= max(tokens)):
                yield self._course(key, tokens)
                tokens = {}
            tokens[step.slot.stage] = step.token, step.time
        if tokens:
            yield self._course(key, tokens)

    def _has_beginning(self, key: Key, time: int) -> bool:
        firsts = self._firsts.get(key, [])
        place = bisect_right(firsts, time)
        return place > 0 and (self.program.maxspan is None or time - firsts[place - 1] <= self.program.maxspan)

    def _course(self, key: Key, tokens: dict[int, tuple[Token, int]]) -> Course:
        events = tuple(tokens[stage][0] if stage in tokens else None for stage in range(self.program.stages))
        return Course(key, events, "not begun")
