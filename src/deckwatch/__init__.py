"""EQL detection for container runtimes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deckwatch.api import evaluate, founding_rules, load_rules, parse, scan, search
    from deckwatch.engine.scan import Scan
    from deckwatch.engine.search import Result, Sequence
    from deckwatch.engine.summary import Summary
    from deckwatch.eql.errors import Fault, QueryError
    from deckwatch.eql.nodes import Query
    from deckwatch.eql.unparse import unparse
    from deckwatch.errors import DeckwatchError
    from deckwatch.rules.rule import Rule, RuleSet

__all__ = [
    "DeckwatchError",
    "Fault",
    "Query",
    "QueryError",
    "Result",
    "Rule",
    "RuleSet",
    "Scan",
    "Sequence",
    "Summary",
    "evaluate",
    "founding_rules",
    "load_rules",
    "parse",
    "scan",
    "search",
    "unparse",
]

_HOMES = {
    "deckwatch.api": ("evaluate", "founding_rules", "load_rules", "parse", "scan", "search"),
    "deckwatch.engine.scan": ("Scan",),
    "deckwatch.engine.search": ("Result", "Sequence"),
    "deckwatch.engine.summary": ("Summary",),
    "deckwatch.eql.errors": ("Fault", "QueryError"),
    "deckwatch.eql.nodes": ("Query",),
    "deckwatch.eql.unparse": ("unparse",),
    "deckwatch.errors": ("DeckwatchError",),
    "deckwatch.rules.rule": ("Rule", "RuleSet"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: `deckwatch --help` need not wait for the engine."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
