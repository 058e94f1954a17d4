"""Dictionary encoding: many texts, or typed values, to a column of few distinct values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

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
    if kind in NUMERIC:
        values = _PLAIN[kind](texts.combine_chunks())
        if values.null_count() == texts.null_count:
            return one_by_one(values)
    codes, distinct = dictionary(texts.combine_chunks())
    values = _PLAIN[kind](distinct)
    if not values.null_count():
        return Column(codes, values) if values.dtype == pl.String else distinct_column(codes, values)
    places = values.is_null().arg_true().to_numpy()
    return distinct_column(
        codes, patch(values, places, [_read(text, kind) for text in distinct.take(places).to_pylist()])
    )


NUMERIC: frozenset[Kind] = frozenset({"date", "long", "double"})


def one_by_one(values: pl.Series) -> Column:
    """The column of a value for each event."""
    return Column(pl.int_range(len(values), dtype=pl.UInt32, eager=True), values)


def encode_values(values: Sequence[Sequence[Scalar]], kind: Kind, codes: pl.Series | None = None) -> Column:
    """The column of a field from its values in each event; with codes, from the values each code stands for."""
    nothing = pl.Series([None], dtype=STORAGE[kind]).new_from_index(0, len(values))
    column = one_by_one(patch(nothing, np.arange(len(values)), values))
    return distinct_column(column.codes if codes is None else codes, column.values)


def dictionary(values: pa.Array) -> tuple[pl.Series, pa.Array]:
    """Codes (null for null) and the distinct values they stand for.

    Of a dictionary that is one already, what is used; its nulls and repetitions stay.
    """
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
        return pl.Series(values.indices).cast(pl.UInt32), values.dictionary
    codes = pl.Series(values.indices).cast(pl.UInt32)
    used = np.zeros(len(values.dictionary), np.bool_)
    used[values.indices.drop_null().to_numpy()] = True
    if used.all():
        return codes, values.dictionary
    numbers = pl.Series(np.cumsum(used, dtype=np.uint32) - used)
    return numbers.gather(codes), values.dictionary.filter(pa.array(used))


def patch(values: pl.Series, places: NDArray[np.int64], others: Sequence[Sequence[Scalar]]) -> pl.Series:
    """The values, with others put in their places; lists as soon as one of these is more than one value."""
    kind = values.to_arrow().type
    if any(len(several) > 1 for several in others):
        kind = pa.large_list(kind)
        values = values.to_frame("value").select(pl.concat_list("value"))["value"]
        added = _array([several or None for several in others], kind)
    else:
        added = _array([several[0] if several else None for several in others], kind)
    if len(added) == len(values):
        return pl.Series(added)
    order = np.arange(len(values))
    order[places] = len(values) + np.arange(len(added))
    return pl.concat([values, pl.Series(added)]).gather(order)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # half a surrogate pair, which Python's own JSON decoder lets pass
        return pa.array(_replaced(values), kind)


_HALF_PAIR = re.compile("[\ud800-\udfff]")


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF_PAIR.sub("\ufffd", value)
    return [_replaced(item) for item in value] if isinstance(value, list) else value


def distinct_column(codes: pl.Series, values: pl.Series) -> Column:
    """The column of these values, freed of nulls and repetitions."""
    if isinstance(values.dtype, pl.List):
        numbers: dict[tuple[Scalar, ...], int] = {}
        keys = [None if several is None else tuple(several) for several in values.to_list()]
        again = [None if key is None else numbers.setdefault(key, len(numbers)) for key in keys]
        distinct, renumbered = [list(key) for key in numbers], pl.Series(again, dtype=pl.UInt32)
    else:
        renumbered, distinct = dictionary(values.to_arrow())
    if len(distinct) == len(values):
        return Column(codes, values)
    return Column(renumbered.gather(codes), pl.Series(distinct, dtype=values.dtype))


_TEXTS = msgspec.json.Decoder(list[str])


def _read(text: str, kind: Kind) -> list[Scalar]:
    value: Any
    try:
        if kind == "keyword" and text.startswith('["'):
            return [*_TEXTS.decode(text)]
    except msgspec.MsgspecError:  # an array of more than texts
        pass
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


def _plain_text(texts: pa.Array) -> pl.Series:
    plain = pc.and_not(pc.starts_with(texts, '"'), pc.match_substring(texts, "\\"))
    unquoted = pc.utf8_slice_codeunits(texts, 1, -1)
    return pl.Series(pc.if_else(plain, unquoted, pa.scalar(None, texts.type)))


def _plain_number(pattern: str, storage: pl.DataType) -> Callable[[pa.Array], pl.Series]:
    text = pl.col("text")
    return _reader(pl.when(text.str.contains(pattern)).then(text).cast(storage))


def _reader(expression: pl.Expr) -> Callable[[pa.Array], pl.Series]:
    return lambda texts: pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}).select(value=expression)["value"]


def plain_timestamps(texts: pa.Array) -> pl.Series:
    """Nanoseconds since 1970 of timestamps in the usual spelling; null for others."""
    usual = pl.Series(texts, dtype=pl.String).str.contains(_TIMESTAMP).to_arrow()
    texts = pc.if_else(usual, texts, pa.scalar(None, texts.type))
    try:
        return pl.Series(texts.cast(pa.timestamp("ns", "UTC")).cast(pa.int64()))
    except pa.ArrowInvalid:  # some day or hour does not exist
        moments = pl.Series(texts, dtype=pl.String).str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns", strict=False
        )
        return moments.cast(pl.Int64)


def _nothing(storage: pl.DataType) -> Callable[[pa.Array], pl.Series]:
    return lambda texts: pl.Series([None], dtype=storage).new_from_index(0, len(texts))


_PLAIN: Mapping[Kind, Callable[[pa.Array], pl.Series]] = {
    "keyword": _plain_text,
    "version": _plain_text,
    "long": _plain_number(r"\A-?[0-9]{1,18}\z", pl.Int64()),
    "double": _plain_number(r"\A-?[0-9]{1,15}(?:\.[0-9]{1,15})?\z", pl.Float64()),
    "date": lambda texts: plain_timestamps(pc.utf8_slice_codeunits(texts, 1, -1)),
    "boolean": _nothing(pl.Boolean()),
    "ip": _nothing(pl.String()),
}
"""The values of the JSON texts that are most common for a kind; null for what takes a closer look."""
