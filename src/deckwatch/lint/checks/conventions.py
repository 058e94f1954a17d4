"""Conventions of the detection-rules repository, for rules that are to be part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from deckwatch.eql.nodes import NANOSECONDS, EventQuery, SampleQuery
from deckwatch.lint.finding import Found
from deckwatch.lint.subject import Subject

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FILE = re.compile(r"[a-z0-9_]+\.toml")
_NAME = re.compile(r"[a-zA-Z0-9].*?[a-zA-Z0-9()\[\]]", re.DOTALL)
_FROM = re.compile(r"now-(\d+)([smhd])")
_INVESTIGATING = re.compile(r"^### Investigating (.+?)\s*$", re.MULTILINE)
_MINUTE = NANOSECONDS["m"]

_TAGS_OF_STREAMS: Mapping[str, tuple[str, ...]] = {
    "endgame-": ("Data Source: Elastic Endgame",),
    "logs-cloud_defend.": ("Data Source: Elastic Defend for Containers",),
    "logs-crowdstrike.fdr": ("Data Source: Crowdstrike",),
    "logs-endpoint.events.": ("Data Source: Elastic Defend",),
    "logs-sentinel_one_cloud_funnel.": ("Data Source: SentinelOne",),
}


def identity(subject: Subject) -> Iterator[Found]:
    file = subject.rule.source.file.rpartition("/")[2]
    if file.endswith(".toml") and not _FILE.fullmatch(file):
        yield Found(f"the file name {file} has other characters than a-z, 0-9 and _", "", "rename the file")
    if not _UUID.fullmatch(subject.rule.rule_id):
        yield Found(
            f"the rule_id {subject.rule.rule_id!r} is no UUID in lower case", "rule_id", "make one with `uuidgen`"
        )
    if not _NAME.fullmatch(subject.rule.name):
        yield Found("the name has to begin and end with a letter or digit", "name", "mend the name")


def dates(subject: Subject) -> Iterator[Found]:
    made, changed = (subject.metadata.get(key) for key in ("creation_date", "updated_date"))
    if isinstance(made, str) and isinstance(changed, str) and changed < made:
        yield Found(f"it was updated on {changed}, before it was made on {made}", "", "mend the dates in `[metadata]`")


def timestamp_override(subject: Subject) -> Iterator[Found]:
    given = subject.rule.timestamp_override
    if isinstance(subject.tree, EventQuery | SampleQuery) and given != "event.ingested":
        message = "a rule on single events has to set `timestamp_override`"
        yield Found(message, "timestamp_override", 'write timestamp_override = "event.ingested"')


def window(subject: Subject) -> Iterator[Found]:
    span = subject.sequence.maxspan if subject.sequence else None
    begin = _FROM.fullmatch(subject.parameters.get("from", "now-6m"))
    if begin is None:
        yield Found("`from` has to look like now-9m", "from", "write now-, a number and s, m, h or d")
    elif span and int(begin[1]) * NANOSECONDS[begin[2]] + 10 * _MINUTE < span.nanoseconds:
        message = f"a sequence of {span.value}{span.unit} does not fit into what one run reads, {begin[0]}"
        yield Found(message, "from", "let `from` reach further back, or shorten `maxspan`")


def tactic_tags(subject: Subject) -> Iterator[Found]:
    if not subject.rule.threat:
        return
    tactic = subject.rule.threat[0]["tactic"]["name"]
    if f"Tactic: {tactic}" not in subject.rule.tags:
        yield Found(f'the first tactic has no tag "Tactic: {tactic}"', "tags", "add it")


def stream_tags(subject: Subject) -> Iterator[Found]:
    for begin, tags in _TAGS_OF_STREAMS.items():
        if any(pattern.startswith(begin) for pattern in subject.rule.index):
            for tag in tags:
                if tag not in subject.rule.tags:
                    yield Found(f'the index pattern {begin}* wants the tag "{tag}"', "tags", "add it")


def guide(subject: Subject) -> Iterator[Found]:
    note = subject.parameters.get("note", "")
    titles = _INVESTIGATING.findall(note)
    if titles and subject.rule.name not in titles:
        yield Found("the investigation guide is about a rule of another name", "note", "mend its heading")
    if bool(titles) != ("Resources: Investigation Guide" in subject.rule.tags):
        yield Found('the tag "Resources: Investigation Guide" goes with a guide', "tags", "add or remove the tag")


def building_blocks(subject: Subject) -> Iterator[Found]:
    is_block = subject.rule.building_block_type is not None
    if is_block != ("Rule Type: BBR" in subject.rule.tags):
        yield Found('the tag "Rule Type: BBR" goes with `building_block_type`', "tags", "add or remove one of them")


def versions(subject: Subject) -> Iterator[Found]:
    least = subject.metadata.get("min_stack_version")
    if not isinstance(least, str):
        return
    given = tuple(int(part) for part in re.findall(r"\d+", least)[:2])
    for needs, what in _gated(subject):
        if given < needs:
            message = f"{what} needs stack {needs[0]}.{needs[1]}, but `min_stack_version` is {least}"
            yield Found(message, "", "raise `min_stack_version`")


def _gated(subject: Subject) -> Iterator[tuple[tuple[int, int], str]]:
    """The features used, each with the first version that has it."""
    if isinstance(subject.tree, SampleQuery):
        yield (8, 6), "`sample`"
    if any(step.role == "missing" for step in subject.steps):
        yield (8, 9), "a missing event"
    if subject.parameters.get("alert_suppression"):
        yield ((8, 18), "suppression of sequences") if subject.sequence else ((8, 14), "suppression")
