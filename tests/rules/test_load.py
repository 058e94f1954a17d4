"""From files to rules: the formats, what is skipped and why, and every published rule."""

import errno
import json
import os
import zipfile
from pathlib import Path

import pytest

from deckwatch.eql.nodes import EventQuery, SequenceQuery
from deckwatch.rules.load import founding_rules, load_rules
from deckwatch.rules.package import FOLDER
from deckwatch.rules.rule import DEFAULT_INDEX, RuleSet, Source
from tests.rules.build import QUERY, parameters, rule
from tests.shared import SHARED, needs_shared


def _json(path: Path, *values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def _asset(version: int, **changes: object) -> dict[str, object]:
    attributes = parameters(version=version, **changes)
    return {"id": f"{attributes['rule_id']}_{version}", "type": "security-rule", "attributes": attributes}


@needs_shared
def test_every_published_rule_loads() -> None:
    folder = SHARED / "corpus" / "elastic-rules"
    found = load_rules(folder)
    assert found.faults == ()
    assert found.skipped == ()
    assert len(found) == len(list(folder.rglob("*.toml")))
    json.dumps([dict(each.parameters) for each in found])


def test_the_founding_rules() -> None:
    cradle, binaries = founding_rules()
    assert (cradle.severity, cradle.risk_score, cradle.index) == (
        "high",
        73,
        ("logs-cloud_defend.process*", "logs-cloud_defend.file*"),
    )
    assert isinstance(cradle.checked.query, SequenceQuery)
    assert (binaries.severity, binaries.risk_score, binaries.index) == ("medium", 47, ("logs-cloud_defend.file*",))
    assert isinstance(binaries.checked.query, EventQuery)
    assert cradle.id == cradle.rule_id == "1dc56174-5d02-4ca4-af92-e391f096fb21"
    assert all(threat["technique"] == [] for threat in cradle.threat)


@needs_shared
def test_the_founding_rules_are_unchanged() -> None:
    for each in founding_rules():
        shipped = Path(each.source.file)
        assert shipped.read_bytes() == (SHARED / "rules" / "founding" / shipped.name).read_bytes()


def test_toml_becomes_the_vocabulary_of_the_api(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    path.write_text(
        """\
metadata = { maturity = "production" }
[[transform.osquery]]
label = "Who listens"
query = "SELECT pid FROM listening_ports"

[rule]
author = ["Somebody"]
description = \"\"\"
One sentence
   over two lines.
\"\"\"
false_positives = [
    \"\"\"
    Also
    wrapped.
    \"\"\",
]
language = "eql"
name = "Wrapped"
note = \"\"\"## Triage

- $osquery_0
- $osquery_7

## Setup

Install it.
# not a heading

## Afterwards

Rest.
\"\"\"
risk_score = 1
rule_id = "x"
severity = "low"
type = "eql"
query = '''
process where
  process.name == "a" and ?made.up == 1 and cloud_defend.hook_point == "b"
'''
[[rule.threat]]
framework = "MITRE ATT&CK"
tactic = { id = "TA0002", name = "Execution", reference = "https://attack.mitre.org/tactics/TA0002/" }
[[rule.threat]]
framework = "MITRE ATT&CK"
tactic = { id = "TA0003", name = "Persistence", reference = "https://attack.mitre.org/tactics/TA0003" }
[[rule.threat.technique]]
id = "T1053"
name = "Scheduled Task/Job"
reference = "https://attack.mitre.org/techniques/T1053"
subtechnique = [{ id = "T1053.003", name = "Cron", reference = "https://attack.mitre.org/techniques/T1053/003" }]
"""
    )
    (loaded,) = load_rules(path)
    given = loaded.parameters
    (technique,) = given["threat"][1]["technique"]
    mapped = (*(each["tactic"] for each in given["threat"]), technique, *technique["subtechnique"])
    places = ("tactics/TA0002", "tactics/TA0003", "techniques/T1053", "techniques/T1053/003")
    assert [each["reference"] for each in mapped] == [f"https://attack.mitre.org/{place}/" for place in places]
    assert given["description"] == "One sentence over two lines."
    assert given["false_positives"] == ["Also wrapped."]
    assert given["note"] == (
        '## Triage\n\n- !{osquery{"label":"Who listens","query":"SELECT pid FROM listening_ports"}}\n- $osquery_7'
        "\n\n## Afterwards\n\nRest."
    )
    assert given["setup"] == "Install it.\n# not a heading"
    assert given["query"].startswith("process where\n  process.name")
    assert given["threat"][0]["technique"] == []
    assert given["version"] == 1
    assert given["required_fields"] == [
        {"name": "cloud_defend.hook_point", "type": "keyword", "ecs": False},
        {"name": "made.up", "type": "unknown", "ecs": False},
        {"name": "process.name", "type": "keyword", "ecs": True},
    ]
    assert "interval" not in given
    assert loaded.source == Source(str(path), 6)


def test_typed_fields_and_their_defaults() -> None:
    plain = rule(index=None, threat=None)
    assert (plain.index, plain.timestamp_field, plain.event_category_override) == (
        DEFAULT_INDEX,
        "@timestamp",
        "event.category",
    )
    assert (plain.max_signals, plain.version, plain.revision, plain.enabled) == (100, 1, 0, True)
    assert plain.id == plain.rule_id
    special = rule(id="so", event_category_override="event.kind", enabled=False, tiebreaker_field="")
    assert (special.id, special.enabled, special.tiebreaker_field) == ("so", False, None)
    assert special.checked.category_field == "event.kind"
    assert hash(plain) == hash(rule(index=None, threat=None))


def test_a_rule_without_ids_gets_a_stable_one() -> None:
    assert rule(rule_id=None).rule_id == rule(rule_id=None).rule_id != rule(rule_id=None, name="Other").rule_id
    assert rule(rule_id=None, id="so").rule_id == "so"


def test_null_means_absent_and_unknown_parameters_are_kept() -> None:
    odd = rule(mine={"a": [1]})
    assert odd.parameters["mine"] == {"a": [1]}
    (loaded,) = (rule(timestamp_override=None),)
    assert loaded.timestamp_override is None


def test_an_export_is_read_by_the_shape_of_its_lines(tmp_path: Path) -> None:
    path = _json(
        tmp_path / "rules_export.ndjson",
        parameters(rule_id="one", building_block_type=None) | {"building_block_type": None},
        parameters(rule_id="two", type="threshold", name="Many"),
        {"list_id": "trusted", "type": "detection", "name": "Trusted"},
        {
            "item_id": "i",
            "list_id": "trusted",
            "entries": [{"field": "user.name", "type": "match", "operator": "included", "value": "backup"}],
            "type": "simple",
            "name": "Backup job",
        },
        {"id": "c", "type": "action", "attributes": {"name": "Mail"}},
        {"exported_count": 5},
    )
    found = load_rules(path)
    assert found.faults == ()
    assert [(each.rule_id, each.source.line) for each in found] == [("one", 1)]
    assert [(each.name, each.rule_id, each.line) for each in found.skipped] == [("Many", "two", 2)]
    (trusted,) = found.exception_lists
    assert (trusted.name, [item.name for item in trusted.items]) == ("Trusted", ["Backup job"])


SKIPS = [
    pytest.param({"type": "esql", "language": "esql"}, "type esql", id="other-type"),
    pytest.param({"deprecated": True, "query": None, "type": None}, "deprecated", id="deprecated-stub"),
    pytest.param({"filters": [{"meta": {"disabled": False}, "query": {}}]}, "query DSL filters", id="filters"),
    pytest.param({"filters": [{"exists": {"field": "a"}}]}, "query DSL filters", id="filter-of-old-form"),
    pytest.param({"data_view_id": "v", "index": None}, "data view", id="data-view"),
]


@pytest.mark.parametrize(("changes", "reason"), SKIPS)
def test_skipped_with_a_reason(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    found = load_rules(_json(tmp_path / "rule.json", parameters(**changes)))
    assert found.faults == ()
    assert [skip.name for skip in found.skipped] == ["Netcat"]
    assert reason in found.skipped[0].reason


def test_what_looks_like_a_reason_to_skip(tmp_path: Path) -> None:
    changes = {"filters": [{"meta": {"disabled": True}}], "data_view_id": "v", "deprecated": False}
    found = load_rules(_json(tmp_path / "rule.json", parameters(**changes)))
    assert len(found) == 1
    (warning,) = found.warnings
    assert "the data view `v` is in Kibana" in warning.message


DATE_MATH = [
    pytest.param("now", True, id="now"),
    pytest.param("now-9m", True, id="ago"),
    pytest.param("now-1d/d", True, id="rounded"),
    pytest.param("now/w+1h-30m", True, id="several-steps"),
    pytest.param("2026-01-01T00:00:00.000Z", True, id="date"),
    pytest.param("2026-01-01||+1M/d", True, id="from-a-date-on"),
    pytest.param("now-9", False, id="no-unit"),
    pytest.param("now-9x", False, id="no-such-unit"),
    pytest.param("9m", False, id="no-anchor"),
    pytest.param("yesterday", False, id="words"),
]


@pytest.mark.parametrize("key", ["from", "to"])
@pytest.mark.parametrize(("text", "sound"), DATE_MATH)
def test_date_math(tmp_path: Path, key: str, text: str, sound: bool) -> None:
    found = load_rules(_json(tmp_path / "rule.json", parameters(**{key: text})))
    assert (len(found), [fault.message for fault in found.faults]) == (
        (1, []) if sound else (0, [f'`{key}` must be date math such as now{"-6m" * (key == "from")}, not "{text}"'])
    )


def test_deprecated_files(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[metadata]\nmaturity = "deprecated"\n[rule]\nname = "Old"\n')
    found = load_rules(tmp_path)
    assert found.faults == ()
    assert [skip.name for skip in found.skipped] == ["Old"]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "folder"])
def test_of_a_package_the_newest_versions(tmp_path: Path, zipped: bool) -> None:
    files = {
        f"{FOLDER}a_1.json": _asset(1),
        f"{FOLDER}a_10.json": _asset(10, query="file where true"),
        f"{FOLDER}a_2.json": _asset(2, query="broken"),
        f"{FOLDER}b_3.json": _asset(3, rule_id="b", deprecated=True),
        f"{FOLDER}b_2.json": _asset(2, rule_id="b"),
    }
    if zipped:
        path = tmp_path / "security_detection_engine-9.3.0.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("security_detection_engine-9.3.0/manifest.yml", "name: security_detection_engine")
            for name, value in files.items():
                archive.writestr(f"security_detection_engine-9.3.0/{name}", json.dumps(value))
    else:
        path = tmp_path
        _json(tmp_path / "kibana" / "tag" / "t.json", {"id": "t", "type": "tag", "attributes": {}})
        for name, value in files.items():
            _json(tmp_path / name, value)
    found = load_rules(path)
    assert found.faults == ()
    assert [(each.query, each.version) for each in found] == [("file where true", 10)]
    reasons = [skip.reason for skip in found.skipped if "tag" not in skip.reason]
    assert sorted(reasons) == [
        "deprecated by its authors",
        "version 1; 10 is newer",
        "version 2; 10 is newer",
        "version 2; 3 is newer",
    ]


def test_versions_named_one_by_one(tmp_path: Path) -> None:
    """As a shell names them: `--rules kibana/security_rule/*.json`."""
    names = [f"a_{version}.json" for version in (1, 10, 2)]
    paths = [_json(tmp_path / f"a_{version}.json", _asset(version)) for version in (1, 10, 2)]
    other = _json(tmp_path / "other.json", parameters(rule_id="other", name="other"))
    found = load_rules(paths[0], other, *paths[1:])
    assert found.faults == ()
    assert [(each.name, each.version) for each in found] == [("Netcat", 10), ("other", 1)]
    assert [Path(each.file).name for each in found.skipped] == [names[0], names[2]]
    copy = _json(tmp_path / "copy" / names[1], _asset(10))
    (fault,) = load_rules(paths[1], copy).faults
    assert (fault.file, "already taken" in fault.message) == (str(copy), True)


def test_a_rule_id_taken_twice(tmp_path: Path) -> None:
    first, second = (_json(tmp_path / f"{name}.json", parameters(name=name)) for name in "ab")
    found = load_rules(first) + load_rules(second)
    assert [each.name for each in found] == ["a"]
    assert found.faults == load_rules(first, second).faults
    assert (found.faults[0].file, f"'a' in {first}:1" in found.faults[0].message) == (str(second), True)


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = _json(tmp_path / "a.json", parameters())
    assert len(load_rules(path, tmp_path)) == 1
    assert load_rules(path, tmp_path).faults == ()


def test_hidden_folders_and_other_files_are_left_out(tmp_path: Path) -> None:
    _json(tmp_path / ".git" / "a.json", "no rule")
    _json(tmp_path / "README.md", "no rule")
    _json(tmp_path / "deep" / "er" / "a.JSON", parameters())
    assert [each.query for each in load_rules(tmp_path)] == [QUERY]


def test_no_paths_no_rules() -> None:
    assert load_rules() == RuleSet()


MISTYPED = [
    pytest.param(
        {"query": 'process where proces.name == "a"'}, "`proces.name`; did you mean `process.name`?", id="query"
    ),
    pytest.param({"timestamp_override": "event.ingestd"}, "`event.ingestd` in `timestamp_override`", id="override"),
    pytest.param({"timestamp_field": "event.creatd"}, "`event.creatd` in `timestamp_field`", id="time"),
    pytest.param({"tiebreaker_field": "event.sequenc"}, "`event.sequenc` in `tiebreaker_field`", id="tiebreaker"),
    pytest.param({"event_category_override": "event.typ"}, "`event.typ`", id="category"),
    pytest.param({"rule_name_override": "rule.nam"}, "`rule.nam` in `rule_name_override`", id="name"),
    pytest.param(
        {"severity_mapping": [{"field": "event.severty", "operator": "equals", "value": "1", "severity": "low"}]},
        "`event.severty` in `severity_mapping`",
        id="severity",
    ),
    pytest.param(
        {"risk_score_mapping": [{"field": "event.risk_scor", "operator": "equals", "value": ""}]},
        "`event.risk_scor` in `risk_score_mapping`",
        id="risk",
    ),
    pytest.param({"alert_suppression": {"group_by": ["hots.name"]}}, "`hots.name` in `alert_suppression`", id="group"),
    pytest.param({"alert_suppression": {"group_by": ["mine.own"]}}, "", id="no-field-of-that-kind"),
    pytest.param({"timestamp_override": "event.ingested"}, "", id="known"),
]


@pytest.mark.parametrize(("changes", "warning"), MISTYPED)
def test_fields_that_may_be_mistyped(changes: dict[str, object], warning: str) -> None:
    found = [each.message for each in RuleSet((rule(**changes),)).warnings]
    assert len(found) == bool(warning)
    assert all(each.startswith("unknown field") and warning in each for each in found)


def test_a_folder_that_cannot_be_read_is_a_fault_and_the_rest_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.json").write_text(json.dumps(parameters()))
    closed = tmp_path / "closed"
    closed.mkdir()
    scandir = os.scandir

    def refusing(path: str) -> object:  # root may read everything
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = load_rules(tmp_path)
    assert len(found) == 1
    assert [str(fault) for fault in found.faults] == [
        f"{closed}: cannot be read: Permission denied\n  hint: check the folder and its permissions"
    ]
