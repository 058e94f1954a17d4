"""EQL detection for container runtimes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deckwatch.api import (
        evaluate,
        explain,
        founding_rules,
        load_rules,
        parse,
        prove,
        run_tests,
        scan,
        search,
        watch,
    )
    from deckwatch.engine.ports import Source
    from deckwatch.engine.scan import Scan
    from deckwatch.engine.search import Result, Sequence
    from deckwatch.engine.status import Status
    from deckwatch.engine.stream import Step, Stream
    from deckwatch.engine.summary import Summary
    from deckwatch.eql.errors import Fault, QueryError
    from deckwatch.eql.nodes import Query
    from deckwatch.eql.unparse import unparse
    from deckwatch.errors import DeckwatchError
    from deckwatch.explanation.values import Explanation
    from deckwatch.rules.rule import Rule, RuleSet
    from deckwatch.sensor.containers import Containers
    from deckwatch.sensor.doctor import diagnose
    from deckwatch.sensor.kernel import Kernel
    from deckwatch.sensor.record import record
    from deckwatch.sensor.source import KernelSource
    from deckwatch.sources.open import open_source

__all__ = [
    "Containers",
    "DeckwatchError",
    "Explanation",
    "Fault",
    "Kernel",
    "KernelSource",
    "Proof",
    "Query",
    "QueryError",
    "Result",
    "Rule",
    "RuleSet",
    "Scan",
    "Sequence",
    "Source",
    "Status",
    "Step",
    "Stream",
    "Summary",
    "Tested",
    "diagnose",
    "evaluate",
    "explain",
    "founding_rules",
    "load_rules",
    "open_source",
    "parse",
    "prove",
    "record",
    "run_tests",
    "scan",
    "search",
    "unparse",
    "watch",
]

_HOMES = {
    "deckwatch.api": (
        *("evaluate", "explain", "founding_rules", "load_rules", "parse"),
        *("prove", "run_tests", "scan", "search", "watch"),
    ),
    "deckwatch.engine.ports": ("Source",),
    "deckwatch.engine.scan": ("Scan",),
    "deckwatch.engine.search": ("Result", "Sequence"),
    "deckwatch.engine.status": ("Status",),
    "deckwatch.engine.stream": ("Step", "Stream"),
    "deckwatch.engine.summary": ("Summary",),
    "deckwatch.eql.errors": ("Fault", "QueryError"),
    "deckwatch.eql.nodes": ("Query",),
    "deckwatch.eql.unparse": ("unparse",),
    "deckwatch.errors": ("DeckwatchError",),
    "deckwatch.explanation.values": ("Explanation",),
    "deckwatch.proof.prove": ("Proof",),
    "deckwatch.proof.testing": ("Tested",),
    "deckwatch.rules.rule": ("Rule", "RuleSet"),
    "deckwatch.sensor.containers": ("Containers",),
    "deckwatch.sensor.doctor": ("diagnose",),
    "deckwatch.sensor.kernel": ("Kernel",),
    "deckwatch.sensor.record": ("record",),
    "deckwatch.sensor.source": ("KernelSource",),
    "deckwatch.sources.open": ("open_source",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: `deckwatch --help` need not wait for the engine."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
