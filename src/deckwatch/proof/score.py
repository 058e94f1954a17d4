"""How much of a rule its scenarios notice: mutants killed, shown to mean the same, or surviving."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeAlias

from deckwatch.engine.detections import Detection
from deckwatch.eql.check import Checked, check
from deckwatch.eql.constraints import violations
from deckwatch.eql.errors import QueryError
from deckwatch.eql.nodes import And, EventFilter, EventQuery, Expr, JoinQuery, Not, Query, SampleQuery, Span, stages_of
from deckwatch.eql.parser import parse
from deckwatch.eql.text import QueryText
from deckwatch.events.fields import field_table
from deckwatch.proof.difference import only
from deckwatch.proof.mutants import Mutant, mutants
from deckwatch.proof.of_events import bounded
from deckwatch.proof.run import Findings, outcomes
from deckwatch.proof.scenario import Scenario, Suite
from deckwatch.proof.solver import Unsolved
from deckwatch.proof.targets import with_category
from deckwatch.rules.rule import Rule

Fate: TypeAlias = Literal["killed", "equivalent", "surviving"]

_TOGETHER = 250
"""Mutants that run in one pass."""

SAME = "it means the same"
NO_EVENT = "no event tells them apart"
SEVERAL = "only an event with several values in a field of one could tell them apart"


class Maker(Protocol):
    """What makes scenarios for one rule."""

    def telling(
        self, number: int, about: str, place: Span | None, condition: Expr, *, holds: bool, many: bool
    ) -> Scenario | Unsolved:
        """A scenario whose event for a stage fulfils a condition, under which the stage's own holds or does not."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant and what became of it; `reason` says why it is equivalent, or what was tried."""

    mutant: Mutant
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """All mutants of a rule. `left_out`: how many more there are than were tried."""

    judged: tuple[Judged, ...] = ()
    left_out: int = 0

    def count(self, fate: Fate) -> int:
        """How many mutants had this fate."""
        return sum(each.fate == fate for each in self.judged)

    @property
    def value(self) -> float:
        """The share of the mutants killed, of those that mean something else; 1 where there are none."""
        killed, surviving = self.count("killed"), self.count("surviving")
        return killed / (killed + surviving) if killed + surviving else 1.0


@dataclass(frozen=True, slots=True)
class _Compiled:
    mutant: Mutant
    checked: Checked


def score(rule: Rule, suite: Suite, maker: Maker, most: int) -> tuple[Score, list[Scenario]]:
    """The fate of the mutants of a rule, and the scenarios that were added to tell more of them apart."""
    compiled, left_out = bounded(list(_compiled(rule)), most)
    meant = _essence(rule.checked.query)
    same = [each for each in compiled if _essence(each.checked.query) == meant]
    alive = [each for each in compiled if _essence(each.checked.query) != meant]
    judged = [Judged(each.mutant, "equivalent", SAME) for each in same]
    survivors = _surviving(rule, alive, suite.scenarios, apart=suite.apart)
    added, reasons = _told_apart(rule, survivors, maker)
    left = _surviving(rule, survivors, added, apart=suite.apart) if added else survivors
    killed = {id(each) for each in alive} - {id(each) for each in left}
    for each in alive:
        known: tuple[Fate, str] = reasons.get(id(each), ("surviving", ""))
        judged.append(Judged(each.mutant, "killed") if id(each) in killed else Judged(each.mutant, *known))
    return Score(tuple(sorted(judged, key=lambda each: each.mutant.span.start)), left_out), added


def _compiled(rule: Rule) -> Iterator[_Compiled]:
    """The mutants that are queries at all."""
    tree = parse(rule.query)
    if not isinstance(tree, JoinQuery):
        for mutant in mutants(tree):
            try:
                yield _Compiled(mutant, checked(rule, mutant))
            except QueryError:
                continue


def checked(rule: Rule, mutant: Mutant) -> Checked:
    """A mutant ready to run in place of its rule; raises QueryError when it is no query."""
    faults = [QueryText("").fault(each.message, each.span, each.hint) for each in violations(mutant.query)]
    if faults:
        raise QueryError("", tuple(faults))
    return check(mutant.query, field_table(), category_field=rule.checked.category_field, on_unknown="infer")


def _essence(query: Query) -> Query:
    """The query with every stage's whole join key, each component of it once."""
    if isinstance(query, EventQuery):
        return query
    keys = [query.by + stage.by for stage in stages_of(query)]
    columns = list(dict.fromkeys(zip(*keys, strict=True)))
    stages = tuple(
        replace(stage, by=tuple(column[number] for column in columns)) for number, stage in enumerate(stages_of(query))
    )
    if isinstance(query, SampleQuery):
        return replace(query, by=(), stages=stages)
    until = stages[-1] if query.until else None
    return replace(query, by=(), stages=stages[: len(query.stages)], until=until)


def _surviving(
    rule: Rule, compiled: Sequence[_Compiled], scenarios: Sequence[Scenario], *, apart: bool
) -> list[_Compiled]:
    """The mutants that find in the scenarios exactly what the rule finds."""
    detections = [Detection.of_rule(replace(rule, checked=each.checked)) for each in compiled]
    (expected,) = outcomes([Detection.of_rule(rule)], scenarios, apart=apart)
    found: list[list[Findings]] = []
    for start in range(0, len(detections), _TOGETHER):
        found += outcomes(detections[start : start + _TOGETHER], scenarios, apart=apart)
    return [each for each, outcome in zip(compiled, found, strict=True) if outcome == expected]


def _told_apart(
    rule: Rule, survivors: Sequence[_Compiled], maker: Maker
) -> tuple[list[Scenario], dict[int, tuple[Fate, str]]]:
    """Scenarios that only one of the two fires on, and the fate of mutants for which there is none."""
    added: list[Scenario] = []
    fates: dict[int, tuple[Fate, str]] = {}
    for each in survivors:
        differing = _differing(rule.checked, each.checked)
        if differing is None:
            fates[id(each)] = "surviving", "no scenario shows what it changes"
            continue
        found = _told(each.mutant, *differing, maker, many=False)
        if isinstance(found, Scenario):
            added.append(found)
        elif not found.proven:
            fates[id(each)] = "surviving", found.reason
        else:
            several = _told(each.mutant, *differing, maker, many=True)
            proven = isinstance(several, Scenario) or several.proven
            reason = SEVERAL if isinstance(several, Scenario) else NO_EVENT if proven else several.reason
            fates[id(each)] = "equivalent" if proven else "surviving", reason
    return added, fates


def _told(mutant: Mutant, number: int, own: Expr, other: Expr, maker: Maker, *, many: bool) -> Scenario | Unsolved:
    """A scenario with an event that one filter takes and the other does not."""
    tried: list[Unsolved] = []
    for holds, condition in ((True, only(own, other)), (False, only(other, own))):
        found = maker.telling(number, mutant.change, mutant.span, condition, holds=holds, many=many)
        if isinstance(found, Scenario):
            return found
        tried.append(found)
    return next((each for each in tried if not each.proven), tried[0])


def _differing(original: Checked, mutant: Checked) -> tuple[int, Expr, Expr] | None:
    """The number of the only stage whose filter was changed, and both filters; None when more was changed."""
    ours, theirs = _filters(original.query), _filters(mutant.query)
    if len(ours) != len(theirs):
        return None
    places = [place for place, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other]
    if len(places) != 1 or _without(original.query) != _without(mutant.query):
        return None
    place = places[0]
    category = original.category_field
    return place, with_category(ours[place], category), with_category(theirs[place], category)


def _filters(query: Query) -> list[EventFilter]:
    return [stage.filter for stage in stages_of(query)]


def _without(query: Query) -> tuple[object, ...]:
    """A query but for its filters."""
    nothing = EventFilter(None, Not(And(())))
    match query:
        case EventQuery():
            return (query.pipes,)
        case SampleQuery(by=by, stages=stages):
            return (by, *(replace(stage, filter=nothing) for stage in stages))
        case _:
            stages = tuple(replace(stage, filter=nothing) for stage in stages_of(query))
            return (query.by, query.maxspan, query.until is None, *stages)
