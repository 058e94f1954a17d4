"""The unit that flows through the engine: some events, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deckwatch.eql.types import Kind


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a batch, dictionary-encoded: event i holds `values[codes[i]]`, nothing where its code is null.

    `values` are in the storage type of the field's kind (see `eql.types`), or lists of it when any event of the batch
    holds several values. Null, `[]` and lists without a value all mean missing.
    A dictionary, because telemetry repeats itself: a predicate runs once per value, not per event. Texts are distinct;
    numbers and dates may repeat, since times and counters hardly ever do and looking for it costs more than it saves.
    """

    codes: pl.Series
    values: pl.Series


class FieldSource(Protocol):
    """Fields of some events, not decoded yet."""

    def column(self, name: str, kind: Kind) -> Column:
        """Decode one field."""
        ...


class Columns(Mapping[str, Column]):
    """Columns by field name. Most events need few of their fields, so none is decoded before it is used."""

    def __init__(self, source: FieldSource, kinds: Mapping[str, Kind]) -> None:
        self._source = source
        self._kinds = kinds
        self._decoded: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._decoded:
            self._decoded[name] = self._source.column(name, self._kinds[name])
        return self._decoded[name]

    def read_as(self, kinds: Mapping[str, Kind]) -> Columns:
        """Some of the fields, their values taken as of these kinds."""
        return Columns(self._source, kinds)

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)


class Documents(Protocol):
    """The way back from an event to the whole document it came from."""

    def document(self, row: int) -> dict[str, Any]:
        """The original document of a row of the batch; the envelope of an export is kept as `_index` and `_id`."""
        ...

    def documents(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """The original documents of some rows, which ascend; together they cost less than one by one."""
        ...

    def keep(self, rows: Sequence[int] | NDArray[np.intp]) -> None:
        """Promise that these rows can still be fetched from the reader when the batch is gone."""
        ...


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events in input order. `first` is the position of row 0 in the whole input, counting events from 0."""

    height: int
    first: int
    columns: Columns
    documents: Documents
