"""Documents to a Parquet file: a column for each leaf, under its dotted name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from deckwatch.errors import DeckwatchError

_CHUNK = 4096
_GROUP = 1 << 16
_NO_EVENTS = pa.schema([("@timestamp", pa.string())])
"""A file without any column is none to most readers."""


class ParquetFile:
    """Which columns there are is known at the end. Until then the rows lie beside the file, in pieces."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pieces = path.with_name(f"{path.name}.part")
        self._file = pa.OSFile(str(self._pieces), "wb")
        self._waiting: list[dict[str, Any]] = []
        self._schemas: dict[pa.Schema, None] = {}

    def write(self, documents: Sequence[dict[str, Any]]) -> None:
        self._waiting += documents
        while len(self._waiting) >= _CHUNK:
            self._put(self._waiting[:_CHUNK])
            del self._waiting[:_CHUNK]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._waiting:
                self._put(self._waiting)
            self._file.close()
            self._assemble()
        finally:
            self._file.close()
            self._pieces.unlink()

    def _put(self, documents: Sequence[dict[str, Any]]) -> None:
        try:
            table = _table(documents)
        except (pa.ArrowException, OverflowError) as fault:
            raise self._fault(fault) from None
        self._schemas[table.schema] = None
        with pa.ipc.new_stream(self._file, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as piece:
            piece.write_table(table)

    def _assemble(self) -> None:
        try:
            schema = pa.unify_schemas([*self._schemas] or [_NO_EVENTS], promote_options="permissive")
            with pq.ParquetWriter(self._path, schema, compression="zstd") as file:
                for table in _groups(self._pieces, schema):
                    file.write_table(table)
        except pa.ArrowException as fault:
            raise self._fault(fault) from None

    def _fault(self, fault: Exception) -> DeckwatchError:
        return DeckwatchError(
            f"{self._path}: a field does not hold the same type of value in all events, which Parquet needs: {fault}; "
            "record to .ndjson.zst"
        )


def _table(documents: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns: dict[str, list[Any]] = {}
    for row, document in enumerate(documents):
        for name, value in _leaves(document, ""):
            columns.setdefault(name, [None] * len(documents))[row] = value
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _leaves(node: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _groups(pieces: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows in row groups, with all columns."""
    tables: list[pa.Table] = []
    with pa.OSFile(str(pieces)) as file:
        size = file.size()
        while file.tell() < size:
            with pa.ipc.open_stream(file) as piece:
                tables.append(_completed(piece.read_all(), schema))
            if sum(table.num_rows for table in tables) >= _GROUP:
                yield pa.concat_tables(tables)
                tables = []
    if tables:
        yield pa.concat_tables(tables)


def _completed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.chunked_array([pa.nulls(table.num_rows, field.type)])
        for field in schema
    ]
    return pa.table(columns, schema=schema)
