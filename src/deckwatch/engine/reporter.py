"""From what an engine found to alert documents, counted by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, TypeAlias

from deckwatch.engine.alerts import Run, SourceEvent, event_alert, made_by, sequence_alerts
from deckwatch.engine.detections import DEFAULT_TIEBREAKER, Detection, Found
from deckwatch.engine.moments import latest, moment, waits
from deckwatch.engine.suppression import Suppressor
from deckwatch.eql.nodes import EventQuery, SampleQuery
from deckwatch.eql.types import Kind
from deckwatch.events.document import document_id, index_name
from deckwatch.events.fields import field_table
from deckwatch.rules.rule import Rule
from deckwatch.rules.suppression import Suppression, interval
from deckwatch.sequences.records import key_order

Alert: TypeAlias = dict[str, Any]
Documents: TypeAlias = Mapping[int, dict[str, Any]]
Fetch: TypeAlias = "Callable[[Iterable[int]], Documents]"

FETCHED_TOGETHER = 400
"""Events or sequences whose documents are read in one go through the input; a scan holds three times as many."""

MOST_REMEMBERED = 100_000
"""Ids of alerts that are known again, the latest ones; some 20 MB."""


class Reporter:
    """Makes the alerts of some rules. `hits` counts them by rule_id: a sequence once, whatever its building blocks.

    `live`: alerts that stand for others are reported at once and once more when it is known for how many, instead of
    only then. `max_signals`: no more alerts in a run of a rule than its parameter of that name says.
    """

    def __init__(self, rules: Iterable[Rule], *, live: bool = False, max_signals: bool = False) -> None:
        self.rules = tuple(rules)
        self.hits: Counter[str] = Counter({rule.rule_id: 0 for rule in self.rules})
        self.documents = 0
        """Alert documents made, building blocks included."""
        self.withheld = 0
        """Alerts not made, because the same rule had already made one of the events."""
        self.repeated = 0
        """Alerts not made again: of the same rule on the same events, which the input holds twice."""
        self._remembered: dict[tuple[str, str], None] = {}
        self.full_runs: Counter[str] = Counter()
        """How often a rule found as much in one run as it may report, or more; `over_limit`: what it found beyond."""
        self.over_limit: Counter[str] = Counter()
        self._limited = max_signals
        self._suppressors = {
            number: Suppressor(rule, suppression, live=live)
            for number, rule in enumerate(self.rules)
            if (suppression := Suppression.of(rule.parameters)) is not None
        }
        self.suppressed: Counter[str] = Counter({self.rules[number].rule_id: 0 for number in self._suppressors})
        """Alerts that only count with another, by rule_id; of rules that suppress any."""

    @property
    def windows(self) -> int:
        """How many groups of suppressed alerts are open."""
        return sum(map(len, self._suppressors.values()))

    @property
    def cut_short(self) -> int:
        """How many groups of suppressed alerts ended early, to bound what is held."""
        return sum(each.evicted for each in self._suppressors.values())

    def detections(self) -> list[Detection]:
        """One for each rule, in their order."""
        return [
            replace(
                Detection.of_rule(rule, _kind(rule.tiebreaker_field or DEFAULT_TIEBREAKER)),
                collect=self._limited or number in self._suppressors,
            )
            for number, rule in enumerate(self.rules)
        ]

    def event(self, detection: int, document: dict[str, Any], run: Run) -> Iterator[Alert]:
        """The alert on an event that a rule matches, by the number of its detection."""
        rule = self.rules[detection]
        if made_by(rule, document):
            self.withheld += 1
            return
        yield from self._counted(rule, [event_alert(rule, _source_event(document), run)])

    def arranged(self, found: Sequence[Found], documents: Fetch) -> list[Found]:
        """In the order in which suppression takes them, and without what a rule must not report.

        In a stream, all that has become certain together; in a scan all there is. `documents` gives them by position.
        """
        if not (self._suppressors or self._limited):
            return list(found)
        return [
            each
            for number, some in groupby(found, key=lambda each: each.detection)
            for each in self._limit(number, self._ordered(number, list(some), documents), documents)
        ]

    def found(self, found: Found, documents: Documents, run: Run) -> Iterator[Alert]:
        """What is to be reported when events are found together, whose documents are given by position."""
        rule = self.rules[found.detection]
        events = [None if position is None else documents[position] for position in found.positions]
        if any(event is not None and made_by(rule, event) for event in events):
            self.withheld += 1
        elif (suppressor := self._suppressors.get(found.detection)) is not None:
            yield from self._suppressed(rule, suppressor, events, run)
        else:
            yield from self._counted(rule, _alerts(rule, events, run))

    def advance(self, watermarks: Mapping[str, int]) -> Iterator[Alert]:
        """Nothing before these times, by time field, will be found any more: what is reported of the past."""
        for number, suppressor in self._suppressors.items():
            if (time := watermarks.get(self.rules[number].timestamp_field)) is not None:
                yield from self._given(suppressor.advance(time))

    def finish(self) -> Iterator[Alert]:
        """Nothing will be found any more: what is left to report."""
        for suppressor in self._suppressors.values():
            yield from self._given(suppressor.advance(None))

    def _suppressed(
        self, rule: Rule, suppressor: Suppressor, events: Sequence[dict[str, Any] | None], run: Run
    ) -> Iterator[Alert]:
        present = [event for event in events if event is not None]
        alerts: Sequence[Alert] = ()
        if isinstance(rule.checked.query, EventQuery):
            terms = suppressor.event_terms(present[0])
        else:
            alerts = _alerts(rule, events, run)
            terms = suppressor.sequence_terms(alerts)
        time = moment(rule, present)
        if time is None or not suppressor.applies(terms):
            yield from self._counted(rule, alerts or _alerts(rule, events, run))
            return
        yield from self._given(suppressor.advance(time))
        instance = suppressor.instance(terms, run)
        if suppressor.counted(instance, time, run):
            self.suppressed[rule.rule_id] += 1
            return
        self.hits[rule.rule_id] += 1
        yield from self._given(suppressor.open(instance, terms, time, alerts or _alerts(rule, events, run), run))

    def _ordered(self, number: int, found: list[Found], documents: Fetch) -> list[Found]:
        """Samples by their last event to arrive; what waited for a missing event by how long. All else is in order."""
        query = self.rules[number].checked.query
        if number not in self._suppressors:
            return found
        if isinstance(query, SampleQuery):
            return sorted(found, key=lambda each: max(place for place in each.positions if place is not None))
        if waits(query) is None:
            return found
        moments = self._moments(number, found, documents)
        places = range(len(found))
        return [found[i] for i in sorted(places, key=lambda i: (moments[i] or 0, key_order(found[i].key)))]

    def _limit(self, number: int, found: list[Found], documents: Fetch) -> list[Found]:
        rule = self.rules[number]
        if not self._limited or len(found) < rule.max_signals:
            return found
        moments = self._moments(number, found, documents)
        kept, full = latest(found, moments, interval(rule.parameters), rule.max_signals)
        if full:
            self.full_runs[rule.rule_id] += full
            self.over_limit[rule.rule_id] += len(found) - len(kept)
        return kept

    def _moments(self, number: int, found: Sequence[Found], documents: Fetch) -> list[int | None]:
        moments: list[int | None] = []
        for start in range(0, len(found), FETCHED_TOGETHER):
            some = [_present(each) for each in found[start : start + FETCHED_TOGETHER]]
            fetched = documents({place for places in some for place in places})
            moments += (moment(self.rules[number], [fetched[place] for place in places]) for places in some)
        return moments

    def _counted(self, rule: Rule, alerts: Sequence[Alert]) -> Iterator[Alert]:
        id_ = rule.rule_id, alerts[-1]["kibana.alert.uuid"]
        if id_ in self._remembered:
            self.repeated += 1
            return
        self._remembered[id_] = None
        if len(self._remembered) > MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self.hits[rule.rule_id] += 1
        yield from self._given(alerts)

    def _given(self, alerts: Iterable[Alert]) -> Iterator[Alert]:
        for alert in alerts:
            self.documents += 1
            yield alert


def _alerts(rule: Rule, events: Sequence[dict[str, Any] | None], run: Run) -> list[Alert]:
    sources = [None if event is None else _source_event(event) for event in events]
    match rule.checked.query, sources:
        case EventQuery(), [SourceEvent() as event]:
            return [event_alert(rule, event, run)]
        case _:
            return sequence_alerts(rule, sources, run)


def _present(found: Found) -> list[int]:
    return [place for place in found.positions if place is not None]


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
