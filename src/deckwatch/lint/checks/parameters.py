"""Parameters that contradict each other, or that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from deckwatch.eql.suggest import hint
from deckwatch.events.streams import IndexPatterns
from deckwatch.lint.checks.schedule import PLATFORM_LIMIT
from deckwatch.lint.checks.texts import as_written
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

_TIMELINES: Mapping[str, str] = {
    "4d4c0b59-ea83-483f-b8c1-8c360ee53c5c": "Comprehensive File Timeline",
    "db366523-f1c6-4c1f-8731-6ce5ed9e5717": "Generic Endpoint Timeline",
    "91832785-286d-4ebe-b884-1a208d111a70": "Generic Network Timeline",
    "76e52245-7519-4251-91ab-262fb1a1728c": "Generic Process Timeline",
    "495ad7a7-316e-4544-8a0f-9c098daee76e": "Generic Threat Match Timeline",
}
"""Templates that come with Kibana. There are more: others are not judged."""


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


def unused_transforms(subject: Subject) -> Iterator[Found]:
    used = set(_PLACEHOLDER.findall(as_written(subject, "note")))
    for table in ("osquery", "investigate"):
        entries = subject.written.table("transform").get(table)
        for number in range(len(entries) if isinstance(entries, list) else 0):
            if (name := f"${table}_{number}") not in used:
                message = f"entry {number} of `[[transform.{table}]]` is used nowhere in the note"
                yield Found(message, "note", f"write {name} where it is meant to stand, or take the entry out")


def timelines(subject: Subject) -> Iterator[Found]:
    identity, title = (subject.parameters.get(name) for name in ("timeline_id", "timeline_title"))
    if bool(identity) != bool(title):
        given, missing = ("timeline_id", "timeline_title") if identity else ("timeline_title", "timeline_id")
        yield Found(f"`{given}` is set without `{missing}`", given, "set both, or none")
    elif title != (known := _TIMELINES.get(str(identity), title)):
        yield Found(f'the timeline {identity} is called "{known}", not "{title}"', "timeline_title", "mend one of them")
    elif identity and (meant := [each for each, name in _TIMELINES.items() if name == title]) not in ([], [identity]):
        yield Found(f'"{title}" is the timeline {meant[0]}, not {identity}', "timeline_id", "mend one of them")


def many_signals(subject: Subject) -> Iterator[Found]:
    if subject.rule.max_signals > PLATFORM_LIMIT:
        message = f"Kibana makes {PLATFORM_LIMIT} alerts in a run at most, not {subject.rule.max_signals}"
        yield Found(message, "max_signals", f"write {PLATFORM_LIMIT}, or raise the limit where the rule is to run")


def data_views(subject: Subject) -> Iterator[Found]:
    if view := subject.parameters.get("data_view_id"):
        message = f"Kibana reads the data view {view} instead of `index`, which deckwatch reads"
        yield Found(message, "data_view_id", "take one of the two out")
