"""A batch's column as predicates see it: distinct elements, and the way back to events."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deckwatch.events.batch import Column, Columns
from deckwatch.events.lists import lengths_of, without_nulls

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]
Codes = NDArray[np.uint32]
Bits = TypeVar("Bits", np.bool_, np.uint64)


class FieldView:
    """One field of one batch.

    Three levels, each a dictionary of the next: `elements` are the distinct single values, `values`
    the distinct contents of a field (one value or a list), events hold one of the values. A test on
    single values runs once per element; `any_element` and `codes` carry its verdict up.
    """

    def __init__(self, column: Column) -> None:
        codes, values = column.codes, column.values
        if codes.null_count():
            missing = pl.Series([None], dtype=values.dtype)
            codes = pl.Series(pc.fill_null(codes.to_arrow(), pa.scalar(len(values), pa.uint32())))
            values = pl.concat([values, missing], rechunk=True)
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
    def _exploded(self) -> tuple[pl.Series, Rows, Rows]:
        """The distinct elements, the number of each one in all lists laid end to end, where each list starts.

        A list without a value holds one element, the null.
        """
        values = self._values.to_arrow()
        flat, lengths = without_nulls(values.flatten(), lengths_of(values))
        encoded = flat.dictionary_encode()
        elements, codes = pl.Series(encoded.dictionary), encoded.indices.to_numpy()
        starts = np.cumsum(lengths) - lengths
        if not lengths.all():
            codes = np.insert(codes, starts[lengths == 0], len(elements))
            elements = pl.concat([elements, pl.Series([None], dtype=elements.dtype)], rechunk=True)
            starts += np.cumsum(lengths == 0) - (lengths == 0)
        return elements, codes, starts

    @property
    def elements(self) -> pl.Series:
        """The distinct single values; null stands for a missing field."""
        return self._exploded[0] if self._multiple else self._values

    def any_element(self, verdicts: NDArray[Bits]) -> NDArray[Bits]:
        """From a verdict per element to a verdict per value: true when any of its elements is.

        Or from several packed into one number: those that any of its elements has.
        """
        if not self._multiple or not len(self._values):
            return verdicts
        _, codes, starts = self._exploded
        found: NDArray[Bits] = np.bitwise_or.reduceat(verdicts[codes], starts)
        return found

    @cached_property
    def counts(self) -> Rows:
        """How many events hold each value."""
        return np.bincount(self.codes, minlength=len(self._values))

    def python_lists(self, codes: Codes) -> list[list[Any]]:
        """The contents of the given values as lists, for the few that need Python."""
        if self._multiple:
            contents: list[list[Any]] = self.lists[pl.Series(codes)].to_list()
            return contents
        return [[] if value is None else [value] for value in self._values[pl.Series(codes)].to_list()]

    def gathered(self, rows: Rows) -> pl.Series:
        """The contents of the given events: single values, or lists when the batch holds any."""
        source = self.lists if self._multiple else self._values
        return source[pl.Series(self.codes[rows])]


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
