"""EQL detection for container runtimes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deckwatch.api import evaluate, scan, search, watch
    from deckwatch.backtesting.backtest import backtest
    from deckwatch.backtesting.coverage import Coverage, coverage
    from deckwatch.backtesting.values import Backtest
    from deckwatch.engine.ports import Source
    from deckwatch.engine.scan import Scan
    from deckwatch.engine.search import Result, Sequence
    from deckwatch.engine.status import Status
    from deckwatch.engine.stream import Step, Stream
    from deckwatch.engine.summary import Summary
    from deckwatch.eql.errors import Fault, QueryError
    from deckwatch.eql.nodes import Query
    from deckwatch.eql.parser import parse
    from deckwatch.eql.unparse import unparse
    from deckwatch.errors import DeckwatchError
    from deckwatch.explanation.ask import explain_live
    from deckwatch.explanation.control import Control
    from deckwatch.explanation.explain import explain
    from deckwatch.explanation.live import explain_stream
    from deckwatch.explanation.live_values import LiveExplanation
    from deckwatch.explanation.values import Explanation
    from deckwatch.proof.prove import Proof, prove
    from deckwatch.proof.testing import Tested, run_tests
    from deckwatch.rules.load import founding_rules, load_rules
    from deckwatch.rules.rule import Rule, RuleSet
    from deckwatch.sensor.containers import Containers
    from deckwatch.sensor.doctor import diagnose
    from deckwatch.sensor.kernel import Kernel
    from deckwatch.sensor.record import record
    from deckwatch.sensor.source import KernelSource
    from deckwatch.sources.open import open_source
    from deckwatch.store.store import Store, open_store

__all__ = [
    "Backtest",
    "Containers",
    "Control",
    "Coverage",
    "DeckwatchError",
    "Explanation",
    "Fault",
    "Kernel",
    "KernelSource",
    "LiveExplanation",
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
    "Store",
    "Stream",
    "Summary",
    "Tested",
    "backtest",
    "coverage",
    "diagnose",
    "evaluate",
    "explain",
    "explain_live",
    "explain_stream",
    "founding_rules",
    "load_rules",
    "open_source",
    "open_store",
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
    "deckwatch.api": ("evaluate", "scan", "search", "watch"),
    "deckwatch.backtesting.backtest": ("backtest",),
    "deckwatch.backtesting.coverage": ("Coverage", "coverage"),
    "deckwatch.backtesting.values": ("Backtest",),
    "deckwatch.engine.ports": ("Source",),
    "deckwatch.engine.scan": ("Scan",),
    "deckwatch.engine.search": ("Result", "Sequence"),
    "deckwatch.engine.status": ("Status",),
    "deckwatch.engine.stream": ("Step", "Stream"),
    "deckwatch.engine.summary": ("Summary",),
    "deckwatch.eql.errors": ("Fault", "QueryError"),
    "deckwatch.eql.nodes": ("Query",),
    "deckwatch.eql.parser": ("parse",),
    "deckwatch.eql.unparse": ("unparse",),
    "deckwatch.errors": ("DeckwatchError",),
    "deckwatch.explanation.ask": ("explain_live",),
    "deckwatch.explanation.control": ("Control",),
    "deckwatch.explanation.explain": ("explain",),
    "deckwatch.explanation.live": ("explain_stream",),
    "deckwatch.explanation.live_values": ("LiveExplanation",),
    "deckwatch.explanation.values": ("Explanation",),
    "deckwatch.proof.prove": ("Proof", "prove"),
    "deckwatch.proof.testing": ("Tested", "run_tests"),
    "deckwatch.rules.load": ("founding_rules", "load_rules"),
    "deckwatch.rules.rule": ("Rule", "RuleSet"),
    "deckwatch.sensor.containers": ("Containers",),
    "deckwatch.sensor.doctor": ("diagnose",),
    "deckwatch.sensor.kernel": ("Kernel",),
    "deckwatch.sensor.record": ("record",),
    "deckwatch.sensor.source": ("KernelSource",),
    "deckwatch.sources.open": ("open_source",),
    "deckwatch.store.store": ("Store", "open_store"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: `deckwatch --help` need not wait for the engine."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
