"""The mapping to MITRE ATT&CK. What the table does not know is not judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deckwatch.lint.finding import Found
from deckwatch.lint.subject import Subject
from deckwatch.rules.attack import FRAMEWORK, entries

_KINDS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "tactic": (re.compile(r"TA\d{4}", re.ASCII), "tactics"),
    "technique": (re.compile(r"T\d{4}", re.ASCII), "techniques"),
    "subtechnique": (re.compile(r"T\d{4}\.\d{3}", re.ASCII), "techniques"),
}
_SITE = "https://attack.mitre.org"


def missing(subject: Subject) -> Iterator[Found]:
    if not subject.rule.threat:
        yield Found("the rule names no ATT&CK tactic", "threat", "add `[[rule.threat]]` with tactic and technique")


def wrong(subject: Subject) -> Iterator[Found]:
    for threat in _threats(subject):
        yield from _faults("tactic", threat["tactic"])
        for technique in threat.get("technique", ()):
            yield from _faults("technique", technique)
            for below in technique.get("subtechnique", ()):
                yield from _faults("subtechnique", below)
                if not str(below.get("id")).startswith(f"{technique['id']}."):
                    message = f"{below.get('id')} is no sub-technique of {technique['id']}"
                    yield Found(message, "threat", "put it below its own technique")


def misplaced(subject: Subject) -> Iterator[Found]:
    for threat in _threats(subject):
        tactic = threat["tactic"]["id"]
        for technique in threat.get("technique", ()):
            known = entries().get(technique["id"])
            if known and known.tactics and tactic not in known.tactics:
                yield Found(
                    f"{technique['id']} is not a technique of {tactic}",
                    "threat",
                    f"put it below {' or '.join(sorted(known.tactics))}",
                )


def repeated(subject: Subject) -> Iterator[Found]:
    seen: set[str] = set()
    for threat in _threats(subject):
        tactic = threat["tactic"]["id"]
        if tactic in seen:
            yield Found(f"the tactic {tactic} is there twice", "threat", "put the techniques of both into one entry")
        seen.add(tactic)


def _threats(subject: Subject) -> Iterator[Mapping[str, Any]]:
    return (threat for threat in subject.rule.threat if threat["framework"] == FRAMEWORK)


def _faults(kind: str, entry: Mapping[str, Any]) -> Iterator[Found]:
    """What is wrong with one id, its name and its reference."""
    identity, name, reference = (str(entry.get(key, "")) for key in ("id", "name", "reference"))
    form, folder = _KINDS[kind]
    if not form.fullmatch(identity):
        cure = {"tactic": "TA0002", "technique": "T1059", "subtechnique": "T1059.004"}[kind]
        yield Found(f'"{identity}" is no id of an ATT&CK {kind}', "threat", f"write it like {cure}")
        return
    known = entries().get(identity)
    if known and known.replaced:
        yield Found(f"ATT&CK has revoked {identity}", "threat", f"use {known.replaced} instead")
    elif known and name not in known.names:
        yield Found(f'{identity} is called "{known.names[0]}", not "{name}"', "threat", "mend the name or the id")
    address = f"{_SITE}/{folder}/{identity.replace('.', '/')}"
    if reference.rstrip("/") != address:
        yield Found(f"the reference of {identity} leads elsewhere", "threat", f"write {address}/")
