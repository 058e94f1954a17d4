"""The same events as Parquet: one flat column per dotted field, zstd."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet

from columns import COLUMNS, arrow_schema

BLOCK = 32 << 20
GROUP = 100_000
"""Rows of a row group; writers usually make them of 100,000 to 1,000,000."""

# File events carry one hook, process events a list of them; a column holds lists.
_LONE_HOOK = re.compile(rb'"hook_point":("[^"]*")')


def blocks(path: Path) -> Iterator[bytes]:
    """The file in pieces of about `BLOCK` bytes that end where a line ends."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block + file.readline()


def flat(table: pa.Table) -> pa.Table:
    """Nested columns become `a.b.c`; a dot in a name is how Arrow joins them too."""
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def tables(source: Path) -> Iterator[pa.Table]:
    """The events, in tables of the size of a row group."""
    options = pyarrow.json.ParseOptions(
        explicit_schema=arrow_schema(COLUMNS, instants=True), unexpected_field_behavior="error"
    )
    waiting: list[pa.Table] = []
    for block in blocks(source):
        text = io.BytesIO(_LONE_HOOK.sub(rb'"hook_point":[\1]', block))
        waiting.append(flat(pyarrow.json.read_json(text, parse_options=options)))
        while sum(map(len, waiting)) >= GROUP:
            table = pa.concat_tables(waiting)
            yield table.slice(0, GROUP)
            waiting = [table.slice(GROUP)]
    if any(map(len, waiting)):
        yield pa.concat_tables(waiting)


def write_parquet(source: Path, target: Path) -> None:
    writer = None
    for table in tables(source):
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(target, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=GROUP)
    if writer is not None:
        writer.close()
