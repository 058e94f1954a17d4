"""Conventions of the detection-rules repository, for rules that are to be part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from deckwatch.eql.nodes import NANOSECONDS, EventQuery, SampleQuery
from deckwatch.eql.suggest import hint
from deckwatch.lint.checks.schedule import FROM
from deckwatch.lint.checks.texts import by_elastic
from deckwatch.lint.finding import Found
from deckwatch.lint.subject import Subject

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FILE = re.compile(r"[a-z0-9_]+\.toml")
_NAME = re.compile(r"[a-zA-Z0-9].*?[a-zA-Z0-9()\[\]]", re.DOTALL)
_DATES = ("creation_date", "updated_date")
_DATE = re.compile(r"\d{4}/\d{2}/\d{2}", re.ASCII)
_INVESTIGATING = re.compile(r"^### Investigating (.+?)\s*$", re.MULTILINE)
_GROUPS_BEFORE_9_2 = 3
_MATURITIES = ("development", "experimental", "beta", "production", "deprecated")
_METADATA = (
    "bypass_bbr_timing",
    "comments",
    "creation_date",
    "deprecated_reason",
    "deprecation_date",
    "extended",
    "integration",
    "maturity",
    "min_stack_comments",
    "min_stack_version",
    "os_type_list",
    "promotion",
    "query_schema_validation",
    "related_endpoint_rules",
    "updated_date",
)
"""The keys of `[metadata]`."""

_MINUTE = NANOSECONDS["m"]

_ENDPOINT = "logs-endpoint.events."
_PACKAGE = re.compile(r"logs-([a-z0-9_]+)\.")
_SYSTEMS: Mapping[str, str] = {"linux": "Linux", "macos": "macOS", "windows": "Windows"}
"""The folders of rules on one operating system, with what their tags call it."""

_TAGS_OF_STREAMS: Mapping[str, tuple[str, ...]] = {
    ".alerts-security.": ("Rule Type: Higher-Order Rule",),
    "endgame-": ("Data Source: Elastic Endgame",),
    "logs-cloud_defend.": ("Data Source: Elastic Defend for Containers",),
    "logs-crowdstrike.fdr": ("Data Source: Crowdstrike",),
    "logs-endpoint.events.": ("Data Source: Elastic Defend",),
    "logs-sentinel_one_cloud_funnel.": ("Data Source: SentinelOne",),
    "logs-system.security": ("Data Source: Windows Security Event Logs",),
    "logs-windows.sysmon_operational-": ("Data Source: Sysmon",),
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
    if by_elastic(subject) and subject.rule.threat and file.endswith(".toml"):
        slug = re.sub(r"\W+", "_", subject.rule.threat[0]["tactic"]["name"].lower())
        if not file.startswith(f"{slug}_"):
            yield Found(f"the file name {file} does not begin with the first tactic, {slug}", "", "rename the file")


def dates(subject: Subject) -> Iterator[Found]:
    made, changed = (subject.metadata.get(key) for key in _DATES)
    for key, date in zip(_DATES, (made, changed), strict=True):
        if subject.written.document and not _DATE.fullmatch(str(date)):
            message = f"`{key}` is {'missing' if date is None else 'not a date such as 2026/02/01'}"
            yield Found(message, "", "mend the dates in `[metadata]`")
    if isinstance(made, str) and isinstance(changed, str) and changed < made:
        yield Found(f"it was updated on {changed}, before it was made on {made}", "", "mend the dates in `[metadata]`")


def metadata(subject: Subject) -> Iterator[Found]:
    if not subject.written.document:
        return
    maturity = subject.metadata.get("maturity")
    if maturity not in _MATURITIES:
        message = "`maturity` is missing" if maturity is None else f'there is no maturity "{maturity}"'
        yield Found(
            message, "", hint(str(maturity or ""), _MATURITIES) or 'write maturity = "production" into `[metadata]`'
        )
    for key in subject.metadata:
        if key not in _METADATA and (cure := hint(key, _METADATA)):
            yield Found(f"`{key}` is no key of `[metadata]`", "", cure)
    if not subject.parameters.get("author"):
        yield Found("the rule has no `author`", "author", "say who wrote it")


def timestamp_override(subject: Subject) -> Iterator[Found]:
    given = subject.rule.timestamp_override
    if isinstance(subject.tree, EventQuery | SampleQuery) and given != "event.ingested":
        message = "a rule on single events has to set `timestamp_override`"
        yield Found(message, "timestamp_override", 'write timestamp_override = "event.ingested"')


def window(subject: Subject) -> Iterator[Found]:
    span = subject.sequence.maxspan if subject.sequence else None
    begin = FROM.fullmatch(subject.parameters.get("from", "now-6m"))
    if "from" not in subject.parameters and any(name.startswith(_ENDPOINT) for name in subject.rule.index):
        yield Found(f"a rule on {_ENDPOINT}* has to say from when on a run reads", "from", 'write from = "now-9m"')
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
    path = PurePath(subject.rule.source.file)
    if path.suffix == ".toml" and is_block != ("rules_building_block" in path.parts):
        where = "belongs into" if is_block else "is no building block, but in"
        yield Found(f"the rule {where} the folder rules_building_block", "", "move the file")


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
        if len(subject.parameters["alert_suppression"].get("group_by", ())) > _GROUPS_BEFORE_9_2:
            yield (9, 2), "suppression by more than three fields"
    if "investigation_fields" in subject.parameters:
        yield (8, 11), "`investigation_fields`"
    if "timestamp_field" in subject.parameters:
        yield (8, 0), "`timestamp_field`"


def stack_comments(subject: Subject) -> Iterator[Found]:
    if subject.metadata.get("min_stack_version") and not subject.metadata.get("min_stack_comments"):
        yield Found("`min_stack_version` is set, but nothing says why", "", "add `min_stack_comments` to `[metadata]`")


def numbering(subject: Subject) -> Iterator[Found]:
    for name in ("version", "revision"):
        if name in subject.written.table("rule"):
            yield Found(f"`{name}` is written in the file; the repository counts by itself", name, "take it out")


def source(subject: Subject) -> Iterator[Found]:
    given = [name for name in ("index", "data_view_id") if subject.parameters.get(name)]
    if len(given) != 1:
        message = "the rule names both an index and a data view" if given else "the rule does not say what it reads"
        yield Found(message, "data_view_id" if given else "", "give it either `index` or `data_view_id`")


def deprecation(subject: Subject) -> Iterator[Found]:
    signs = {
        "in the folder _deprecated": "_deprecated" in PurePath(subject.rule.source.file).parts,
        "deprecated since " + str(subject.metadata.get("deprecation_date")): "deprecation_date" in subject.metadata,
    }
    for sign in (sign for sign, is_there in signs.items() if is_there):
        yield Found(f"the rule is {sign}, but its `maturity` is not deprecated", "", "make them agree")


def integrations(subject: Subject) -> Iterator[Found]:
    given = subject.metadata.get("integration", [])
    named = given if isinstance(given, list) else [given]
    packages = (found[1] for found in map(_PACKAGE.match, subject.rule.index) if found)
    for package in dict.fromkeys(packages) if subject.written.document else ():
        if package not in named:
            message = f"the rule reads data streams of {package}, which `integration` does not name"
            yield Found(message, "index", f'add "{package}" to `integration` in `[metadata]`')


def operating_system(subject: Subject) -> Iterator[Found]:
    folder = PurePath(subject.rule.source.file).parent.name
    if folder not in _SYSTEMS:
        return
    if "host.os.type" not in subject.rule.checked.fields:
        message = f"a rule in the folder {folder} does not test `host.os.type`"
        yield Found(message, subject.head, f'add host.os.type == "{folder}"')
    if (tag := f"OS: {_SYSTEMS[folder]}") not in subject.rule.tags:
        yield Found(f'a rule in the folder {folder} wants the tag "{tag}"', "tags", "add it")
