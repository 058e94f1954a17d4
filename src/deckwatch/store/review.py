"""One rule of the store beside the version that its authors publish now."""

from __future__ import annotations

import contextlib
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from deckwatch.rules.draft import Draft
from deckwatch.rules.package import read_package
from deckwatch.rules.rule import Rule, RuleError, Skipped
from deckwatch.rules.validate import validated
from deckwatch.store.document import Document, decoded, is_versioned, rule_of, without_derived
from deckwatch.store.merge import Difference, Side, compared, settled, together
from deckwatch.store.store import Store

Take: TypeAlias = Mapping[str, Side]
"""Whose side to take in conflicts, by the name of the unit; the empty name stands for all others."""

BY_AUTHORS = ("new", "same", "merged", "conflict")
"""How differences come out that the authors have a part in."""


@dataclass(frozen=True, slots=True)
class Review:
    """A rule that its authors have published anew.

    `differences` are the units that somebody changed; `published` is the new version, `result` what becomes of the
    rule. `fault` says why that is no sound rule; it is then not written.
    """

    rule: Rule
    yours: Document
    published: Document
    result: Document
    differences: tuple[Difference, ...]
    has_base: bool
    source: str
    fault: str = ""

    @property
    def version(self) -> int:
        """The new version."""
        return int(self.result.parameters["version"])

    @property
    def conflicts(self) -> tuple[Difference, ...]:
        """What somebody must decide before the rule is updated."""
        return tuple(each for each in self.differences if each.is_open)

    @property
    def is_ready(self) -> bool:
        return not self.conflicts and not self.fault


def review(rule: Rule, new: Rule, base: Document | None, take: Take) -> Review | None:
    """What the new version means for the rule; None when there is nothing new about it."""
    yours, published = Document.of(rule), Document.of(new)
    differences = settled(compared(base, yours, published), take)
    version = _version(new, base, differences)
    theirs = [each for each in differences if each.outcome in BY_AUTHORS]
    if base is not None and not theirs and version == base.parameters["version"]:
        return None
    published = Document({**published.parameters, "version": version}, published.metadata)
    result = together(yours, published, differences, version)
    shown = tuple(each for each in differences if each.outcome != "unchanged")
    fault = ""
    try:
        rule_of(result, rule.source.file)
    except RuleError as error:
        fault = error.faults[0].message
    return Review(rule, yours, published, result, shown, base is not None, Path(new.source.file).name, fault)


def is_older(rule: Rule, new: Rule, base: Document | None) -> bool:
    """Whether what is published comes before what the store has."""
    known = base.parameters["version"] if base else rule.version
    return new.version < known and is_versioned(new)


def _version(new: Rule, base: Document | None, differences: Iterable[Difference]) -> int:
    """The version as published; where a checkout names none, one more than the base's when the rule has changed."""
    if base is None:
        return new.version
    known = int(base.parameters["version"])
    changed = any(each.outcome in BY_AUTHORS and not each.unit.in_metadata for each in differences)
    if (new.version == known and not changed) or is_versioned(new):
        return new.version
    return known + changed


class Bases:
    """Base versions: those of the store, else those that a package holds among its older versions."""

    def __init__(self, store: Store, skipped: Iterable[Skipped], roots: Iterable[Path]) -> None:
        self._store = store
        self._older = {each.rule_id for each in skipped}
        self._roots = tuple(roots)
        self._archives: dict[Path, dict[tuple[str, int], Document]] = {}

    def of(self, rule: Rule) -> Document | None:
        """The base version of a rule; None when nobody knows it."""
        if (base := self._store.base(rule.rule_id)) is not None:
            return base
        source = rule.parameters.get("rule_source")
        if isinstance(source, dict) and source.get("is_customized") is False:
            return Document.of(rule)
        if rule.rule_id not in self._older:
            return None
        return next(filter(None, (self._in(root, rule) for root in self._roots)), None)

    def _in(self, root: Path, rule: Rule) -> Document | None:
        if root.suffix.lower() == ".zip":
            if root not in self._archives:
                self._archives[root] = dict(_members(root))
            return self._archives[root].get((rule.rule_id, rule.version))
        for path in root.rglob(f"{_literal(rule.rule_id)}_{rule.version}.json"):
            with contextlib.suppress(RuleError):
                return decoded(path.read_bytes(), path.name)
        return None


def _literal(text: str) -> str:
    """The text as a part of a pattern for file names."""
    return re.sub(r"[*?\[/]", "?", text)


def _members(archive: Path) -> Iterator[tuple[tuple[str, int], Document]]:
    """Every version of every rule in an archive, as far as they are sound."""
    with contextlib.suppress(RuleError, zipfile.BadZipFile):
        for reading in read_package(archive, str(archive)):
            if isinstance(reading, Draft):
                with contextlib.suppress(RuleError):
                    document = Document(without_derived(validated(reading)))
                    yield (document.rule_id, document.parameters["version"]), document
