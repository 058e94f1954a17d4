"""What is remembered of the sequences of one automaton that have ended, in bounded memory."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator

from deckwatch.sequences.observer import Happening, What
from deckwatch.sequences.records import Key, Token
from deckwatch.sequences.steps import Role

KEPT = 3
"""Endings of each sort: of those that ended alike, having got equally far, the last ones."""

MOST_MARKS = 64
"""Missing events that may yet refuse a sequence: the latest of so many keys."""

_MARKS = frozenset({What.INTERRUPTED, What.SIGHTED})


class Recollection:
    """An observer of one automaton: it counts endings, and keeps the last of them.

    `counts`: by what ended a sequence, and how many events it had.
    """

    every_step = False

    def __init__(self) -> None:
        self.counts: Counter[tuple[What, int]] = Counter()
        self._ended: dict[tuple[What, int], deque[Happening]] = {}
        self._marks: dict[tuple[Role, Key], Happening] = {}

    def __call__(self, step: Happening) -> None:
        what = step.what
        if what in _MARKS:
            self._mark(step)
            return
        sort = what, len(step.tokens)
        self.counts[sort] += 1
        ended = self._with_cause(step) if what is What.REFUSED else step
        self._ended.setdefault(sort, deque(maxlen=KEPT)).append(ended)

    @property
    def ended(self) -> list[Happening]:
        """What ended lately: those that got furthest first, but complete ones last; of each sort the latest first."""
        sorts = sorted(self._ended, key=lambda sort: (sort[0] is What.COMPLETED, -sort[1]))
        return [step for sort in sorts for step in reversed(self._ended[sort])]

    def tokens(self) -> Iterator[Token]:
        """The events that `ended` names, and those that it may yet name as causes."""
        yield from named((*self.ended, *self._marks.values()))

    def _mark(self, step: Happening) -> None:
        if step.slot is None:
            return
        place = step.slot.role, step.key
        self._marks.pop(place, None)
        self._marks[place] = step
        if len(self._marks) > MOST_MARKS:
            del self._marks[next(iter(self._marks))]

    def _with_cause(self, step: Happening) -> Happening:
        """A refusal together with the missing event that led to it, if that is still known."""
        found = (self._marks.get((role, step.key)) for role in (Role.MIDDLE, Role.TRAILING, Role.LEADING))
        cause = next((mark for mark in found if mark is not None and _refuses(mark, step)), None)
        return step if cause is None else step._replace(slot=cause.slot, token=cause.token, time=cause.time)


def named(steps: Iterable[Happening]) -> Iterator[Token]:
    """The events of some sequences, and those that caused the steps."""
    for step in steps:
        yield from step.tokens
        if step.token is not None:
            yield step.token


def _refuses(mark: Happening, step: Happening) -> bool:
    match mark.slot, mark.time:
        case None, _:
            return False
        case _, None:
            return False
        case slot, time if slot.role is Role.MIDDLE:
            return mark.tokens == step.tokens[: len(mark.tokens)]
        case slot, time if slot.role is Role.TRAILING:
            return time > step.last
        case _, time:
            return time < step.first
    return False
