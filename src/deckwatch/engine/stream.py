"""Rules over live events: what `deckwatch watch` and `deckwatch.watch` do."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from deckwatch.engine.alerts import Run
from deckwatch.engine.clock import Clock, Stop
from deckwatch.engine.columnar import ColumnarEngine
from deckwatch.engine.detections import Found
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

    Alerts of event rules come with their events, those of sequences when the watermark has passed their last event.
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
        self._reporter = Reporter(rules)
        bound = _lateness(source, lateness)
        self._engine = ColumnarEngine(
            self._reporter.detections(), within=TimeRange(), horizon=_horizon(source, horizon)
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
            found = self._engine.finish() if self._source.ended else self._engine.drain()
            for start in range(0, len(found), _REPORTED_TOGETHER):
                some = found[start : start + _REPORTED_TOGETHER]
                yield Step(tuple(self._sequences(some, self._run_now())))

    def _advanced(self, batch: EventBatch | None, moment: int, run: Run) -> Iterator[Alert]:
        """Take in a batch that came at a moment, or that none did; the alerts that are certain by now."""
        if batch is not None:
            late = self._timeline.take(batch, moment)
            yield from self._events(batch, self._engine.process(batch, late), run)
            self._evaluated += batch.height
        self._rate.note(self._evaluated)
        if not self._pace.is_behind:
            self._timeline.pass_time(moment, self._engine.awaited, self._holder.holding if self._holder else None)
        yield from self._sequences(self._engine.advance(self._timeline.values), run)
        self._let_go()

    def _events(self, batch: EventBatch, hits: Sequence[tuple[int, int]], run: Run) -> Iterator[Alert]:
        rows = sorted({row for row, _ in hits})
        documents = dict(zip(rows, batch.documents.documents(rows), strict=True)) if rows else {}
        for row, detection in hits:
            yield from self._reporter.event(detection, documents[row], run)

    def _sequences(self, found: Sequence[Found], run: Run) -> Iterator[Alert]:
        if found:
            places = {place for each in found for place in each.positions if place is not None}
            documents = self._source.documents(places)
            for each in found:
                yield from self._reporter.sequence(each, documents, run)

    def _run_now(self) -> Run:
        """The run that alerts made now belong to."""
        if self._stamped:
            return self._run
        return replace(self._run, timestamp=format_timestamp(self._clock.now() // _MILLISECOND * _MILLISECOND))

    def _let_go(self) -> None:
        """Drop kept events that nothing refers to; not at every step, but when as many have come as were left."""
        if self._engine.kept > max(self._kept, _FEWEST_KEPT):
            references = self._engine.references()
            self._source.retain(references)
            self._kept, self._engine.kept = len(references), 0


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
