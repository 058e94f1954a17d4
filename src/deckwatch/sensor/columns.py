"""Events as columns, without a document or JSON in between."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deckwatch.eql.dates import format_timestamp
from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind
from deckwatch.events.batch import Column
from deckwatch.events.document import field_values
from deckwatch.events.encoding import STORAGE, one_by_one
from deckwatch.events.values import coerce
from deckwatch.sensor.documents import FILE, Describer
from deckwatch.sensor.event import Event
from deckwatch.sensor.portrait import OWN, RELATIVES, STATE, is_cut, is_same

_Values = tuple[Scalar, ...]
_Codes = NDArray[np.intp]


class _Field(NamedTuple):
    """How a field is told: by what each event has in an attribute, or in an attribute of its actor."""

    attribute: str
    told: Callable[[Describer, Any], Any]
    of_actor: bool = False


class EventFields:
    """The fields of some events. What several events share is looked at once."""

    def __init__(self, events: Sequence[Event], describer: Describer) -> None:
        self._events = events
        self._describer = describer
        self._shared: dict[tuple[str, bool], tuple[list[Any], _Codes]] = {}

    def column(self, name: str, kind: Kind) -> Column:
        if (name, kind) in _NUMBERS:
            values = np.fromiter(_NUMBERS[name, kind](self._describer, self._events), np.int64, len(self._events))
            return one_by_one(pl.Series(values))
        field, describer = _field(name), self._describer
        if field is None:
            contents = [_read(_at(describer.constant, name.split(".")), kind)]
            return _encode(contents, np.zeros(len(self._events), np.intp), kind)
        things, codes = self._things(field.attribute, of_actor=field.of_actor)
        told = field.told
        contents = [() if thing is None else _read(told(describer, thing), kind) for thing in things]
        return _encode(contents, codes, kind)

    def _things(self, attribute: str, *, of_actor: bool) -> tuple[list[Any], _Codes]:
        """What the events have in an attribute, each thing once, and which of them each event has."""
        known = self._shared.get((attribute, of_actor))
        if known is None:
            known = self._distinct_of_actors(attribute) if of_actor else self._distinct(attribute)
            self._shared[attribute, of_actor] = known
        return known

    def _distinct(self, attribute: str) -> tuple[list[Any], _Codes]:
        if attribute == "":
            return list(self._events), np.arange(len(self._events))
        return _numbered([getattr(event, attribute) for event in self._events])

    def _distinct_of_actors(self, attribute: str) -> tuple[list[Any], _Codes]:
        actors, codes = self._things("actor", of_actor=False)
        things, numbers = _numbered([None if actor is None else getattr(actor, attribute) for actor in actors])
        return things, numbers[codes]


def _numbered(things: Sequence[Hashable]) -> tuple[list[Any], _Codes]:
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(thing, len(numbers)) for thing in things], np.intp)
    return list(numbers), codes


_NUMBERS: Mapping[tuple[str, Kind], Callable[[Describer, Sequence[Event]], Any]] = {
    ("@timestamp", "date"): lambda describer, events: map(describer.time, events),
    ("event.sequence", "long"): lambda _, events: (event.sequence for event in events),
}
"""Fields of which each event has a number of its own."""

_FIELDS: Mapping[str, _Field] = {
    "@timestamp": _Field("", lambda describer, event: format_timestamp(describer.time(event))),
    "event.created": _Field("read", lambda _, read: format_timestamp(read)),
    "event.id": _Field("", Describer.event_id),
    "event.ingested": _Field("read", lambda _, read: format_timestamp(read)),
    "event.sequence": _Field("sequence", lambda _, sequence: sequence),
    "deckwatch.path_cut": _Field("cut", lambda _, cut: cut or None),
    "deckwatch.path_unchecked": _Field("lexical", lambda _, lexical: lexical or None),
    "deckwatch.args_cut": _Field("state", lambda _, state: is_cut(state), of_actor=True),
    "process.entry_leader.entry_meta.type": _Field("actor", lambda _, actor: actor.entry_leader and actor.entry_type),
}

_OBJECTS: tuple[tuple[str, str, Callable[[Describer, Any], dict[str, Any]]], ...] = (
    ("process", "detail", Describer.detail),
    ("message", "detail", Describer.detail),
    ("deckwatch.loss", "detail", Describer.detail),
    ("container", "container", Describer.container),
    ("orchestrator", "container", Describer.container),
    ("deckwatch.container", "container", Describer.container),
    ("event", "action", lambda _, action: action.object),
    ("data_stream", "action", lambda _, action: action.object),
    ("cloud_defend", "action", lambda _, action: action.object),
)
"""Parts of documents: what the names of their fields begin with, and which attribute of an event they describe."""


@lru_cache(maxsize=4096)
def _field(name: str) -> _Field | None:
    """How a field is told; None: by what all documents have in common, if at all."""
    if name in _FIELDS:
        return _FIELDS[name]
    if found := _of_process(name.removeprefix("process.")) if name.startswith("process.") else None:
        return found
    if (file := name.removeprefix("file.")) in FILE and file != name:
        return _of_text(*FILE[file])
    if name in ("user.id", "group.id"):
        return _of_state("state", name)
    parts = (
        _part(name, attribute, describe)
        for prefix, attribute, describe in _OBJECTS
        if name == prefix or name.startswith(f"{prefix}.")
    )
    return next(parts, None)


def _part(name: str, attribute: str, describe: Callable[[Describer, Any], dict[str, Any]]) -> _Field:
    path = name.split(".")
    return _Field(attribute, lambda describer, thing: _at(describe(describer, thing), path))


def _of_process(name: str) -> _Field | None:
    relative, _, rest = name.partition(".")
    if relative not in RELATIVES:
        return _of_state("state", name)
    if rest == "same_as_process":
        return _Field("actor", lambda _, actor: _same_as_process(actor, relative))
    return _of_state(relative, rest) if rest in STATE else None


def _of_state(attribute: str, name: str) -> _Field | None:
    told = STATE.get(name) or (OWN.get(name) if attribute == "state" else None)
    return _Field(attribute, lambda describer, state: told(describer.node, state), of_actor=True) if told else None


def _of_text(attribute: str, made: Callable[[str], str]) -> _Field:
    return _Field(attribute, lambda _, text: made(text) or None)


def _same_as_process(actor: Any, relative: str) -> bool | None:
    state = getattr(actor, relative)
    return None if state is None else is_same(actor, state)


def _at(node: Any, path: Sequence[str]) -> Any:
    """What is at the end of a path; of a list of objects, what each of them has there."""
    for place, key in enumerate(path):
        if type(node) is list:
            return [_at(item, path[place:]) for item in node]
        node = node.get(key) if type(node) is dict else None
    return node


def _read(value: Any, kind: Kind) -> _Values:
    """The values of a field as `field_values` reads them."""
    if value is None:
        return ()
    if kind == "keyword":
        if type(value) is str:
            return (value,)
        if type(value) is list and all(type(item) is str for item in value):
            return tuple(value)
    if type(value) is list:
        return tuple(field_values({"value": value}, "value", kind))
    found = coerce(value, kind)
    return () if found is None else (found,)


def _encode(contents: Sequence[_Values], codes: _Codes, kind: Kind) -> Column:
    """The column of contents that the codes refer to."""
    numbers: dict[_Values, int] = {(): 0}
    renumbered = np.array([numbers.setdefault(each, len(numbers)) for each in contents] or [0], np.uint32)[codes]
    storage = STORAGE[kind]
    if any(len(each) > 1 for each in numbers):
        values = pl.Series([list(each) or None for each in numbers], dtype=pl.List(storage))
    else:
        values = pl.Series([each[0] if each else None for each in numbers], dtype=storage)
    return Column(pl.Series(renumbered), values)
