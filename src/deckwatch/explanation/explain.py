"""Why a rule fired, and why it did not: what `deckwatch explain` and `deckwatch.explain` do."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import polars as pl

from deckwatch.engine.detections import DEFAULT_TIEBREAKER, Detection
from deckwatch.engine.repeatable import Repeatable
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.dates import SECOND
from deckwatch.errors import DeckwatchError
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.document import document_id
from deckwatch.events.fields import field_table
from deckwatch.events.reader import EventSource
from deckwatch.explanation.build import Builder, form
from deckwatch.explanation.candidates import PER_STAGE, Draft, Search
from deckwatch.explanation.evidence import Evidence, Gathering, positive
from deckwatch.explanation.focus import Focus
from deckwatch.explanation.journal import Course
from deckwatch.explanation.values import Explanation
from deckwatch.rules.rule import Rule
from deckwatch.sequences.records import Key
from deckwatch.sequences.samples import SampleProgram
from deckwatch.sequences.steps import SequenceProgram

MOST_COURSES = 300
"""How many sequences are looked at closely; of more, those that got furthest, the latest first."""

_HASH_DIGITS = 64


def explain(
    rule: Rule,
    events: EventSource,
    *,
    event: str | None = None,
    container: str | None = None,
    around: int | None = None,
    window: float = 60.0,
    since: int | None = None,
    until: int | None = None,
    limit: int = 5,
    dead_letter: Callable[[DeadLetter], None] | None = None,
) -> Explanation:
    """Why a rule fired on some events, and why it did not: the verdict on each clause, what ended each sequence.

    The whole of the events is always evaluated; `event`, `container` and `around` choose what of it is told.

    Args:
        rule: one of a `RuleSet`.
        events: as for `search`.
        event: the id of an event, as in `_id` or `event.id`, or as alerts name it.
        container: the name of a container, or the beginning of its id.
        around: a time (nanoseconds since 1970); events at most `window` seconds away from it.
        window: see `around`.
        since: only events at or after this time (nanoseconds since 1970); `until` likewise, exclusive.
        until: see `since`.
        limit: at most so many events, or sequences, that came near.
        dead_letter: called with every line that is not an event.

    Raises:
        DeckwatchError: the events cannot be opened, or none of them is what is asked about.
    """
    detection = _detection(rule)
    focus = Focus(event, container, around, int(window * SECOND))
    within = TimeRange(since, until)
    gathering = Gathering(detection, within, focus)
    with Repeatable(events) as source:
        with source.open(gathering.fields, dead_letter=dead_letter) as reader:
            for batch in reader:
                gathering.take(batch)
            malformed = reader.counts.malformed
        evidence = _located(gathering.evidence(), focus, source)
        plan = _Plan.of(evidence, focus, limit)
        builder = Builder(rule, detection, within, _documents(source, plan.positions))
    program = detection.program
    attempts = (
        tuple(builder.attempt(program, draft) for draft in plan.drafts) if isinstance(program, SequenceProgram) else ()
    )
    return Explanation(
        rule.rule_id,
        rule.name,
        form(detection.program),
        evidence.events,
        malformed,
        plan.fired,
        builder.filters(),
        tuple(builder.judgement(position, predicate) for position, predicate in plan.judged),
        attempts,
        plan.courses,
        tuple(_notes(evidence, focus, plan)),
    )


def _detection(rule: Rule) -> Detection:
    tiebreaker = field_table().resolve(rule.tiebreaker_field or DEFAULT_TIEBREAKER)
    return Detection.of_rule(rule, "keyword" if tiebreaker is None or tiebreaker.kind is None else tiebreaker.kind)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to tell: sequences, and pairs of an event and a predicate to judge it by."""

    fired: int
    drafts: Sequence[Draft] = ()
    judged: Sequence[tuple[int, int]] = ()
    courses: int = 0
    looked_at: int = 0

    @classmethod
    def of(cls, evidence: Evidence, focus: Focus, limit: int) -> _Plan:
        asked = evidence.asked
        fired = sum(asked is None or not asked.isdisjoint(each) for each in evidence.found)
        plan = cls(fired)
        if isinstance(evidence.detection.program, SequenceProgram):
            plan = _sequences(plan, evidence, evidence.detection.program, focus, limit)
        if focus.event is not None:
            predicates = range(len(evidence.detection.predicates))
            judged = [(position, number) for position in sorted(asked or ()) for number in predicates]
            return replace(plan, judged=judged)
        return plan if plan.drafts else replace(plan, judged=list(_nearest_events(evidence, limit)))

    @property
    def positions(self) -> set[int]:
        """Every event it names."""
        named = {position for draft in self.drafts for position in draft.positions}
        return named | {position for position, _ in self.judged}


def _sequences(plan: _Plan, evidence: Evidence, program: SequenceProgram, focus: Focus, limit: int) -> _Plan:
    asked = evidence.asked
    told = [each for each in evidence.courses if each.how != "completed" or focus.event is not None]
    if asked is not None:
        akin = _keys_of(evidence, asked) if focus.event is not None else []
        told = [each for each in told if _names(each, asked) or any(_alike(each.key, key) for key in akin)]
    close = sorted(told, key=lambda each: (-each.reached, -max(_tokens(each))))[:MOST_COURSES]
    search = Search.among(evidence, program, close)
    drafts = [search.draft(each) for each in close]
    if asked is not None and focus.event is not None:
        drafts = [each for each in drafts if not asked.isdisjoint(each.positions)]
        told = [each.course for each in drafts]
    drafts.sort(key=lambda each: (each.distance, not each.course.begun, -each.course.reached, -each.last))
    return replace(plan, drafts=drafts[:limit], courses=len(told), looked_at=len(close))


def _nearest_events(evidence: Evidence, limit: int) -> Iterator[tuple[int, int]]:
    """For each filter of the rule the events in focus that came nearest without satisfying it."""
    most = limit if evidence.detection.program is None else PER_STAGE
    for predicate in positive(evidence.detection):
        frame = evidence.near.get(predicate)
        if frame is not None:
            near = frame.filter(pl.col("asked") & (pl.col("unmet") > 0)).unique("position").sort("unmet", "rank")
            yield from ((position, predicate) for position in near["position"].head(most).to_list())


def _keys_of(evidence: Evidence, asked: frozenset[int]) -> list[Key]:
    """The join keys of events, whatever stage they are near to."""
    wanted = pl.col("position").is_in(pl.Series(sorted(asked), dtype=pl.Int64).implode())
    return [
        row
        for frame in evidence.near.values()
        for row in frame.filter(wanted).select(pl.col("^key[0-9]+$")).iter_rows()
    ]


def _alike(one: Key, other: Key) -> bool:
    return sum(mine != yours for mine, yours in zip(one, other, strict=True)) <= 1


def _tokens(course: Course) -> Iterator[int]:
    return (cast("int", token) for token in course.tokens if token is not None)


def _names(course: Course, asked: frozenset[int]) -> bool:
    return not asked.isdisjoint(_tokens(course)) or (course.by is not None and course.by[0] in asked)


def _located(evidence: Evidence, focus: Focus, source: Repeatable) -> Evidence:
    """The evidence, the event asked about found by the hash of its content where no id of its own is the one asked for.

    Raises:
        DeckwatchError: nothing is what is asked about.
    """
    if evidence.asked is None or evidence.asked:
        return evidence
    asked = frozenset(_by_hash(source, focus.event)) if _is_hash(focus.event) else frozenset()
    if not asked:
        raise DeckwatchError(f"{_asked(focus)} is not among the {evidence.events:,} events; look in other files")
    near = {
        number: frame.with_columns(asked=pl.col("position").is_in(pl.Series(sorted(asked)).implode()))
        for number, frame in evidence.near.items()
    }
    return replace(evidence, asked=asked, near=near)


def _is_hash(identity: str | None) -> bool:
    return identity is not None and len(identity) == _HASH_DIGITS and set(identity) <= set(string.hexdigits)


def _by_hash(source: Repeatable, identity: str | None) -> Iterator[int]:
    with source.open({}) as reader:
        for batch in reader:
            for row in range(batch.height):
                document = batch.documents.document(row)
                if document_id(document, document.get("_id")) == identity:
                    yield batch.first + row


def _asked(focus: Focus) -> str:
    parts = [
        f"an event with the id {focus.event!r}" if focus.event is not None else "",
        f"an event of the container {focus.container!r}" if focus.container is not None else "",
        "an event around that time" if focus.around is not None else "",
    ]
    return " that is ".join(filter(None, parts))


def _documents(source: Repeatable, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The documents at these positions, in one more pass."""
    wanted = sorted(positions)
    found: dict[int, dict[str, Any]] = {}
    with source.open({}) as reader:
        for batch in reader:
            here = [position for position in wanted if batch.first <= position < batch.first + batch.height]
            rows = [position - batch.first for position in here]
            found.update(zip(here, batch.documents.documents(rows), strict=True))
            if len(found) == len(wanted):
                break
    return found


def _notes(evidence: Evidence, focus: Focus, plan: _Plan) -> Iterator[str]:
    """What limits this explanation."""
    if evidence.undated:
        time = evidence.detection.time_field
        count = f"{evidence.undated:,} event{'s' * (evidence.undated > 1)}"
        yield f"{count} without {time} took no part, though a stage fits"
    if 0 < plan.looked_at < plan.courses:
        narrow = "" if focus.container else "; --container or --around narrow it down"
        yield f"{plan.looked_at:,} of {plan.courses:,} sequences that did not complete were looked at closely{narrow}"
    if isinstance(evidence.detection.program, SampleProgram):
        yield "of a sample only single events are explained, not how far each key got"
