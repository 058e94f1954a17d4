"""Rules in, findings out."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from deckwatch.eql.nodes import Span
from deckwatch.lint.catalog import CHECKS, INVALID
from deckwatch.lint.finding import Check, Finding, Found, Profile
from deckwatch.lint.invalid import InQuery, in_queries
from deckwatch.lint.subject import Subject
from deckwatch.rules.rule import RuleFault, RuleSet


def selected(
    select: Collection[str] = (), ignore: Collection[str] = (), profile: Profile | None = None
) -> tuple[Check, ...]:
    """The checks of these codes, or all of them, without those to ignore.

    A check of a profile runs when the profile is asked for, or its code is.
    """
    return tuple(
        check
        for check in CHECKS
        if check.code not in ignore and (check.code in select if select else check.profile in (None, profile))
    )


def lint(rules: RuleSet, checks: Iterable[Check] | None = None) -> tuple[Finding, ...]:
    """What the checks find, in the order of files and lines; a rule that could not be loaded is a finding as well.

    Without `checks`, all run that are not of a profile.
    """
    chosen = selected() if checks is None else tuple(checks)
    subjects = tuple(map(Subject.of, rules))
    found = [_finding(check, subject, each) for check in chosen for subject, each in check.find(subjects)]
    if INVALID in chosen:
        places = in_queries(rules.faults)
        found += [_invalid(fault, places.get(fault)) for fault in rules.faults]
    return tuple(sorted(found, key=_place))


def _finding(check: Check, subject: Subject, found: Found) -> Finding:
    line, column = _position(subject, found.at)
    rule = subject.rule
    return Finding(
        code=check.code,
        severity=check.severity,
        rule=rule.rule_id,
        file=rule.source.file,
        line=line,
        column=column,
        span=found.at if isinstance(found.at, Span) else None,
        message=found.message,
        why=check.why,
        cure=found.cure,
        fix=found.fix,
        name=rule.name,
        query=rule.query,
    )


def _position(subject: Subject, at: Span | str) -> tuple[int, int | None]:
    written, start = subject.written, subject.rule.source.line
    if isinstance(at, str):
        return written.lines.get(at, start), None
    return written.position(at.start) or (written.lines.get("query", start), None)


def _invalid(fault: RuleFault, place: InQuery | None) -> Finding:
    return Finding(
        code=INVALID.code,
        severity=INVALID.severity,
        rule="",
        file=fault.file,
        line=fault.line,
        column=fault.column,
        span=place.span if place else None,
        message=fault.message,
        why=INVALID.why,
        cure=fault.hint,
        name=place.name if place else "",
        query=place.query if place else "",
    )


def _place(finding: Finding) -> tuple[str, int, int, int]:
    start = finding.span.start if finding.span else -1
    return finding.file, finding.line or 0, finding.column or 0, start
