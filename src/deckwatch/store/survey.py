"""What happened to the store's files while deckwatch did not look: editors, checkouts, accidents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deckwatch.rules.rule import RuleError
from deckwatch.store.document import SUFFIXES, Document, decoded
from deckwatch.store.journal import Entry, entries, entry
from deckwatch.store.place import BASE, RULES


@dataclass(frozen=True, slots=True)
class Survey:
    """The store's files compared with its state.

    `missing` are files that the state knows and that nobody removed on purpose, or base versions that are damaged;
    `dropped` those that were removed.
    `entries` tells of the rules that changed otherwise; `seen` are the files to remember.
    """

    missing: tuple[str, ...]
    dropped: tuple[str, ...]
    entries: tuple[Entry, ...]
    seen: Mapping[str, bytes]


def survey(
    files: Mapping[str, bytes], known: Mapping[str, bytes], lines: Iterable[str], fresh: Iterable[str]
) -> Survey:
    """What differs; `lines` is the whole history, `fresh` the part of it that the state does not know.

    A change that the fresh part tells of was made by another store's deckwatch, and came here with its history.
    """
    differing = {path for path in files.keys() | known.keys() if files.get(path) != known.get(path)}
    if not differing:  # nearly always, and then nobody needs the history read
        return Survey((), (), (), {})
    unsound = {
        path
        for path in differing & files.keys()
        if path.startswith((f"{RULES}/", f"{BASE}/")) and _read(path, files) is None
    }
    was, now = (_by_id(differing - unsound, some) for some in (known, files))
    told = {each.rule_id for each in entries(fresh)}
    last = {each.rule_id: each.event for each in entries(lines)}
    removed = {rule_id for rule_id, event in last.items() if event == "removed"}
    if not known:
        told |= last.keys()
    found = []
    for rule_id, after in now.items():
        before = was.get(rule_id)
        if rule_id not in told and after != before:
            found.append(entry("edited" if before else "added", before, after, outside=True))
    missing: list[str] = []
    dropped: list[str] = []
    damaged = {path for path in unsound if path.startswith(f"{BASE}/")}  # nobody writes these by hand
    for path in sorted(known.keys() - (files.keys() - damaged)):
        document = _read(path, known)
        rule_id = document.rule_id if document else ""
        gone = rule_id in removed or (path.startswith(f"{RULES}/") and rule_id in now)
        (dropped if gone else missing).append(path)
    seen = {path: files[path] for path in differing & files.keys() if path not in unsound}
    return Survey(tuple(missing), tuple(dropped), tuple(found), seen)


def _by_id(paths: Iterable[str], files: Mapping[str, bytes]) -> dict[str, Document]:
    """The rules in some files."""
    documents = (_read(path, files) for path in sorted(paths) if path in files and path.startswith(f"{RULES}/"))
    return {document.rule_id: document for document in documents if document}


def _read(path: str, files: Mapping[str, bytes]) -> Document | None:
    """The rule in a file, if it is one rule and sound."""
    if not path.startswith((f"{RULES}/", f"{BASE}/")) or not path.endswith(SUFFIXES):
        return None
    try:
        return decoded(files[path], path)
    except RuleError:
        return None
