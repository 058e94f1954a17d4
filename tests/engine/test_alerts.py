"""Alert documents against the published examples and test vectors, and golden ones for the founding rules."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deckwatch.engine.alerts import Run, SourceEvent, event_alert, made_by, sequence_alerts
from deckwatch.rules.load import compiled, founding_rules
from deckwatch.rules.ndjson import classified
from deckwatch.rules.rule import Rule, Source
from tests.golden import assert_golden
from tests.rules.build import rule
from tests.shared import SHARED, needs_shared

GOLDEN = Path(__file__).parent / "golden"
RUN = Run("2f6f2a3e-6f0e-4b0e-8d0c-0b7a4f5a9c31", "2026-03-02T10:20:07.431Z")

NOT_OURS = {"kibana.alert.url", "kibana.version"}
WRITTEN_LATER = {"kibana.alert.start", "kibana.alert.last_detected", "kibana.alert.rule.execution.timestamp"}
"""The examples tell the time of writing from the time of the run by some milliseconds."""


@cache
def _examples() -> list[Any]:
    """The JSON documents of the sections 3.8 and 3.9 of the specification."""
    text = (SHARED / "spec" / "detection_engine.md").read_text()
    section = text[text.index("### 3.8 ") : text.index("## 4. ")]
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL)]


def _expected(alert: dict[str, Any]) -> dict[str, Any]:
    return {key: RUN.timestamp if key in WRITTEN_LATER else alert[key] for key in alert.keys() - NOT_OURS}


def _rule_of(alert: dict[str, Any]) -> Rule:
    """The rule that an alert describes, as an export would hold it."""
    prefix = "kibana.alert.rule."
    given = {key.removeprefix(prefix): value for key, value in alert.items() if key.startswith(prefix)}
    kept = ("name", "tags", "enabled", "interval", "actions", "revision", "created_at", "created_by")
    line = (
        given["parameters"] | {key: given[key] for key in (*kept, "updated_at", "updated_by")} | {"id": given["uuid"]}
    )
    (draft,) = classified(line, Source("export.ndjson", 1))
    return compiled(draft)


def _event_of(alert: dict[str, Any]) -> SourceEvent:
    """The event that an alert was made of."""
    body = {key: value for key, value in alert.items() if not key.startswith(("kibana.", "event.kind", "@timestamp"))}
    kind = {"kind": alert["kibana.alert.original_event.kind"]}
    parent = alert["kibana.alert.ancestors"][-1]
    document = {"@timestamp": alert["kibana.alert.original_time"], **body, "event": kind | body["event"]}
    return SourceEvent(document, parent["id"], parent["index"])


@needs_shared
def test_the_published_event_alert() -> None:
    example = _examples()[0]
    alert = event_alert(_rule_of(example), _event_of(example), RUN)
    assert alert == _expected(example)
    assert list(alert)[:4] == ["@timestamp", "event.kind", "kibana.space_ids", "kibana.alert.uuid"]


@needs_shared
def test_the_published_sequence_alerts() -> None:
    same, *others = _examples()[1:]
    examples = [same | other for other in others]
    events = [_event_of(block) for block in examples[:2]]
    alerts = sequence_alerts(_rule_of(same), events, RUN)
    for alert, example in zip(alerts, examples, strict=True):
        assert alert == _expected(example)


def test_the_published_sequence_ids() -> None:
    ids = ("d5e8eb51-a6a0-456d-8a15-4b79bfec3d71", "619389b2-b077-400e-b40b-abde20d675d3")
    events = [SourceEvent({}, each, "myFakeSignalIndex") for each in ids]
    alerts = sequence_alerts(rule(id="04128c15-0d1b-4716-a4c5-46997ac7f3bd"), events, RUN)
    assert [alert["kibana.alert.uuid"] for alert in alerts] == [
        "f2db3574eaf8450e3f4d1cf4f416d70b110b035ae0a7a00026242df07f0a6c90",
        "1dbc416333244efbda833832eb83f13ea5d980a33c2f981ca8d2b35d82a045da",
        "1b7d06954e74257140f3bf73f139078483f9658fe829fd806cc307fc0388fb23",
    ]


def _container_event(category: str, action: str, kind: str, second: int, **fields: Any) -> SourceEvent:
    dataset = f"cloud_defend.{category}"
    document = {
        "@timestamp": f"2026-11-22T02:42:{second:02}.322427441Z",
        "cloud_defend": {"hook_point": ["lsm__file_open"], "package_policy_revision": 3},
        "container": {"id": "c1", "image": {"name": "example/toolbox", "tag": ["1.3"]}},
        "data_stream": {"dataset": dataset, "namespace": "default", "type": "logs"},
        "event": {
            "action": [action],
            "category": [category],
            "dataset": dataset,
            "id": f"e{second}",
            "ingested": "2026-11-22T02:42:41Z",
            "kind": "event",
            "sequence": second,
            "type": [kind],
        },
        "host": {"name": "node-1", "os": {"type": "linux"}},
        "user": {"id": "0"},
        **fields,
    }
    return SourceEvent(document, f"e{second}", f"logs-{dataset}-default")


def _process(name: str, parent: str, *args: str) -> dict[str, Any]:
    return {"name": name, "executable": f"/usr/bin/{name}", "args": list(args), "pid": 7, "parent": {"name": parent}}


PAYLOAD = {"name": "p", "path": "/tmp/p", "directory": "/tmp"}  # noqa: S108
CRADLE = [
    _container_event("file", "creation", "creation", 1, file=PAYLOAD, process=_process("wget", "sh", "wget", "u")),
    _container_event("process", "exec", "start", 2, process=_process("p", "sh", "./p")),
    _container_event("file", "deletion", "deletion", 3, file=PAYLOAD, process=_process("unlink", "sh", "unlink")),
]


def _text(alerts: list[dict[str, Any]]) -> str:
    """The alerts as text; of the rule's wording, which is not ours, only the names of its parameters."""
    brief = [
        alert
        | {
            "kibana.alert.rule.description": "…",
            "kibana.alert.rule.parameters": list(alert["kibana.alert.rule.parameters"]),
        }
        for alert in alerts
    ]
    return json.dumps(brief, indent=1, ensure_ascii=False) + "\n"


def test_the_founding_sequence() -> None:
    cradle, _ = founding_rules()
    assert_golden(GOLDEN / "cradle.json", _text(sequence_alerts(cradle, CRADLE, RUN)))


def test_the_founding_event_rule() -> None:
    _, binaries = founding_rules()
    file = {"name": "tool", "path": "/usr/bin/tool"}
    process = _process("curl", "bash", "curl", "-o", "/usr/bin/tool") | {"interactive": True}
    event = _container_event("file", "creation", "creation", 4, file=file, process=process)
    assert_golden(GOLDEN / "binaries.json", _text([event_alert(binaries, event, RUN)]))


def test_a_missing_stage_has_no_document() -> None:
    first, _, last = CRADLE
    alerts = sequence_alerts(rule(), [None, first, None, last], RUN)
    assert [alert.get("kibana.alert.group.index") for alert in alerts] == [0, 1, None]
    assert [alert["kibana.alert.uuid"] for alert in alerts] == [
        alert["kibana.alert.uuid"] for alert in sequence_alerts(rule(), [first, last], RUN)
    ]


def test_the_shell_of_a_single_block_is_no_building_block() -> None:
    block, shell = sequence_alerts(rule(), CRADLE[:1], RUN)
    assert block["kibana.alert.building_block_type"] == "default"
    assert {"kibana.alert.building_block_type", "kibana.alert.group.index"}.isdisjoint(shell)
    assert shell["file"] == block["file"]
    *_, marked = sequence_alerts(rule(building_block_type="default"), CRADLE, RUN)
    assert marked["kibana.alert.building_block_type"] == "default"


def _alert_event(alert: dict[str, Any]) -> SourceEvent:
    return SourceEvent(alert, alert["kibana.alert.uuid"], ".alerts-security.alerts-default")


def test_an_alert_on_an_alert_names_all_its_ancestors() -> None:
    inner, outer = rule(id="inner"), rule(id="outer", rule_id="outer")
    first = event_alert(inner, CRADLE[0], RUN)
    second = event_alert(outer, _alert_event(first), RUN)
    assert second["kibana.alert.depth"] == 2
    assert [(each["id"], each["type"], each["depth"]) for each in second["kibana.alert.ancestors"]] == [
        ("e1", "event", 0),
        (first["kibana.alert.uuid"], "signal", 1),
    ]
    assert second["kibana.alert.ancestors"][1]["rule"] == "inner"
    nameless = event_alert(outer, _alert_event({**first, "kibana.alert.rule.uuid": None}), RUN)
    assert "rule" not in nameless["kibana.alert.ancestors"][1]
    assert second["kibana.alert.original_event.kind"] == "signal"
    assert not any(key.startswith("kibana.alert.original_event.original") for key in second)
    *_, shell = sequence_alerts(outer, [_alert_event(first), CRADLE[1]], RUN)
    assert shell["kibana.alert.depth"] == 3


def test_a_rule_does_not_feed_on_itself() -> None:
    own = rule(id="own")
    first = event_alert(own, CRADLE[0], RUN)
    second = event_alert(rule(id="other"), _alert_event(first), RUN)
    nested = {"kibana": {"alert": {"uuid": "u", "rule": {"uuid": "own"}}}}
    assert [made_by(own, each) for each in (CRADLE[0].document, first, second, nested)] == [False, True, True, True]
    assert not made_by(rule(id="third"), second)


def test_the_envelope_and_the_fields_of_other_alerts_stay_behind() -> None:
    document = {"_index": "i", "_id": "1", "kibana.alert.old": 1, "signal": {}, "threshold_result.n": 1, "a": 1}
    alert = event_alert(rule(), SourceEvent(document, "1", "i"), RUN)
    assert {"_index", "_id", "kibana.alert.old", "signal", "threshold_result.n"}.isdisjoint(alert)
    assert alert["a"] == 1


TIMES = [
    pytest.param("2026-11-22T02:42:36.322427441Z", "2026-11-22T02:42:36.322427441Z", id="text-as-written"),
    pytest.param(1_700_000_000_000, "2023-11-14T22:13:20.000Z", id="milliseconds"),
    pytest.param(["2026-11-22T02:42:36Z"], "2026-11-22T02:42:36.000Z", id="an-array"),
    pytest.param("yesterday", None, id="no-time"),
    pytest.param(None, None, id="none"),
]


@pytest.mark.parametrize(("written", "expected"), TIMES)
def test_original_time(written: object, expected: str | None) -> None:
    alert = event_alert(rule(), SourceEvent({"@timestamp": written}, "1"), RUN)
    assert alert.get("kibana.alert.original_time") == expected


def test_event_kind_is_replaced_in_any_spelling() -> None:
    for document in ({"event.kind": "event"}, {"event": {"kind": "event"}}):
        alert = event_alert(rule(), SourceEvent(document, "1"), RUN)
        assert alert["event.kind"] == "signal"
        assert alert["kibana.alert.original_event.kind"] == "event"
        assert "event" not in alert


def test_the_source_event_is_left_as_it_was() -> None:
    before = json.dumps(CRADLE[0].document)
    sequence_alerts(rule(), CRADLE, RUN)
    assert json.dumps(CRADLE[0].document) == before


def test_ids_depend_on_rule_events_and_space_alone() -> None:
    event = CRADLE[0]
    ids = [
        event_alert(each, event, run)["kibana.alert.uuid"]
        for each, run in (
            (rule(), RUN),
            (rule(version=7, query="file where true"), Run("other", "2027-01-01T00:00:00.000Z", "manual")),
            (rule(id="reinstalled"), RUN),
            (rule(), Run(RUN.uuid, RUN.timestamp, space="blue")),
        )
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_meta_is_flattened_and_undefined_fields_are_absent() -> None:
    alert = event_alert(rule(meta={"kibana": {"url": "u"}}, note="N"), SourceEvent({}, "1"), RUN)
    assert alert["kibana.alert.rule.meta.kibana.url"] == "u"
    assert alert["kibana.alert.rule.note"] == "N"
    assert None not in alert.values()
    assert "kibana.alert.rule.timestamp_override" not in alert


def test_a_run_starts_now() -> None:
    first, second = Run.now(), Run.now()
    assert first.uuid != second.uuid
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.timestamp)
