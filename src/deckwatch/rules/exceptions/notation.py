"""A way to write the entries of an exception as people say them: `process.name is not curl`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deckwatch.errors import DeckwatchError
from deckwatch.rules.draft import unfit
from deckwatch.rules.exceptions.read import read_entry

FORMS = (
    "FIELD is VALUE",
    "FIELD is one of VALUE, VALUE",
    "FIELD matches PATTERN",
    "FIELD exists",
    "FIELD is in list NAME",
    "FIELD is in list NAME (ip_range)",
    "FIELD has (CHILD is VALUE; CHILD exists)",
    "FIELD is not …",
    "FIELD does not match PATTERN",
    "FIELD does not exist",
)
"""What can be written. A value that is not plain stands in double quotes, as in JSON."""

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LISTED = re.compile(rf"\s*({_QUOTED}|[^,]+?)\s*(?:,|$)")
_BELOW = re.compile(rf"((?:{_QUOTED}|[^;\"])+)(?:;|$)")
_LIST_NAME = re.compile(rf"({_QUOTED}|\S+)(?:\s+\((\w+)\))?")
_PLAIN = re.compile(r"(?!not |one of |in list )[^\s\",;()](?:[^\",;()]*[^\s\",;()])?")


class NotationError(DeckwatchError):
    """A text that is no entry."""


Entry = dict[str, Any]


def parse_entry(text: str) -> Entry:
    """The entry, in Kibana's form, that a text says; or that it is, as a JSON object.

    Raises:
        NotationError: it says nothing that an entry could be.
        EntryError: it is an object that is no entry.
    """
    if text.lstrip().startswith("{"):
        return _of_json(text)
    for pattern, build in _FORMS:
        if said := pattern.fullmatch(text.strip()):
            return build(said)
    raise NotationError(f"{text!r} says nothing about a field; write one of\n  " + "\n  ".join(FORMS))


def _of_json(text: str) -> Entry:
    try:
        written: Entry = json.loads(text)
        read_entry(written)
        if blemish := unfit(written):
            raise NotationError(f"the entry holds {blemish}")
    except ValueError as error:
        raise NotationError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise NotationError("nested too deeply to be an entry") from error
    return written


def _value(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise NotationError(f"{text} is not one text in quotes: {error}") from error


def _values(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    while place < len(text):
        each = _LISTED.match(text, place)
        if each is None:
            raise NotationError(f"{text!r} is no list of values; separate them by commas")
        found.append(_value(each[1]))
        place = each.end()
    return found


def _entry(said: re.Match[str], kind: str, **rest: Any) -> Entry:
    operator = "excluded" if said["no"] else "included"
    return {"field": said["field"], "type": kind, "operator": operator, **rest}


def _in_list(said: re.Match[str]) -> Entry:
    name = _LIST_NAME.fullmatch(said["value"])
    if name is None:
        raise NotationError(f"{said['value']!r} is no name of a value list; put it in quotes")
    return _entry(said, "list", list={"id": _value(name[1]), "type": name[2] or "keyword"})


def _nested(said: re.Match[str]) -> Entry:
    return {"field": said["field"], "type": "nested", "entries": [parse_entry(each) for each in _children(said)]}


def _children(said: re.Match[str]) -> Sequence[str]:
    found = [each.strip() for each in _BELOW.findall(said["value"])]
    if not all(found) or not found:
        raise NotationError(f"{said['value']!r} is no list of entries; separate them by semicolons")
    return found


_FIELD = r"(?P<field>\S+)\s+"
_FORMS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Entry]]] = [
    (re.compile(_FIELD + pattern, re.DOTALL), build)
    for pattern, build in (
        (r"is\s+(?P<no>not\s+)?in\s+list\s+(?P<value>.+)", _in_list),
        (
            r"is\s+(?P<no>not\s+)?one\s+of\s+(?P<value>.+)",
            lambda said: _entry(said, "match_any", value=_values(said["value"])),
        ),
        (r"is\s+(?P<no>not\s+)?(?P<value>.+)", lambda said: _entry(said, "match", value=_value(said["value"]))),
        (
            r"(?:matches|(?P<no>does\s+not\s+match))\s+(?P<value>.+)",
            lambda said: _entry(said, "wildcard", value=_value(said["value"])),
        ),
        (r"(?:exists|(?P<no>does\s+not\s+exist))", lambda said: _entry(said, "exists")),
        (r"has\s+\((?P<value>.+)\)", _nested),
    )
]


def say(entry: Mapping[str, Any]) -> str:
    """The text of a sound entry in Kibana's form; `parse_entry` reads it."""
    field, kind = entry["field"], entry["type"]
    no = entry.get("operator") == "excluded"
    match kind:
        case "match":
            return f"{field} is {'not ' * no}{_said(entry['value'])}"
        case "match_any":
            return f"{field} is {'not ' * no}one of {', '.join(map(_said, entry['value']))}"
        case "wildcard":
            return f"{field} {'does not match' if no else 'matches'} {_said(entry['value'])}"
        case "exists":
            return f"{field} {'does not exist' if no else 'exists'}"
        case "list":
            kind = entry["list"]["type"]
            of_kind = "" if kind == "keyword" else f" ({kind})"
            return f"{field} is {'not ' * no}in list {_said(entry['list']['id'], blanks=False)}{of_kind}"
        case _:
            return f"{field} has ({'; '.join(map(say, entry['entries']))})"


def _said(value: str, *, blanks: bool = True) -> str:
    plain = _PLAIN.fullmatch(value) is not None and value.isprintable() and (blanks or " " not in value)
    return value if plain else json.dumps(value, ensure_ascii=False)
