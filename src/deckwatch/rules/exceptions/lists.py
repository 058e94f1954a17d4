"""Exceptions as they are written: lists of items, each a condition on the events that a rule is not to see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

Step: TypeAlias = "int | Literal['until']"
"""A stage of a sequence or sample as written, from 1, or the event that ends a sequence."""

ListKey: TypeAlias = tuple[str, str]
"""How rules refer to a list: its `list_id` and its `namespace_type`."""


@dataclass(frozen=True, slots=True)
class Equals:
    """`match` and `match_any`: the field has one of the values."""

    field: str
    values: tuple[str, ...]
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Glob:
    """`wildcard`: the field has a value that fits, `*` being any run of characters and `?` any one."""

    field: str
    pattern: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Exists:
    """`exists`: the field has a value."""

    field: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class InList:
    """`list`: the field has a value that a value list holds; `kind` is the type of that list."""

    field: str
    list_id: str
    kind: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Nested:
    """`nested`: one object of the array `field` satisfies all entries, whose fields are named from there."""

    field: str
    entries: tuple[Equals | Exists, ...]


Flat: TypeAlias = Equals | Glob | Exists | InList
"""An entry on one field."""

Entry: TypeAlias = Flat | Nested


@dataclass(frozen=True, slots=True)
class ExceptionItem:
    """A condition on events: all entries hold. `parameters` is the whole item as written.

    `os_types`: only events of one of these. `expires`: nanoseconds since 1970, after which the item is ignored.
    `steps`: which stages of a sequence it takes events from; none named means all. `line` counts from 1.
    """

    item_id: str
    list_id: str
    namespace_type: str
    name: str
    entries: tuple[Entry, ...]
    os_types: tuple[str, ...]
    expires: int | None
    steps: tuple[Step, ...]
    file: str
    line: int
    parameters: Mapping[str, Any] = field(hash=False, repr=False)

    @property
    def key(self) -> ListKey:
        return self.list_id, self.namespace_type


@dataclass(frozen=True, slots=True)
class ExceptionList:
    """Items under a name that rules refer to. `parameters` is the list as written, empty where only items are there.

    `rule_ids`: rules it applies to although they do not refer to it.
    """

    list_id: str
    namespace_type: str
    name: str
    type: str
    rule_ids: tuple[str, ...]
    file: str
    line: int
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)
    items: tuple[ExceptionItem, ...] = ()

    @property
    def key(self) -> ListKey:
        return self.list_id, self.namespace_type


def gathered(lists: Iterable[ExceptionList], items: Iterable[ExceptionItem] = ()) -> tuple[ExceptionList, ...]:
    """Each list once, with all its items, those of the same `item_id` once; the first one stays.

    Items whose list is not there get one. A list that is only there through its items gives way to a real one.
    """
    heads: dict[ListKey, ExceptionList] = {}
    held: dict[ListKey, dict[str, ExceptionItem]] = {}
    for each in (*lists, *_implied(items)):
        known = heads.setdefault(each.key, each)
        if each.parameters and not known.parameters:
            heads[each.key] = replace(each, rule_ids=tuple(dict.fromkeys(known.rule_ids + each.rule_ids)))
        elif each.rule_ids:
            heads[each.key] = replace(known, rule_ids=tuple(dict.fromkeys(known.rule_ids + each.rule_ids)))
        of_list = held.setdefault(each.key, {})
        for item in each.items:
            of_list.setdefault(item.item_id, item)
    return tuple(replace(head, items=tuple(held[key].values())) for key, head in heads.items())


def _implied(items: Iterable[ExceptionItem]) -> Iterator[ExceptionList]:
    for item in items:
        yield ExceptionList(
            item.list_id, item.namespace_type, item.list_id, "detection", (), item.file, item.line, items=(item,)
        )
