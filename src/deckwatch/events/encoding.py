"""Dictionary encoding: many texts, or typed values, to a column of few distinct values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind
from deckwatch.events.batch import Column
from deckwatch.events.document import field_values

STORAGE: Mapping[Kind, pl.DataType] = {
    "keyword": pl.String(),
    "long": pl.Int64(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Int64(),
    "ip": pl.String(),
    "version": pl.String(),
}

# Only years whose nanoseconds fit 64 bits, and no leap seconds: the rest is left to `coerce`.
_TIMESTAMP = r"\A(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z\z"


def encode_texts(texts: pa.ChunkedArray, kind: Kind) -> Column:
    """The column of a field from the JSON text of its value in each event; null where it has none."""
    codes, distinct = dictionary(texts)
    values = _PLAIN[kind](distinct)
    if not values.null_count():
        return Column(codes, values) if values.dtype == pl.String else _column(codes, values)
    places = values.is_null().arg_true().to_numpy()
    return _column(codes, patch(values, places, [_read(text, kind) for text in distinct.take(places).to_pylist()]))


def encode_values(values: Sequence[Sequence[Scalar]], kind: Kind, codes: pl.Series | None = None) -> Column:
    """The column of a field from its values in each event; with codes, from the values each code stands for."""
    if codes is None:
        codes = pl.int_range(len(values), dtype=pl.UInt32, eager=True)
    nothing = pl.Series([None], dtype=STORAGE[kind]).new_from_index(0, len(values))
    return _column(codes, patch(nothing, np.arange(len(values)), values))


def dictionary(values: pa.ChunkedArray) -> tuple[pl.Series, pa.Array]:
    """Codes (null for null) and the distinct values they stand for."""
    encoded = values.combine_chunks().dictionary_encode()
    return pl.Series(encoded.indices).cast(pl.UInt32), encoded.dictionary


def patch(values: pl.Series, places: np.ndarray, others: Sequence[Sequence[Scalar]]) -> pl.Series:
    """The values, with others put in their places; lists as soon as one of these is more than one value."""
    if any(len(several) > 1 for several in others):
        values = values.to_frame("value").select(pl.concat_list("value"))["value"]
        added = pl.Series("value", [list(several) or None for several in others], dtype=values.dtype)
    else:
        added = pl.Series("value", [several[0] if several else None for several in others], dtype=values.dtype)
    if len(added) == len(values):
        return added
    order = np.arange(len(values))
    order[places] = len(values) + np.arange(len(added))
    return pl.concat([values.alias("value"), added]).gather(order)


def _column(codes: pl.Series, values: pl.Series) -> Column:
    """The column of these values, freed of nulls and repetitions."""
    if isinstance(values.dtype, pl.List):
        distinct = values.unique(maintain_order=True).drop_nulls().to_frame("value")
        ...
    again, distinct = dictionary(pa.chunked_array([values.to_arrow()]))
    if len(distinct) == len(values):
        return Column(codes, values)
    return Column(again.gather(codes), pl.Series(distinct))


def _read(text: str, kind: Kind) -> list[Scalar]:
    value: Any
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        return []
    except msgspec.MsgspecError:  # the column decoder knows a little more than JSON: NaN, 1e999
        try:
            value = json.loads(text, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            return []
    return field_values({"value": value}, "value", kind)
