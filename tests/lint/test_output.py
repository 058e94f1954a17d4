"""Findings in their places, as text and as SARIF."""

import json
from pathlib import Path
from typing import Any

import pytest

from deckwatch.lint.catalog import CHECKS
from deckwatch.lint.finding import Finding
from deckwatch.lint.render import render
from deckwatch.lint.run import lint, selected
from deckwatch.lint.sarif import sarif
from deckwatch.rules.load import founding_rules, load_rules
from tests.golden import assert_golden
from tests.lint.test_fix import toml
from tests.rules.build import parameters

GOLDEN = Path(__file__).parent / "golden"

QUERY = """'''
sequence with maxspan=2h
  [process where event.action == "exec"]
\t[file where file.path like ("/etc/*", "/etc/passwd") and
     process.name == "漢" and (process.name == "a" or user.id == "0")]
'''"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_rendering(here: Path) -> None:
    (here / "a.toml").write_text(toml(QUERY))
    (here / "b.toml").write_text(toml('"process where process.pid = 1"', "b"))
    rule = parameters(
        query='process where process.name in ("a",\n"a\x1b[31m", "a")', rule_id="c", name="C\x07", risk_score=1
    )
    (here / "c.ndjson").write_text("\n" + json.dumps(rule))
    assert_golden(GOLDEN / "rendering.txt", "\n\n".join(map(render, lint(load_rules(".")))) + "\n")


def test_the_duplicate_of_the_founding_rule() -> None:
    found = [each for each in lint(founding_rules()) if each.code == "duplicate-member"]
    (only,) = found
    assert only.span
    assert only.query[only.span.start : only.span.end] == '"ld"'
    assert only.rule == "1dc56174-5d02-4ca4-af92-e391f096fb21"
    text = Path(only.file).read_text(encoding="utf-8").split("\n")
    assert only.line
    assert only.column
    assert text[only.line - 1][only.column - 1 :].startswith('"ld") ] by file.name')


def test_the_founding_rules_are_fine_otherwise() -> None:
    assert {(each.severity, each.code) for each in lint(founding_rules(), selected())} == {
        ("warning", "duplicate-member"),
        ("info", "subsumed-member"),
    }


def test_faults_of_queries_have_a_place(here: Path) -> None:
    for name, indent in (("a.json", 1), ("b.ndjson", None)):
        text = json.dumps(parameters(query='any where true and\n  process.pid == "one"', rule_id=name), indent=indent)
        (here / name).write_text(text + "\n")
    for finding in lint(load_rules(".")):
        assert finding.span
        assert finding.query[finding.span.start : finding.span.end] == '"one"'
        assert '|   process.pid == "one"\n' in render(finding)
        assert render(finding).count("^") == len('"one"')


def test_other_faults_have_none(here: Path) -> None:
    (here / "a.toml").write_text("[rule]\nname =")
    (here / "b.json").write_text(json.dumps(parameters(severity="grave")))
    (here / "c.json").write_text("{")
    assert [finding.span for finding in lint(load_rules("."))] == [None] * 3


def test_faults_are_findings(here: Path) -> None:
    (here / "b.toml").write_text(toml('"process where process.pid == 1 and"'))
    (finding,) = lint(load_rules("."))
    assert (finding.code, finding.severity, finding.line) == ("invalid-rule", "error", 13)


@pytest.mark.parametrize(
    ("select", "ignore", "profile", "expected"),
    [
        pytest.param((), (), None, {None}, id="all but those of profiles"),
        pytest.param((), (), "detection-rules", {None, "detection-rules"}, id="a profile"),
        pytest.param(("repository-dates",), (), None, {"detection-rules"}, id="by its code"),
        pytest.param(("open-start",), ("open-start",), None, set(), id="ignored"),
    ],
)
def test_selection(select: Any, ignore: Any, profile: Any, expected: set[str | None]) -> None:
    assert {check.profile for check in selected(select, ignore, profile)} == expected


def test_sarif(here: Path) -> None:
    (here / "with blank.toml").write_text(toml(QUERY))
    findings = lint(load_rules("."))
    log = sarif(findings, CHECKS, "1.2.3")
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"], run["columnKind"]) == ("deckwatch", "1.2.3", "unicodeCodePoints")
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    assert all(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] for rule in driver["rules"])
    assert {rule["defaultConfiguration"]["level"] for rule in driver["rules"]} <= {"error", "warning", "note"}
    for finding, result in zip(findings, run["results"], strict=True):
        _check_result(finding, result, ids)
    assert json.loads(json.dumps(log)) == log


def _check_result(finding: Finding, result: dict[str, Any], ids: list[str]) -> None:
    assert ids[result["ruleIndex"]] == result["ruleId"] == finding.code
    assert result["level"] in {"error", "warning", "note"}
    assert finding.message in result["message"]["text"]
    (location,) = result["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "with%20blank.toml"}
    assert place["region"]["startLine"] == finding.line
    assert place["region"].get("startColumn") == finding.column
    assert all(value >= 1 for value in place["region"].values())
    assert len(result["partialFingerprints"]["deckwatch/v1"]) == 64


def test_a_fingerprint_does_not_move(here: Path) -> None:
    path = here / "a.toml"
    prints = []
    for head in ("", "# moved\n\n"):
        path.write_text(head + toml(QUERY))
        run = sarif(lint(load_rules(path)), CHECKS, "1")["runs"][0]
        prints.append([result["partialFingerprints"] for result in run["results"]])
        path.rename(here / "b.toml")
        path = here / "c.toml"
    assert prints[0] == prints[1]
