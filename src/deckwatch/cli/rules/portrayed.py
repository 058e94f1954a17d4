"""A rule in words, its query coloured where a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from deckwatch.cli.render import escaped, number_of, printable
from deckwatch.eql.text import QueryText
from deckwatch.eql.tokens import TokenKind, tokenize

STYLES = {
    TokenKind.KEYWORD: "bold blue",
    TokenKind.STRING: "green",
    TokenKind.NUMBER: "cyan",
}
COMMENT = "dim"

SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}

LABEL = 16


def lines(told: Mapping[str, Any]) -> Iterator[Text]:
    """All of a rule, as `rules show --json` tells of it."""
    yield Text(escaped(told["name"]), "bold")
    yield Text(printable(told["description"]))
    yield Text()
    yield from _facts(told)
    yield Text()
    yield Text("Query", "bold")
    yield from highlighted(told["query"].strip("\n"))
    yield Text()
    yield from _fields(told)
    for title, key in (("Setup", "setup"), ("False positives", "false_positives"), ("Note", "note")):
        if value := told.get(key):
            yield Text()
            yield Text(title, "bold")
            yield from (Text(line) for line in _written(value))
    if references := told.get("references"):
        yield Text()
        yield Text("References", "bold")
        yield from (Text(escaped(each)) for each in references)


def _written(value: str | Sequence[str]) -> Iterable[str]:
    if isinstance(value, str):
        return printable(value).strip().splitlines()
    return [f"- {escaped(each)}" for each in value]


def _facts(told: Mapping[str, Any]) -> Iterator[Text]:
    facts: dict[str, Any] = {
        "id": told["rule_id"],
        "version": f"{told['version']}{_changes(told.get('customized'))}",
        "enabled": "yes" if told["enabled"] else "no",
        "severity": Text.assemble(
            (told["severity"], SEVERITY_STYLES[told["severity"]]), f", risk {told['risk_score']}"
        ),
        "ATT&CK": list(_attack(told.get("threat", []))),
        "data streams": told["index"],
        "integrations": told["integrations"],
        "tags": told.get("tags"),
        "exceptions": list(_exceptions(told)),
        "suppression": _suppression(told.get("alert_suppression")),
        "author": told.get("author"),
        "licence": told.get("license"),
        "file": told["file"],
    }
    for name, value in facts.items():
        if value:
            yield _fact(name, value)


def _fact(name: str, value: Any) -> Text:
    shown = value if isinstance(value, Text | str) else ", ".join(map(str, value))
    return Text.assemble((f"{name:<{LABEL}}", "dim"), escaped(shown) if isinstance(shown, str) else shown)


def _changes(customized: Sequence[str] | None) -> str:
    if customized is None:
        return " (its authors' version is not known)"
    return f" (changed here: {', '.join(customized)})" if customized else ""


def _exceptions(told: Mapping[str, Any]) -> Iterator[str]:
    """The exceptions in force, and the lists of which there are none."""
    lists = {each["list_id"] for each in told["exceptions"]}
    yield from (f"{each['list_id']}: {each['name']}" for each in told["exceptions"])
    named = (str(each.get("list_id")) for each in told.get("exceptions_list", []))
    yield from (f"{each} (nothing of it in force)" for each in named if each not in lists)


def _suppression(given: Mapping[str, Any] | None) -> str:
    if not given:
        return ""
    fields = given.get("group_by") or [each["field"] for each in given.get("group_by_v2", [])]
    spell = given.get("duration")
    return f"by {', '.join(fields)}" + (f", for {spell['value']}{spell['unit']}" if spell else "")


def _attack(threats: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for threat in threats:
        for each in (threat["tactic"], *threat.get("technique", [])):
            yield f"{each['id']} {each['name']}"
            for part in each.get("subtechnique") or []:
                yield f"{part.get('id')} {part.get('name')}"


def _fields(told: Mapping[str, Any]) -> Iterator[Text]:
    looked = "events" in told
    seen = f"; of {number_of(told['events'], 'event')} that the rule sees" if looked else ""
    yield Text.assemble(("Fields it needs", "bold"), seen)
    for each in told["fields"]:
        line = Text(f"  {escaped(each['name']):<40} {each['type']:<10}")
        if looked:
            line.append(" there" if each["present"] else " in none", "green" if each["present"] else "red")
        line.rstrip()
        yield line


def highlighted(query: str) -> Iterator[Text]:
    """The lines of a query: keywords, texts, numbers and comments in their colours."""
    text = Text(printable(query))
    if text.plain == query:
        tokens, _ = tokenize(QueryText(query))
        end = 0
        for token in tokens:
            text.stylize(COMMENT, end, token.span.start)
            if style := STYLES.get(token.kind):
                text.stylize(style, token.span.start, token.span.end)
            end = token.span.end
    yield from text.split("\n", allow_blank=True)
