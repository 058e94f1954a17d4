"""From values of fields to a document as a sensor would write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deckwatch.eql.dates import GREATEST, LEAST, format_timestamp
from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind
from deckwatch.events.fields import field_table
from deckwatch.events.streams import IndexPatterns
from deckwatch.events.values import coerce
from deckwatch.proof.profile import Values, derived, rank

_GUESSES: Mapping[str, str] = {
    "endpoint.events": "endpoint.events.{category}",
    "endpoint": "endpoint.events.{category}",
    "cloud_defend": "cloud_defend.{category}",
}


def stream_of(index: Sequence[str], category: str | None) -> dict[str, str]:
    """The data stream in which an event of a category would come to a rule; nothing where only plain indices are read.

    An event that names no stream is seen by every rule.
    """
    patterns = IndexPatterns(index)
    wanted = category or "process"
    names = [pattern for pattern in index if pattern.startswith("logs-") and not pattern.startswith("-")]
    for pattern in sorted(names, key=lambda name: wanted not in name):
        dataset = pattern.removeprefix("logs-").split("*", 1)[0].strip(".-")
        dataset = _GUESSES.get(dataset, dataset).format(category=wanted)
        for guess in (dataset, f"{dataset}.{wanted}", f"{dataset}.log"):
            if guess and patterns.matches(f"logs-{guess}-default"):
                return {"data_stream.type": "logs", "data_stream.dataset": guess, "data_stream.namespace": "default"}
    return {}


def indices_of(index: Sequence[str]) -> Iterator[str]:
    """Names of indices that a rule reads."""
    patterns = IndexPatterns(index)
    for pattern in index:
        if patterns.matches(name := pattern.replace("*", "default")):
            yield name


def completed(solved: Values, defaults: Values) -> dict[str, tuple[Scalar, ...]]:
    """What a condition asks for, and around it an ordinary event that makes sense with it."""
    found = dict(solved)
    for name in sorted(defaults, key=rank):
        if name not in found:
            found[name] = next(derived(name, {**solved, **_chained(name, found)}), defaults[name])
    for name in ("event.dataset", "data_stream.dataset"):
        if name not in found and (twins := list(derived(name, found))):
            found[name] = twins[0]
    return found


def _chained(name: str, found: Values) -> Values:
    """What has been settled about the same thing: a name that followed from a path leads to arguments."""
    head = name.rpartition(".")[0]
    return {other: values for other, values in found.items() if other.rpartition(".")[0] == head}


def document(values: Values, kinds: Mapping[str, Kind], time: int, identity: str) -> dict[str, Any]:
    """The event as nested JSON. `time` in nanoseconds, unless the values have one of their own."""
    tree: dict[str, Any] = {"@timestamp": format_timestamp(time), "event": {"id": identity}}
    for name, found in sorted(values.items()):
        if found:
            listed = [_json(value, kinds.get(name)) for value in found]
            many = len(listed) > 1 or field_table().is_array(name)
            _put(tree, name, listed if many else listed[0])
    return tree


def held(value: Scalar, kind: Kind) -> Scalar:
    """What a field of this kind holds in an event that is written with the value; None where it can take no such."""
    if kind == "date" and type(value) is int:
        return value if LEAST <= value <= GREATEST else None
    return coerce(value, kind)


def all_held(values: Sequence[Scalar], kind: Kind) -> tuple[Scalar, ...] | None:
    """The values as a field of this kind holds them; None where it cannot take one of them."""
    found = tuple(held(value, kind) for value in values)
    return None if None in found else found


def _json(value: Scalar, kind: Kind | None) -> Any:
    return format_timestamp(value) if kind == "date" and isinstance(value, int) else value


def _put(tree: dict[str, Any], name: str, value: Any) -> None:
    """At its place below; where a value stands in the way, under its whole name."""
    *path, last = name.split(".")
    node = tree
    for part in path:
        below = node.setdefault(part, {})
        if not isinstance(below, dict):
            tree[name] = value
            return
        node = below
    if isinstance(node.get(last), dict):
        tree[name] = value
    else:
        node[last] = value
