"""Join keys of events, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from deckwatch.eql.nodes import Field
from deckwatch.eql.types import Kind
from deckwatch.events.encoding import STORAGE
from deckwatch.plan.bundle import Evaluation
from deckwatch.plan.views import Rows
from deckwatch.sequences.steps import Predicate


def key_columns(width: int) -> list[str]:
    """The names of the key columns."""
    return [f"key{i}" for i in range(width)]


def key_types(predicates: Sequence[Predicate], kinds: Mapping[str, Kind]) -> list[pl.DataType]:
    """One type per key position, fit for every predicate: integers and fractions meet as fractions."""
    types: list[pl.DataType] = []
    for place in zip(*(predicate.keys for predicate in predicates), strict=True):
        stored = {STORAGE[kinds[field.name]] for field in place}
        if stored == {pl.Int64(), pl.Float64()}:
            types.append(pl.Float64())
        else:  # an unmapped optional key counts as text, holds nothing, and follows the others
            types.append(min(stored, key=lambda each: each == pl.String))
    return types


def keyed(evaluation: Evaluation, rows: Rows, keys: Sequence[Field], types: Sequence[pl.DataType]) -> pl.DataFrame:
    """One row per event and join key: `row` and the key columns.

    An event with several values in a key field appears once per combination; one without a value only where
    the key is optional.
    """
    names = key_columns(len(keys))
    contents = {name: evaluation.views[key.name].gathered(rows) for key, name in zip(keys, names, strict=True)}
    frame = pl.DataFrame({"row": rows.astype(np.int64), **contents})
    for key, name, wanted in zip(keys, names, types, strict=True):
        if frame[name].dtype == pl.List:
            frame = frame.explode(name, empty_as_null=True, keep_nulls=True)
        if not key.optional and frame[name].null_count():
            frame = frame.drop_nulls(name)
        if frame[name].dtype != wanted:
            frame = frame.with_columns(pl.col(name).cast(wanted, strict=False))
    return frame
