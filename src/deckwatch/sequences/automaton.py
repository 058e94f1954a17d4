"""The keyed automaton that finds sequences: records in, matches out, in constant time per record.

For every key and every positive stage but the last, at most one partial waits. The later replaces the earlier, the
first event of the next stage takes it, and what is older than the span is forgotten by generations. Missing stages
never steer this: they leave marks, and a completed sequence is accepted, refused or kept waiting by its marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial as bind
from heapq import heappop, heappush
from itertools import chain

import msgspec

from deckwatch.sequences.aging import Aging
from deckwatch.sequences.observer import Handler, Happening, Observer, What, observed
from deckwatch.sequences.records import Key, Match, Record, SnapshotError, Token
from deckwatch.sequences.state import Partial, Sightings, State, Stats, Waiting, Watch
from deckwatch.sequences.steps import Role, SequenceProgram, Slot

NEVER = 1 << 63


class SequenceAutomaton:
    """Finds the sequences of one program.

    Records come in ascending order of their events (time never goes back) and, within one event, in ascending order of
    slots, each (event, slot, key) once. A sequence without maxspan keeps its partials for ever, unless a `horizon`
    (nanoseconds) is given: it then acts as maxspan, and what it evicts is counted. An `observer` is told every step.
    """

    def __init__(
        self, program: SequenceProgram, *, horizon: int | None = None, observer: Observer | None = None
    ) -> None:
        self._program = program
        self._observer = observer
        self._span = horizon if program.maxspan is None else program.maxspan
        self._leading = program.has(Role.LEADING)
        self._trailing = program.has(Role.TRAILING)
        self._tables: list[Aging[Partial]] = [Aging({}, {}) for _ in range(program.stages - 1)]
        self._sightings: Aging[Sightings] = Aging({}, {})
        self._waiting: list[Waiting] = []  # a heap
        self._watches: dict[Key, Watch] = {}
        self._serial = 0
        self._last_deadline = -NEVER
        self._generation: int | None = None
        self._due = -NEVER  # the first time at which something is released or forgotten
        self._evicted = 0
        self._found: list[Match] = []
        self._handlers: tuple[Handler, ...] = tuple(map(self._handler, program.slots))
        if observer is not None:
            self._handlers = tuple(
                observed(slot, handler, self._tables, self._span, observer)
                for slot, handler in zip(program.slots, self._handlers, strict=True)
            )

    def advance(self, records: Iterable[Record]) -> list[Match]:
        """Process records; the matches they complete or release, in the order in which that happens."""
        handlers = self._handlers
        for time, token, slot, key in records:
            if time >= self._due:
                self._pass_time(time)
            handlers[slot](time, token, key)
        return self._take_found()

    def advance_time(self, now: int) -> list[Match]:
        """No record before `now` (nanoseconds) will come any more: expire partials; the matches that this releases."""
        if now >= self._due:
            self._pass_time(now)
        return self._take_found()

    def finish(self) -> list[Match]:
        """No record will come any more: the matches that still waited for a trailing missing event."""
        self._release(NEVER)
        return self._take_found()

    @property
    def stats(self) -> Stats:
        """What is held now."""
        partials = sum(map(len, self._tables))
        return Stats(partials, len(self._waiting), len(self._sightings), self._evicted)

    @property
    def deadlines(self) -> tuple[int, int] | None:
        """When the first and the last of the sequences that wait are released: as soon as time has passed this."""
        return (self._waiting[0][0], self._last_deadline) if self._waiting else None

    @property
    def begun(self) -> tuple[int, ...]:
        """How many sequences have reached each positive stage but the last, and no later one."""
        return tuple(map(len, self._tables))

    def partials(self) -> Iterator[tuple[Key, Partial]]:
        """The sequences that are begun, the furthest first, among these the last to have moved. To look at only.

        Some may be too old to be extended, and not forgotten yet.
        """
        return chain.from_iterable(table.latest() for table in reversed(self._tables))

    @property
    def waiting(self) -> Sequence[Waiting]:
        """Complete sequences that a trailing missing event may refuse, in no particular order. To look at only."""
        return self._waiting

    def tokens(self) -> Iterator[Token]:
        """The events of all sequences that are begun or wait, with repetitions."""
        for table in self._tables:
            for partial in table.values():
                yield from partial.tokens
        for _, _, _, partial in self._waiting:
            yield from partial.tokens

    def __len__(self) -> int:
        """The number of entries held, of any sort."""
        return sum(self.stats[:3])

    def snapshot(self) -> bytes:
        """The whole state between two calls; `restore` continues from it."""
        state = State(
            self._program.stages,
            self._span,
            self._generation,
            self._evicted,
            [(table.young, table.old) for table in self._tables],
            (self._sightings.young, self._sightings.old),
            self._waiting,
            self._watches,
            self._serial,
        )
        return msgspec.msgpack.encode(state)

    @classmethod
    def restore(cls, program: SequenceProgram, snapshot: bytes, *, horizon: int | None = None) -> SequenceAutomaton:
        """An automaton that continues from a snapshot of the same program; the horizon may have changed.

        Raises:
            SnapshotError: these bytes are no snapshot, or one of another program.
        """
        try:
            state = msgspec.msgpack.decode(snapshot, type=State)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotError(f"cannot read the saved state of a sequence: {error}; start without it") from error
        self = cls(program, horizon=horizon)
        if state.stages != program.stages or (program.maxspan is not None and state.span != program.maxspan):
            raise SnapshotError(
                f"the saved state is of another sequence: {state.stages} positive stages within {state.span} ns, "
                f"not {program.stages} within {program.maxspan} ns; start without it"
            )
        self._tables[:] = [Aging(young, old) for young, old in state.tables]
        self._sightings = Aging(*state.sightings)
        self._evicted = state.evicted
        self._generation = state.generation if state.span == self._span else None
        self._waiting, self._watches, self._serial = state.waiting, state.watches, state.serial
        self._last_deadline = max((deadline for deadline, *_ in state.waiting), default=-NEVER)
        return self

    def _handler(self, slot: Slot) -> Handler:
        match slot.role:
            case Role.STAGE if self._program.stages == 1:
                return self._single
            case Role.STAGE if slot.stage == 0:
                return self._start
            case Role.STAGE:
                return bind(self._extend, slot.stage)
            case Role.UNTIL:
                return self._end
            case Role.LEADING:
                return self._sight
            case Role.MIDDLE:
                return bind(self._interrupt, slot.stage)
            case Role.TRAILING:
                return self._refuse

    def _single(self, time: int, token: Token, key: Key) -> None:
        self._complete(Partial(time, time, (token,), self._preceded(time, key)), key)

    def _start(self, time: int, token: Token, key: Key) -> None:
        preceded = self._preceded(time, key) if self._leading else None
        self._tables[0].put(key, Partial(time, time, (token,), preceded))

    def _extend(self, stage: int, time: int, token: Token, key: Key) -> None:
        partial = self._tables[stage - 1].pop(key)
        if partial is None:
            return
        if self._span is not None and time - partial.first > self._span:
            self._evicted += self._program.maxspan is None
            return
        if partial.interrupted is not None:
            partial.doomed = partial.doomed or partial.interrupted < time
            partial.interrupted = None
        partial.last = time
        partial.tokens += (token,)
        if stage == self._program.stages - 1:
            self._complete(partial, key)
        else:
            self._tables[stage].put(key, partial)

    def _end(self, _time: int, _token: Token, key: Key) -> None:
        for table in self._tables:
            table.pop(key)

    def _sight(self, time: int, _token: Token, key: Key) -> None:
        seen = self._sightings.get(key)
        if seen is None or seen.latest < time:
            self._sightings.put(key, Sightings(time, None if seen is None else seen.latest))

    def _preceded(self, time: int, key: Key) -> int | None:
        seen = self._sightings.get(key)
        if seen is None:
            return None
        return seen.latest if seen.latest < time else seen.earlier

    def _interrupt(self, stage: int, time: int, _token: Token, key: Key) -> None:
        partial = self._tables[stage].get(key)
        if partial is not None and partial.interrupted is None and partial.last < time:
            partial.interrupted = time

    def _refuse(self, time: int, _token: Token, key: Key) -> None:
        watch = self._watches.get(key)
        if watch is not None:
            watch.seen = time

    def _complete(self, partial: Partial, key: Key) -> None:
        if partial.doomed:
            self._tell(What.REFUSED, partial, key)
            return
        since = partial.preceded if self._leading else partial.first
        deadline = None if since is None or self._program.maxspan is None else since + self._program.maxspan
        if deadline is None or deadline < partial.last or not (self._leading or self._trailing):
            self._find(partial, key)
        elif self._trailing:
            self._wait(deadline, partial, key)
        else:
            self._tell(What.REFUSED, partial, key)

    def _tell(self, what: What, partial: Partial, key: Key) -> None:
        if self._observer is not None:
            self._observer(Happening(what, key, partial.tokens, partial.first, partial.last))

    def _find(self, partial: Partial, key: Key) -> None:
        if self._observer is not None:
            self._tell(What.COMPLETED, partial, key)
        tokens = partial.tokens
        events = tuple(None if stage is None else tokens[stage] for stage in self._program.places)
        self._found.append(Match(key, events, partial.first, partial.last, tokens[-1]))

    def _wait(self, deadline: int, partial: Partial, key: Key) -> None:
        watch = self._watches.get(key)
        if watch is None:
            watch = self._watches[key] = Watch()
        watch.waiting += 1
        self._serial += 1
        heappush(self._waiting, (deadline, self._serial, key, partial))
        self._last_deadline = max(self._last_deadline, deadline)
        if deadline < self._due:
            self._due = deadline + 1

    def _pass_time(self, now: int) -> None:
        self._release(now)
        turn = NEVER
        if self._span is not None:
            length = max(self._span, 1)
            generation = now // length
            if self._generation is not None:
                generation = max(generation, self._generation)
                self._turn(generation - self._generation)
            self._generation = generation
            turn = (generation + 1) * length
        self._due = min(turn, self._waiting[0][0] + 1) if self._waiting else turn

    def _turn(self, generations: int) -> None:
        for _ in range(min(generations, 2)):  # nothing is left after two
            if self._observer is not None:
                for key, partial in chain.from_iterable(table.old.items() for table in self._tables):
                    self._tell(What.EXPIRED, partial, key)
            forgotten = sum(table.turn() for table in self._tables)
            self._evicted += forgotten if self._program.maxspan is None else 0
            self._sightings.turn()

    def _release(self, now: int) -> None:
        # Every record up to the deadline has been processed and none after it: what was seen came in time.
        while self._waiting and self._waiting[0][0] < now:
            _, _, key, partial = heappop(self._waiting)
            watch = self._watches[key]
            if watch.seen is None or watch.seen <= partial.last:
                self._find(partial, key)
            else:
                self._tell(What.REFUSED, partial, key)
            watch.waiting -= 1
            if not watch.waiting:
                del self._watches[key]

    def _take_found(self) -> list[Match]:
        found, self._found = self._found, []
        return found
