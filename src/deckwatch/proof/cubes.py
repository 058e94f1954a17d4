"""From a condition to sets of outcomes of its tests that make it true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from deckwatch.eql.evaluate import holds
from deckwatch.eql.nodes import And, Expr, Literal, Not, Or, Scalar, fields

Goal: TypeAlias = "tuple[Expr, bool]"
"""An expression and the outcome it must have."""


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """A test that a condition makes, one object for all its occurrences."""

    number: int
    expr: Expr
    names: tuple[str, ...]
    occurrences: int
    _known: dict[tuple[type, Scalar], bool] = field(default_factory=dict, repr=False)

    def holds(self, values: Mapping[str, tuple[Scalar, ...]]) -> bool:
        """Its outcome in an event."""
        if len(self.names) != 1 or len(found := values.get(self.names[0], ())) != 1:
            return holds(self.expr, lambda name: values.get(name, ()))
        key = type(found[0]), found[0]
        if key not in self._known:
            self._known[key] = holds(self.expr, lambda _: found)
        return self._known[key]


Cube: TypeAlias = "Mapping[Test, bool]"


class Tests:
    """The tests met so far."""

    def __init__(self) -> None:
        self._by_expr: dict[Expr, Test] = {}
        self._by_id: dict[int, tuple[Expr, Test]] = {}

    def of(self, expr: Expr) -> Test:
        known = self._by_id.get(id(expr))
        if known is not None:
            return known[1]
        test = self._by_expr.get(expr)
        if test is None:
            names = [each.name for each in fields(expr)]
            test = Test(len(self._by_expr), expr, tuple(dict.fromkeys(names)), len(names))
            self._by_expr[expr] = test
        self._by_id[id(expr)] = expr, test
        return test


class Cubes:
    """Lists the cubes of a condition, pruned as soon as `possible` says that no event has such outcomes."""

    def __init__(
        self, tests: Tests, possible: Callable[[Cube], bool], likes: Callable[[Goal], bool], most: int
    ) -> None:
        self._tests = tests
        self._possible = possible
        self._likes = likes
        self.left = most
        """How many more nodes of the search may be looked at; 0 when it was cut off."""

    def of(self, condition: Expr) -> Iterator[Cube]:
        return self._search([(condition, True)], {})

    def _search(self, goals: Sequence[Goal], chosen: Cube) -> Iterator[Cube]:
        if self.left <= 0:
            return
        self.left -= 1
        settled = self._settled(goals, dict(chosen))
        if settled is None:
            return
        cube, branches = settled
        if len(cube) > len(chosen) and not self._possible(cube):
            return
        open_branches = []
        for alternatives in branches:
            known = [(goal, self._outcome(goal, cube)) for goal in alternatives]
            if any(outcome is True for _, outcome in known):
                continue
            alive = [goal for goal, outcome in known if outcome is None]
            if not alive:
                return
            open_branches.append(alive)
        if not open_branches:
            yield cube
            return
        open_branches.sort(key=len)
        first, *others = open_branches
        rest = [_joined(alternatives) for alternatives in others]
        for goal in sorted(first, key=lambda goal: not self._likes(goal)):
            yield from self._search([goal, *rest], cube)

    def _settled(self, goals: Sequence[Goal], cube: dict[Test, bool]) -> tuple[Cube, list[list[Goal]]] | None:
        """What the goals demand of tests for certain, and the choices they leave; None when they contradict."""
        branches: list[list[Goal]] = []
        pending = list(reversed(goals))
        while pending:
            expr, wanted = pending.pop()
            match expr:
                case Literal(value=value):
                    if (value is True) != wanted:
                        return None
                case Not(operand=operand):
                    pending.append((operand, not wanted))
                case And(terms=terms) | Or(terms=terms) if isinstance(expr, And) == wanted:
                    pending += [(term, wanted) for term in reversed(terms)]
                case And(terms=terms) | Or(terms=terms):
                    branches.append([(term, wanted) for term in terms])
                case _:
                    if cube.setdefault(self._tests.of(expr), wanted) != wanted:
                        return None
        return cube, branches

    def _outcome(self, goal: Goal, cube: Cube) -> bool | None:
        """Whether the cube decides that a goal is reached, or that it is not."""
        expr, wanted = goal
        match expr:
            case Literal(value=value):
                return (value is True) == wanted
            case Not(operand=operand):
                return self._outcome((operand, not wanted), cube)
            case And(terms=terms) | Or(terms=terms):
                outcomes = {self._outcome((term, wanted), cube) for term in terms}
                every = isinstance(expr, And) == wanted
                if (not every) in outcomes:
                    return not every
                return None if None in outcomes else every
            case _:
                known = cube.get(self._tests.of(expr))
                return None if known is None else known == wanted


def _joined(alternatives: Sequence[Goal]) -> Goal:
    """Several alternatives as one goal."""
    return Or(tuple(expr if wanted else Not(expr) for expr, wanted in alternatives)), True
