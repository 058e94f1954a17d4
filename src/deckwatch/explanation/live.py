"""How a rule of a running stream is doing: what its sequences wait for, and what ended the last of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from deckwatch.engine.detections import Detection
from deckwatch.engine.inspection import MOST_LOOKED_AT, Held, Inspection
from deckwatch.engine.stream import Stream
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.dates import SECOND, format_timestamp
from deckwatch.errors import DeckwatchError
from deckwatch.explanation.build import Builder, form
from deckwatch.explanation.journal import HOW, Course
from deckwatch.explanation.live_values import Ended, LiveExplanation, Open, Reached, Satisfied, Sequences
from deckwatch.explanation.values import How
from deckwatch.rules.choice import choose
from deckwatch.rules.rule import Rule
from deckwatch.sequences.observer import Happening, What
from deckwatch.sequences.records import Key
from deckwatch.sequences.state import Partial
from deckwatch.sequences.steps import SequenceProgram

MOST_STREAMS = 10

CONTAINER_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "container.id": str.startswith,
    "container.name": str.__eq__,
}


def explain_stream(stream: Stream, rule: str, *, container: str | None = None, limit: int = 5) -> LiveExplanation:
    """How a rule of a stream is doing; to be asked in the thread that iterates.

    Args:
        stream: what `deckwatch.watch` gave.
        rule: the id or the name of one of its rules; of a name its beginning is enough.
        container: only sequences of this container: its name, or the beginning of its id.
        limit: at most so many sequences that go on, that wait, and that have ended.

    Raises:
        DeckwatchError: the stream does not run this rule, or the rule does not tell containers apart.
    """
    chosen = choose(rule, stream.rules)
    found = stream.inspect(chosen, limit, _everything if container is None else _of_container(chosen, container))
    builder = Builder(found.rule, found.detection, TimeRange(), found.documents)
    program = found.detection.program
    sequences = None
    if isinstance(program, SequenceProgram) and found.held is not None:
        sequences = _Told(found, found.held, builder, program).sequences()
    return LiveExplanation(
        rule_id=found.rule.rule_id,
        name=found.rule.name,
        query=form(program),
        source=found.source,
        seconds=found.seconds,
        newest=_written(found.newest),
        lag=_lag(found),
        watermark=_written(found.watermark),
        events=found.events,
        seen=found.tally.seen,
        fired=found.fired,
        suppressed=found.suppressed,
        excepted=found.excepted,
        filters=tuple(_filters(builder, found)),
        sequences=sequences,
        notes=tuple(_notes(found)),
    )


def _everything(_: Key) -> bool:
    return True


def _of_container(rule: Rule, container: str) -> Callable[[Key], bool]:
    """Which join keys of a rule are of a container.

    Raises:
        DeckwatchError: they do not say.
    """
    program = Detection.of_rule(rule).program
    keys = program.predicates[0].keys if isinstance(program, SequenceProgram) else ()
    tests = [(place, CONTAINER_TESTS[key.name]) for place, key in enumerate(keys) if key.name in CONTAINER_TESTS]
    if not tests:
        raise DeckwatchError(
            f"{rule.name!r} has no sequences by {' or '.join(CONTAINER_TESTS)}; ask about all containers"
        )
    return lambda values: any(test(str(values[place] or ""), container) for place, test in tests)


@dataclass(frozen=True, slots=True)
class _Told:
    """The sequences of one inspection, told."""

    found: Inspection
    held: Held
    builder: Builder
    program: SequenceProgram

    def sequences(self) -> Sequences:
        endings: Counter[How] = Counter()
        for (what, _), count in self.found.counts.items():
            if what in HOW:
                endings[self._how(what)] += count
        return Sequences(
            reached=tuple(self._reached()),
            begun=sum(self.held.begun),
            open=tuple(self._open(key, partial) for key, partial in self.held.open),
            waiting_count=self.held.waiting_count,
            waiting=tuple(self._waiting(key, partial, deadline) for deadline, _, key, partial in self.held.waiting),
            endings=endings,
            ended=tuple(map(self._ended, self.found.ended)),
        )

    def _reached(self) -> Iterator[Reached]:
        """Whatever has ever got there has ended since, waits to be decided, or is there or further still."""
        for stage in range(1, self.program.stages + 1):
            ended = sum(count for (_, events), count in self.found.counts.items() if events >= stage)
            yield Reached(stage, ended + self.held.waiting_count + sum(self.held.begun[stage - 1 :]))

    def _open(self, key: Key, partial: Partial) -> Open:
        span = self.program.maxspan
        return self._going_on(key, partial, None if span is None else partial.first + span)

    def _waiting(self, key: Key, partial: Partial, deadline: int) -> Open:
        return self._going_on(key, partial, deadline)

    def _going_on(self, key: Key, partial: Partial, until: int | None) -> Open:
        left = None if until is None or self.found.now is None else (until - self.found.now) / SECOND
        unreached = (None,) * (self.program.stages - len(partial.tokens))
        return Open(self.builder.key(key), self.builder.events((*partial.tokens, *unreached)), _written(until), left)

    def _ended(self, step: Happening) -> Ended:
        unreached = (None,) * (self.program.stages - len(step.tokens))
        by = None if step.token is None or step.time is None else (step.token, step.time)
        predicate = None if step.slot is None else step.slot.predicate
        course = Course(step.key, (*step.tokens, *unreached), self._how(step.what), by, predicate)
        return Ended(
            self.builder.key(step.key), self.builder.events(course.tokens), self.builder.ending(self.program, course)
        )

    def _how(self, what: What) -> How:
        return "forgotten" if what is What.EXPIRED and self.program.maxspan is None else HOW[what]


def _lag(found: Inspection) -> float | None:
    if not found.live or found.now is None or found.newest is None:
        return None
    return (found.now - found.newest) / SECOND


def _filters(builder: Builder, found: Inspection) -> Iterator[Satisfied]:
    pending: Counter[int] = Counter()
    if isinstance(found.detection.program, SequenceProgram) and found.held is not None:
        for slot, count in found.held.pending.items():
            predicate = found.detection.program.slots[slot].predicate
            pending[predicate] = max(pending[predicate], count)
    for number, each in enumerate(builder.filters()):
        yield Satisfied(each.name, each.text, found.tally.satisfied[number], pending[number])


def _notes(found: Inspection) -> Iterator[str]:
    """What limits this explanation."""
    if found.events and not found.tally.seen:
        yield f"no event is of a data stream that the rule looks at: {', '.join(found.rule.index)}"
        if found.streams:
            names = sorted(found.streams)
            more = f" and {len(names) - MOST_STREAMS} more" if len(names) > MOST_STREAMS else ""
            yield f"the data streams of the events are {', '.join(names[:MOST_STREAMS])}{more}"
    if found.held is not None and not found.live:
        yield "a recording is watched: sequences are decided when all of it has been read"
    if found.late and found.held is not None:
        yield f"{found.late:,} event{'s' * (found.late > 1)} came after their turn and took no part in sequences"
    if found.held is not None and (begun := sum(found.held.begun)) > MOST_LOOKED_AT:
        yield f"not all of the {begun:,} sequences that go on were looked at, but those that got furthest"
    if found.detection.program is not None and found.held is None:
        yield "of a sample only the events that satisfy its items are counted"


def _written(time: int | None) -> str | None:
    return None if time is None else format_timestamp(time)
