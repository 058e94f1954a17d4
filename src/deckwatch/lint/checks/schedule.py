"""How often a rule runs, what one run reads, and how many alerts it makes, by the repository's conventions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deckwatch.eql.nodes import NANOSECONDS
from deckwatch.lint.finding import Found
from deckwatch.lint.subject import Subject
from deckwatch.rules.rule import DEFAULTS
from deckwatch.rules.suppression import interval

PLATFORM_LIMIT = 1000
"""Alerts of one run that Kibana makes at most, unless it is configured otherwise."""

FROM = re.compile(r"now-(\d+)([smhd])")

_MINUTE = NANOSECONDS["m"]
_SHORT_SPAN = 150 * NANOSECONDS["s"]
_BLOCK_WINDOW, _BLOCK_INTERVAL = 119 * _MINUTE, 60 * _MINUTE


def intervals(subject: Subject) -> Iterator[Found]:
    span = subject.sequence.maxspan if subject.sequence else None
    if span and span.nanoseconds > _SHORT_SPAN and interval(subject.parameters) < span.nanoseconds / 2:
        every = subject.parameters.get("interval", DEFAULTS["interval"])
        message = f"a sequence of {span.value}{span.unit} is looked for every {every}, less than half of its time"
        yield Found(message, "interval", "run it less often, or shorten `maxspan`")


def building_block_timing(subject: Subject) -> Iterator[Found]:
    if subject.rule.building_block_type is None or subject.metadata.get("bypass_bbr_timing"):
        return
    begin = FROM.fullmatch(subject.parameters.get("from", DEFAULTS["from"]))
    if begin and int(begin[1]) * NANOSECONDS[begin[2]] < _BLOCK_WINDOW:
        yield Found(f"a building block reads from now-119m at least, not {begin[0]}", "from", 'write from = "now-119m"')
    if interval(subject.parameters) < _BLOCK_INTERVAL:
        every = subject.parameters.get("interval", DEFAULTS["interval"])
        yield Found(f"a building block runs every 60m at most, not {every}", "interval", 'write interval = "60m"')


def sequence_timestamp(subject: Subject) -> Iterator[Found]:
    if subject.sequence and subject.rule.timestamp_override:
        message = (
            f"events of the sequence are chosen by `{subject.rule.timestamp_override}`, but ordered by another time"
        )
        yield Found(message, "timestamp_override", "leave it out, and let `from` reach further back")


def explained_signals(subject: Subject) -> Iterator[Found]:
    if subject.rule.max_signals == PLATFORM_LIMIT and "max_signals" not in subject.parameters.get("setup", ""):
        message = f"`max_signals` is {PLATFORM_LIMIT}, and `setup` does not say how to raise the platform's limit"
        yield Found(
            message, "max_signals", "explain `max_signals` and `xpack.alerting.rules.run.alerts.max` in `setup`"
        )


def suppression_strategy(subject: Subject) -> Iterator[Found]:
    suppression = subject.parameters.get("alert_suppression")
    if suppression and "missing_fields_strategy" not in suppression:
        message = "suppression does not say what becomes of alerts without one of the fields"
        yield Found(message, "alert_suppression", 'add missing_fields_strategy = "suppress" or "doNotSuppress"')
