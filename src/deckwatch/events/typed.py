"""Typed Arrow values: to columns, and back to what JSON would say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
from deckwatch.events.lists import encode_lists

_NANOSECONDS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


def encode_arrow(values: pa.ChunkedArray, kind: Kind) -> Column:
    """The column of a field from its typed values; a value of another type is read as its JSON would be."""
    whole = values.combine_chunks()
    if pa.types.is_nested(whole.type):
        return encode_lists(whole) if kind == "keyword" and _is_text_list(whole.type) else _encode_nested(whole, kind)
    if kind in NUMERIC and not pa.types.is_dictionary(whole.type):
        typed = _plain(whole, kind)
        if typed.null_count() == whole.null_count:
            return one_by_one(typed)
    codes, distinct = dictionary(whole)
    typed = _plain(distinct, kind)
    if typed.null_count():
        places = typed.is_null().arg_true().to_numpy()
        items = map(json_value, distinct.take(places))
        typed = patch(typed, places, [field_values({"value": item}, "value", kind) for item in items])
    return distinct_column(codes, typed)


def _encode_nested(values: pa.Array, kind: Kind) -> Column:
    every = pl.DataFrame({"value": pl.Series(values)})
    distinct = every.unique(maintain_order=True)
    codes = every.join(distinct.with_row_index("code"), on="value", how="left", maintain_order="left", nulls_equal=True)
    contents = distinct["value"].to_arrow()
    items = contents.to_pylist() if _is_json(contents.type) else map(json_value, contents)
    return encode_values([field_values({"value": item}, "value", kind) for item in items], kind, codes["code"])


def _is_text_list(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not is_list:
        return False
    item = kind.value_type.value_type if pa.types.is_dictionary(kind.value_type) else kind.value_type
    return bool(pa.types.is_string(item) or pa.types.is_large_string(item))


def _plain(values: pa.Array, kind: Kind) -> pl.Series:
    """The values that need no reading; null for the rest."""
    storage, type_ = STORAGE[kind], values.type
    series = pl.Series(values) if not pa.types.is_null(type_) else pl.Series([None] * len(values), dtype=storage)
    is_text = pa.types.is_string(type_) or pa.types.is_large_string(type_)
    if is_text and kind == "date":
        return plain_timestamps(values)
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


def documents(table: pa.Table) -> list[dict[str, Any]]:
    """What a JSON document would hold of each row; see `nested`."""
    rows: list[dict[str, Any]] = [{} for _ in range(table.num_rows)]
    columns = zip(table.column_names, table.columns, strict=True)
    for name, column in sorted(columns, key=lambda column: _is_dotted(column[0])):
        if column.null_count < len(column):
            parts = name.split(".")
            for document, value in zip(rows, json_values(column), strict=True):
                _plant(document, name, parts, value)
    return rows


def json_values(values: pa.ChunkedArray) -> list[Any]:
    """What a JSON document would hold in each row."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return json_values(values.cast(kind.value_type))
    if _is_text_list(kind):
        return list(values.cast(pa.large_list(pa.large_string())).to_pylist())
    if _is_json(kind):
        return list(values.to_pylist())
    if pa.types.is_timestamp(kind):
        unit = _NANOSECONDS[kind.unit]
        times = values.cast(pa.int64()).to_pylist()
        return [None if time is None else _timestamp(time * unit) for time in times]
    return [json_value(value) for value in values]


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
    for name in sorted(members, key=_is_dotted):
        _plant(document, name, name.split("."), members[name])
    return document


def _is_dotted(name: str) -> bool:
    return "." in name


def _plant(document: dict[str, Any], name: str, parts: Sequence[str], value: Any) -> None:
    if value is None or value == {}:
        return
    node: Any = document
    for branch in parts[:-1]:
        node = node.setdefault(branch, {}) if isinstance(node, dict) else None
    if isinstance(node, dict) and parts[-1] not in node:
        node[parts[-1]] = value
    else:
        document[name] = value
