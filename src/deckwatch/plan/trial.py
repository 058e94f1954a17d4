"""Single tests of a condition, run over rows of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from deckwatch.eql.evaluate import matches
from deckwatch.eql.nodes import EventFilter, Expr, Scalar
from deckwatch.eql.types import Kind
from deckwatch.plan.expressions import FOLDED, compile_test
from deckwatch.plan.patterns import ascii_lower
from deckwatch.plan.rename import numbered
from deckwatch.plan.views import Mask


@dataclass(frozen=True, slots=True)
class Test:
    """A lowered test whose fields are numbered by occurrence, and its columnar form where there is one."""

    row_form: EventFilter
    columnar: pl.Expr | None
    folded: frozenset[str]
    """The columns whose texts are also wanted in lower case."""

    @classmethod
    def compiled(cls, test: Expr, kinds: Mapping[str, Kind]) -> Test:
        columnar = compile_test(test, kinds)
        read = [] if columnar is None else columnar.meta.root_names()
        folded = frozenset(name.removesuffix(FOLDED) for name in read if name.endswith(FOLDED))
        return cls(EventFilter(None, numbered(test)), columnar, folded)

    def holds(self, contents: Sequence[Sequence[Scalar]]) -> bool:
        """Whether the test is true of these contents, one for each occurrence of a field."""
        return matches(self.row_form, "", lambda name: contents[int(name)])


def run(frame: pl.DataFrame, tests: Sequence[Test]) -> list[Mask]:
    """A verdict per row for each test, in order; what cannot be told counts as false.

    The frame has one column per occurrence of a field, named 0, 1, ….
    """
    if not tests:
        return []
    folded = {name for test in tests for name in test.folded}
    frame = frame.with_columns(ascii_lower(frame[name]).alias(name + FOLDED) for name in sorted(folded))
    columnar = {
        str(i): test.columnar.fill_null(value=False) for i, test in enumerate(tests) if test.columnar is not None
    }
    verdicts = frame.select(**columnar)
    return [
        verdicts[str(i)].to_numpy() if str(i) in columnar else _run_by_row(frame, test) for i, test in enumerate(tests)
    ]


def _run_by_row(frame: pl.DataFrame, test: Test) -> Mask:
    rows = ([[] if value is None else [value] for value in row] for row in frame.iter_rows())
    return np.fromiter(map(test.holds, rows), dtype=np.bool_, count=frame.height)
