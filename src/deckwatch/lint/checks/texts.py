"""What rules say to people: guides, setup, license and tags, by the repository's conventions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deckwatch.eql.suggest import hint
from deckwatch.lint.finding import Found
from deckwatch.lint.subject import Subject

_LICENSE = "Elastic License v2"
_TRIAGE = re.compile(r"^ {0,3}##[ \t]+Triage and analysis\b", re.MULTILINE | re.IGNORECASE)
_SETUP = re.compile(r"^ {0,3}(#+)[ \t]*setup[ \t]*$", re.MULTILINE | re.IGNORECASE)
_RENDERED = re.compile(r"!\{(osquery|investigate)\{")
_PREFIXES = (
    "Data Source",
    "Domain",
    "Language",
    "Mitre Atlas",
    "OS",
    "Resources",
    "Rule Type",
    "Tactic",
    "Threat",
    "Use Case",
)
"""What tags of the repository begin with."""


def by_elastic(subject: Subject) -> bool:
    """Some conventions are about the repository's own rules, not about those that others add."""
    return "Elastic" in subject.parameters.get("author", ())


def triage(subject: Subject) -> Iterator[Found]:
    rule = subject.rule
    wants = by_elastic(subject) and rule.severity in ("high", "critical") and rule.building_block_type is None
    if wants and not _TRIAGE.search(subject.parameters.get("note", "")):
        message = f'a rule of {rule.severity} severity has no "## Triage and analysis" in its note'
        yield Found(message, "note", 'write one, below "## Triage and analysis"')


def setup_headings(subject: Subject) -> Iterator[Found]:
    headings = {name: _SETUP.findall(as_written(subject, name)) for name in ("note", "setup")}
    for name, levels in headings.items():
        if any(level != "##" for level in levels):
            yield Found(f"the heading of the setup in `{name}` is not of level 2", name, 'write "## Setup"')
    if headings["note"] and as_written(subject, "setup").strip():
        yield Found("`note` has a section on setup beside the parameter `setup`", "note", "move it into `setup`")


def plugin_text(subject: Subject) -> Iterator[Found]:
    if found := _RENDERED.search(str(subject.written.table("rule").get("note", ""))):
        cure = f"move the entry to `[[transform.{found[1]}]]`, and write ${found[1]}_0 for it"
        yield Found(f"the note holds the rendered text of an entry for {found[1]}", "note", cure)


def license_text(subject: Subject) -> Iterator[Found]:
    given = subject.parameters.get("license", "")
    if by_elastic(subject) and given != _LICENSE:
        yield Found(f'the license is "{given}", not "{_LICENSE}"', "license", f'write license = "{_LICENSE}"')


def tag_forms(subject: Subject) -> Iterator[Found]:
    for tag in subject.rule.tags:
        prefix, colon, rest = tag.partition(": ")
        if not colon or not rest.strip():
            yield Found(f'the tag "{tag}" is not of the form "Prefix: Value"', "tags", "say what kind of tag it is")
        elif prefix not in _PREFIXES and (cure := hint(prefix, _PREFIXES)):
            yield Found(f'no tag begins with "{prefix}: "', "tags", cure)


def as_written(subject: Subject, name: str) -> str:
    """A text as a TOML file has it, before the build moves and renders parts of it."""
    given = subject.written.table("rule").get(name, "") if subject.written.document else subject.parameters.get(name)
    return given if isinstance(given, str) else ""
