"""Events for conditions: values of fields that make a lowered condition true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from deckwatch.eql.evaluate import holds
from deckwatch.eql.nodes import Expr, IsNull, Scalar
from deckwatch.eql.types import Kind
from deckwatch.eql.unparse import unparse
from deckwatch.events.fields import field_table
from deckwatch.proof.cubes import Cube, Cubes, Goal, Test, Tests
from deckwatch.proof.documents import all_held
from deckwatch.proof.joint import repaired
from deckwatch.proof.profile import Values, derived, fillers, rank
from deckwatch.proof.single import Found, Wanted, fitting

MOST_NODES = 3000
MOST_CUBES = 60
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Solution:
    """The values that the condition asks for; an empty tuple: the field must be missing. Other fields do not matter."""

    values: Values


@dataclass(frozen=True, slots=True)
class Unsolved:
    """No event was found. `proven`: there is none; `reason` says what cannot be, or what was too hard."""

    proven: bool
    reason: str


Outcome = Solution | Unsolved


class Solver:
    """Solves conditions over the same fields; what it finds out about a field serves all of them."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.kinds = kinds
        self._tests = Tests()
        self._known: dict[tuple[str, Wanted, bool], Found] = {}

    def solve(
        self,
        condition: Expr,
        *,
        fixed: Values | None = None,
        prefer: Values | None = None,
        defaults: Values | None = None,
        many: bool = False,
    ) -> Outcome:
        """Values that make the condition true.

        Args:
            condition: in lowered form.
            fixed: values that are given.
            prefer: values to keep wherever the condition allows it.
            defaults: values of an ordinary event, taken rather than made up ones.
            many: whether a field that usually holds one value may be given several.
        """
        search = _Search(self, fixed or {}, prefer or {}, defaults or {}, many=many)
        cubes = Cubes(self._tests, search.possible, search.likes, MOST_NODES)
        for number, cube in enumerate(cubes.of(condition), 1):
            values = search.values(cube, condition)
            if values is not None:
                return Solution(values)
            if number == MOST_CUBES:
                return Unsolved(proven=False, reason=f"gave up after {MOST_CUBES} combinations; {search.reason}")
        if cubes.left <= 0:
            return Unsolved(proven=False, reason="gave up: too many combinations of alternatives")
        return Unsolved(search.proven, search.reason)

    def find(self, name: str, wanted: Wanted, *, many: bool) -> Found:
        """Some values of a field for which tests have these outcomes."""
        key = name, wanted, many
        if key not in self._known:
            self._known[key] = fitting(name, self.kinds.get(name, "keyword"), wanted, many=many)
        return self._known[key]


class _Search:
    """One condition, under its circumstances."""

    def __init__(self, solver: Solver, fixed: Values, prefer: Values, defaults: Values, *, many: bool) -> None:
        self._solver = solver
        self._fixed = fixed
        self._prefer = prefer
        self._defaults = defaults
        self._many = many
        self.proven = True
        self._why: Callable[[], str] | None = None

    def likes(self, goal: Goal) -> bool:
        """Whether what is preferred reaches a goal already."""
        expr, wanted = goal
        return holds(expr, lambda name: self._prefer.get(name, self._defaults.get(name, ()))) == wanted

    def possible(self, cube: Cube) -> bool:
        """Whether each field for itself can have these outcomes."""
        for name, wanted in _by_field(cube).items():
            if name in self._fixed:
                wrong = [test for test, truth in wanted if test.holds(self._fixed) != truth]
                if wrong:
                    self._note(partial(_refused, wrong[0], name, self._fixed[name]), proven=False)
                    return False
            else:
                found = self._solver.find(name, wanted, many=self._allows_many(name))
                if found.values is None:
                    self._note(partial(_conflict, name, wanted, found), proven=found.proven)
                    return False
        return True

    def values(self, cube: Cube, condition: Expr) -> dict[str, tuple[Scalar, ...]] | None:
        """Values for all fields of a cube, related tests included, with which the condition is true."""
        values = dict(self._fixed)
        groups = _by_field(cube)
        joint = [(test, truth) for test, truth in cube.items() if len(test.names) > 1]
        names = {*groups, *(name for test, _ in joint for name in test.names)} - self._fixed.keys()
        for name in sorted(names, key=rank):
            values[name] = self._chosen(name, groups.get(name, frozenset()), values)
        solved = repaired(values, joint, groups, self._fixed.keys(), self._solver.kinds)
        if solved is None or not _fulfils(solved, condition):
            self._note(partial(_unrelated, joint or [*cube.items()]), proven=False)
            return None
        return solved

    def _chosen(self, name: str, wanted: Wanted, values: Values) -> tuple[Scalar, ...]:
        many = self._allows_many(name)
        kind = self._solver.kinds.get(name, "keyword")
        for each in self._options(name, wanted, values):
            option = all_held(each, kind)
            if option is not None and all(test.holds({name: option}) == truth for test, truth in wanted):
                return option
        found = self._solver.find(name, wanted, many=many).values or ()
        return self._led(name, found, wanted, values) if many else found

    def _options(self, name: str, wanted: Wanted, values: Values) -> Iterator[tuple[Scalar, ...]]:
        """What the field would best hold, if that may be."""
        kept = [self._prefer[name]] if name in self._prefer else []
        if not any(values[each] != held for each, held in self._prefer.items() if each in values):
            yield from kept
        yield from derived(name, values)
        if (texts := fillers(name, values)) and wanted:
            yield from self._filled(name, wanted, texts)
        yield from kept
        if name in self._defaults:
            yield self._defaults[name]

    def _filled(self, name: str, wanted: Wanted, texts: Sequence[str]) -> Iterator[tuple[Scalar, ...]]:
        """Values made of the patterns in the tests and what other fields hold."""
        kind = self._solver.kinds.get(name, "keyword")
        found = fitting(name, kind, wanted, many=False, texts=texts)
        if found.values:
            yield found.values

    def _led(self, name: str, found: tuple[Scalar, ...], wanted: Wanted, values: Values) -> tuple[Scalar, ...]:
        """Arguments begin with the program's name, where no test minds."""
        if name.endswith(".args"):
            for each in derived(name, values):
                first = all_held(each, self._solver.kinds.get(name, "keyword")) or ()
                led = (*first, *(value for value in found if value not in first))
                if len(first) == 1 and all(test.holds({name: led}) == truth for test, truth in wanted):
                    return led
        return found

    def _allows_many(self, name: str) -> bool:
        return self._many or field_table().is_array(name)

    @property
    def reason(self) -> str:
        """Why the search failed."""
        return "it is false whatever the event is" if self._why is None else self._why()

    def _note(self, why: Callable[[], str], *, proven: bool) -> None:
        """Remember why a part of the search failed: what was too hard counts more than what cannot be."""
        if self.proven:
            self._why = why
        self.proven = self.proven and proven


def _fulfils(values: Values, condition: Expr) -> bool:
    return holds(condition, lambda name: values.get(name, ()))


def _by_field(cube: Cube) -> dict[str, Wanted]:
    groups: dict[str, set[tuple[Test, bool]]] = defaultdict(set)
    for test, truth in cube.items():
        if len(test.names) == 1:
            groups[test.names[0]].add((test, truth))
    return {name: frozenset(wanted) for name, wanted in groups.items()}


def _refused(test: Test, name: str, values: tuple[Scalar, ...]) -> str:
    return f"{_shown(test)} cannot be had with {name} = {', '.join(map(repr, values)) or 'missing'}"


def _unrelated(joint: Sequence[tuple[Test, bool]]) -> str:
    return "no values were found for " + " and ".join(_shown(test) for test, _ in joint)


def _conflict(name: str, wanted: Iterable[tuple[Test, bool]], found: Found) -> str:
    parts = [(_shown(test) if truth else f"not {_shown(test)}") for test, truth in _ordered(wanted)]
    listed = " and ".join(parts[:4]) + (" and …" if len(parts) > 4 else "")
    return f"{name} has no value for {listed}" + ("" if found.proven else f" ({found.reason})")


def _ordered(wanted: Iterable[tuple[Test, bool]]) -> Sequence[tuple[Test, bool]]:
    return sorted(wanted, key=lambda each: (not each[1], isinstance(each[0].expr, IsNull), each[0].number))


def _shown(test: Test) -> str:
    text = unparse(test.expr)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
