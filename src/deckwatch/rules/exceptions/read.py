"""From Kibana's JSON, and from the TOML form, to exception lists and items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from deckwatch.eql.dates import parse_timestamp
from deckwatch.eql.suggest import hint as suggestion
from deckwatch.errors import DeckwatchError
from deckwatch.rules.draft import unfit
from deckwatch.rules.exceptions.lists import (
    Entry,
    Equals,
    ExceptionItem,
    ExceptionList,
    Exists,
    Glob,
    InList,
    Nested,
    Step,
)
from deckwatch.rules.rule import RuleFault, Source

Read: TypeAlias = "ExceptionList | ExceptionItem | RuleFault"

OS_TYPES = ("linux", "macos", "windows")
ENTRY_TYPES = ("match", "match_any", "wildcard", "exists", "list", "nested")
IN_NESTED = ("match", "match_any", "exists")
"""What an entry below a nested one may be."""

STEP_KEY = "step"
"""Where `meta` of an item names the stages it is for: a number from 1, "until", or a list of these."""

RULES_KEY = "rule_ids"
"""Where `meta` of a list names rules it applies to."""


class EntryError(DeckwatchError):
    """What is wrong with an entry, and how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}\n  hint: {hint}" if hint else message)
        self.message = message
        self.hint = hint


def read_item(value: Mapping[str, Any], source: Source) -> Iterator[Read]:
    """The item in a JSON object, or every fault of it."""
    item_id = value.get("item_id")
    name = value.get("name") if isinstance(value.get("name"), str) else ""
    called = f"exception {name or item_id!r}"
    faults = [
        *_blemishes(value),
        *_texts(value, "item_id", "list_id"),
        *_os_types(value),
        *_steps_faults(value),
        *_dates(value),
    ]
    entries: list[Entry] = []
    for number, written in enumerate(_listed(value.get("entries")), 1):
        try:
            entries.append(read_entry(written))
        except EntryError as error:
            faults.append((f"entry {number}: {error.message}", error.hint))
    if not entries and not faults:
        faults.append(("it has no entries", "give it at least one; without any it would remove nothing"))
    if faults:
        for message, hint in faults:
            yield RuleFault(source.file, source.line, None, f"{called}: {message}", hint)
        return
    yield ExceptionItem(
        item_id=str(item_id),
        list_id=value["list_id"],
        namespace_type=_namespace(value),
        name=name or str(item_id),
        entries=tuple(entries),
        os_types=tuple(value.get("os_types") or ()),
        expires=_expiry(value),
        steps=_steps(value),
        file=source.file,
        line=source.line,
        parameters=dict(value),
    )


def read_list(value: Mapping[str, Any], source: Source, rule_ids: tuple[str, ...] = ()) -> Iterator[Read]:
    """The list in a JSON object, without items, or every fault of it."""
    faults = [*_blemishes(value), *_texts(value, "list_id")]
    for message, hint in faults:
        yield RuleFault(source.file, source.line, None, f"exception list {value.get('list_id')!r}: {message}", hint)
    if not faults:
        meta = value.get("meta")
        named = meta.get(RULES_KEY) if isinstance(meta, dict) else None
        yield ExceptionList(
            list_id=value["list_id"],
            namespace_type=_namespace(value),
            name=str(value.get("name") or value["list_id"]),
            type=str(value.get("type") or "detection"),
            rule_ids=(*rule_ids, *(each for each in _listed(named) if isinstance(each, str))),
            file=source.file,
            line=source.line,
            parameters=dict(value),
        )


def read_toml_lists(document: Mapping[str, Any], source: Source) -> Iterator[Read]:
    """What `[[exceptions]]` of a TOML file holds: each a `container`, the list, and its `items`."""
    metadata = document.get("metadata")
    named = metadata.get("rule_ids") if isinstance(metadata, dict) else None
    rule_ids = tuple(each for each in _listed(named) if isinstance(each, str))
    for each in _listed(document["exceptions"]) or [None]:
        container = each.get("container") if isinstance(each, dict) else None
        if not isinstance(container, dict):
            hint = "write the list in [exceptions.container] and each item in [[exceptions.items]]"
            yield RuleFault(source.file, source.line, None, "an exception list without a `container`", hint)
            continue
        yield from read_list(container, source, rule_ids)
        for item in _listed(each.get("items")):
            inherited = {key: container[key] for key in ("list_id", "namespace_type") if key in container}
            if isinstance(item, dict):
                yield from read_item({**inherited, **item}, source)
            else:
                yield RuleFault(source.file, source.line, None, "an exception item that is no table")


def read_entry(written: Any) -> Entry:
    """The entry in a JSON value.

    Raises:
        EntryError: it is none.
    """
    if not isinstance(written, dict):
        raise EntryError("it is no object", 'write {"field": …, "type": …, "operator": …}')
    kind = written.get("type")
    if kind not in ENTRY_TYPES:
        cure = suggestion(kind, ENTRY_TYPES) if isinstance(kind, str) else ""
        raise EntryError(f"`type` must be one of {', '.join(ENTRY_TYPES)}, not {kind!r}", cure)
    return _nested(written) if kind == "nested" else _ENTRIES[kind](written, _field(written), _is_excluded(written))


def _equals(written: Mapping[str, Any], field: str, excluded: bool) -> Entry:  # noqa: FBT001
    return Equals(field, (_text(written, "value"),), excluded)


def _equals_any(written: Mapping[str, Any], field: str, excluded: bool) -> Entry:  # noqa: FBT001
    values = written.get("value")
    if not isinstance(values, list) or not values or not all(isinstance(each, str) and each for each in values):
        raise EntryError("`value` must be a list of at least one text", 'write {"value": ["a", "b"]}')
    return Equals(field, tuple(dict.fromkeys(values)), excluded)


def _glob(written: Mapping[str, Any], field: str, excluded: bool) -> Entry:  # noqa: FBT001
    return Glob(field, _text(written, "value"), excluded)


def _exists(_: Mapping[str, Any], field: str, excluded: bool) -> Entry:  # noqa: FBT001
    return Exists(field, excluded)


def _in_list(written: Mapping[str, Any], field: str, excluded: bool) -> Entry:  # noqa: FBT001
    match written.get("list"):
        case {"id": str(list_id), "type": str(kind)} if list_id and kind:
            return InList(field, list_id, kind, excluded)
        case _:
            raise EntryError("`list` must name a value list", 'write {"list": {"id": …, "type": "keyword"}}')


_ENTRIES: Mapping[str, Callable[[Mapping[str, Any], str, bool], Entry]] = {
    "match": _equals,
    "match_any": _equals_any,
    "wildcard": _glob,
    "exists": _exists,
    "list": _in_list,
}


def _nested(written: Mapping[str, Any]) -> Nested:
    field = _field(written)
    below = _listed(written.get("entries"))
    if not below:
        raise EntryError(f"the nested entry on `{field}` has no entries", "give it at least one")
    entries = []
    for each in below:
        if isinstance(each, dict) and each.get("type") in ENTRY_TYPES and each["type"] not in IN_NESTED:
            raise EntryError(f"below a nested entry only {', '.join(IN_NESTED)} may stand, not {each['type']}")
        entries.append(read_entry(each))
    return Nested(field, tuple(each for each in entries if isinstance(each, Equals | Exists)))


def _field(written: Mapping[str, Any]) -> str:
    return _text(written, "field").strip()


def _text(written: Mapping[str, Any], key: str) -> str:
    value = written.get(key)
    if not isinstance(value, str) or not value.strip():
        raise EntryError(f"`{key}` must be text, not {value!r}" if key in written else f"`{key}` is missing")
    return value


def _is_excluded(written: Mapping[str, Any]) -> bool:
    operator = written.get("operator")
    if operator not in {"included", "excluded"}:
        raise EntryError(f"`operator` must be included or excluded, not {operator!r}")
    return bool(operator == "excluded")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _namespace(value: Mapping[str, Any]) -> str:
    return "agnostic" if value.get("namespace_type") == "agnostic" else "single"


def _blemishes(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, each in value.items():
        if blemish := unfit(each):
            yield f"`{key}` holds {blemish}", "write it as text, or leave it out"


def _texts(value: Mapping[str, Any], *keys: str) -> Iterator[tuple[str, str]]:
    for key in keys:
        if not isinstance(value.get(key), str) or not value[key]:
            yield (f"`{key}` must be some text" if key in value else f"`{key}` is missing"), "add it"


def _os_types(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = value.get("os_types")
    if given is not None and not (isinstance(given, list) and all(each in OS_TYPES for each in given)):
        yield f"`os_types` must be a list of {', '.join(OS_TYPES)}, not {given!r}", ""


def _dates(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if value.get("expire_time") is not None and _expiry(value) is None:
        yield f"`expire_time` is no date: {value['expire_time']!r}", 'write it like "2026-05-31T12:00:00Z"'


def _expiry(value: Mapping[str, Any]) -> int | None:
    written = value.get("expire_time")
    return parse_timestamp(written) if isinstance(written, str) else None


def _written_steps(value: Mapping[str, Any]) -> list[Any]:
    meta = value.get("meta")
    steps = meta.get(STEP_KEY) if isinstance(meta, dict) else None
    return [] if steps is None else steps if isinstance(steps, list) else [steps]


def _steps_faults(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in _written_steps(value):
        if each != "until" and (type(each) is not int or each < 1):
            yield f"`meta.{STEP_KEY}` must be a number from 1, or until, not {each!r}", "the first stage is 1"


def _steps(value: Mapping[str, Any]) -> tuple[Step, ...]:
    return tuple(dict.fromkeys(_written_steps(value)))
