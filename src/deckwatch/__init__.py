"""EQL detection for container runtimes."""

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
