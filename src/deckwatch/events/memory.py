"""Documents that are in memory already, as a source of events."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind
from deckwatch.events.batch import Column
from deckwatch.events.deadletter import Counts, DeadLetter, excerpt
from deckwatch.events.decoding import without_envelope
from deckwatch.events.document import field_values, unwrap
from deckwatch.events.encoding import encode_values
from deckwatch.events.parts import Kept, Part

BATCH_EVENTS = 4096
SOURCE = "documents"


@dataclass(frozen=True, slots=True)
class _Documents:
    items: Sequence[dict[str, Any]]

    def documents(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        return [without_envelope(self.items[row]) for row in rows]

    def keep(self, rows: NDArray[np.int64]) -> Kept:
        return _Documents([self.items[row] for row in rows])


def read_documents(items: Iterable[object], height: int | None = None) -> Generator[Part, None, None]:
    """The parts of a series of documents. Whatever is no `dict` is a dead letter, numbered from 1 like a line."""
    numbered = enumerate(items, 1)
    while some := list(itertools.islice(numbered, height or BATCH_EVENTS)):
        documents = [item for _, item in some if isinstance(item, dict) and not _fault(item)]
        letters = [
            DeadLetter(SOURCE, number, None, fault, excerpt(repr(item).encode()))
            for number, item in some
            if (fault := _fault(item))
        ]
        counts = Counts(lines=len(some), events=len(documents), malformed=len(letters))
        yield Part(counts, letters, 0, _Documents(documents), DocumentFields(documents))


def _fault(item: object) -> str:
    """Why an item is no document; empty when it is one."""
    if not isinstance(item, dict):
        return f"not a dict but {type(item).__name__}"
    return "" if all(isinstance(key, str) for key in item) else "a key is not text"


@dataclass(frozen=True, slots=True)
class DocumentFields:
    """The fields of whole documents, in any spelling."""

    documents: Sequence[dict[str, Any]]

    def column(self, name: str, kind: Kind) -> Column:
        values: list[list[Scalar]] = []
        for document in self.documents:
            inner, index, identity = unwrap(document)
            match name:
                case "_index":
                    values.append([index])
                case "_id":
                    values.append([identity])
                case _:
                    values.append(field_values(inner, name, kind))
        return encode_values(values, kind)
