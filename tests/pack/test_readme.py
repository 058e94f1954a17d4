"""The table of rules in the pack's README is that of the files."""

from collections.abc import Iterator

from deckwatch.rules.rule import Rule
from tests.golden import assert_golden
from tests.pack.pack import PACK, RULES, place

_README = PACK / "README.md"
_HEADING = "## The rules\n"


def test_the_readme_lists_all_rules() -> None:
    text, heading, _ = _README.read_text(encoding="utf-8").partition(_HEADING)
    assert heading, "no heading for the table"
    assert_golden(_README, text + heading + "\n" + "".join(f"{line}\n" for line in _table()))


def _table() -> Iterator[str]:
    yield f"{len(RULES.rules)} rules, {sum(_is_sequence(rule) for rule in RULES)} of them sequences."
    yield ""
    yield "| rule | severity | ATT&CK | of |"
    yield "|---|---|---|---|"
    for rule in sorted(RULES, key=place):
        of = "sequence" if _is_sequence(rule) else "event"
        yield f"| [{rule.name}]({place(rule)}.toml) | {rule.severity} | {', '.join(_techniques(rule))} | {of} |"


def _is_sequence(rule: Rule) -> bool:
    return rule.query.lstrip().startswith("sequence")


def _techniques(rule: Rule) -> list[str]:
    """The ids of all techniques, of those with sub-techniques only these."""
    listed = [technique for entry in rule.threat for technique in entry["technique"]]
    ids = [below["id"] for technique in listed for below in technique.get("subtechnique", [technique])]
    return list(dict.fromkeys(ids))
