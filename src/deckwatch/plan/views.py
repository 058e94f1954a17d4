"""A batch's column as predicates see it: distinct elements, and the way back to events."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deckwatch.events.batch import Column, Columns

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]
Codes = NDArray[np.uint32]


class FieldView:
    """One field of one batch.

    Three levels, each a dictionary of the next: `elements` are the distinct single values, `values`
    the distinct contents of a field (one value or a list), events hold one of the values. A test on
    single values runs once per element; `any_element` and `codes` carry its verdict up.
    """

    def __init__(self, column: Column) -> None:
        codes, values = column.codes, column.values
        if codes.null_count():
            codes = codes.fill_null(pl.lit(len(values), pl.UInt32))
            values = values.extend_constant(None, 1)
        self._values = values
        self._multiple = values.dtype == pl.List
        self.codes: Codes = codes.to_numpy()

    @cached_property
    def lists(self) -> pl.Series:
        """The distinct contents as lists of distinct non-null values, empty when missing."""
        if self._multiple:
            return self._values.list.drop_nulls().list.unique(maintain_order=True).fill_null([])
        return self._values.to_frame("v").select(pl.concat_list("v").list.drop_nulls()).to_series()

    @cached_property
    def _exploded(self) -> tuple[pl.Series, Codes, Rows]:
        """The distinct elements, the number of each one in all lists laid end to end, where each list starts."""
        flat = self.lists.explode(empty_as_null=True, keep_nulls=True)
        elements = flat.unique(maintain_order=True)
        index = pl.DataFrame({"e": elements, "i": np.arange(len(elements), dtype=np.uint32)})
        codes = flat.to_frame("e").join(index, on="e", how="left", nulls_equal=True, maintain_order="left")["i"]
        lengths = np.maximum(self.lists.list.len().to_numpy().astype(np.intp), 1)
        return elements, codes.to_numpy(), np.cumsum(lengths) - lengths

    @property
    def elements(self) -> pl.Series:
        """The distinct single values; null stands for a missing field."""
        return self._exploded[0] if self._multiple else self._values

    def any_element(self, verdicts: Mask) -> Mask:
        """From a verdict per element to a verdict per value: true when any of its elements is."""
        if not self._multiple or not len(self._values):
            return verdicts
        _, codes, starts = self._exploded
        return np.logical_or.reduceat(verdicts[codes], starts)

    @cached_property
    def counts(self) -> Rows:
        """How many events hold each value."""
        return np.bincount(self.codes, minlength=len(self._values))

    def python_lists(self, codes: Codes) -> list[list[Any]]:
        """The contents of the given values as lists, for the few that need Python."""
        contents: list[list[Any]] = self.lists.gather(codes).to_list()
        return contents

    def gathered(self, rows: Rows) -> pl.Series:
        """The contents of the given events: single values, or lists when the batch holds any."""
        source = self.lists if self._multiple else self._values
        return source.gather(self.codes[rows])


class Views(dict[str, FieldView]):
    """The views of some events by field, each made when it is first asked for."""

    def __init__(self, columns: Columns, height: int) -> None:
        super().__init__()
        self.columns = columns
        self.height = height

    def __missing__(self, name: str) -> FieldView:
        view = self[name] = FieldView(self.columns[name])
        return view


def distinct(columns: Sequence[Codes]) -> tuple[Rows, Rows]:
    """Where each distinct combination of codes occurs first, and for every row which combination it holds."""
    numbers: Rows = np.zeros(len(columns[0]), dtype=np.intp)
    for codes in columns:
        high = int(codes.max(initial=0)) + 1
        _, numbers = np.unique(numbers * high + codes.astype(np.intp), return_inverse=True)
    _, first = np.unique(numbers, return_index=True)
    return first, numbers
