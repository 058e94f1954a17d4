"""Rules over recorded events: what `deckwatch scan` and `deckwatch.scan` do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from deckwatch.engine.alerts import Run, SourceEvent, event_alert, made_by, sequence_alerts
from deckwatch.engine.detections import DEFAULT_TIEBREAKER, Detection, Found
from deckwatch.engine.engines import EngineName, build
from deckwatch.engine.summary import Summary
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.document import document_id, index_name
from deckwatch.events.fields import field_table
from deckwatch.events.reader import EventSource, Reader, open_events
from deckwatch.rules.rule import Rule

Alert = dict[str, Any]

_FETCHED_TOGETHER = 1000
"""Sequences whose documents are read in one go through the input; that many are held in memory."""


class Scan(Iterator[Alert]):
    """The alert documents of a scan, made while it is iterated.

    Alerts of event rules come as their events are read. Sequences come when the input has ended, since any
    file may hold an earlier event: first the building blocks of each, then its shell.
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
    ) -> None:
        self._rules = tuple(rules)
        self._engine = build(engine, [_detection(rule) for rule in self._rules], within)
        self._reader = open_events(events, self._engine.fields, dead_letter=dead_letter, batch_events=batch_events)
        self._on_batch = on_batch
        self._run = run or Run.now()
        self._hits: Counter[str] = Counter({rule.rule_id: 0 for rule in self._rules})
        self._documents = 0
        self._withheld = 0
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
                for row, number in self._engine.process(batch):
                    yield from self._event(self._rules[number], batch.documents.document(row))
                if self._on_batch is not None:
                    self._on_batch(reader)
            found = self._engine.finish()
            for start in range(0, len(found), _FETCHED_TOGETHER):
                some = found[start : start + _FETCHED_TOGETHER]
                documents = reader.documents(position for each in some for position in each.positions)
                for each in some:
                    yield from self._sequence(self._rules[each.detection], each, documents)
            self._summary = self._summed(reader, time.perf_counter() - started)

    def _event(self, rule: Rule, document: dict[str, Any]) -> Iterator[Alert]:
        if made_by(rule, document):
            self._withheld += 1
            return
        yield from self._counted(rule, [event_alert(rule, _source_event(document), self._run)])

    def _sequence(self, rule: Rule, found: Found, documents: Mapping[int, dict[str, Any]]) -> Iterator[Alert]:
        events = [None if position is None else documents[position] for position in found.positions]
        if any(event is not None and made_by(rule, event) for event in events):
            self._withheld += 1
            return
        sources = [None if event is None else _source_event(event) for event in events]
        yield from self._counted(rule, sequence_alerts(rule, sources, self._run))

    def _counted(self, rule: Rule, alerts: Sequence[Alert]) -> Iterator[Alert]:
        self._hits[rule.rule_id] += 1
        self._documents += len(alerts)
        yield from alerts

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
            rules=len(self._rules),
            hits=dict(self._hits),
            documents=self._documents,
            undated=self._engine.undated,
            suppressed_self=self._withheld,
        )


def _detection(rule: Rule) -> Detection:
    return Detection.of_rule(rule, _kind(rule.tiebreaker_field or DEFAULT_TIEBREAKER))


def _kind(name: str) -> Kind:
    field = field_table().resolve(name)
    return "keyword" if field is None or field.kind is None else field.kind


def _source_event(document: dict[str, Any]) -> SourceEvent:
    index = document.get("_index")
    return SourceEvent(
        document=document,
        id=document_id(document, document.get("_id")),
        index=index or index_name(document, None) or "",
    )
