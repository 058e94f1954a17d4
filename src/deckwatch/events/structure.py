"""What to ask of a line: SQL that takes fields out of nested JSON, and the signs that a line is spelled otherwise."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

ENVELOPE = ("_index", "_id", "_source")

Tree: TypeAlias = "dict[str, Tree | str]"


def is_extractable(name: str) -> bool:
    """Whether SQL can name the field at all: no empty part, no null character."""
    return "\0" not in name and all(name.split("."))


def extraction(names: Sequence[str], table: str, *, guarded: bool) -> str:
    """SQL for the JSON text of every field, and of the parts of the envelope, in each `line` of a table.

    Columns are `_index`, `_id`, `_source`, `f0`, `f1` …, and `broken`, true where the line is no JSON; not guarded,
    such a line is an error instead, which takes a tenth less time. Only the nested spelling is seen, and no arrays on
    the way.
    """
    trees: list[Tree] = [{}]
    chosen = []
    wanted = [(name, [name]) for name in ENVELOPE] + [(f"f{i}", name.split(".")) for i, name in enumerate(names)]
    for column, path in wanted:
        place = next((place for place, tree in enumerate(trees) if _fits(tree, path)), len(trees))
        if place == len(trees):
            trees.append({})
        _plant(trees[place], path)
        chosen.append(f"{'.'.join([f's{place}', *map(_identifier, path)])} AS {column}")
    structs = [f"json_transform(line, {_literal(json.dumps(tree))})" for tree in trees]
    if guarded:
        structs = [f"try({struct})" for struct in structs]
    named = ", ".join(f"{struct} AS s{i}" for i, struct in enumerate(structs))
    return f"SELECT {', '.join(chosen)}, s0 IS NULL AS broken FROM (SELECT {named} FROM {table})"  # noqa: S608


def _fits(tree: Tree, path: Sequence[str]) -> bool:
    """Whether one SQL structure can hold the path too: no name is leaf and branch, none differ by case alone."""
    name, *rest = path
    if name not in tree:
        return name.lower() not in {other.lower() for other in tree}
    branch = tree[name]
    return isinstance(branch, dict) and bool(rest) and _fits(branch, rest)


def _plant(tree: Tree, path: Sequence[str]) -> None:
    name, *rest = path
    if not rest:
        tree[name] = "JSON"
        return
    branch = tree.setdefault(name, {})
    assert isinstance(branch, dict)  # noqa: S101  # `_fits` said so
    _plant(branch, rest)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


HINTS = (
    r'\.(?:[^"\\]|\\.)*"[ \t\r]*:',
    r"\[[ \t\r]*\{",
    r",[ \t\r]*\{",
)
"""Any key with a dot, any object in an array. Each begins with a character that is rare in JSON, which makes the search
several times faster than one for the very keys that matter."""


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs of a dotted key, or of an array where an object is expected, on the way to a field.

    Such a line has one of `HINTS` or, where a key is written with escapes, one of `escapes`; both are cheap to look
    for. The pattern `proof` then sorts out what does not concern the fields.
    """

    escapes: tuple[str, ...]
    proof: str


def signs(names: Iterable[str]) -> Signs | None:
    """The signs for these fields; None when none of them lies inside an object."""
    paths = [name.split(".") for name in names]
    branches = sorted({part for path in paths for part in path[:-1]})
    if not branches:
        return None
    escapes = sorted({form for name in [*branches, "."] for character in name for form in _escapes(character)})
    proofs = (
        rf'"(?:{_either(branches)})\.{_REST_OF_KEY}',
        rf'"(?:{_either(branches)})"[ \t\r]*:[ \t\r]*\[',
        rf"(?:{'|'.join(map(re.escape, escapes))}){_REST_OF_KEY}",
    )
    return Signs(tuple(escapes), "|".join(proofs))


_REST_OF_KEY = r'(?:[^"\\]|\\.)*"[ \t\r]*:'


def _inside(text: str) -> str:
    """The text as it is usually written inside a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _either(texts: Iterable[str]) -> str:
    return "|".join(re.escape(_inside(text)) for text in texts)


def _escapes(character: str) -> Iterable[str]:
    """Each way to escape a character in a JSON string; of one beyond 16 bits, its first half."""
    unit = f"{int.from_bytes(character.encode('utf-16-be')[:2]):04x}"
    for digits in itertools.product(*({digit, digit.upper()} for digit in unit)):
        yield "\\u" + "".join(digits)
    if character == "/":
        yield "\\/"
    elif len(_inside(character)) == 2:
        yield _inside(character)
