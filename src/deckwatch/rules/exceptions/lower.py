"""Exception items as conditions of the language, lowered for the fields of one rule.

The terms of an exception follow the mapping, as Elasticsearch compares terms: a keyword letter by letter, a `.caseless`
field without regard to case, text word by word, an address also with a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from deckwatch.eql.addresses import is_block
from deckwatch.eql.conversion import convert
from deckwatch.eql.evaluate import holds
from deckwatch.eql.folding import conjunction, disjunction, negate
from deckwatch.eql.lower import lower
from deckwatch.eql.nodes import NOWHERE, Call, Expr, Field, IsNull, Literal, Match, Membership
from deckwatch.eql.scope import TYPE_NAMES, Scope
from deckwatch.eql.text import QueryText
from deckwatch.eql.types import MAPPING_KINDS, FieldInfo, Kind
from deckwatch.events.document import field_values, leaves
from deckwatch.events.fields import field_table
from deckwatch.rules.exceptions.lists import Equals, ExceptionItem, Exists, Flat, Glob, InList, Nested
from deckwatch.rules.exceptions.value_lists import ValueList
from deckwatch.rules.networks import BadRangeError, blocks_of

CASELESS = ".caseless"
TEXT = frozenset({"text", "match_only_text"})
LIST_TYPES = ("keyword", "ip", "ip_range")
MAX_DASH_RANGES = 200
"""Of a value list of type ip_range."""

_ENDPOINT_ARRAYS = re.compile(r"(?:.+\.)?Ext\.(?:code_signature|token\.privileges)\..+")
"""Fields of Elastic Defend that lie below nested ones, which no schema of ours has."""

_LETTERS = "a-zA-Z0-9_\u0080-\U0010ffff"
_WORD, _NO_WORD = f"[{_LETTERS}]", f"[^{_LETTERS}]"


class UnusableError(Exception):
    """Why an item cannot be evaluated."""


@dataclass(frozen=True, slots=True)
class NestedCondition:
    """One object below `path` fulfils the lowered condition, whose fields are named from there."""

    path: str
    condition: Expr
    kinds: Mapping[str, Kind] = field(hash=False)

    def holds(self, document: Mapping[str, Any]) -> bool:
        elements = [each for each in leaves(document, self.path) if isinstance(each, dict)]
        return any(holds(self.condition, self._values(each)) for each in elements or self._flattened(document))

    def _values(self, element: Mapping[str, Any]) -> Any:
        return lambda name: field_values(element, name, self.kinds[name])

    def _flattened(self, document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Where the path is spelled within longer keys only, what they hold is one object."""
        found = {name: list(leaves(document, f"{self.path}.{name}")) for name in self.kinds}
        if any(found.values()):
            yield found


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An item as a rule's events are tested for it.

    An event is removed if it fulfils `condition` and every nested one. What a nested condition needs of an event is
    in `condition` too, so that few events need their documents read. `predicates`: the numbers of the rule's filters
    that it takes events from, stages first, then `until`; None for all.
    """

    item: ExceptionItem
    condition: Expr
    nested: tuple[NestedCondition, ...]
    kinds: Mapping[str, Kind] = field(hash=False)
    predicates: frozenset[int] | None

    @property
    def item_id(self) -> str:
        return self.item.item_id

    def applies_to(self, predicate: int) -> bool:
        return self.predicates is None or predicate in self.predicates

    def names(self, document: Mapping[str, Any]) -> bool:
        """Whether an event is what the item is about."""
        return holds(self.condition, lambda name: field_values(document, name, self.kinds[name])) and all(
            each.holds(document) for each in self.nested
        )

    def is_active(self, now: int) -> bool:
        """Whether it has not expired at a time, in nanoseconds since 1970."""
        return self.item.expires is None or self.item.expires >= now


class _Fields:
    """The fields of the rule as it reads them, known fields, and any other as keywords."""

    def __init__(self, known: Mapping[str, Kind]) -> None:
        self._known = known

    def resolve(self, name: str) -> FieldInfo:
        base = name.removesuffix(CASELESS)
        info = field_table().resolve(base)
        real = base if info is None else info.name
        if (kind := self._known.get(real)) is not None:
            return FieldInfo(real, info.mapping if info else kind, kind)
        return info or FieldInfo(base, "keyword", "keyword")

    def below_nested(self, name: str) -> FieldInfo:
        """The field of a name below a nested one, which a query cannot reach."""
        info = self.resolve(name)
        kind = info.kind or MAPPING_KINDS.get(info.mapping)
        if kind is None:
            raise UnusableError(f"the field `{name}` has the type {info.mapping}, which cannot be compared")
        return FieldInfo(name, info.mapping, kind)


def lowered(
    item: ExceptionItem,
    known: Mapping[str, Kind],
    value_lists: Mapping[str, ValueList],
    predicates: frozenset[int] | None = None,
) -> Exclusion:
    """The item for a rule that reads the fields `known`.

    Raises:
        UnusableError: it needs a value list that cannot be used, or compares a field with what it cannot hold.
    """
    schema = _Fields(known)
    terms: list[Expr] = []
    nested: list[NestedCondition] = []
    kinds: dict[str, Kind] = {}
    for entry in item.entries:
        match entry:
            case Nested(field=path, entries=entries):
                nested.append(_nested(path, entries, schema))
                terms += _needed(path, entries, schema, kinds)
            case _:
                terms.append(_noted(entry, _info(entry.field, schema), kinds, value_lists))
    if item.os_types:
        terms.append(_os_is(item.os_types, schema, kinds))
    return Exclusion(item, _condition(terms), tuple(nested), kinds, predicates)


def _condition(terms: Sequence[Expr]) -> Expr:
    condition = conjunction(terms, NOWHERE)
    return Literal(value=False) if isinstance(condition, Literal) and condition.value is None else condition


def _info(name: str, schema: _Fields) -> FieldInfo:
    info = schema.resolve(name)
    if _ENDPOINT_ARRAYS.fullmatch(info.name):
        raise UnusableError(f"the field `{name}` lies below a nested field; use a nested entry")
    if info.kind is None:
        cure = "; use a nested entry" if info.mapping in MAPPING_KINDS else ""
        raise UnusableError(f"the field `{name}` has the type {info.mapping}, which cannot be compared{cure}")
    return info


def _noted(entry: Flat, info: FieldInfo, kinds: dict[str, Kind], value_lists: Mapping[str, ValueList]) -> Expr:
    """The lowered entry; the field it reads is noted."""
    kinds[info.name] = info.kind or "keyword"
    expr = _included(entry, info, value_lists)
    return negate(expr, NOWHERE) if entry.excluded else expr


def _included(entry: Flat, info: FieldInfo, value_lists: Mapping[str, ValueList]) -> Expr:
    caseless = entry.field.endswith(CASELESS)
    name = Field(info.name)
    match entry:
        case Exists():
            return negate(IsNull(name), NOWHERE)
        case Equals(values=values) if info.mapping in TEXT:
            return _phrases(info, values)
        case Equals(values=values):
            return _equals(info, values, caseless=caseless)
        case Glob(pattern=pattern) if info.mapping in TEXT:
            return _word(info, pattern)
        case Glob(pattern=pattern):
            return _through_language(Match(name, "like~" if caseless else "like", (Literal(pattern),)), info)
        case InList():
            return _in_list(entry, info, _value_list(entry, value_lists))


def _through_language(expr: Expr, info: FieldInfo) -> Expr:
    """What a condition of the language means for the field, as in a query."""
    scope = Scope(_Only(info), QueryText(""))
    typed = lower(expr, scope)
    if scope.faults:
        raise UnusableError(scope.faults[0].message)
    return typed.expr


@dataclass(frozen=True, slots=True)
class _Only:
    """The schema of one field."""

    info: FieldInfo

    def resolve(self, name: str) -> FieldInfo | None:
        return self.info if name == self.info.name else None

    def names(self) -> tuple[str, ...]:
        return (self.info.name,)


def _equals(info: FieldInfo, values: Sequence[str], *, caseless: bool = False) -> Expr:
    members = tuple(Literal(_converted(value, info)) for value in values)
    return _through_language(Membership(Field(info.name), members, caseless and info.kind == "keyword"), info)


def _converted(value: str, info: FieldInfo) -> str | int | float | bool:
    if info.kind not in {"long", "double", "boolean"}:
        return value
    found = convert(value, info.kind)
    if found is None:
        raise UnusableError(f"`{value}` cannot be a value of `{info.name}`, which is {TYPE_NAMES[info.kind]}")
    return found


def _phrases(info: FieldInfo, texts: Sequence[str]) -> Expr:
    """The words of one of the texts, one after the other. Elasticsearch forgets what stands between words."""
    found = [re.findall(r"\w+", text) for text in texts]
    patterns = [f"{_NO_WORD}+".join(map(_escaped, words)) for words in found if words]
    return _within_text(info, patterns) if patterns else Literal(value=False)


def _word(info: FieldInfo, glob: str) -> Expr:
    any_of = {"*": f"{_WORD}*", "?": _WORD}
    return _within_text(info, ["".join(any_of.get(char) or _escaped(char) for char in glob)])


def _within_text(info: FieldInfo, patterns: Sequence[str]) -> Expr:
    whole = [f"(.*{_NO_WORD})?{pattern}({_NO_WORD}.*)?" for pattern in patterns]
    return _through_language(Match(Field(info.name), "regex~", tuple(map(Literal, whole))), info)


def _escaped(text: str) -> str:
    return "".join(char if char.isalnum() or char == "_" else f"\\{char}" for char in text)


def _value_list(entry: InList, value_lists: Mapping[str, ValueList]) -> ValueList:
    if entry.kind not in LIST_TYPES:
        raise UnusableError(
            f"the value list `{entry.list_id}` is of type {entry.kind}; rules in EQL can use {', '.join(LIST_TYPES)}"
        )
    found = value_lists.get(entry.list_id)
    if found is None:
        raise UnusableError(
            f"there is no value list `{entry.list_id}`; put its values, one a line, into a file of that name "
            "beside the rules or in a folder value_lists"
        )
    if found.fault:
        raise UnusableError(f"the value list `{entry.list_id}` {found.fault}")
    return found


@lru_cache(maxsize=64)
def _in_list(entry: InList, info: FieldInfo, values: ValueList) -> Expr:
    """Whether the field has one of the values. Many rules may share a long list."""
    if not values.values:
        return Literal(value=False)
    if entry.kind == "ip_range":
        if info.kind != "ip":
            raise UnusableError(f"the value list `{entry.list_id}` holds ranges of addresses, but `{info.name}` none")
        return _in_ranges(entry, info, values.values)
    if info.kind == "ip":
        if strangers := [value for value in values.values if not is_block(value)]:
            raise UnusableError(f"the value list `{entry.list_id}` holds {strangers[0]!r}, which is no address")
        return _among_addresses(info, values.values)
    return _equals(info, values.values, caseless=entry.field.endswith(CASELESS))


def _in_ranges(entry: InList, info: FieldInfo, values: Sequence[str]) -> Expr:
    dashed = sum("-" in value for value in values)
    if dashed > MAX_DASH_RANGES:
        raise UnusableError(f"the value list `{entry.list_id}` has {dashed} ranges with a dash, of {MAX_DASH_RANGES}")
    try:
        return _among_addresses(info, [block for value in values for block in blocks_of(value)])
    except BadRangeError as error:
        raise UnusableError(f"the value list `{entry.list_id}` holds {error}") from error


def _among_addresses(info: FieldInfo, blocks: Sequence[str]) -> Expr:
    return Call("cidrMatch", (Field(info.name), *map(Literal, dict.fromkeys(blocks))))


def _nested(path: str, entries: Sequence[Equals | Exists], schema: _Fields) -> NestedCondition:
    kinds: dict[str, Kind] = {}
    terms = [_noted(entry, _relative(path, entry, schema), kinds, {}) for entry in entries]
    return NestedCondition(path, _condition(terms), kinds)


def _relative(path: str, entry: Equals | Exists, schema: _Fields) -> FieldInfo:
    whole = schema.below_nested(f"{path}.{entry.field}".removesuffix(CASELESS))
    return FieldInfo(entry.field.removesuffix(CASELESS), whole.mapping, whole.kind)


def _needed(path: str, entries: Sequence[Equals | Exists], schema: _Fields, kinds: dict[str, Kind]) -> Iterator[Expr]:
    """What must hold of an event, whatever object of it fulfils the entries."""
    for entry in entries:
        if not entry.excluded:
            whole = schema.below_nested(f"{path}.{entry.field}".removesuffix(CASELESS))
            yield _noted(entry, whole, kinds, {})


def _os_is(os_types: Sequence[str], schema: _Fields, kinds: dict[str, Kind]) -> Expr:
    entries = (Equals("host.os.type", tuple(os_types)), Equals(f"host.os.name{CASELESS}", tuple(os_types)))
    return disjunction([_noted(each, _info(each.field, schema), kinds, {}) for each in entries], NOWHERE)
