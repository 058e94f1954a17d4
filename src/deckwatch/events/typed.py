"""Typed Arrow values: to columns, and back to what JSON would say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa

from deckwatch.eql.dates import format_timestamp
from deckwatch.eql.types import Kind
from deckwatch.events.batch import Column
from deckwatch.events.document import field_values
from deckwatch.events.encoding import (
    NUMERIC,
    STORAGE,
    dictionary,
    distinct_column,
    encode_values,
    one_by_one,
    patch,
    plain_timestamps,
)

_NANOSECONDS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


def encode_arrow(values: pa.ChunkedArray, kind: Kind) -> Column:
    """The column of a field from its typed values; a value of another type is read as its JSON would be."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    if pa.types.is_nested(values.type):
        codes, distinct = _distinct_lists(values)
        if kind == "keyword" and _is_text_list(distinct.type):
            texts = [[text for text in item or () if text is not None] for item in distinct.to_pylist()]
            return encode_values(texts, kind, codes)
        items = distinct.to_pylist() if _is_json(distinct.type) else map(json_value, distinct)
        return encode_values([field_values({"value": item}, "value", kind) for item in items], kind, codes)
    if kind in NUMERIC:
        typed = _plain(values.combine_chunks(), kind)
        if typed.null_count() == values.null_count:
            return one_by_one(typed)
    codes, distinct = dictionary(values)
    typed = _plain(distinct, kind)
    places = typed.is_null().arg_true().to_numpy()
    if len(places):
        items = map(json_value, distinct.take(places))
        typed = patch(typed, places, [field_values({"value": item}, "value", kind) for item in items])
    return distinct_column(codes, typed)


def _distinct_lists(values: pa.ChunkedArray) -> tuple[pl.Series, pa.Array]:
    every = pl.DataFrame({"value": pl.Series(values.combine_chunks())})
    distinct = every.unique(maintain_order=True)
    codes = every.join(distinct.with_row_index("code"), on="value", how="left", maintain_order="left", nulls_equal=True)
    return codes["code"], distinct["value"].to_arrow()


def _is_text_list(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return bool(is_list and (pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)))


def _plain(values: pa.Array, kind: Kind) -> pl.Series:
    """The values that need no reading; null for the rest."""
    storage, type_ = STORAGE[kind], values.type
    series = pl.Series(values) if not pa.types.is_null(type_) else pl.Series([None] * len(values), dtype=storage)
    is_text = pa.types.is_string(type_) or pa.types.is_large_string(type_)
    if is_text and kind == "date":
        return series.to_frame("text").select(value=plain_timestamps(pl.col("text")))["value"]
    if (
        (is_text and kind in ("keyword", "version"))
        or (pa.types.is_integer(type_) and kind == "long")
        or (pa.types.is_boolean(type_) and kind == "boolean")
    ):
        return series.cast(storage, strict=False)
    if pa.types.is_floating(type_) and kind == "double":
        doubles = series.cast(storage)
        return doubles.set(~doubles.is_finite(), None)
    if pa.types.is_timestamp(type_) and kind == "date" and type_.unit == "ns":
        return pl.Series(values.cast(pa.int64()))
    return pl.Series([None], dtype=storage).new_from_index(0, len(values))


def _is_json(kind: pa.DataType) -> bool:
    """Whether Python's values of a type are those JSON would have."""
    while pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(is_text or pa.types.is_integer(kind) or pa.types.is_boolean(kind))


def json_values(values: pa.ChunkedArray) -> list[Any]:
    """What a JSON document would hold in each row."""
    return list(values.to_pylist()) if _is_json(values.type) else [json_value(value) for value in values]


def json_value(value: pa.Scalar) -> Any:
    """What a JSON document would hold: times as ISO 8601, objects without their null members."""
    if not value.is_valid:
        return None
    type_ = value.type
    if _is_json(type_):
        return value.as_py()
    if pa.types.is_dictionary(type_):
        return json_value(value.value)
    if pa.types.is_struct(type_):
        return nested({name: json_value(member) for name, member in value.items()})
    if pa.types.is_nested(type_):
        return [json_value(item) for item in value.values]
    return _json_scalar(value)


def _json_scalar(value: pa.Scalar) -> Any:
    if pa.types.is_timestamp(value.type):
        return _timestamp(value.value * _NANOSECONDS[value.type.unit])
    if pa.types.is_duration(value.type) or pa.types.is_time(value.type):
        return value.value
    match value.as_py():
        case float() as number if not math.isfinite(number):
            return None
        case bytes() as data:
            return data.decode(errors="backslashreplace")
        case Decimal() as number:
            return float(number)
        case date() as day:
            return day.isoformat()
        case plain:
            return plain


def _timestamp(nanoseconds: int) -> str | None:
    try:
        return format_timestamp(nanoseconds)
    except OverflowError:  # a year that no date has
        return None


def nested(members: Mapping[str, Any]) -> dict[str, Any]:
    """An object from members with dotted names; those that are null or empty objects are left out.

    A dotted name stays as it is where something else is in its place already.
    """
    document: dict[str, Any] = {}
    for name, value in sorted(members.items(), key=lambda member: "." in member[0]):
        if value is None or value == {}:
            continue
        *branches, leaf = name.split(".")
        node: Any = document
        for branch in branches:
            node = node.setdefault(branch, {}) if isinstance(node, dict) else None
        if isinstance(node, dict) and leaf not in node:
            node[leaf] = value
        else:
            document[name] = value
    return document
