"""`deckwatch rules except`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.run import GOLDEN, event, run, write_events, write_rule
from tests.golden import assert_golden

ENTRY = ("--entry", "user.name is backup")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_rule(tmp_path / "rule.toml", 'file where file.name != "c"')
    users = ["backup", "root", "backup", "\x1b[31m"]
    write_events(
        tmp_path / "events.ndjson",
        [event(number, **{"user.name": user, "event.id": f"e{number}"}) for number, user in enumerate(users)],
    )
    return tmp_path


def marked(*reasons: str) -> None:
    alerts = [
        json.loads(line) for line in run("scan", "events.ndjson", "--rules", "rule.toml", "--json").stdout.splitlines()
    ]
    for alert, reason in zip(alerts, reasons, strict=False):
        alert["kibana.alert.workflow_reason"] = reason
    write_events(Path("marks.ndjson"), alerts)


def test_help() -> None:
    result = run("rules", "except", "--help")
    assert result.exit_code == 0
    assert_golden(GOLDEN / "help_rules_except.txt", result.output)


def test_what_would_go(folder: Path) -> None:
    result = run("rules", "except", "rule.toml", "--preview", "events.ndjson", *ENTRY, "--limit", 1)
    assert result.exit_code == 0
    assert_golden(GOLDEN / "rules_except.txt", result.stdout)


@pytest.mark.parametrize(
    ("reasons", "code", "line"),
    [
        pytest.param((), 0, "2 of 4 alerts would be removed: 2 not marked", id="no marks"),
        pytest.param(
            ("false_positive", "true_positive"),
            0,
            "2 of 4 alerts would be removed: 1 marked false, 1 not marked",
            id="true ones stay",
        ),
        pytest.param(("true_positive",), 1, "1 true alert would be lost", id="a true one goes"),
    ],
)
def test_the_exit_code_tells_whether_true_alerts_would_go(
    folder: Path, reasons: tuple[str, ...], code: int, line: str
) -> None:
    marked(*reasons)
    result = run("rules", "except", "rule.toml", "--preview", "events.ndjson", *ENTRY, "--marks", "marks.ndjson")
    assert result.exit_code == code
    assert line in result.stdout.splitlines()


def test_json(folder: Path) -> None:
    marked("true_positive")
    result = run(
        "rules", "except", "rule.toml", "--preview", "events.ndjson", *ENTRY, "--marks", "marks.ndjson", "--json"
    )
    *removed, summary = map(json.loads, result.stdout.splitlines())
    assert [(each["kind"], each["mark"]) for each in removed] == [("removed", "true"), ("removed", None)]
    assert removed[0]["uuid"] == removed[0]["alert"]["kibana.alert.uuid"]
    assert summary == {
        "kind": "summary",
        "alerts": 4,
        "removed": {"true": 1, "false": 0, "unmarked": 1},
        "added": 0,
        "missed_true": 0,
        "events": 4,
        "events_removed": {next(iter(summary["events_removed"])): 2},
        "events_removed_by_stage": {next(iter(summary["events_removed"])): [2]},
    }


def test_written_exceptions_apply_and_can_be_tried_again(folder: Path) -> None:
    wrote = run(
        "rules", "except", "rule.toml", *ENTRY, "--name", "Backups", "--expires", "2200-01-01", "--write", "x.ndjson"
    )
    assert (wrote.exit_code, wrote.stdout) == (0, "")
    head, item = map(json.loads, Path("x.ndjson").read_text().splitlines())
    assert (head["list_id"], head["meta"]) == ("x", {"rule_ids": ["any"]})
    assert (item["name"], item["expire_time"]) == ("Backups", "2200-01-01T00:00:00.000Z")
    result = run("scan", "events.ndjson", "--rules", "rule.toml", "--rules", "x.ndjson")
    assert "2 events removed by exceptions: 2 by 'Backups'" in result.stdout
    for again in (("--list", "x.ndjson"), ("--rules", "rule.toml", "--rules", "x.ndjson")):
        name = "any" if "--rules" in again else "rule.toml"
        tried = run("rules", "except", name, "--preview", "events.ndjson", *again)
        assert "2 of 4 alerts would be removed: 2 not marked" in tried.stdout


BAD: list[Any] = [
    pytest.param([], "nothing to do", id="nothing to do"),
    pytest.param(["--write", "x"], "--write needs an exception", id="nothing to write"),
    pytest.param(["--preview", "events.ndjson", "--step", "1"], "are for an exception of --entry", id="no entry"),
    pytest.param(["--preview", "events.ndjson", *ENTRY, "--step", "0"], "is no stage", id="no stage"),
    pytest.param(
        ["--preview", "events.ndjson", *ENTRY, "--step", "2"], "which the rule does not have", id="other stage"
    ),
    pytest.param(["--preview", "events.ndjson", *ENTRY, "--expires", "soon"], "is no time", id="no time"),
    pytest.param(["--preview", "events.ndjson", "--entry", "user.name = x"], "says nothing", id="no notation"),
    pytest.param(
        ["--preview", "events.ndjson", "--entry", '{"a": 1}'], "`type` must be one of", id="no entry of Kibana"
    ),
    pytest.param(
        ["--preview", "events.ndjson", "--list", "rule.toml"], "no exception that could be used", id="no list"
    ),
    pytest.param(["--preview", "none.ndjson", *ENTRY], "none.ndjson", id="no events"),
    pytest.param(
        ["--preview", "events.ndjson", *ENTRY, "--write", "events.ndjson"],
        "would be overwritten",
        id="events as output",
    ),
    pytest.param(["--preview", "events.ndjson", *ENTRY, "--marks", "none"], "none", id="no marks"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input(folder: Path, arguments: list[str], message: str) -> None:
    result = run("rules", "except", "rule.toml", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_check_lists_exceptions_and_their_rules(folder: Path) -> None:
    run("rules", "except", "rule.toml", *ENTRY, "--write", "x.ndjson")
    assert run("rules", "check", "rule.toml", "x.ndjson").stdout == "1 rule loaded, 0 skipped, 0 faults, 1 exception\n"
    found = [json.loads(line) for line in run("rules", "check", "rule.toml", "x.ndjson", "--json").stdout.splitlines()]
    (exception,) = (each for each in found if each["kind"] == "exception")
    assert (exception["name"], exception["list_id"], exception["rules"]) == ("user.name is backup", "x", ["any"])


def test_what_is_no_alert_among_the_marks_is_told(folder: Path) -> None:
    Path("marks.ndjson").write_text("{}\nnot JSON\n")
    result = run("rules", "except", "rule.toml", "--preview", "events.ndjson", *ENTRY, "--marks", "marks.ndjson")
    assert result.exit_code == 0
    assert "marks.ndjson:2: no alert: " in result.stderr
