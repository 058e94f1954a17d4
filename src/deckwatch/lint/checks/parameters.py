"""Parameters that contradict each other, or that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from deckwatch.eql.suggest import hint
from deckwatch.events.streams import IndexPatterns
from deckwatch.lint.finding import Found
from deckwatch.lint.subject import Subject
from deckwatch.lint.values import Glob, covers
from deckwatch.rules.validate import SHAPES

_BANDS: Mapping[str, tuple[int, int]] = {"low": (0, 21), "medium": (22, 47), "high": (48, 73), "critical": (74, 100)}

_OTHERS = (
    "alias_purpose",
    "alias_target_id",
    "created_at",
    "created_by",
    "execution_summary",
    "investigation_fields",
    "namespace",
    "outcome",
    "output_index",
    "response_actions",
    "rule_source",
    "throttle",
    "timeline_id",
    "timeline_title",
    "updated_at",
    "updated_by",
)
"""Parameters of the rules API that rules are not validated for."""

_PLACEHOLDER = re.compile(r"\$(?:osquery|investigate)_\d+", re.ASCII)


def risk_and_severity(subject: Subject) -> Iterator[Found]:
    low, high = _BANDS[subject.rule.severity]
    if not low <= subject.rule.risk_score <= high:
        fitting = next(name for name, (least, most) in _BANDS.items() if least <= subject.rule.risk_score <= most)
        yield Found(
            f"{subject.rule.severity} goes with a risk score from {low} to {high}, not {subject.rule.risk_score}",
            "risk_score",
            f"change the score, or the severity to {fitting}",
        )


def duplicate_tags(subject: Subject) -> Iterator[Found]:
    seen: set[str] = set()
    for tag in subject.rule.tags:
        if tag in seen:
            yield Found(f'the tag "{tag}" is there twice', "tags", "take one out")
        seen.add(tag)


def unknown_parameters(subject: Subject) -> Iterator[Found]:
    known = [*SHAPES, *_OTHERS]
    for name in subject.parameters:
        if name not in known and (cure := hint(name, known)):
            yield Found(f"`{name}` is no parameter of a rule, so it has no effect", name, cure)


def ignored_patterns(subject: Subject) -> Iterator[Found]:
    for warning in IndexPatterns(subject.rule.index).warnings:
        message, _, cure = warning.partition("; ")
        yield Found(message, "index", cure or "leave it out")


def redundant_patterns(subject: Subject) -> Iterator[Found]:
    patterns = subject.rule.index
    if any(pattern.startswith(("-", "<")) or "," in pattern for pattern in patterns):
        return
    globs = [Glob.wildcard(pattern) for pattern in patterns]
    for place, narrow in enumerate(globs):
        for other, wide in enumerate(globs):
            hidden = patterns[place].startswith(".") != patterns[other].startswith(".")
            if other != place and not hidden and covers(wide, narrow) and (other < place or wide != narrow):
                message = f'the index pattern "{patterns[place]}" adds nothing to "{patterns[other]}"'
                yield Found(message, "index", "take it out")
                break


def loose_placeholders(subject: Subject) -> Iterator[Found]:
    for name in sorted(set(_PLACEHOLDER.findall(subject.parameters.get("note", "")))):
        table = name[1:].rpartition("_")[0]
        yield Found(f"nothing stands for `{name}` in the note", "note", f"add an entry to `[transform.{table}]`")
