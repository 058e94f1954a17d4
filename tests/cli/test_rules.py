"""`deckwatch rules check`."""

import json
from pathlib import Path

import pytest

from tests.cli.run import run, write_rule

FOUNDING = Path(__file__).resolve().parents[2] / "src" / "deckwatch" / "rules" / "founding"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rule(tmp_path / "a.toml", "file where true", "a")
    write_rule(tmp_path / "b.toml", "file where nonsense(1)", "b")
    write_rule(tmp_path / "c.toml", "file where true", "c")
    (tmp_path / "c.toml").write_text((tmp_path / "c.toml").read_text().replace('"eql"', '"esql"'))
    return tmp_path


def test_sound_rules() -> None:
    result = run("rules", "check", FOUNDING)
    assert result.exit_code == 0
    assert result.stdout == "2 rules loaded, 0 skipped, 0 faults\n"


def test_faults_and_skipped(folder: Path) -> None:
    result = run("rules", "check", folder)
    assert result.exit_code == 2
    *skips_and_faults, counts = result.stdout.splitlines()
    assert counts == "1 rule loaded, 1 skipped, 1 fault"
    assert skips_and_faults[0].startswith(f"{folder}/c.toml:2: skipped 'c': a rule of type esql")
    assert skips_and_faults[1].startswith(f"{folder}/b.toml:11:")
    assert "nonsense" in skips_and_faults[1]


def test_as_json(folder: Path) -> None:
    result = run("rules", "check", folder, "--json")
    assert result.exit_code == 2
    rule, skipped, fault = map(json.loads, result.stdout.splitlines())
    assert (rule["kind"], rule["rule_id"], rule["severity"]) == ("rule", "a", "low")
    assert (skipped["kind"], skipped["name"]) == ("skipped", "c")
    assert (fault["kind"], fault["file"], fault["line"]) == ("fault", f"{folder}/b.toml", 11)


def test_ignored_index_patterns(tmp_path: Path) -> None:
    rule = write_rule(tmp_path / "a.toml", "file where true")
    rule.write_text(rule.read_text().replace('["*"]', '["logs-*", "other:logs-*"]'))
    expected = f"{rule}:2: warning: index pattern 'other:logs-*' is ignored: 'other' is a remote cluster; "
    result = run("rules", "check", rule)
    assert result.exit_code == 0
    assert result.stdout.startswith(expected)
    warning = json.loads(run("rules", "check", rule, "--json").stdout.splitlines()[1])
    assert (warning["kind"], warning["file"], warning["line"]) == ("warning", str(rule), 2)
    assert run("scan", "-", "--rules", rule, stdin="").stderr.startswith(expected)


def test_no_such_path(tmp_path: Path) -> None:
    result = run("rules", "check", tmp_path / "nothing")
    assert result.exit_code == 2
    assert "No such file" in result.stderr
