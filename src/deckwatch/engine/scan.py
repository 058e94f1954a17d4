"""Rules over recorded events: what `deckwatch scan` and `deckwatch.scan` do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from deckwatch.engine.alerts import Run
from deckwatch.engine.detections import Found
from deckwatch.engine.engines import EngineName, build
from deckwatch.engine.exceptions import by_rule
from deckwatch.engine.reporter import FETCHED_TOGETHER, Alert, Documents, Reporter
from deckwatch.engine.summary import Summary
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.ahead import Ahead
from deckwatch.events.batch import EventBatch
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.reader import EventSource, Reader, open_events
from deckwatch.rules.rule import Rule


class Onlooker(Protocol):
    """Is shown every batch of events that a scan reads, before the rules see it."""

    @property
    def fields(self) -> Mapping[str, Kind]:
        """What batches must hold for it; columns are to be read as of these kinds, rules may need others."""
        ...

    def see(self, batch: EventBatch) -> None:
        """Look at a batch."""
        ...


class Scan(Iterator[Alert]):
    """The alert documents of a scan, made while it is iterated.

    Alerts of event rules come as their events are read. Sequences come when the input has ended, since any
    file may hold an earlier event: first the building blocks of each, then its shell. So do the alerts of rules that
    suppress some, and with `max_signals` all.
    """

    def __init__(
        self,
        events: EventSource,
        rules: Iterable[Rule],
        *,
        engine: EngineName = "columnar",
        within: TimeRange,
        dead_letter: Callable[[DeadLetter], None] | None = None,
        on_batch: Callable[[Reader], None] | None = None,
        batch_events: int | None = None,
        run: Run | None = None,
        onlooker: Onlooker | None = None,
        max_signals: bool = False,
    ) -> None:
        self._reporter = Reporter(rules, max_signals=max_signals)
        self._engine = build(engine, self._reporter.detections(), within)
        fields = {**(onlooker.fields if onlooker else {}), **self._engine.fields}
        self._reader = open_events(events, fields, dead_letter=dead_letter, batch_events=batch_events)
        self._on_batch = on_batch
        self._onlooker = onlooker
        self._run = run or Run.now()
        self._summary: Summary | None = None
        self._alerts = self._scan()

    def __next__(self) -> Alert:
        return next(self._alerts)

    def close(self) -> None:
        """Stop early and let go of the input."""
        self._alerts.close()
        self._reader.close()

    @property
    def summary(self) -> Summary:
        """What was done.

        Raises:
            DeckwatchError: the scan has not been iterated to its end.
        """
        if self._summary is None:
            raise DeckwatchError("the summary is there once all alerts have been read; iterate the scan to its end")
        return self._summary

    def _scan(self) -> Generator[Alert, None, None]:
        started = time.perf_counter()
        with self._reader as reader:
            for batch in reader:
                if self._onlooker is not None:
                    self._onlooker.see(batch)
                for hits, of_rows in _hits_with_documents(self._engine.process(batch), batch):
                    for row, number in hits:
                        yield from self._reporter.event(number, of_rows[row], self._run)
                if self._on_batch is not None:
                    self._on_batch(reader)
            certain = self._reporter.arranged(self._engine.finish(), reader.documents)
            with contextlib.closing(Ahead(_found_with_documents(certain, reader))) as pieces:
                for found, documents in pieces:
                    for each in found:
                        yield from self._reporter.found(each, documents, self._run)
            yield from self._reporter.finish()
            self._summary = self._summed(reader, time.perf_counter() - started)

    def _summed(self, reader: Reader, seconds: float) -> Summary:
        counts = reader.counts
        return Summary(
            lines=counts.lines,
            events=counts.events,
            blank=counts.blank,
            malformed=counts.malformed,
            damaged=counts.damaged,
            bytes=counts.bytes,
            seconds=seconds,
            rules=len(self._reporter.rules),
            hits=dict(self._reporter.hits),
            documents=self._reporter.documents,
            undated=self._engine.undated,
            suppressed_self=self._reporter.withheld,
            repeated=self._reporter.repeated,
            suppressed=dict(self._reporter.suppressed),
            cut_short=self._reporter.cut_short,
            full_runs=dict(self._reporter.full_runs),
            over_limit=dict(self._reporter.over_limit),
            excepted=by_rule(self._reporter.rules, self._engine.removed),
            excepted_by_stage=by_rule(self._reporter.rules, self._engine.removed_by_filter),
        )


def _hits_with_documents(
    hits: Sequence[tuple[int, int]], batch: EventBatch
) -> Iterator[tuple[Sequence[tuple[int, int]], Documents]]:
    for start in range(0, len(hits), FETCHED_TOGETHER):
        some = hits[start : start + FETCHED_TOGETHER]
        rows = sorted({row for row, _ in some})
        yield some, dict(zip(rows, batch.documents.documents(rows), strict=True))


def _found_with_documents(
    found: Sequence[Found], reader: Reader
) -> Generator[tuple[Sequence[Found], Documents], None, None]:
    for start in range(0, len(found), FETCHED_TOGETHER):
        some = found[start : start + FETCHED_TOGETHER]
        yield some, reader.documents(position for each in some for position in each.positions)
