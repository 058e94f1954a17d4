"""Ways to lint in tests."""

from typing import Any

from deckwatch.lint.catalog import BY_CODE
from deckwatch.lint.finding import Found
from deckwatch.lint.subject import Subject
from deckwatch.lint.written import Written
from deckwatch.rules.rule import Rule
from tests.rules.build import rule


def sound(**changes: Any) -> Rule:
    """A rule on container events; None removes a parameter."""
    return rule(**({"index": ["logs-cloud_defend.*"]} | changes))


def subject(
    query: str = 'process where process.name == "nc"', metadata: Any = None, transform: Any = None, **changes: Any
) -> Subject:
    document = {"metadata": metadata or {}, "transform": transform or {}, "rule": {"query": query, **changes}}
    return Subject.of(sound(query=query, **changes), Written(document=document))


def found(code: str, *subjects: Subject) -> list[tuple[str, str]]:
    """Where the check of that code finds something, as text of the query or parameter, and its message."""
    return [(_place(each, finding), finding.message) for each, finding in BY_CODE[code].find(subjects)]


def _place(looked_at: Subject, finding: Found) -> str:
    return finding.at if isinstance(finding.at, str) else looked_at.text.slice(finding.at)
