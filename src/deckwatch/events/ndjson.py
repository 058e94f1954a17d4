"""Chunks of lines to the JSON text of every field."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from typing import Any

import duckdb
import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deckwatch.eql.types import Kind
from deckwatch.events.batch import Column
from deckwatch.events.decoding import NotAnEventError, decode
from deckwatch.events.document import leaves, unwrap
from deckwatch.events.encoding import encode_texts
from deckwatch.events.framing import LINE_BYTES, Chunk
from deckwatch.events.structure import HINTS, extraction, is_extractable, signs

_SLICE_BYTES = 512 << 10  # parsed lines take some times their size, and are taken apart column by column: in the cache
_SLICE_LINES = 2048  # more than that DuckDB divides itself
_TABLE = "lines"
_OPEN_BRACE = ord("{")
_BLANK = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The events of a chunk: `lines` are their places in it, `texts` has a row of JSON texts for each.

    The columns of `texts` are the requested fields, `_index` and `_id`. Every other line is in `blank`, which
    counts them, or in `rejected`, with the reason.
    """

    lines: NDArray[np.int64]
    texts: pa.Table
    blank: int
    rejected: Mapping[int, str]

    def column(self, name: str, kind: Kind) -> Column:
        return encode_texts(self.texts[name], kind)


class LineDecoder:
    """Decodes chunks of lines; one at a time, on all processors.

    The column decoder of DuckDB takes the fields out of every line, in the nested spelling. Lines that may be spelled
    otherwise are found meanwhile and decoded again one by one, exactly.
    """

    def __init__(self, fields: Mapping[str, Kind], *, line_bytes: int = LINE_BYTES) -> None:
        self._fields = {name: kind for name, kind in fields.items() if name not in ("_index", "_id")}
        self._line_bytes = line_bytes
        self._fast = [name for name in self._fields if is_extractable(name)]
        self._signs = signs(self._fast)
        self._sql = extraction(self._fast, _TABLE, guarded=False)
        self._guarded_sql = extraction(self._fast, _TABLE, guarded=True)
        self._database = duckdb.connect(config={"threads": _processors(), "temp_directory": ""})
        self._helper = ThreadPoolExecutor(1, "deckwatch-signs")

    def close(self) -> None:
        self._helper.shutdown()
        self._database.close()

    def decode(self, chunk: Chunk) -> Decoded:
        array = chunk.array()
        rejected = self._screen(chunk, array)
        blank = [line for line, reason in rejected.items() if not reason]
        lines = np.delete(np.arange(len(chunk)), list(rejected)) if rejected else np.arange(len(chunk))
        for line in blank:
            del rejected[line]
        if len(lines) < len(chunk):
            array = array.take(pa.array(lines))
        texts, unusual = self._texts(array)
        exact: dict[int, dict[str, Any]] = {}
        for row in unusual:
            try:
                exact[row] = decode(chunk.line(int(lines[row])))
            except NotAnEventError as fault:
                rejected[int(lines[row])] = str(fault)
        texts = self._correct(texts, exact)
        if rejected:
            kept = np.isin(lines, list(rejected), invert=True)
            lines, texts = lines[kept], texts.filter(pa.array(kept))
        return Decoded(lines, texts, len(blank), dict(sorted(rejected.items())))

    def _screen(self, chunk: Chunk, array: pa.Array) -> dict[int, str]:
        """The lines that are no events at first sight, with the reason; an empty one for blank lines."""
        rejected = {}
        for line in np.flatnonzero(chunk.data[chunk.starts[:-1]] != _OPEN_BRACE).tolist():
            text = chunk.line(line).strip(_BLANK)
            if not text:
                rejected[line] = ""
            elif text[0] != _OPEN_BRACE:
                rejected[line] = _what_it_is(text)
        try:
            array.validate(full=True)
        except pa.ArrowInvalid:
            for line in range(len(chunk)):
                try:
                    chunk.line(line).decode()
                except UnicodeDecodeError as fault:
                    rejected[line] = f"not UTF-8: {fault.reason} at byte {fault.start}"
        for line in np.flatnonzero(np.diff(chunk.starts) > self._line_bytes).tolist():
            rejected[line] = overlong(self._line_bytes)
        return rejected

    def _texts(self, lines: pa.Array) -> tuple[pa.Table, Sequence[int]]:
        """The text of every field, and the rows that must be decoded again."""
        search = self._helper.submit(self._search, lines)
        table = self._extract(lines)
        broken = _mask(table["broken"])
        inner = pc.fill_null(pc.starts_with(table["_source"], "{"), False)  # noqa: FBT003
        if pc.any(inner).as_py():
            table, inner_broken = self._open_envelopes(table, inner)
            broken |= inner_broken
        if len(self._fast) < len(self._fields):
            return table, range(len(lines))
        return table, np.flatnonzero(broken | search.result()).tolist()

    def _extract(self, lines: pa.Array) -> pa.Table:
        step = max(1, min(_SLICE_LINES, _SLICE_BYTES * len(lines) // max(1, lines.nbytes)))
        slices = [pa.record_batch([lines[start : start + step]], ["line"]) for start in range(0, len(lines), step)]
        schema = pa.schema([("line", lines.type)])
        self._database.register(_TABLE, pa.Table.from_batches(slices, schema))
        try:
            return self._database.sql(self._sql).to_arrow_table()
        except duckdb.Error:  # some line is no JSON
            return self._database.sql(self._guarded_sql).to_arrow_table()

    def _open_envelopes(self, table: pa.Table, mask: pa.ChunkedArray) -> tuple[pa.Table, NDArray[np.bool_]]:
        inner = self._extract(table["_source"].filter(mask).combine_chunks())
        mask = mask.combine_chunks()
        for i in range(len(self._fast)):
            column = table[f"f{i}"].combine_chunks()
            changed = pc.replace_with_mask(column, mask, inner[f"f{i}"].combine_chunks())
            table = table.set_column(table.schema.get_field_index(f"f{i}"), f"f{i}", changed)
        broken = np.zeros(table.num_rows, np.bool_)
        broken[_mask(mask)] = _mask(inner["broken"])
        return table, broken

    def _search(self, lines: pa.Array) -> NDArray[np.bool_]:
        """The rows that bear a sign of another spelling."""
        found = np.zeros(len(lines), np.bool_)
        if self._signs is None:
            return found
        series = pl.Series("line", lines)
        searches = [series.str.contains(hint) for hint in HINTS]
        hinted = reduce(operator.or_, searches, series.str.contains_any(list(self._signs.escapes))).arg_true()
        proven = series.gather(hinted).str.contains(self._signs.proof)
        found[hinted.filter(proven).to_numpy()] = True
        return found

    def _correct(self, table: pa.Table, exact: Mapping[int, dict[str, Any]]) -> pa.Table:
        """The texts under their fields' names, those of exactly decoded documents put in their places."""
        columns = {name: table[f"f{i}"] for i, name in enumerate(self._fast)}
        columns |= {
            name: pa.chunked_array([pa.nulls(table.num_rows, pa.string())]) for name in self._fields.keys() - columns
        }
        columns |= {name: _only_text(table[name]) for name in ("_index", "_id")}
        if exact:
            mask = np.zeros(table.num_rows, np.bool_)
            mask[list(exact)] = True
            documents = [unwrap(exact[row]) for row in sorted(exact)]
            for name in self._fields:
                columns[name] = _replace(
                    columns[name], mask, [list(leaves(document, name)) for document, _, _ in documents]
                )
            columns["_index"] = _replace(columns["_index"], mask, [[index] for _, index, _ in documents])
            columns["_id"] = _replace(columns["_id"], mask, [[identity] for _, _, identity in documents])
        return pa.table(columns)


def overlong(limit: int) -> str:
    """The reason for a line that is longer than a line may be."""
    return f"longer than {limit:,} bytes"


def _what_it_is(text: bytes) -> str:
    try:
        decode(text)
    except NotAnEventError as fault:
        return str(fault)
    raise AssertionError(text)


def _mask(values: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy())


def _only_text(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts that are a JSON string, and not the empty one."""
    is_text = pc.and_(pc.starts_with(texts, '"'), pc.not_equal(texts, '""'))
    return pc.if_else(is_text, texts, pa.scalar(None, texts.type))


def _replace(column: pa.ChunkedArray, mask: NDArray[np.bool_], values: Sequence[Sequence[object]]) -> pa.ChunkedArray:
    texts = pa.array([msgspec.json.encode(several).decode() if several else None for several in values], column.type)
    return pa.chunked_array([pc.replace_with_mask(column.combine_chunks(), pa.array(mask), texts)])


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
