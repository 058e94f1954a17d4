"""Helpers for the tests of readers: columns as plain lists of values."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind
from deckwatch.events.batch import Column, EventBatch
from deckwatch.events.deadletter import Counts, DeadLetter
from deckwatch.events.document import field_values, unwrap
from deckwatch.events.reader import EventSource, open_events

Rows = dict[str, list[list[Scalar]]]


def column_values(column: Column) -> list[list[Scalar]]:
    contents = column.values.to_list()
    values = [value if isinstance(value, list) else [] if value is None else [value] for value in contents]
    return [[] if code is None else values[code] for code in column.codes.to_list()]


def read(
    source: EventSource, fields: Mapping[str, Kind], batch_events: int | None = None
) -> tuple[Rows, list[dict[str, Any]], Counts, list[DeadLetter]]:
    """Every column's values, every document, the counts and the dead letters; checks what holds for any input."""
    rows: Rows = {name: [] for name in (*fields, "_index", "_id")}
    documents: list[dict[str, Any]] = []
    letters: list[DeadLetter] = []
    with open_events(source, fields, dead_letter=letters.append, batch_events=batch_events) as reader:
        for batch in reader:
            check_batch(batch, len(documents))
            assert batch_events is None or batch.height <= batch_events
            for name, column in batch.columns.items():
                rows[name] += column_values(column)
            documents += [batch.documents.document(row) for row in range(batch.height)]
        counts = reader.counts
    assert counts.lines == counts.events + counts.blank + counts.malformed
    assert counts.events == len(documents)
    assert len(letters) == counts.malformed + counts.damaged
    return rows, documents, counts, letters


def check_batch(batch: EventBatch, first: int) -> None:
    assert batch.first == first
    assert batch.height > 0
    for column in batch.columns.values():
        assert len(column.codes) == batch.height
        if column.values.dtype.is_numeric():
            continue
        assert column.values.null_count() == 0
        values = [tuple(value) if isinstance(value, list) else value for value in column.values.to_list()]
        assert len(set(values)) == len(values)


def expected(documents: Iterable[dict[str, Any]], fields: Mapping[str, Kind]) -> Rows:
    unwrapped = [unwrap(document) for document in documents]
    rows: Rows = {name: [field_values(inner, name, kind) for inner, _, _ in unwrapped] for name, kind in fields.items()}
    rows["_index"] = [[index] if index else [] for _, index, _ in unwrapped]
    rows["_id"] = [[identity] if identity else [] for _, _, identity in unwrapped]
    return rows


def ndjson(documents: Iterable[object]) -> io.BytesIO:
    lines = (json.dumps(document, ensure_ascii=False, separators=(",", ":")) for document in documents)
    return io.BytesIO("".join(line + "\n" for line in lines).encode())
