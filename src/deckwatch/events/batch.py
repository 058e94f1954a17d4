"""The unit that flows through the engine: some events, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a batch, dictionary-encoded: event i holds `values[codes[i]]`, nothing where its code is null.

    `values` are distinct, in the storage type of the field's kind (see `eql.types`), or lists of it when
    any event of the batch holds several values. Null, `[]` and lists without a value all mean missing.
    A dictionary, because telemetry repeats itself: a predicate runs once per distinct value, not per event.
    """

    codes: pl.Series
    values: pl.Series


class Documents(Protocol):
    """The way back from an event to the whole document it came from."""

    def document(self, row: int) -> dict[str, Any]:
        """The original document of a row of the batch; the envelope of an export is kept as `_index` and `_id`."""
        ...

    def keep(self, rows: Sequence[int]) -> None:
        """Promise that these rows can still be fetched from the reader when the batch is gone."""
        ...


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events in input order. `first` is the position of row 0 in the whole input, counting events from 0."""

    height: int
    first: int
    columns: Mapping[str, Column]
    documents: Documents
