"""Scenarios of event rules: one event each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from deckwatch.engine.detections import Detection
from deckwatch.eql.dates import SECOND
from deckwatch.eql.nodes import EventQuery, Expr, Or, Span
from deckwatch.eql.unparse import unparse
from deckwatch.proof.profile import Values
from deckwatch.proof.run import as_claimed
from deckwatch.proof.scenario import Gap, Scenario, Sort, Suite
from deckwatch.proof.solver import Outcome, Solution, Solver, Unsolved
from deckwatch.proof.targets import Target
from deckwatch.proof.ways import Way, distinct, false_ways, true_ways
from deckwatch.rules.rule import Rule

START = 1_767_225_600 * SECOND
"""When the events happen, in nanoseconds: the beginning of 2026."""

_SHOWN = 100
_NOT_AS_ASKED = "the event found for it is read otherwise than it was meant"
Item = TypeVar("Item")


class EventScenarios:
    """Makes the scenarios of an event rule."""

    def __init__(self, rule: Rule, query: EventQuery, seed: int) -> None:
        self.target = Target(rule, query.filter, (), Solver(rule.checked.fields), seed)
        self._rule = rule
        self._detection = Detection.of_rule(rule)
        self._made = 0
        self._base: Values = {}

    def suite(self, most: int) -> Suite:
        """An event for every way in which the rule fires, and for every way in which it just does not."""
        suite = Suite()
        base = self.target.solve()
        if isinstance(base, Unsolved):
            suite.gaps.append(Gap("positive", "the whole rule", None, base.reason, base.proven))
            return suite
        self._base = base.values
        self._add(suite, "positive", "the whole rule", None, base)
        positive, suite.left_out = bounded(distinct(true_ways(self.target.condition)), most)
        negative, left_out = bounded(distinct(false_ways(self.target.condition)), most)
        suite.left_out += left_out
        for way in positive:
            self._add(suite, "positive", shown(way.about), way.about.span, self._alone(way, base.values))
        for way in negative:
            found = self.target.solve(way.condition, prefer=base.values)
            self._add(suite, "near miss", shown(way.about), way.about.span, found)
        return suite

    def telling(
        self,
        _number: int,
        about: str,
        place: Span | None,
        condition: Expr,
        *,
        holds: bool,
        many: bool,
    ) -> Scenario | Unsolved:
        """A scenario whose event fulfils a condition, under which the rule's own holds or does not."""
        outcome = self.target.solve(condition, prefer=self._base, many=many)
        if isinstance(outcome, Unsolved):
            return outcome
        return self.scenario("boundary", about, place, outcome.values, fires=holds)

    def scenario(
        self, sort: Sort, about: str, place: Span | None, values: Values, *, fires: bool
    ) -> Scenario | Unsolved:
        """The scenario of an event with these values, unless evaluation says that the rule does otherwise with it."""
        self._made += 1
        time = START + self._made * SECOND
        event = self.target.document(values, time, f"{self._rule.rule_id}:{self._made}")
        made = Scenario(sort, about, place, (self.target.sketch(values, time),), (event,), (0,) if fires else None)
        return made if as_claimed(self._detection, made) else Unsolved(proven=False, reason=_NOT_AS_ASKED)

    def _alone(self, way: Way, base: Values) -> Outcome:
        """The way on its own; where another alternative always holds too, together with that."""
        found = self.target.solve(way.condition, prefer=base)
        return found if isinstance(found, Solution) else self.target.solve(way.loose, prefer=base)

    def _add(self, suite: Suite, sort: Sort, about: str, place: Span | None, outcome: Outcome) -> None:
        made: Scenario | Unsolved
        if isinstance(outcome, Unsolved):
            made = outcome
        else:
            made = self.scenario(sort, about, place, outcome.values, fires=sort == "positive")
        if isinstance(made, Unsolved):
            suite.gaps.append(Gap(sort, about, place, made.reason, made.proven))
        elif all(made.events[0].values != other.events[0].values for other in suite.scenarios):
            suite.scenarios.append(made)


def bounded(items: Sequence[Item], most: int) -> tuple[list[Item], int]:
    """At most so many, spread evenly, and how many were left out."""
    if len(items) <= most:
        return list(items), 0
    return [items[number * len(items) // most] for number in range(most)], len(items) - most


def shown(expr: Expr) -> str:
    """A part of a rule in a line."""
    text = " or ".join(_each(expr))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _each(expr: Expr) -> Iterator[str]:
    if isinstance(expr, Or):
        yield from map(unparse, expr.terms)
    else:
        yield unparse(expr)
