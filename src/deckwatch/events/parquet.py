"""Parquet files as sources of events."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.deadletter import Counts, DeadLetter
from deckwatch.events.parts import Kept, Part
from deckwatch.events.tabular import BATCH_ROWS, TableFields, TableRows, counts_of, places, without_views

_SMALL_DICTIONARY_BYTES = 4 << 20  # it comes whole with every batch
_REPEATED_BYTES = 16  # a column with more of them for a value hardly repeats any
_LIKELY_BATCHES = 4


def read_parquet(
    path: str, fields: Mapping[str, Kind], again: Again, height: int | None = None
) -> Generator[Part, None, None]:
    """The parts of a Parquet file; `again` gives their documents.

    A damaged file yields what can be read of it and a dead letter.
    """
    try:
        with _opened(path) as file:
            asked: set[tuple[str, Kind]] = set()
            leaves = sorted({leaf for name in fields for leaf in places(file.schema_arrow, name)})
            for group in range(file.num_row_groups):
                size = _even(file.metadata.row_group(group).num_rows, height or BATCH_ROWS)
                whole = again.is_likely
                read = sorted({*leaves, *_filled(file.metadata, group)}) if whole else leaves
                batches = file.iter_batches(size, row_groups=[group], columns=read, use_threads=False)
                for number, batch in enumerate(batches):
                    table = without_views(pa.Table.from_batches([batch]))
                    columns = TableFields(_only(table, leaves) if whole else table, asked)
                    columns.decode_asked()  # here, since reading runs ahead in a thread of its own
                    again.unasked += 1
                    rows = _ParquetRows(again, _Place(path, size, group, number), table if whole else None)
                    yield Part(counts_of(table), (), 0, rows, columns)
    except (pa.ArrowException, OSError) as fault:
        letter = DeadLetter(path, None, None, f"not a readable Parquet file: {fault}", "")
        yield Part(Counts(damaged=1), [letter])


def _opened(path: str) -> pq.ParquetFile:
    """A file whose texts are read as the dictionaries they are stored as, where these stay small."""
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    columns = [metadata.schema.column(number) for number in range(metadata.num_columns)]
    texts = [
        column.path
        for number, column in enumerate(columns)
        if str(column.logical_type) == "String" and all(_is_small_dictionary(group.column(number)) for group in groups)
    ]
    return pq.ParquetFile(path, metadata=metadata, read_dictionary=texts)


def _only(table: pa.Table, leaves: Sequence[str]) -> pa.Table:
    """The columns that hold these leaves."""
    return table.select(
        [name for name in table.column_names if any(f"{leaf}.".startswith(f"{name}.") for leaf in leaves)]
    )


def _even(rows: int, most: int) -> int:
    """How many rows batches of equal size have, when they may have no more than so many."""
    return -(-rows // max(1, -(-rows // most))) or most


def _is_small_dictionary(chunk: pq.ColumnChunkMetaData) -> bool:
    most = min(_SMALL_DICTIONARY_BYTES, chunk.num_values * _REPEATED_BYTES)
    return bool(chunk.has_dictionary_page) and chunk.total_uncompressed_size <= most


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a batch is: its number within a row group, when read with so many rows at a time."""

    path: str
    size: int
    group: int
    number: int

    def is_before(self, other: _Place) -> bool:
        """Whether this place is the other or comes before it in the same group."""
        return dataclasses.replace(self, number=other.number) == other and self.number <= other.number


@dataclass(slots=True)
class Again:
    """Batches read once more, with all their columns.

    One file is open, one batch held, and reading goes on behind it, as events are wanted in the order of the input: a
    batch in the middle of a group cannot be reached but through those before it.
    """

    unasked: int = _LIKELY_BATCHES
    """How many batches have been read since documents were asked for while reading went on."""
    _path: str = ""
    _file: pq.ParquetFile | None = None
    _batches: Iterator[pa.RecordBatch] = field(default_factory=lambda: iter(()))
    _next: _Place | None = None
    _held: tuple[_Place, TableRows] | None = None

    @property
    def is_likely(self) -> bool:
        """Whether batches to come will likely be asked for documents, so that their columns are best read at once."""
        return self.unasked < _LIKELY_BATCHES

    def rows(self, place: _Place) -> TableRows:
        """The rows of a batch.

        Raises:
            DeckwatchError: the file is not what it was.
        """
        if self._held is None or self._held[0] != place:
            try:
                batch = self._read(place)
            except (pa.ArrowException, OSError, StopIteration) as fault:
                message = f"{place.path}: removed, replaced or damaged while events of it were awaited: {fault}"
                raise DeckwatchError(message) from None
            self._held = place, TableRows(without_views(pa.Table.from_batches([batch])))
        return self._held[1]

    def _read(self, place: _Place) -> pa.RecordBatch:
        if self._next is None or not self._next.is_before(place):
            if self._file is None or self._path != place.path:
                self._path, self._file = place.path, _opened(place.path)
            columns = _filled(self._file.metadata, place.group)
            self._batches = self._file.iter_batches(
                place.size, row_groups=[place.group], columns=columns, use_threads=False
            )
            self._next = dataclasses.replace(place, number=0)
        batch = next(itertools.islice(self._batches, place.number - self._next.number, None))
        self._next = dataclasses.replace(place, number=place.number + 1)
        return batch


def _filled(metadata: pq.FileMetaData, group: int) -> list[str]:
    """The columns of a row group but those that hold nothing."""
    chunks = metadata.row_group(group)
    return [
        metadata.schema.column(i).path
        for i in range(metadata.num_columns)
        if metadata.schema.column(i).max_repetition_level  # an empty list is not null, yet counted as such
        or (statistics := chunks.column(i).statistics) is None
        or not statistics.has_null_count
        or statistics.null_count < chunks.num_rows
    ]


@dataclass(frozen=True, slots=True)
class _ParquetRows:
    """The rows of a batch; `table` has all their columns, if they have been read already."""

    again: Again
    place: _Place
    table: pa.Table | None

    def documents(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        self.again.unasked = 0
        table = self.again.rows(self.place) if self.table is None else TableRows(self.table)
        return table.documents(rows)

    def keep(self, rows: NDArray[np.int64]) -> Kept:
        return _KeptRows(self.again, self.place, rows)


@dataclass(frozen=True, slots=True)
class _KeptRows:
    """Rows of a batch that are read again when they are wanted."""

    again: Again
    place: _Place
    rows: NDArray[np.int64]

    def documents(self, indexes: NDArray[np.int64]) -> list[dict[str, Any]]:
        return self.again.rows(self.place).documents(self.rows[indexes])
