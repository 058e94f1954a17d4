"""Running the tests of rules."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any

from deckwatch.engine.alerts import Run
from deckwatch.engine.scan import Scan
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.dates import SECOND
from deckwatch.errors import DeckwatchError
from deckwatch.events.document import document_id
from deckwatch.events.reader import EventSource
from deckwatch.proof.cases import OF_EVENT, Case, CaseError, Expected, load_cases
from deckwatch.proof.of_events import START
from deckwatch.proof.targets import ordinary

_RUN = Run("00000000-0000-0000-0000-000000000000", "2026-01-01T00:00:00.000Z", "manual")
"""Stamps all alerts of tests, so that they are the same every time."""

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Tested:
    """A test that was run. `fault` says what was not as it must be, and is empty where all was."""

    case: Case
    fault: str
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.fault


def run_tests(*paths: str | PathLike[str], update: bool = False) -> Iterator[Tested]:
    """Run the tests that lie beside rules: an iterator of their outcomes.

    Args:
        paths: files of tests (RULE.test.toml), rules with such a file beside them, or folders.
        update: write the golden alerts anew instead of comparing with them.

    Raises:
        DeckwatchError: a file of tests, or the rule it is about, cannot be used.
    """
    return _outcomes(load_cases(paths), update=update)


def _outcomes(cases: Iterable[Case], *, update: bool) -> Iterator[Tested]:
    for case in cases:
        started = time.perf_counter()
        try:
            fault = _fault(case, update=update)
        except CaseError:
            raise
        except DeckwatchError as error:
            fault = str(error)
        yield Tested(case, fault, time.perf_counter() - started)


def _fault(case: Case, *, update: bool) -> str:
    source: EventSource
    labels: dict[str, str] = {}
    if case.recording is not None:
        source = str(case.recording)
    else:
        documents = list(_documents(case))
        labels = _labels(case, documents)
        source = documents
    scan = Scan(source, [case.rule], within=TimeRange(), run=_RUN)
    alerts = list(scan)
    found = [tuple(labels.get(name, name) for name in names) for names in _groups(alerts)]
    return _difference(case.fires, found, labels) or (
        _golden(case.golden, alerts, update=update) if case.golden else ""
    )


def _documents(case: Case) -> Iterator[dict[str, Any]]:
    """The events, each with what an ordinary one has besides."""
    for number, event in enumerate(case.events):
        given = {key: value for key, value in event.items() if key not in OF_EVENT}
        at = event.get("_at", number)
        if isinstance(at, bool) or not isinstance(at, int | float):
            raise CaseError(f"{case.file}: {case.name!r}: `_at` must be seconds after the first event, not {at!r}")
        moment = START + int(Decimal(repr(at)) * SECOND)
        absent = event.get("_absent", [])
        if not isinstance(absent, list):
            raise CaseError(f"{case.file}: {case.name!r}: `_absent` must be a list of fields, not {absent!r}")
        yield ordinary(case.rule, given, absent, moment, f"event-{number + 1}")


def _labels(case: Case, documents: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What events are called, by their ids: their `_name`, or their number from 1."""
    labels = {
        document_id(document, None): str(event.get("_name", number))
        for number, (event, document) in enumerate(zip(case.events, documents, strict=True), 1)
    }
    if len(set(labels.values())) < len(documents):
        raise CaseError(f"{case.file}: {case.name!r}: two events have the same `_name` or event.id")
    return labels


def _groups(alerts: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """The ids of the events of every alert; those of a sequence together."""
    sequences: dict[str, list[str]] = {}
    for alert in alerts:
        event = str(alert["kibana.alert.ancestors"][-1]["id"])
        group = alert.get("kibana.alert.group.id")
        if group is None:
            yield (event,)
        elif "kibana.alert.group.index" in alert:
            sequences.setdefault(group, []).append(event)
    for events in sequences.values():
        yield tuple(events)


def _difference(expected: Expected, found: Sequence[tuple[str, ...]], labels: Mapping[str, str]) -> str:
    """What is not as expected; empty when all is."""
    shown = "; ".join(" → ".join(events) for events in found[:_SHOWN]) + ("; …" if len(found) > _SHOWN else "")
    match expected:
        case bool():
            if expected and not found:
                return "it must fire, and did not"
            return f"it must not fire, and did on {shown}" if found and not expected else ""
        case int():
            return (
                "" if len(found) == expected else f"it must fire {expected} times, and did {len(found)} times: {shown}"
            )
        case _:
            known = set(labels.values())
            unknown = [name for events in expected for name in events if known and name not in known]
            if unknown:
                return f"`fires` names {unknown[0]!r}, but the events are {', '.join(known)}"
            missing = [events for events in expected if events not in found]
            surplus = [events for events in found if events not in expected]
            lines = [f"it must fire on {' → '.join(events)}, and did not" for events in missing]
            lines += [f"it must not fire on {' → '.join(events)}, and did" for events in surplus]
            return "\n".join(lines)


def _golden(file: Path, alerts: Sequence[Mapping[str, Any]], *, update: bool) -> str:
    lines = [json.dumps(alert, sort_keys=True, ensure_ascii=False) for alert in alerts]
    text = "".join(f"{line}\n" for line in lines)
    if update:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return ""
    if not file.is_file():
        return f"{file} is not there; --update writes it"
    recorded = file.read_text(encoding="utf-8").splitlines()
    if recorded == lines:
        return ""
    for number, (then, now) in enumerate(zip(recorded, lines, strict=False), 1):
        if then != now:
            return f"alert {number} differs from {file}{_first_difference(then, now)}; --update renews it"
    return f"{len(lines)} alerts, but {file} holds {len(recorded)}; --update renews it"


def _first_difference(then: str, now: str) -> str:
    try:
        before, after = json.loads(then), json.loads(now)
    except json.JSONDecodeError:
        return ""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return f" in {', '.join(names[:_SHOWN])}" if names else ""
