"""Bringing the store's rules up to what their authors publish now, without losing what was changed here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from deckwatch.rules.load import load_rules
from deckwatch.rules.rule import Rule, RuleFault, RuleSet, Skipped
from deckwatch.store.add import add_lists
from deckwatch.store.files import base_files
from deckwatch.store.review import Bases, Review, Take, is_older, review
from deckwatch.store.store import Change, Store


@dataclass(frozen=True, slots=True)
class Updates:
    """What an update does, or did.

    `current` counts rules that are as published; `unknown` are published and not in the store; `older` are
    published in a version before the store's; `withdrawn` are in the store, but their authors have withdrawn them or
    publish them as something that deckwatch does not run. `kept` names exceptions and value lists that the store has
    otherwise, and keeps.
    """

    reviews: tuple[Review, ...]
    current: int
    unknown: tuple[Rule, ...]
    older: tuple[Rule, ...]
    withdrawn: tuple[Skipped, ...]
    faults: tuple[RuleFault, ...]
    kept: tuple[str, ...] = ()

    @property
    def left(self) -> tuple[Review, ...]:
        """The rules that stay as they are until somebody decides."""
        return tuple(each for each in self.reviews if not each.is_ready)


def update(
    store: Store,
    *paths: str | PathLike[str],
    take: Take | None = None,
    only: Collection[str] | None = None,
    dry_run: bool = False,
) -> Updates:
    """Compare the store's rules with those of files and folders, and write those in which nothing is left to decide.

    Args:
        store: whose rules.
        paths: as for `load_rules`.
        take: whose side to take in conflicts: "yours" or "new", by unit; "" for all others.
        only: only rules with these ids; None: all.
        dry_run: write nothing.

    Raises:
        DeckwatchError: a path does not exist, or the store cannot be changed.
    """
    roots = [Path(path) for path in paths]
    found = load_rules(*roots)
    bases = Bases(store, found.skipped, roots)
    if dry_run:
        return _updates(store.rules(), found, bases, take or {}, only)
    with store.changing() as change:
        updates = _updates(change.rules, found, bases, take or {}, only)
        for each in updates.reviews:
            if each.is_ready:
                _perform(change, each)
        _, kept = add_lists(change, found, roots)
    return replace(updates, kept=kept)


def _perform(change: Change, each: Review) -> None:
    if each.result != each.yours:
        change.replace(each.rule, each.result, "updated", source=each.source)
    change.files |= base_files(each.published)


def _updates(rules: RuleSet, found: RuleSet, bases: Bases, take: Take, only: Collection[str] | None) -> Updates:
    here = {rule.rule_id: rule for rule in rules}
    wanted = {rule_id: rule for rule_id, rule in here.items() if only is None or rule_id in only}
    older: list[Rule] = []
    reviews: list[Review] = []
    current = 0
    for new in found:
        if (rule := wanted.get(new.rule_id)) is None:
            continue
        base = bases.of(rule)
        if is_older(rule, new, base):
            older.append(new)
        elif (each := review(rule, new, base, take)) is not None:
            reviews.append(each)
        else:
            current += 1
    return Updates(
        tuple(reviews),
        current,
        tuple(new for new in found if new.rule_id not in here),
        tuple(older),
        tuple(_withdrawn(found, wanted)),
        found.faults,
    )


def _withdrawn(found: RuleSet, wanted: Collection[str]) -> Iterable[Skipped]:
    published = {rule.rule_id for rule in found}
    return (each for each in found.skipped if each.rule_id in wanted and each.rule_id not in published)
