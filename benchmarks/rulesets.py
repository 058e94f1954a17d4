"""The rule sets that are measured, and the fields they name."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("DECKWATCH_SHARED", ROOT.parent / "shared"))

ENVELOPE = (
    "@timestamp",
    "event.category",
    "event.dataset",
    "event.id",
    "event.sequence",
    "data_stream.dataset",
    "data_stream.namespace",
    "data_stream.type",
)
"""Fields that matching needs whatever the rules say: time, tiebreaker, category, data stream."""

_NOT_NAMES = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\])*"|/\*(?:.|\n)*?\*/|//[^\n]*')
_DOTTED = re.compile(r"[A-Za-z_@][\w@]*(?:\.[A-Za-z_][\w]*)+")


def rule_sets() -> dict[str, list[Path]]:
    """Rule files by the name of the set: `2`, and where the corpus is at hand `48` and `400`."""
    sets = {"2": sorted((ROOT / "src" / "deckwatch" / "rules" / "founding").glob("*.toml"))}
    corpus = sorted((SHARED / "corpus" / "elastic-rules").rglob("*.toml"))
    if corpus:
        integrations = [path for path in corpus if "integrations" in path.parts]
        sets["48"] = [path for path in integrations if "cloud_defend" in path.read_text("utf-8")]
        sets["400"] = corpus
    return sets


def query(path: Path) -> str:
    text: str = tomllib.loads(path.read_text("utf-8"))["rule"]["query"]
    return text


def fields(paths: Iterable[Path]) -> list[str]:
    """Every dotted name in the queries of the rules, and the envelope; sorted.

    Read off the text, so that the bare decoders do not depend on the engine they are compared with.
    """
    named = {name for path in paths for name in _DOTTED.findall(_NOT_NAMES.sub(" ", query(path)))}
    return sorted(named.union(ENVELOPE))
