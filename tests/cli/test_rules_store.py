"""`deckwatch rules`: the commands that manage the rules of a store."""

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from deckwatch.rules.load import founding_rules
from tests.cli.run import ATTACKS, GOLDEN, event, program, run, write_events, write_rule
from tests.golden import assert_golden
from tests.store.build import document, exported, written

COMMANDS = (
    "add",
    "list",
    "show",
    "enable",
    "disable",
    "update",
    "duplicate",
    "edit",
    "export",
    "remove",
    "repair",
    "history",
)
FOUNDING = Path(__file__).resolve().parents[2] / "src" / "deckwatch" / "rules" / "founding"
SYSTEM_PATH = "05a50000-9886-4695-ad33-3f990dc142e2"
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the store will be."""
    place = tmp_path / "store"
    monkeypatch.setenv("DECKWATCH_STORE", str(place))
    monkeypatch.chdir(tmp_path)
    return place


@pytest.fixture
def founding(store: Path) -> Path:
    """A store with the founding rules."""
    assert run("rules", "add", FOUNDING).exit_code == 0
    return store


def rules(*arguments: object) -> Result:
    return run("rules", *arguments)


def told(result: Result, store: Path) -> str:
    """What a command said, without what differs from run to run."""
    text = f"exit code {result.exit_code}\n--- stdout\n{result.stdout}--- stderr\n{result.stderr}"
    return TIME.sub("2026-11-22 12:00:00", text.replace(str(store), "STORE"))


def listed(*arguments: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rules("list", "--json", *arguments).stdout.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    result = rules(command, "--help")
    assert result.exit_code == 0
    assert_golden(GOLDEN / f"help_rules_{command}.txt", result.output)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in ("add", "repair")])
def test_without_a_store(command: str) -> None:
    needed = {"show": ["a"], "duplicate": ["a"], "edit": ["a"], "remove": ["a"], "enable": ["a"], "disable": ["a"]}
    result = rules(command, *needed.get(command, [FOUNDING] if command == "update" else []))
    assert result.exit_code == 2
    assert "there is no rule store at" in result.stderr
    assert "`deckwatch rules add PATH` makes one" in result.stderr


def test_adding(store: Path) -> None:
    result = rules("add", FOUNDING)
    assert told(result, store) == "exit code 0\n--- stdout\n2 rules added to STORE, 2 enabled\n--- stderr\n"
    assert told(rules("add", FOUNDING), store).splitlines()[2:4] == [
        "0 rules added to STORE, 0 enabled",
        "2 rules there already",
    ]


@pytest.mark.parametrize(
    ("option", "enabled"), [pytest.param("--disabled", 0, id="disabled"), pytest.param("--enabled", 2, id="enabled")]
)
def test_adding_with_a_say(option: str, enabled: int) -> None:
    assert rules("add", FOUNDING, option).stdout.endswith(f", {enabled} enabled\n")
    assert sum(rule["enabled"] for rule in listed()) == enabled


def test_adding_what_is_there_in_another_version(founding: Path, tmp_path: Path) -> None:
    other = write_rule(tmp_path / "other.toml", "file where true", SYSTEM_PATH)
    result = rules("add", other)
    assert result.exit_code == 1
    assert (
        f"not added: '{SYSTEM_PATH}' ({SYSTEM_PATH}) is there in another version\n  hint: `deckwatch" in result.stdout
    )


def test_adding_some_that_are_not_sound(store: Path, tmp_path: Path) -> None:
    lines = ({**document().parameters}, {**document(type="esql", rule_id="b").parameters}, {"name": "c"})
    result = rules("add", exported(tmp_path / "e.ndjson", *lines), "--json")
    assert result.exit_code == 2
    kinds = [json.loads(line)["kind"] for line in result.stdout.splitlines()]
    assert kinds[:2] == ["added", "skipped"]
    assert set(kinds[2:]) == {"fault"}
    assert "`query` is missing" in result.stderr
    plain = rules("add", tmp_path / "e.ndjson").stdout
    assert "1 skipped; `deckwatch rules check` says why\n" in plain
    assert len(listed()) == 1


def test_list(founding: Path) -> None:
    rules("disable", SYSTEM_PATH)
    assert_golden(GOLDEN / "rules_list.txt", told(rules("list"), founding))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        pytest.param([], "IS", id="all"),
        pytest.param(["--severity", "high"], "I", id="severity"),
        pytest.param(["--severity", "high", "--severity", "medium"], "IS", id="one of two severities"),
        pytest.param(["--tag", "tactic: command and control"], "S", id="tag, in any case"),
        pytest.param(["--technique", "TA0011"], "S", id="tactic"),
        pytest.param(["--technique", "T9999"], "", id="technique that none has"),
        pytest.param(["--integration", "cloud_defend"], "IS", id="integration"),
        pytest.param(["--integration", "endpoint"], "", id="integration that none reads"),
        pytest.param(["--enabled"], "I", id="enabled"),
        pytest.param(["--disabled"], "S", id="disabled"),
        pytest.param(["--disabled", "--severity", "high"], "", id="both must fit"),
    ],
)
def test_filters(founding: Path, arguments: list[str], found: str) -> None:
    rules("disable", SYSTEM_PATH)
    assert "".join(rule["name"][0] for rule in listed(*arguments)) == found


def test_techniques_cover_their_parts(tmp_path: Path) -> None:
    part = {"id": "T1059.004", "name": "Unix Shell", "reference": "r"}
    technique = {"id": "T1059", "name": "Interpreter", "reference": "r", "subtechnique": [part]}
    threat = {"framework": "MITRE ATT&CK", "tactic": {"id": "TA0002", "name": "Execution", "reference": "r"}}
    rules("add", written(tmp_path / "new", document(threat=[{**threat, "technique": [technique]}])))
    assert [len(listed("--technique", wanted)) for wanted in ("T1059", "t1059.004", "T105", "TA0002")] == [1, 1, 0, 1]
    assert listed()[0]["attack"] == ["TA0002", "T1059", "T1059.004"]


def test_show(founding: Path) -> None:
    result = rules("show", "system path", "--events", ATTACKS)
    assert_golden(GOLDEN / "rules_show.txt", told(result, founding))


def test_show_as_json(founding: Path) -> None:
    shown = json.loads(rules("show", SYSTEM_PATH, "--json").stdout)
    assert shown["query"].startswith("file where")
    assert shown["customized"] == []
    assert shown["fields"][0] == {"name": "host.os.type", "type": "keyword"}
    assert not any("present" in field for field in shown["fields"])
    rules("edit", SYSTEM_PATH, "--set", "severity=high")
    assert json.loads(rules("show", SYSTEM_PATH, "--json").stdout)["customized"] == ["severity"]
    assert "version         1 (changed here: severity)\n" in rules("show", SYSTEM_PATH).stdout


def test_show_says_what_events_lack(founding: Path, tmp_path: Path) -> None:
    path = write_events(tmp_path / "e.ndjson", [event(file={"path": "/etc/passwd"})])
    shown = json.loads(rules("show", SYSTEM_PATH, "--json", "--events", path).stdout)
    present = {field["name"]: field["present"] for field in shown["fields"]}
    assert (present["file.path"], present["process.name"], shown["events"]) == (True, False, 1)


def test_show_of_everything_a_rule_can_have(store: Path, tmp_path: Path) -> None:
    rule = document(
        setup="Do\nthis.",
        note="## Note\n\x1b[31m",
        false_positives=["backups"],
        references=["https://example.org"],
        exceptions_list=[{"list_id": "mine"}],
        rule_source={"type": "external", "is_customized": True},
    )
    rules("add", exported(tmp_path / "e.ndjson", {**rule.parameters}))
    shown = rules("show", "Netcat").stdout
    for part in (
        "Setup\nDo\nthis.\n",
        "- backups\n",
        "https://example.org\n",
        "exceptions      mine (nothing of it in force)\n",
        "\\x1b[31m",
    ):
        assert part in shown
    assert "(its authors' version is not known)" in shown


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("nothing", "'nothing' is neither the id nor the name of a rule in the store", id="none"),
        pytest.param("Copy", "'Copy' names several rules: 'Copy 1' (", id="several"),
    ],
)
def test_names_that_do_not_say_which(founding: Path, name: str, message: str) -> None:
    for number in (1, 2):
        rules("duplicate", SYSTEM_PATH, "--name", f"Copy {number}")
    result = rules("show", name)
    assert result.exit_code == 2
    assert message in result.stderr


def test_enabling_and_disabling(founding: Path) -> None:
    result = rules("disable", "--severity", "high")
    assert result.stdout.endswith("1 rule disabled\n")
    assert rules("disable", "--all").stdout.endswith("1 rule disabled; 1 were already\n")
    changed = rules("enable", SYSTEM_PATH, "--json").stdout
    assert json.loads(changed)["enabled"] is True
    result = rules("enable")
    assert (result.exit_code, "name rules, or say which" in result.stderr) == (2, True)


def test_what_scan_runs(founding: Path) -> None:
    result = run("scan", ATTACKS)
    assert result.stderr.endswith(f"2 enabled of 2 rules in {founding}\n")
    every = result.stdout
    rules("disable", SYSTEM_PATH)
    result = run("scan", ATTACKS)
    assert result.stderr == f"1 enabled of 2 rules in {founding}\n"
    assert "System Path" in every
    assert "System Path" not in result.stdout
    assert run("scan", ATTACKS, "--rules", FOUNDING).stdout.splitlines()[:-3] == every.splitlines()[:-3]
    rules("disable", "--all")
    result = run("scan", ATTACKS)
    assert result.exit_code == 2
    assert "`deckwatch rules enable --all` lets them run" in result.stderr


def test_stores_named_on_the_command_line(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert rules("add", FOUNDING, "--store", other).exit_code == 0
    assert not store.exists()
    assert f"2 enabled of 2 rules in {other}\n" in run("scan", ATTACKS, "--store", other).stderr
    assert "there is no rule store" in run("scan", ATTACKS, "--store", tmp_path / "nothing").stderr
    result = run("scan", ATTACKS, "--store", other, "--rules", FOUNDING)
    assert (result.exit_code, "exclude each other" in result.stderr) == (2, True)


def test_a_store_without_rules(founding: Path) -> None:
    rules("remove", *(rule["rule_id"] for rule in listed()))
    result = run("scan", ATTACKS)
    assert (result.exit_code, "there is no rule in the store" in result.stderr) == (2, True)


def test_what_holds_no_rules_makes_no_store(store: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[rule]")
    assert rules("add", tmp_path / "bad.toml").exit_code == 2
    assert not store.exists()


def test_without_a_store_the_founding_rules_run() -> None:
    result = run("scan", ATTACKS)
    assert result.stderr == ""
    assert f"{len(founding_rules())} rules loaded" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        pytest.param(["--dry-run"], "dry_run", id="dry run"),
        pytest.param([], "conflict", id="a conflict"),
        pytest.param(["--take", "query=new", "--take", "yours"], "taken", id="sides taken"),
    ],
)
def test_update(store: Path, tmp_path: Path, arguments: list[str], name: str) -> None:
    old = document({"updated_date": "1"}, tags=["a"], note="1\n2\n3\n4\n")
    rules("add", written(tmp_path / "old", old, document(rule_id="b", name="B")))
    mine = ("severity=high", 'tags=["a", "mine"]', "query=any where true", "note=0\n1\n2\n3\n4\n", "name=Mine")
    rules("edit", "Netcat", *(word for setting in mine for word in ("--set", setting)))
    new = document(
        {"updated_date": "2"},
        version=2,
        tags=["a", "new"],
        note="1\n2\n3\n4\n5\n",
        query="any where\n  false\n",
        risk_score=73,
        name="New",
    )
    others = document(rule_id="b", name="B", version=4, max_signals=7), document(rule_id="c", name="C")
    folder = written(tmp_path / "new", new, *others)
    result = rules("update", folder, *arguments)
    assert_golden(GOLDEN / f"rules_update_{name}.txt", told(result, store))
    as_json = [json.loads(line) for line in rules("update", folder, *arguments, "--json").stdout.splitlines()]
    assert as_json[-1] == {"kind": "unknown", "rule_id": "c", "name": "C", "version": 1}
    if name == "conflict":
        assert (as_json[0]["kind"], as_json[0]["fields"]["name"]["outcome"]) == ("left", "conflict")


def test_update_shows_where_long_texts_differ(founding: Path, tmp_path: Path) -> None:
    query = next(rule.query for rule in founding_rules() if rule.rule_id == SYSTEM_PATH).strip()
    rules("edit", SYSTEM_PATH, "--set", f"query={query.replace('wget', 'fetch', 1)}")
    new = tmp_path / "new"
    new.mkdir()
    (file,) = FOUNDING.glob("execution*")
    (new / file.name).write_text(file.read_text().replace('"/etc/*", ', ""))
    assert_golden(GOLDEN / "rules_update_long.txt", told(rules("update", new), founding))


@pytest.mark.parametrize(
    ("take", "message"),
    [
        pytest.param("theirs", "write yours, new, FIELD=yours or FIELD=new", id="no side"),
        pytest.param("severty=new", "did you mean `severity`?", id="no field"),
    ],
)
def test_sides_that_are_none(founding: Path, take: str, message: str) -> None:
    result = rules("update", FOUNDING, "--take", take)
    assert (result.exit_code, message in result.stderr) == (2, True)


def test_update_of_one_rule(founding: Path) -> None:
    assert rules("update", FOUNDING, "--rule", "system path").stdout == "0 rules updated, 0 left, 1 current\n"


def test_update_tells_of_what_is_withdrawn_and_older(store: Path, tmp_path: Path) -> None:
    rules("add", written(tmp_path / "a", document(version=3), document(rule_id="b", name="B")))
    lines = ({**document(version=2).parameters}, {**document(rule_id="b", name="B", type="esql").parameters})
    result = rules("update", exported(tmp_path / "e.ndjson", *lines))
    assert "withdrawn: 'B' (b): a rule of type esql" in result.stdout
    assert "older than the store's: 'Netcat'" in result.stdout


def test_duplicating(founding: Path) -> None:
    result = rules("duplicate", SYSTEM_PATH, "--name", "Ours", "--json")
    copy = json.loads(result.stdout)
    assert (copy["name"], copy["enabled"]) == ("Ours", False)
    assert rules("duplicate", SYSTEM_PATH).stdout.startswith("'System Path File Creation and Execution Detected via")
    assert len(listed()) == 4


def test_editing_with_settings(founding: Path) -> None:
    result = rules("edit", SYSTEM_PATH, "--set", "severity=high", "--set", 'tags=["Domain: Container", "Ours"]')
    lines = result.stdout.splitlines()
    assert lines[0] == 'severity: "medium" → "high"'
    assert 'tags + "Ours"' in lines
    assert lines[-1] == "'System Path File Creation and Execution Detected via Defend for Containers' changed"
    assert rules("edit", SYSTEM_PATH, "--set", "severity=high").stdout == "nothing changed\n"
    as_json = json.loads(rules("edit", SYSTEM_PATH, "--set", "max_signals=5", "--json").stdout)
    assert as_json["changes"] == {"max_signals": {"from": None, "to": 5}}
    result = rules("edit", SYSTEM_PATH, "--set", "severity=hihg")
    assert (result.exit_code, "did you mean `high`?" in result.stderr) == (2, True)


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An editor that does this to the file."""
    path = tmp_path / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("EDITOR", str(path))
    monkeypatch.delenv("VISUAL", raising=False)


def test_editing_in_an_editor(founding: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, 'sed -i "s/\\"medium\\"/\\"high\\"/" "$1"')
    result = rules("edit", SYSTEM_PATH)
    assert result.stdout.startswith('severity: "medium" → "high"\n')
    assert listed("--severity", "medium") == []
    editor(tmp_path, monkeypatch, "exit 0")
    assert rules("edit", SYSTEM_PATH).stdout == "nothing changed\n"


def test_an_editor_that_leaves_no_sound_rule(founding: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, 'sed -i "s/\\"medium\\"/\\"hihg\\"/" "$1"')
    result = rules("edit", SYSTEM_PATH)
    assert result.exit_code == 2
    assert "`severity` must be one of" in result.stderr
    assert len(listed("--severity", "medium")) == 1


@pytest.mark.parametrize(
    ("again", "severity"), [pytest.param("y", "high", id="again"), pytest.param("n", "medium", id="no")]
)
def test_editing_again(
    founding: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str, severity: str
) -> None:
    editor(tmp_path, monkeypatch, 'sed -i "s/\\"hihg\\"/\\"high\\"/; s/\\"medium\\"/\\"hihg\\"/" "$1"')
    monkeypatch.setattr("deckwatch.cli.rules.edit._is_asked", lambda: True)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: again == "y")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    result = rules("edit", SYSTEM_PATH)
    assert len(listed("--severity", severity)) == 1 + (severity == "high")
    if again == "n":
        (kept,) = re.findall(r"your text is in (\S+)", result.stderr)
        assert '"hihg"' in Path(kept).read_text()
        os.unlink(kept)  # noqa: PTH108


def test_exporting(founding: Path, tmp_path: Path) -> None:
    result = rules("export", SYSTEM_PATH)
    rule, summary = map(json.loads, result.stdout.splitlines())
    assert (rule["rule_id"], summary["exported_rules_count"]) == (SYSTEM_PATH, 1)
    assert rules("export", "--output", tmp_path / "all.ndjson").stderr == f"2 rules exported to {tmp_path}/all.ndjson\n"
    assert len((tmp_path / "all.ndjson").read_text().splitlines()) == 3
    assert rules("export", "--severity", "high", "--output", tmp_path / "out").exit_code == 0
    assert len(list((tmp_path / "out").glob("*.toml"))) == 1
    result = rules("export", "--output", tmp_path / "out")
    assert (result.exit_code, "not empty" in result.stderr) == (2, True)


def test_removing_and_history(founding: Path) -> None:
    rules("edit", SYSTEM_PATH, "--set", "severity=high", "--set", "note=1\n2\n")
    rules("edit", SYSTEM_PATH, "--set", "note=1\n3\n")
    rules("disable", SYSTEM_PATH)
    assert rules("remove", SYSTEM_PATH).stdout.endswith("1 rule removed\n")
    everything = told(rules("history"), founding)
    one = told(rules("history", "system path"), founding)
    assert_golden(GOLDEN / "rules_history.txt", everything + one)
    as_json = [json.loads(line) for line in rules("history", SYSTEM_PATH, "--json").stdout.splitlines()]
    assert [each["event"] for each in as_json] == ["added", "edited", "edited", "disabled", "removed"]
    assert as_json[1]["changes"]["severity"] == {"from": "medium", "to": "high"}
    assert json.loads(rules("remove", "Ingress", "--json").stdout)["name"].startswith("Ingress")
    assert "`deckwatch rules history` shows all of it" in rules("history", "nothing").stderr


def test_missing_files(founding: Path) -> None:
    (file,) = (founding / "rules").glob("execution*")
    file.unlink()
    result = rules("list")
    assert f"1 file gone from {founding}: rules/{file.name}\n" in result.stderr
    assert "gone from" in run("scan", ATTACKS).stderr
    assert rules("repair").stdout == f"rules/{file.name}\n1 file restored\n"
    assert rules("repair").stdout == "nothing is missing\n"
    file.unlink()
    assert json.loads(rules("repair", "--forget", "--json").stdout) == {"file": f"rules/{file.name}", "forgotten": True}
    assert len(listed()) == 1


def test_rules_that_are_not_sound_are_reported(founding: Path) -> None:
    write_rule(founding / "rules" / "bad.toml", "file where")
    for command in (["rules", "list"], ["scan", ATTACKS]):
        assert "bad.toml:11:" in run(*command).stderr


def test_repairing_where_there_is_nothing() -> None:
    assert "there is no rule store" in rules("repair").stderr


def test_help_does_not_load_the_store() -> None:
    code = (
        "import sys\nfrom deckwatch.cli.main import deckwatch\n"
        "for command in ('add', 'list', 'show', 'update', 'edit'):\n"
        "    deckwatch(['rules', command, '--help'], standalone_mode=False)\n"
        "assert not any(name.startswith(('deckwatch.store', 'polars', 'sqlite3')) for name in sys.modules)"
    )
    import subprocess
    import sys

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_as_a_program(store: Path) -> None:
    assert program("rules", "add", FOUNDING).returncode == 0
    assert program("rules", "list", "--json").stdout.count("\n") == 2
