"""Parquet files, data frames and Arrow tables as sources of events."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.batch import Column
from deckwatch.events.deadletter import Counts, DeadLetter
from deckwatch.events.decoding import without_envelope
from deckwatch.events.memory import DocumentFields
from deckwatch.events.parts import Kept, Part
from deckwatch.events.typed import encode_arrow, json_values, nested

BATCH_ROWS = 1 << 16

Frame: TypeAlias = "pl.DataFrame | pl.LazyFrame | pa.Table"


def read_frame(frame: Frame, height: int | None = None) -> Generator[Part, None, None]:
    """The parts of a frame or table; its rows are the events."""
    for table in _slices(frame, height or BATCH_ROWS):
        yield Part(_counts(table), (), 0, _TableRows(table), TableFields(table))


def read_parquet(path: str, fields: Mapping[str, Kind], height: int | None = None) -> Generator[Part, None, None]:
    """The parts of a Parquet file. A damaged file yields what can be read of it and a dead letter."""
    size = height or BATCH_ROWS
    again = _Reread(path, size)
    try:
        with pq.ParquetFile(path) as file:
            leaves = sorted({leaf for name in fields for leaf in _places(file.schema_arrow, name)})
            for group in range(file.num_row_groups):
                batches = file.iter_batches(size, row_groups=[group], columns=leaves)
                for number, batch in enumerate(batches):
                    table = pa.Table.from_batches([batch])
                    rows = _ParquetRows(again, group, number)
                    yield Part(_counts(table), (), 0, rows, TableFields(table))
    except (pa.ArrowException, OSError) as fault:
        letter = DeadLetter(path, None, None, f"not a readable Parquet file: {fault}", "")
        yield Part(Counts(damaged=1), [letter])


class TableFields:
    """The fields of a table, however each is spelled: flat with dots, in structs, in lists of structs."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def column(self, name: str, kind: Kind) -> Column:
        if "_source" not in self.table.column_names:
            match list(_sources(self.table.schema, name)):
                case []:
                    return encode_arrow(pa.chunked_array([pa.nulls(self.table.num_rows, pa.string())]), kind)
                case [_Source(path, inside_list=False)] if name not in _ENVELOPE:
                    return encode_arrow(_leaf(self.table, path), kind)
        return self._whole.column(name, kind)

    @cached_property
    def _whole(self) -> DocumentFields:
        """The rows as documents, for fields that are spread over several columns or inside lists."""
        return DocumentFields(_documents(self.table))


_ENVELOPE = ("_index", "_id")


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a field is: the names to go down, and whether a list of structs is on the way."""

    path: tuple[str, ...]
    inside_list: bool


def _sources(
    members: Iterable[pa.Field], name: str, path: tuple[str, ...] = (), *, inside_list: bool = False
) -> Iterator[_Source]:
    for member in members:
        place = (*path, member.name)
        if member.name == name:
            yield _Source(place, inside_list)
        elif name.startswith(f"{member.name}."):
            kind, listed = member.type, inside_list
            while _is_list(kind):
                kind, listed = kind.value_type, True
            if pa.types.is_struct(kind):
                rest = name.removeprefix(f"{member.name}.")
                yield from _sources(kind.fields, rest, place, inside_list=listed)


def _places(schema: pa.Schema, name: str) -> Iterator[str]:
    """The Parquet columns to read for a field: the leaf alone where it can be named, else all that is above it."""
    for source in _sources(schema, name):
        yield source.path[0] if source.inside_list else ".".join(source.path)
    if "_source" in schema.names:
        yield "_source"


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _leaf(table: pa.Table, path: Sequence[str]) -> pa.ChunkedArray:
    """The column at the end of a path."""
    column = table[path[0]]
    for name in path[1:]:
        column = pa.chunked_array([chunk.flatten()[chunk.type.get_field_index(name)] for chunk in column.chunks])
    return column


def _slices(frame: Frame, size: int) -> Iterator[pa.Table]:
    if isinstance(frame, pa.Table):
        for start in range(0, frame.num_rows, size):
            yield frame.slice(start, size)
    elif isinstance(frame, pl.LazyFrame):
        for batch in frame.collect_batches(chunk_size=size, maintain_order=True):
            yield from _slices(batch, size)
    else:
        for part in frame.iter_slices(size):
            yield part.to_arrow(compat_level=pl.CompatLevel.oldest())


def _counts(table: pa.Table) -> Counts:
    return Counts(lines=table.num_rows, events=table.num_rows)


def _documents(table: pa.Table) -> list[dict[str, Any]]:
    values = [json_values(column) for column in table.columns]
    return [nested(dict(zip(table.column_names, row, strict=True))) for row in zip(*values, strict=True)]


@dataclass(frozen=True, slots=True)
class _TableRows:
    table: pa.Table

    def document(self, row: int) -> dict[str, Any]:
        return without_envelope(_documents(self.table.slice(row, 1))[0])

    def documents(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        return list(map(without_envelope, _documents(self.table.take(pa.array(rows)))))

    def keep(self, rows: NDArray[np.int64]) -> Kept:
        return _TableRows(self.table.take(pa.array(rows)))


@dataclass(slots=True)
class _Reread:
    """Batches of a file, with all their columns.

    The last one is held and reading goes on behind it, as events are wanted in the order of the file: a batch in the
    middle of a group cannot be reached but through those before it.
    """

    path: str
    size: int
    _last: tuple[int, int] | None = None
    _rows: _TableRows | None = None
    _batches: Iterator[pa.RecordBatch] = field(default_factory=lambda: iter(()))

    def rows(self, group: int, number: int) -> _TableRows:
        if self._rows is None or self._last != (group, number):
            try:
                batch = self._read(group, number)
            except (pa.ArrowException, OSError, StopIteration) as fault:
                message = f"{self.path}: removed, replaced or damaged while events of it were awaited: {fault}"
                raise DeckwatchError(message) from None
            self._last, self._rows = (group, number), _TableRows(pa.Table.from_batches([batch]))
        return self._rows

    def _read(self, group: int, number: int) -> pa.RecordBatch:
        if self._last is not None and self._last[0] == group and self._last[1] < number:
            skipped = number - self._last[1] - 1
        else:
            self._batches = pq.ParquetFile(self.path).iter_batches(self.size, row_groups=[group])
            skipped = number
        return next(itertools.islice(self._batches, skipped, None))


@dataclass(frozen=True, slots=True)
class _ParquetRows:
    file: _Reread
    group: int
    number: int

    def document(self, row: int) -> dict[str, Any]:
        return self.file.rows(self.group, self.number).document(row)

    def keep(self, rows: NDArray[np.int64]) -> Kept:
        return _KeptRows(self, rows)


@dataclass(frozen=True, slots=True)
class _KeptRows:
    batch: _ParquetRows
    rows: NDArray[np.int64]

    def documents(self, indexes: NDArray[np.int64]) -> list[dict[str, Any]]:
        return self.batch.file.rows(self.batch.group, self.batch.number).documents(self.rows[indexes])
