"""Small sound rules, to be varied by tests."""

from typing import Any

from deckwatch.rules.draft import Draft
from deckwatch.rules.load import compiled
from deckwatch.rules.rule import Rule, Source

QUERY = 'process where process.name == "nc"'


def parameters(**changes: Any) -> dict[str, Any]:
    """A sound rule in the vocabulary of the rules API; None removes a parameter."""
    sound = {
        "type": "eql",
        "language": "eql",
        "rule_id": "11111111-2222-3333-4444-555555555555",
        "name": "Netcat",
        "description": "Somebody runs netcat.",
        "severity": "medium",
        "risk_score": 47,
        "index": ["logs-*"],
        "query": QUERY,
    }
    return {key: value for key, value in (sound | changes).items() if value is not None}


def rule(**changes: Any) -> Rule:
    return compiled(Draft(parameters(**changes), Source("test.json", 1)))
