"""The rule store: a folder of plain files that belongs in git, and a state from which lost ones are restored."""

from __future__ import annotations

import contextlib
import fcntl
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

from deckwatch.errors import DeckwatchError
from deckwatch.rules.load import READERS, load_rules
from deckwatch.rules.rule import Rule, RuleError, RuleSet
from deckwatch.store import files
from deckwatch.store.document import Document, decoded
from deckwatch.store.journal import Entry, Event, entries, entry
from deckwatch.store.place import EXCEPTIONS, HISTORY, LOCK, RULES, STATE, default_place, is_store
from deckwatch.store.state import State, opened, peeked
from deckwatch.store.survey import survey

_ENABLED = re.compile(rb"^enabled = (?:true|false)$", re.MULTILINE)

PATIENCE = 30.0
"""Seconds to wait for another process that is changing the store."""


@dataclass
class Change:
    """A store that is being changed, while nobody else does. What is put here is written at the end, all of it."""

    store: Store
    rules: RuleSet
    missing: tuple[str, ...]
    known: Mapping[str, bytes] = field(repr=False)
    """The files that the state remembers, missing ones included, by path in the store."""
    present: Mapping[str, bytes] = field(repr=False)
    """These, and those that are there and cannot be read as rules."""
    files: dict[str, bytes | None] = field(default_factory=dict)
    """What to write, by path in the store; None removes the file."""
    entries: list[Entry] = field(default_factory=list)

    def add(self, document: Document, event: Event = "added", *, source: str = "", stem: str = "") -> str:
        """Add a rule that is not there yet. Returns its path in the store."""
        path = files.rule_path(document, {**self.present, **self.files}, stem)
        self.files[path] = document.text.encode()
        self.entries.append(entry(event, None, document, source=source))
        return path

    def replace(self, rule: Rule, document: Document, event: Event, *, source: str = "") -> None:
        """Write a rule's new version into its file.

        Raises:
            DeckwatchError: the file holds more than this rule.
        """
        path = self._path(rule)
        suffix, text = document.encoded
        new = str(Path(path).with_suffix(suffix))
        if new != path:
            self.files[path] = None
        self.files[new] = _switched(self.present.get(path, b""), document) or text.encode()
        self.entries.append(entry(event, Document.of(rule), document, source=source))

    def remove(self, rule: Rule) -> None:
        """Remove a rule, and its base version.

        Raises:
            DeckwatchError: the file holds more than this rule.
        """
        self.files[self._path(rule)] = None
        self.files |= {path: None for path in files.base_paths(rule.rule_id) if path in self.known}
        self.entries.append(entry("removed", Document.of(rule), None))

    def _path(self, rule: Rule) -> str:
        file = Path(rule.source.file)
        if file.suffix.lower() not in (".toml", ".json"):
            cure = f"take it out of {self.store.root / RULES} and `deckwatch rules add` it: each rule gets its own file"
            raise DeckwatchError(f"{file}: {rule.name!r} cannot be changed, for the file may hold other rules; {cure}")
        return file.relative_to(self.store.root).as_posix()


class Store:
    """A rule store. Reading it needs no lock; files are replaced whole."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def exists(self) -> bool:
        return is_store(self.root)

    def rules(self) -> RuleSet:
        """All rules, with their exceptions; and what was not sound."""
        suffixes = tuple(READERS)
        there = [path for path in files.contents(self.root) if path.lower().endswith(suffixes)]
        folders = [name for name in (RULES, EXCEPTIONS) if any(path.startswith(f"{name}/") for path in there)]
        return load_rules(*(self.root / name for name in folders))

    def base(self, rule_id: str) -> Document | None:
        """The rule as its authors published it when it was added or last updated; None if nobody knows any more."""
        for path in files.base_paths(rule_id):
            with contextlib.suppress(FileNotFoundError, RuleError):
                return decoded((self.root / path).read_bytes(), str(self.root / path))
        return None

    def history(self) -> list[Entry]:
        """What happened to the rules, oldest first."""
        return entries(dict.fromkeys([*self._lines(), *peeked(self.root / STATE)[1]]))

    def missing(self) -> tuple[str, ...]:
        """The paths of files that are gone although nobody removed their rules; `repair` brings them back."""
        known, lines = peeked(self.root / STATE)
        fresh = _fresh(self._lines(), lines)
        return survey(files.contents(self.root), known, [*lines, *fresh], fresh).missing

    def _lines(self) -> list[str]:
        path = self.root / HISTORY
        return path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []

    @contextlib.contextmanager
    def changing(self) -> Iterator[Change]:
        """Change the store; without an error everything is written at the end, otherwise nothing.

        Raises:
            DeckwatchError: another process is changing the store, or its folder cannot be written.
        """
        files.prepare(self.root)
        with _locked(self.root / LOCK), opened(self.root / STATE) as state:
            missing = self._catch_up(state)
            known = state.files()
            change = Change(self, self.rules(), missing, known, {**known, **files.contents(self.root)})
            yield change
            self._write(change, state)

    def _catch_up(self, state: State) -> tuple[str, ...]:
        """Make state and files know of each other's changes; returns the paths of missing files."""
        known, remembered, written = state.files(), state.lines(), self._lines()
        fresh = _fresh(written, remembered)
        found = survey(files.contents(self.root), known, [*remembered, *fresh], fresh)
        lines = dict.fromkeys([*written, *remembered, *(each.line for each in found.entries)])
        if list(lines) != written:
            files.write(self.root / HISTORY, _joined(lines))
        state.note({**found.seen, **dict.fromkeys(found.dropped)}, lines)
        return found.missing

    def _write(self, change: Change, state: State) -> None:
        lines = [each.line for each in change.entries]
        contents = {self.root / path: content for path, content in change.files.items() if content is not None}
        if lines:
            contents[self.root / HISTORY] = _joined(dict.fromkeys([*self._lines(), *lines]))
        files.write_all(contents)
        for path, content in change.files.items():
            if content is None:
                (self.root / path).unlink(missing_ok=True)
        state.note(change.files, lines)


def _fresh(written: Iterable[str], remembered: Iterable[str]) -> list[str]:
    """The lines of a history that the state does not know."""
    known = set(remembered)
    return [line for line in written if line not in known]


def _joined(lines: Iterable[str]) -> bytes:
    """Lines of the history as they stand in its file."""
    return "".join(f"{line}\n" for line in lines).encode()


def _switched(data: bytes, document: Document) -> bytes | None:
    """The file with its line `enabled` as the document has it, and with its comments; None if that is not all."""
    switched = _ENABLED.sub(b"enabled = true" if document.parameters.get("enabled") else b"enabled = false", data)
    with contextlib.suppress(RuleError):
        if switched != data and decoded(switched, "rule.toml") == document:
            return switched
    return None


def enabled(rules: RuleSet) -> RuleSet:
    """Those of the rules that run, with everything that was read beside them."""
    return replace(rules, rules=tuple(rule for rule in rules if rule.enabled))


def open_store(path: str | PathLike[str] | None = None) -> Store:
    """The rule store at a path, or the one that DECKWATCH_STORE or the default names; it need not exist yet."""
    return Store(default_place() if path is None else Path(path))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of the store; a process that dies lets go of it."""
    with path.open("w") as lock:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise DeckwatchError(f"{path}: another process is changing this store; try again") from None
                time.sleep(0.02)
        yield
