"""A rule with and without some exceptions that are on trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deckwatch.errors import DeckwatchError
from deckwatch.rules.exceptions.link import NO_EXCEPTIONS, Exceptions
from deckwatch.rules.exceptions.lists import ExceptionItem, gathered
from deckwatch.rules.exceptions.lower import Exclusion
from deckwatch.rules.exceptions.read import read_item
from deckwatch.rules.load import load_rules, value_lists
from deckwatch.rules.rule import Rule, RuleError, RuleFault, RuleSet, Source


@dataclass(frozen=True, slots=True)
class Trial:
    """`before` is the rule without the exceptions in question, `after` with them; other exceptions are in both."""

    before: Rule
    after: Rule
    exclusions: tuple[Exclusion, ...]
    """Those in question."""
    warnings: tuple[str, ...]


def trial_of_own(rule: Rule) -> Trial:
    """The exceptions that the rule has."""
    return Trial(replace(rule, exceptions=NO_EXCEPTIONS), rule, rule.exceptions.exclusions, ())


def trial(rule: Rule, items: Sequence[Mapping[str, Any]], files: Sequence[str | Path]) -> Trial:
    """Items in Kibana's form, and all those in files, whether the rule refers to their lists or not.

    Raises:
        RuleError: an item has faults.
        DeckwatchError: a path does not exist, or no item can be used for this rule.
    """
    held = load_rules(*files) if files else RuleSet()
    readings = [each for item in items for each in read_item(item, Source("the exception", 1))]
    if faults := (*held.faults, *(each for each in readings if isinstance(each, RuleFault))):
        raise RuleError(*faults)
    lists = (*held.exception_lists, *gathered((), [each for each in readings if isinstance(each, ExceptionItem)]))
    values = value_lists(lists, [Path(rule.source.file), *map(Path, files)])
    wanted = {item.item_id for each in lists for item in each.items}
    others = tuple(each for each in rule.exceptions.exclusions if each.item_id not in wanted)
    before = replace(rule, exceptions=Exceptions(others, ()))
    after = before.excepting(lists, values)
    exclusions = tuple(each for each in after.exceptions.exclusions if each.item_id in wanted)
    if not exclusions:
        raise DeckwatchError("\n".join(("there is no exception that could be used", *after.exceptions.warnings)))
    return Trial(before, after, exclusions, after.exceptions.warnings)
