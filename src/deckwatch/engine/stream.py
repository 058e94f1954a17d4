"""Rules over live events: what `deckwatch watch` and `deckwatch.watch` do."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self, cast

from deckwatch.engine.alerts import Run
from deckwatch.engine.clock import Clock, Stop
from deckwatch.engine.columnar import ColumnarEngine
from deckwatch.engine.detections import Detection, Found
from deckwatch.engine.exceptions import by_rule
from deckwatch.engine.inspection import Inspection, Look
from deckwatch.engine.pace import Pace
from deckwatch.engine.ports import Holder, Source
from deckwatch.engine.reporter import Alert, Reporter
from deckwatch.engine.status import Rate, Status
from deckwatch.engine.visibility import TimeRange
from deckwatch.engine.watermark import Timeline
from deckwatch.eql.dates import format_timestamp
from deckwatch.errors import DeckwatchError
from deckwatch.events.batch import EventBatch
from deckwatch.rules.rule import Rule
from deckwatch.sequences.recollection import Recollection, named
from deckwatch.sequences.records import Key
from deckwatch.sequences.steps import SequenceProgram

LATENESS_SECONDS = 2.0
HORIZON_SECONDS = 86_400.0

_SECOND = 1_000_000_000
_MILLISECOND = 1_000_000
_REPORTED_TOGETHER = 1000
_FEWEST_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Step:
    """What one micro-batch, or a moment without any, has led to: alert documents as `scan` makes them."""

    alerts: tuple[Alert, ...] = ()


class Stream(Iterator[Step]):
    """Rules over the events of a source, step by step, until the source ends or `stop` is called.

    Alerts of event rules come with their events, those of sequences, and of rules that suppress alerts, when the
    watermark has passed their last event. An alert that turns out to stand for others comes again, with the same id.
    See `deckwatch.watch` for the options. A `run` stamps all alerts alike; without one they bear the time they are
    made.
    """

    def __init__(
        self,
        source: Source,
        rules: Iterable[Rule],
        *,
        interval: float = 0.1,
        batch_events: int = 1000,
        lateness: float | None = None,
        horizon: float | None = None,
        run: Run | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._source = source
        self._holder = source if isinstance(source, Holder) else None
        self._clock = clock or Clock()
        self._reporter = Reporter(rules, live=True)
        bound = _lateness(source, lateness)
        self._detections = self._reporter.detections()
        self._recollections = _recollections(self._detections) if source.live else {}
        self._engine = ColumnarEngine(
            self._detections, within=TimeRange(), horizon=_horizon(source, horizon), observers=self._recollections
        )
        self._timeline = Timeline(self._engine.time_fields, bound, self._clock if source.live else None)
        self._pace = Pace(interval, batch_events, self._clock, live=source.live)
        self._run, self._stamped = run or Run.now(), run is not None
        self._stop = Stop()
        self._evaluated = 0
        self._kept = 0
        self._rate = Rate(self._clock)
        self._started = self._clock.elapsed()
        self._steps = self._stream()
        try:
            source.open(self._engine.fields)
        except BaseException:
            source.close()
            raise

    def __next__(self) -> Step:
        """The next step, at most an interval after the last was asked for, and what its events take to evaluate."""
        return next(self._steps)

    @property
    def status(self) -> Status:
        """How the stream is doing now; also after its end. To be asked in the thread that iterates."""
        counts, stats, newest = self._source.counts, self._engine.stats, self._timeline.newest
        lag = None if newest is None or not self._source.live else (self._clock.now() - newest) / _SECOND
        return Status(
            source=self._source.name,
            seconds=(self._clock.elapsed() - self._started) / _SECOND,
            rules=len(self._reporter.rules),
            seen=counts.events + sum(counts.lost.values()),
            evaluated=self._evaluated,
            bytes=counts.bytes,
            lost=dict(counts.lost),
            incidents=dict(counts.incidents),
            late=self._timeline.late,
            ahead=self._timeline.ahead,
            undated=self._engine.undated,
            withheld=self._reporter.withheld,
            repeated=self._reporter.repeated,
            suppressed=dict(self._reporter.suppressed),
            windows=self._reporter.windows,
            cut_short=self._reporter.cut_short,
            rate=self._rate.value,
            newest=newest,
            watermark=self._timeline.lowest,
            lag=lag,
            pending=self._engine.pending,
            partials=stats.partials,
            waiting=stats.waiting,
            kept=self._kept + self._engine.kept,
            evicted=stats.evicted,
            hits=dict(self._reporter.hits),
            documents=self._reporter.documents,
            excepted=by_rule(self._reporter.rules, self._engine.removed),
        )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What it runs."""
        return self._reporter.rules

    def inspect(self, rule: Rule, most: int, keys: Callable[[Key], bool]) -> Inspection:
        """How one of its rules is doing now: at most so many of its sequences of each sort, those with some keys.

        To be asked in the thread that iterates.
        """
        number = self.rules.index(rule)
        detection, recollection = self._detections[number], self._recollections.get(number)
        newest, watermark = self._timeline.newest, self._timeline.values.get(detection.time_field)
        now = self._clock.now() if self._source.live else newest
        held = self._engine.held(number, Look(watermark, now, most, keys))
        ended = () if recollection is None else tuple(each for each in recollection.ended if keys(each.key))[:most]
        positions = {*named(ended), *(held.positions() if held else ())}
        return Inspection(
            rule=rule,
            detection=detection,
            source=self._source.name,
            live=self._source.live,
            seconds=(self._clock.elapsed() - self._started) / _SECOND,
            now=now,
            newest=newest,
            watermark=watermark,
            events=self._evaluated,
            late=self._timeline.late,
            tally=self._engine.tallies[number],
            fired=self._reporter.hits[rule.rule_id],
            suppressed=self._reporter.suppressed[rule.rule_id],
            excepted=sum(self._engine.removed.get(number, {}).values()),
            streams=self._engine.streams,
            held=held,
            counts={} if recollection is None else recollection.counts,
            ended=ended,
            documents=self._source.documents(positions),
        )

    def stop(self) -> None:
        """End soon: what is pending is brought to its end in the last steps. For signal handlers and other threads."""
        self._stop.is_wanted = True

    def close(self) -> None:
        """Let go of the source, at once; may be called twice."""
        self._steps.close()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _stream(self) -> Generator[Step, None, None]:
        with closing(self._source):
            while not (self._source.ended or self._stop.is_wanted):
                self._pace.rest(self._stop, self._timeline.due(self._engine.awaited))
                batch = self._source.poll(self._pace.patience(self._timeline.due(self._engine.awaited)))
                moment = self._clock.elapsed()
                self._pace.took(0 if batch is None else batch.height, moment)
                yield Step(tuple(self._advanced(batch, moment, self._run_now())))
            found = self._arranged(self._engine.finish() if self._source.ended else self._engine.drain())
            for start in range(0, len(found), _REPORTED_TOGETHER):
                some = found[start : start + _REPORTED_TOGETHER]
                yield Step(tuple(self._found(some, self._run_now())))
            if last := tuple(self._reporter.finish()):
                yield Step(last)

    def _advanced(self, batch: EventBatch | None, moment: int, run: Run) -> Iterator[Alert]:
        """Take in a batch that came at a moment, or that none did; the alerts that are certain by now."""
        if batch is not None:
            late = self._timeline.take(batch, moment)
            yield from self._events(batch, self._engine.process(batch, late), run)
            self._evaluated += batch.height
        self._rate.note(self._evaluated)
        if not self._pace.is_behind:
            self._timeline.pass_time(moment, self._engine.awaited, self._holder.holding if self._holder else None)
        yield from self._found(self._arranged(self._engine.advance(self._timeline.values)), run)
        yield from self._reporter.advance(self._timeline.values)
        self._let_go()

    def _events(self, batch: EventBatch, hits: Sequence[tuple[int, int]], run: Run) -> Iterator[Alert]:
        rows = sorted({row for row, _ in hits})
        documents = dict(zip(rows, batch.documents.documents(rows), strict=True)) if rows else {}
        for row, detection in hits:
            yield from self._reporter.event(detection, documents[row], run)

    def _arranged(self, found: Sequence[Found]) -> Sequence[Found]:
        return self._reporter.arranged(found, self._source.documents)

    def _found(self, found: Sequence[Found], run: Run) -> Iterator[Alert]:
        if found:
            places = {place for each in found for place in each.positions if place is not None}
            documents = self._source.documents(places)
            for each in found:
                yield from self._reporter.found(each, documents, run)

    def _run_now(self) -> Run:
        """The run that alerts made now belong to."""
        if self._stamped:
            return self._run
        return replace(self._run, timestamp=format_timestamp(self._clock.now() // _MILLISECOND * _MILLISECOND))

    def _recalled(self) -> set[int]:
        """The positions of all events that `inspect` may name besides those that a result to come may name."""
        return {cast("int", token) for each in self._recollections.values() for token in each.tokens()}

    def _let_go(self) -> None:
        """Drop kept events that nothing refers to; not at every step, but when as many have come as were left."""
        if self._engine.kept > max(self._kept, _FEWEST_KEPT):
            references = self._engine.references() | self._recalled()
            self._source.retain(references)
            self._kept, self._engine.kept = len(references), 0


def _recollections(detections: Sequence[Detection]) -> dict[int, Recollection]:
    return {i: Recollection() for i, each in enumerate(detections) if isinstance(each.program, SequenceProgram)}


def _lateness(source: Source, option: float | None) -> int | None:
    """The lateness in nanoseconds: as the option says, else as the source says, else the default; None without end."""
    seconds = next((each for each in (option, source.lateness) if each is not None), LATENESS_SECONDS)
    return _nanoseconds("lateness", seconds)


def _horizon(source: Source, option: float | None) -> int | None:
    """The horizon in nanoseconds. A recording needs none, as it has an end."""
    return _nanoseconds("horizon", option if option is not None else HORIZON_SECONDS if source.live else math.inf)


def _nanoseconds(name: str, seconds: float) -> int | None:
    if not seconds >= 0:
        raise DeckwatchError(f"{name} must be 0 seconds or more, not {seconds:g}")
    return int(seconds * _SECOND) if seconds < 1e9 else None
