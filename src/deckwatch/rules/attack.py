"""MITRE ATT&CK as far as rules name it: tactics, techniques, and which of them the matrix for containers has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

VERSION = "v17"
FRAMEWORK = "MITRE ATT&CK"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the table says of an id: names of it in different versions, tactics of a technique, what replaced it."""

    names: tuple[str, ...]
    tactics: frozenset[str]
    replaced: str = ""
    in_containers: bool = False


@cache
def entries() -> Mapping[str, Entry]:
    """The table of `attack.tsv`."""
    text = files("deckwatch.rules").joinpath("attack.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {identity: _entry(names, rest, mark) for identity, names, rest, mark in rows}


def _entry(names: str, rest: str, mark: str) -> Entry:
    if rest.startswith("revoked:"):
        return Entry((), frozenset(), rest.removeprefix("revoked:"))
    return Entry(tuple(names.split("|")), frozenset(filter(None, rest.split(","))), in_containers=bool(mark))
