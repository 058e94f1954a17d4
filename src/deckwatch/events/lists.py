"""Columns of lists: what they hold end to end, and how many values each one holds."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deckwatch.events.batch import Column
from deckwatch.events.encoding import dictionary, distinct_column

Lengths = NDArray[np.int64]

_CODE_BYTES = 4


def lengths_of(lists: pa.Array) -> Lengths:
    """How many values, nulls included, each list holds."""
    lengths: Lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype(np.int64)
    return lengths


def without_nulls(flat: pa.Array, lengths: Lengths) -> tuple[pa.Array, Lengths]:
    """Values end to end, and how many of them each list holds, when nulls are left out."""
    if not flat.null_count:
        return flat, lengths
    holders = np.repeat(np.arange(len(lengths)), lengths)[flat.is_valid().to_numpy(zero_copy_only=False)]
    return flat.drop_null(), np.bincount(holders, minlength=len(lengths))


def encode_lists(lists: pa.Array) -> Column:
    """The column of a field from a list of texts for each event."""
    codes, distinct = dictionary(lists.flatten())
    texts = distinct_column(codes, pl.Series(distinct, dtype=pl.String))
    members, lengths = without_nulls(texts.codes.to_arrow(), lengths_of(lists))
    if lengths.max(initial=0) <= 1:
        numbers = np.zeros(len(lengths), np.uint32)
        numbers[lengths > 0] = members
        return Column(_where(numbers, lengths > 0), texts.values)
    numbers, contents = _distinct_sequences(members, lengths)
    values = pa.LargeListArray.from_arrays(contents.offsets, texts.values.to_arrow().take(contents.values))
    return Column(_where(numbers, lengths > 0), pl.Series(values))


def _distinct_sequences(members: pa.Array, lengths: Lengths) -> tuple[NDArray[np.uint32], pa.LargeListArray]:
    """The distinct sequences of codes but the empty one, and for each row which it is: read as binary texts."""
    filled = lengths > 0
    offsets = np.concatenate([[0], np.cumsum(lengths[filled])])
    codes = np.ascontiguousarray(members.to_numpy())
    buffers = [None, pa.py_buffer(offsets * _CODE_BYTES), pa.py_buffer(codes)]
    encoded = pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers).dictionary_encode()
    _, ends, data = encoded.dictionary.buffers()
    ends = np.frombuffer(ends, np.int64)[: len(encoded.dictionary) + 1] // _CODE_BYTES
    sequences = pa.LargeListArray.from_arrays(pa.array(ends), pa.array(np.frombuffer(data, np.uint32)[: ends[-1]]))
    numbers = np.zeros(len(lengths), np.uint32)
    numbers[filled] = encoded.indices.to_numpy()
    return numbers, sequences


def _where(numbers: NDArray[np.uint32], known: NDArray[np.bool_]) -> pl.Series:
    """The numbers, null where they are not known."""
    return pl.Series(pa.array(numbers, mask=~known))
