"""`deckwatch rules lint`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import GOLDEN, run, write_rule
from tests.golden import assert_golden

TWICE = 'file where file.name in ("a", "b", "a")'
NOTE = 'file where file.name : ("a*", "ab")'
CLEAN = 'file where file.name == "a"'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_rule(tmp_path / "twice.toml", TWICE, "twice")
    write_rule(tmp_path / "note.toml", NOTE, "note")
    return tmp_path


def test_help() -> None:
    result = run("rules", "lint", "--help")
    assert result.exit_code == 0
    assert_golden(GOLDEN / "help_rules_lint.txt", result.output)


def test_help_does_not_load_the_checks() -> None:
    code = (
        "import sys\nfrom deckwatch.cli.main import deckwatch\n"
        "deckwatch(['rules', 'lint', '--help'], standalone_mode=False)\n"
        "assert not any(name.startswith('deckwatch.lint') for name in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_findings(folder: Path) -> None:
    result = run("rules", "lint", "twice.toml", "--ignore", "attack-missing")
    assert result.exit_code == 1
    assert result.stdout == (
        'warning[duplicate-member]: `"a"` is in this list already\n'
        "  --> twice.toml:11:47 (twice)\n"
        "   |\n"
        f"11 | {TWICE}\n"
        "   |                                    ^^^\n"
        "  why: another value may have been meant\n"
        " cure: take it out\n"
        "       `--fix` does that\n"
        "\n"
        "1 rule looked at: 0 errors, 1 warning, 0 notes\n"
    )


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param(CLEAN, 0, id="nothing"),
        pytest.param(NOTE, 0, id="notes only"),
        pytest.param(TWICE, 1, id="a warning"),
        pytest.param("file where file.name = 1", 2, id="no sound rule"),
    ],
)
def test_exit_codes(tmp_path: Path, query: str, code: int) -> None:
    write_rule(tmp_path / "a.toml", query, "a")
    assert run("rules", "lint", tmp_path).exit_code == code


def test_as_json(folder: Path) -> None:
    result = run("rules", "lint", ".", "--json", "--ignore", "attack-missing")
    note, warning = map(json.loads, result.stdout.splitlines())
    assert (note["kind"], note["code"], note["severity"]) == ("finding", "subsumed-member", "info")
    assert warning == {
        "kind": "finding",
        "code": "duplicate-member",
        "severity": "warning",
        "rule": "twice",
        "file": "twice.toml",
        "line": 11,
        "column": 47,
        "span": {"start": 35, "end": 38},
        "message": '`"a"` is in this list already',
        "why": "another value may have been meant",
        "cure": "take it out",
        "name": "twice",
        "fixable": True,
    }


def test_as_sarif(folder: Path) -> None:
    result = run("rules", "lint", ".", "--sarif", "--select", "duplicate-member")
    log = json.loads(result.stdout)
    (found,) = log["runs"][0]["results"]
    assert (found["ruleId"], found["level"], result.exit_code) == ("duplicate-member", "warning", 1)


def test_fixing(folder: Path) -> None:
    result = run("rules", "lint", ".", "--fix", "--ignore", "attack-missing")
    assert result.exit_code == 0
    assert result.stdout == "2 rules looked at: 0 errors, 0 warnings, 0 notes\n"
    assert result.stderr == "note.toml: mended, 1 member taken out\ntwice.toml: mended, 1 member taken out\n"
    assert 'in ("a", "b")' in (folder / "twice.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--select", "duplicate-members"), "did you mean `duplicate-member`?", id="unknown code"),
        pytest.param(("--json", "--sarif"), "--json and --sarif exclude each other", id="two outputs"),
    ],
)
def test_wrong_arguments(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("rules", "lint", ".", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
