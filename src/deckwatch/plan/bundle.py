"""Many predicates over one batch, in one pass.

Every test of every active predicate runs once over the distinct values of its field; the verdicts are
combined there as far as they concern one field. Then each predicate narrows down the events, its most
selective part first, so a predicate whose rarest value is absent costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product

import numpy as np
import polars as pl

from deckwatch.eql.evaluate import MOST_CHOICES
from deckwatch.eql.nodes import EventFilter
from deckwatch.eql.types import Kind
from deckwatch.plan.memory import Memory, Verdicts
from deckwatch.plan.skeleton import All, AnyOf, Constant, Cutter, Inverse, Joint, Part, Single, Verdict, single_tests
from deckwatch.plan.trial import Test, run
from deckwatch.plan.views import Mask, Rows, Views, distinct

_COMBINED_TOGETHER = 200_000
"""Combinations of values that exist at one time."""


class Bundle:
    """Predicates compiled for the kinds of the fields they read.

    `predicates`: each a lowered filter and the name of its category field.
    """

    def __init__(self, predicates: Sequence[tuple[EventFilter, str]], kinds: Mapping[str, Kind]) -> None:
        cutter = Cutter()
        self._parts = [cutter.cut(*predicate) for predicate in predicates]
        self._tests = [Test.compiled(test, kinds) for test in cutter.tests]
        self._singles = [frozenset(single_tests(part)) for part in self._parts]
        by_field = _by_field(self._singles)
        self._memories = {
            field: Memory({number: self._tests[number] for number in numbers}) for field, numbers in by_field.items()
        }

    def on(self, views: Views, active: Iterable[int]) -> Evaluation:
        """Prepare events for the predicates of the given numbers."""
        wanted = _by_field(self._singles[each] for each in active)
        verdicts = {field: self._memories[field].verdicts(views[field], numbers) for field, numbers in wanted.items()}
        return Evaluation(self._parts, self._tests, views, verdicts)


def _by_field(singles: Iterable[frozenset[tuple[str, int]]]) -> dict[str, list[int]]:
    """The numbers of tests by the field they read."""
    numbers: dict[str, list[int]] = {}
    for field, number in frozenset[tuple[str, int]]().union(*singles):
        numbers.setdefault(field, []).append(number)
    return numbers


class Evaluation:
    """Some events under test."""

    def __init__(
        self,
        parts: Sequence[Part],
        tests: Sequence[Test],
        views: Views,
        verdicts: Mapping[str, Verdicts],
    ) -> None:
        self.views = views
        self._parts = parts
        self._tests = tests
        self._verdicts = verdicts
        self._height = views.height
        self._masks: dict[Single, tuple[Mask, int]] = {}

    def rows(self, number: int, among: Rows) -> Rows:
        """Those of the given events (ascending) that satisfy a predicate, ascending."""
        return self._narrow(self._parts[number], among)

    def _narrow(self, part: Part, among: Rows) -> Rows:
        if not len(among):
            return among
        match part:
            case Constant(value=value):
                return among if value else among[:0]
            case Single(field=field):
                mask, passing = self._mask(part)
                if passing in (0, self._height):
                    return among if passing else among[:0]
                return among[mask[self.views[field].codes[among]]]
            case All(parts=parts):
                return self._all(parts, among)
            case AnyOf(parts=parts):
                return self._any(parts, among)
            case Inverse(part=inner):
                return np.setdiff1d(among, self._narrow(inner, among), assume_unique=True)
            case Joint():
                return self._joint(part, among)

    def _all(self, parts: Sequence[Part], among: Rows) -> Rows:
        expected: list[int] = []
        for each in parts:
            expected.append(self._expected(each))
            if not expected[-1]:
                return among[:0]
        for place in np.argsort(expected, kind="stable"):
            among = self._narrow(parts[place], among)
        return among

    def _any(self, parts: Sequence[Part], among: Rows) -> Rows:
        found = [rows for each in parts if len(rows := self._narrow(each, among))]
        if len(found) <= 1:
            return found[0] if found else among[:0]
        return np.unique(np.concatenate(found))

    def _expected(self, part: Part) -> int:
        """About how many events of the batch a part lets through, 0 only if certainly none; tests on combinations come
        last.
        """
        match part:
            case Constant(value=value):
                return self._height * value
            case Single():
                return self._mask(part)[1]
            case All(parts=parts):
                return min(map(self._expected, parts))
            case AnyOf(parts=parts):
                return sum(map(self._expected, parts))
            case Inverse(part=inner):
                return max(self._height - self._expected(inner), 1)
            case Joint():
                return self._height + 1

    def _mask(self, part: Single) -> tuple[Mask, int]:
        """The verdict per distinct content of the field, and how many events that lets through."""
        known = self._masks.get(part)
        if known is None:
            mask = _combined(part.verdict, self._verdicts[part.field])
            known = self._masks[part] = mask, int(self.views[part.field].counts[mask].sum())
        return known

    def _joint(self, part: Joint, among: Rows) -> Rows:
        """A test over several occurrences: once per distinct combination of contents, over all their values."""
        views = [self.views[name] for name in part.fields]
        first, which = distinct([view.codes[among] for view in views])
        contents = zip(*(view.python_lists(view.codes[among[first]]) for view in views), strict=True)
        test = self._tests[part.test]
        if test.columnar is None:
            satisfied = np.fromiter(map(test.holds, contents), dtype=np.bool_, count=len(first))
            return among[satisfied[which]]
        combinations = (
            (owner, *values)
            for owner, lists in enumerate(contents)
            for values in islice(product(*(each or [None] for each in lists)), MOST_CHOICES)
        )
        satisfied = np.zeros(len(first), dtype=np.bool_)
        while some := list(islice(combinations, _COMBINED_TOGETHER)):
            owners, *columns = zip(*some, strict=True)
            frame = pl.DataFrame(
                [
                    pl.Series(str(i), column, dtype=view.elements.dtype)
                    for i, (column, view) in enumerate(zip(columns, views, strict=True))
                ]
            )
            (verdicts,) = run(frame, [test])
            satisfied[np.asarray(owners, dtype=np.intp)[verdicts]] = True
        return among[satisfied[which]]


def _combined(verdict: Verdict, found: Verdicts) -> Mask:
    match verdict:
        case int(number):
            return found[number]
        case ("not", (inner,)):
            return ~_combined(inner, found)
        case (connective, terms):
            join = np.logical_and if connective == "and" else np.logical_or
            mask: Mask = join.reduce([_combined(term, found) for term in terms])
            return mask
