"""The rule pack and its scenarios."""

from pathlib import Path

from deckwatch.rules.load import load_rules
from deckwatch.rules.rule import Rule
from tests.pack import scenarios_a, scenarios_b

PACK = Path(__file__).resolve().parents[2] / "rules"
RULES = load_rules(PACK)
SCENARIOS = (*scenarios_a.SCENARIOS, *scenarios_b.SCENARIOS)


def place(rule: Rule) -> str:
    """A rule's place in the pack, such as `credential_access/shadow_file_read`."""
    return Path(rule.source.file).resolve().relative_to(PACK).with_suffix("").as_posix()


PLACES = {rule.rule_id: place(rule) for rule in RULES}
