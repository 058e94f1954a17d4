"""`deckwatch rules` where something is wrong: what is said, and what is left as it was."""

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.run import ATTACKS, program, run, write_rule
from tests.cli.test_process import on_terminal
from tests.store.build import ITEM, LIST, REFERENCE, document, exported, written

QUERY = "process where true"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with one rule."""
    place = tmp_path / "store"
    monkeypatch.setenv("DECKWATCH_STORE", str(place))
    monkeypatch.chdir(tmp_path)
    published = written(tmp_path / "published", document(name="Netcat", tags=["Domain: Container"]))
    assert rules("add", published).exit_code == 0
    return place


def rules(*arguments: object) -> Result:
    return run("rules", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["add", ""], id="rules"),
        pytest.param(["list", "--store", ""], id="store"),
        pytest.param(["export", "--output", ""], id="output"),
    ],
)
def test_an_empty_path_is_not_the_current_folder(arguments: list[str]) -> None:
    result = rules(*arguments)
    assert result.exit_code == 2
    assert "a path is empty; is a variable of the shell not set?" in result.stderr


@pytest.mark.parametrize("command", ["enable", "disable"])
@pytest.mark.parametrize("more", [["--severity", "low"], ["Netcat"]], ids=["option", "name"])
def test_all_rules_and_some_exclude_each_other(command: str, more: list[str]) -> None:
    result = rules(command, "--all", *more)
    assert result.exit_code == 2
    assert "--all means all rules" in result.stderr


@pytest.mark.parametrize("command", ["list", "enable", "disable", "export"])
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        pytest.param("--tag", "Domain: Contaner", "; did you mean `Domain: Container`?", id="tag"),
        pytest.param("--integration", "cloud_defnd", "", id="integration"),
        pytest.param("--technique", "T9999", "", id="technique"),
    ],
)
def test_options_that_fit_no_rule(command: str, option: str, value: str, message: str) -> None:
    result = rules(command, option, value)
    assert result.exit_code == 0
    assert f"no rule of the store has the {option[2:]} {value!r}{message}\n" in result.stderr


def test_a_name_that_is_nearly_one() -> None:
    assert "; did you mean `Netcat`?" in rules("show", "Netcut").stderr


def test_ids_cannot_write_to_a_terminal(tmp_path: Path) -> None:
    line = document(rule_id="id\x1b]0;title\x07\nnext", name="Other").parameters
    assert rules("add", exported(tmp_path / "e.ndjson", dict(line))).exit_code == 0
    assert r"id\x1b]0;title\x07\nnext" in rules("list").stdout


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"rule-\xff.ndjson")
    line = document(rule_id="b", name="Other").parameters
    assert rules("add", exported(tmp_path / name, dict(line))).exit_code == 0
    assert r"Other from rule-\udcff.ndjson" in rules("history").stdout


def test_events_that_are_none(tmp_path: Path) -> None:
    lines = tmp_path / "lines.ndjson"
    lines.write_text("no event\n")
    result = rules("show", "Netcat", "--events", lines)
    assert result.exit_code == 0
    assert result.stderr.startswith("1 malformed line, --dead-letter FILE keeps them")
    whole = tmp_path / "whole.json"
    whole.write_text('{\n "a": 1\n}\n')
    result = rules("show", "Netcat", "--events", whole)
    assert result.exit_code == 2
    assert "not one document per line" in result.stderr


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("exit 3", "Editing failed; the rule stays as it was", id="fails"),
        pytest.param(r"""printf '\377' > "$1" """, "no text in UTF-8", id="not UTF-8"),
        pytest.param('rm "$1"', "No such file", id="removes the file"),
    ],
)
def test_editors_that_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str) -> None:
    path = tmp_path / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("EDITOR", str(path))
    monkeypatch.delenv("VISUAL", raising=False)
    result = rules("edit", "Netcat")
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_setting_that_is_not_sound_names_the_rule() -> None:
    assert rules("edit", "Netcat", "--set", "severity=x").stderr.startswith("Error: 'Netcat': `severity` must be")


@pytest.mark.parametrize("name", ["a.json", "a.TOML", "a.zip"])
def test_exports_are_not_called_like_something_else(name: str, tmp_path: Path) -> None:
    result = rules("export", "--output", name)
    assert result.exit_code == 2
    assert "name a file that ends in .ndjson, or a new folder" in result.stderr
    assert not (tmp_path / name).exists()


def test_decisions_about_fields_that_no_rule_has(tmp_path: Path) -> None:
    result = rules("update", tmp_path / "published", "--take", "zzzz=new")
    assert result.exit_code == 0
    assert "none of the rules to update differs in a field 'zzzz'" in result.stderr


def test_update_tells_of_faults_as_json(tmp_path: Path) -> None:
    (tmp_path / "published" / "bad.toml").write_text("x = [")
    result = rules("update", tmp_path / "published", "--json")
    assert result.exit_code == 2
    assert [json.loads(line)["kind"] for line in result.stdout.splitlines()] == ["fault"]


def test_repairing_says_what_it_leaves_alone(store: Path) -> None:
    (file,) = (store / "rules").iterdir()
    good = file.read_text()
    file.write_text("x = [")
    result = rules("repair")
    assert result.exit_code == 2
    assert "delete a file and repair again to have it as it last was" in result.stderr
    file.unlink()
    assert rules("repair").exit_code == 0
    assert file.read_text() == good


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["scan", ATTACKS, "--rules", "RULE", "--output", "RULE"], id="scan --output"),
        pytest.param(["scan", ATTACKS, "--rules", "RULE", "--dead-letter", "RULE"], id="scan --dead-letter"),
        pytest.param(["rules", "backtest", "RULE", ATTACKS, "--html", "RULE"], id="backtest --html"),
        pytest.param(["rules", "coverage", "RULE", "--navigator", "RULE"], id="coverage --navigator"),
        pytest.param(["rules", "prove", "RULE", "--mutants", "0", "--write", "RULE"], id="prove --write"),
    ],
)
def test_rules_are_not_overwritten(tmp_path: Path, arguments: list[object]) -> None:
    rule = write_rule(tmp_path / "mine.toml", QUERY)
    text = rule.read_text()
    result = run(*(rule if each == "RULE" else each for each in arguments))
    assert result.exit_code == 2
    assert "name another file" in result.stderr
    assert rule.read_text() == text


def test_tests_that_somebody_wrote_are_not_overwritten(tmp_path: Path) -> None:
    rule, tests = write_rule(tmp_path / "mine.toml", QUERY), tmp_path / "mine.test.toml"
    tests.write_text('[[case]]\nname = "mine"\nfires = false\n')
    assert rules("prove", rule, "--mutants", "0", "--write", tests).exit_code == 2
    tests.unlink()
    for _ in range(2):
        assert rules("prove", rule, "--mutants", "0", "--write", tests).exit_code == 0
    assert "was not made" not in rules("test", tests, "--junit", tmp_path / "junit.xml").stderr
    assert rules("test", tests, "--junit", tests).exit_code == 2


def test_exceptions_are_written_to_files_only() -> None:
    result = rules("except", "Netcat", "--entry", "user.id is 5", "--write", "/dev/full")
    assert result.exit_code == 2
    assert "/dev/full is no file" in result.stderr


@pytest.mark.parametrize("place", ["~nobody-of-this-name/store"])
def test_no_home_folder(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECKWATCH_STORE", place)
    result = rules("list")
    assert result.exit_code == 2
    assert "no home folder; set DECKWATCH_STORE" in result.stderr


def test_a_closed_standard_output() -> None:
    result = program("rules", "list", preexec_fn=lambda: os.close(1))
    assert result.returncode == 0
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_terminals_without_colours(tmp_path: Path, name: str, value: str) -> None:
    rule = write_rule(tmp_path / "r.toml", 'process where process.name in ("a", "a")')
    assert "\x1b[" in on_terminal("rules", "lint", rule)
    assert "\x1b[" not in on_terminal("rules", "lint", rule, **{name: value})


def test_show_tells_of_exceptions_and_suppression(tmp_path: Path) -> None:
    lists = {**LIST, "meta": {"rule_ids": ["b"]}}
    suppression = {"group_by": ["container.id"], "duration": {"value": 5, "unit": "m"}}
    line = document(rule_id="b", name="Other", alert_suppression=suppression).parameters
    assert rules("add", exported(tmp_path / "e.ndjson", dict(line), lists, ITEM)).exit_code == 0
    shown = rules("show", "Other").stdout
    assert "exceptions      l: I\n" in shown
    assert "suppression     by container.id, for 5m\n" in shown
    assert json.loads(rules("show", "Other", "--json").stdout)["exceptions"] == [
        {"list_id": "l", "item_id": "i", "name": "I"}
    ]
    assert rules("edit", "Netcat", "--set", 'exceptions_list=[{"list_id": "gone"}]').exit_code == 0
    assert "gone (nothing of it in force)" in rules("show", "Netcat").stdout


def test_adding_exceptions_that_are_there_otherwise(tmp_path: Path) -> None:
    line = document(rule_id="b", name="Other", exceptions_list=[REFERENCE]).parameters
    assert rules("add", exported(tmp_path / "e.ndjson", dict(line), LIST, ITEM)).exit_code == 0
    result = rules("add", exported(tmp_path / "e.ndjson", dict(line), LIST, {**ITEM, "os_types": ["linux"]}))
    assert result.exit_code == 1
    assert "not added: exception 'I' of list l is there in another version" in result.stdout
    assert "change them there" in result.stdout
