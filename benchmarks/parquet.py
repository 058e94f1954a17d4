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


def write_parquet(source: Path, target: Path) -> None:
    options = pyarrow.json.ParseOptions(
        explicit_schema=arrow_schema(COLUMNS, instants=True), unexpected_field_behavior="error"
    )
    writer = None
    for block in blocks(source):
        text = io.BytesIO(_LONE_HOOK.sub(rb'"hook_point":[\1]', block))
        table = flat(pyarrow.json.read_json(text, parse_options=options))
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(target, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=100_000)
    if writer is not None:
        writer.close()
