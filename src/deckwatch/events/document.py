"""One document: its values by dotted name, its envelope, its identity, its stream."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind
from deckwatch.events.streams import stream_name
from deckwatch.events.values import coerce


def field_values(document: Mapping[str, Any], name: str, kind: Kind) -> list[Scalar]:
    """Every value of a field, in document order, duplicates kept; empty when the field is missing.

    The name may be spelled in the document as nested keys, as one dotted key, or as any mixture. Arrays on the
    way, of objects or of values, are flattened; null and what is not a value of `kind` are left out.
    """
    values = (coerce(leaf, kind) for leaf in leaves(document, name))
    return [value for value in values if value is not None]


def leaves(node: Mapping[str, Any], name: str) -> Iterator[object]:
    """What JSON has under a field's name, found as `field_values` finds it: scalars, null and objects."""
    present = [(key, rest) for key, rest in _splits(name) if key in node]
    if len(present) > 1:  # {"a.b": 1, "a": {"b": 2}}
        position = {key: place for place, key in enumerate(node)}
        present.sort(key=lambda split: position[split[0]])
    for key, rest in present:
        for item in _flat(node[key]):
            if rest is None:
                yield item
            elif isinstance(item, dict):
                yield from leaves(item, rest)


@lru_cache(maxsize=16384)
def _splits(name: str) -> tuple[tuple[str, str | None], ...]:
    """Each way to spend the head of a dotted name on one key, with what is left: a, b.c; a.b, c; a.b.c, None."""
    dots = [place for place, character in enumerate(name) if character == "."]
    return (*((name[:dot], name[dot + 1 :]) for dot in dots), (name, None))


def _flat(value: object) -> Iterable[object]:
    """The value, or when it is an array what it holds, at any depth."""
    if not isinstance(value, list):
        return (value,)
    items: list[object] = []
    waiting: list[object] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(reversed(item))
        else:
            items.append(item)
    return items


def unwrap(document: dict[str, Any]) -> tuple[dict[str, Any], str | None, str | None]:
    """The document itself, its index and its id: the last two from the envelope of an Elasticsearch export, if any."""
    index, identity, source = document.get("_index"), document.get("_id"), document.get("_source")
    return (
        source if isinstance(source, dict) else document,
        index if isinstance(index, str) and index else None,
        identity if isinstance(identity, str) and identity else None,
    )


def document_id(document: Mapping[str, Any], envelope_id: str | None) -> str:
    """What tells the document from others: its envelope's id, else its only `event.id`, else a hash of its content."""
    if envelope_id:
        return envelope_id
    match field_values(document, "event.id", "keyword"):
        case [str(single)] if single:
            return single
        case _:
            return content_hash(document)


def content_hash(document: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the document as JSON with sorted keys and no blanks; if too deep, of its parts."""
    try:
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        canonical = " ".join(_parts(document))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _parts(value: object) -> Iterator[str]:
    """A value of any depth, every object and array written as its size before what it holds."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as node:
                yield f"{{{len(node)}"
                for key in sorted(node, reverse=True):
                    waiting += (node[key], key)
            case list() as items:
                yield f"[{len(items)}"
                waiting += reversed(items)
            case scalar:
                yield json.dumps(scalar)


def index_name(document: Mapping[str, Any], envelope_index: str | None) -> str | None:
    """The data stream, or the plain index, a document belongs to; None when nothing in it tells.

    The envelope's index tells best, then `data_stream.*`, then `event.dataset`, whose stream is of logs in the
    default namespace.
    """
    if envelope_index:
        return stream_name(envelope_index)
    dataset = _first(document, "data_stream.dataset") or _first(document, "event.dataset")
    if dataset is None:
        return None
    category = _first(document, "data_stream.type") or "logs"
    namespace = _first(document, "data_stream.namespace") or "default"
    return f"{category}-{dataset}-{namespace}"


def _first(document: Mapping[str, Any], name: str) -> str | None:
    for value in field_values(document, name, "keyword"):
        if isinstance(value, str) and value:
            return value
    return None
