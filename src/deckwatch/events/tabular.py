"""Data frames and Arrow tables as sources of events."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from deckwatch.eql.types import Kind
from deckwatch.events.batch import Column
from deckwatch.events.deadletter import Counts
from deckwatch.events.decoding import without_envelope
from deckwatch.events.memory import DocumentFields
from deckwatch.events.parts import Kept, Part
from deckwatch.events.typed import documents, encode_arrow

BATCH_ROWS = 1 << 16

Frame: TypeAlias = "pl.DataFrame | pl.LazyFrame | pa.Table"


def read_frame(frame: Frame, height: int | None = None) -> Generator[Part, None, None]:
    """The parts of a frame or table; its rows are the events."""
    for table in _slices(frame, height or BATCH_ROWS):
        yield Part(counts_of(table), (), 0, TableRows(table), TableFields(table))


class TableFields:
    """The fields of a table, however each is spelled: flat with dots, in structs, in lists of structs.

    `asked` collects the fields that are asked for.
    """

    def __init__(self, table: pa.Table, asked: set[tuple[str, Kind]] | None = None) -> None:
        self.table = table
        self._asked = set() if asked is None else asked
        self._decoded: dict[tuple[str, Kind], Column] = {}

    def column(self, name: str, kind: Kind) -> Column:
        self._asked.add((name, kind))
        if (name, kind) not in self._decoded:
            self._decoded[name, kind] = self._column(name, kind)
        return self._decoded[name, kind]

    def decode_asked(self) -> None:
        """Decode what has been asked for so far, of other tables too."""
        for name, kind in tuple(self._asked):
            self._decoded[name, kind] = self._column(name, kind)

    def _column(self, name: str, kind: Kind) -> Column:
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
        return DocumentFields(documents(self.table))


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


def places(schema: pa.Schema, name: str) -> Iterator[str]:
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
        frame = without_views(frame)
        for start in range(0, frame.num_rows, size):
            yield frame.slice(start, size)
    elif isinstance(frame, pl.LazyFrame):
        for batch in frame.collect_batches(chunk_size=size, maintain_order=True):
            yield from _slices(batch, size)
    else:
        for part in frame.iter_slices(size):
            yield part.to_arrow(compat_level=pl.CompatLevel.oldest())


def without_views(table: pa.Table) -> pa.Table:
    """The table with all texts in one piece: rows cannot be taken from views."""
    kinds = {field.name: _plain(field.type) for field in table.schema}
    if all(kinds[field.name] == field.type for field in table.schema):
        return table
    return table.cast(pa.schema([*kinds.items()]))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        item = _plain(kind.value_type)
        return kind if item == kind.value_type else pa.large_list(item)
    if pa.types.is_struct(kind):
        return pa.struct([member.with_type(_plain(member.type)) for member in kind])
    return kind


def counts_of(table: pa.Table) -> Counts:
    return Counts(lines=table.num_rows, events=table.num_rows)


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of a table."""

    table: pa.Table

    def documents(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        return list(map(without_envelope, documents(self.table.take(pa.array(rows)))))

    def keep(self, rows: NDArray[np.int64]) -> Kept:
        return TableRows(self.table.take(pa.array(rows)))
