"""What every rule of the pack owes: it is complete, clean, tested, proven, and quiet where nothing is wrong."""

from collections import Counter
from itertools import groupby
from pathlib import Path
from uuid import UUID

import pytest

import deckwatch as dw
from deckwatch.lint.run import lint
from deckwatch.proof.cases import load_cases
from deckwatch.rules.load import TESTS
from deckwatch.rules.rule import Rule
from tests.pack.pack import PACK, PLACES, RULES, SCENARIOS, place
from tests.shared import SHARED, needs_shared

EACH = [pytest.param(rule, id=place(rule)) for rule in RULES]
ON_ATTACKS = {
    "command_and_control/service_user_downloads_and_runs": 2,
    "command_and_control/unchecked_download_run_at_terminal": 5,
    "defense_evasion/hidden_program_run": 2,
    "defense_evasion/running_program_deleted": 6,
    "defense_evasion/program_run_from_memory": 2,
    "persistence/cron_entry_written": 1,
    "persistence/shell_profile_changed": 3,
    "persistence/startup_script_changed": 1,
}
"""Alerts of the pack on the recorded attacks, which were made for two other rules: on programs that are downloaded and
run, hide, or remove themselves, and on files that implants write."""


def test_all_of_it_loads() -> None:
    assert (RULES.faults, RULES.skipped, RULES.warnings) == ((), (), ())
    assert len(RULES.rules) >= 36


def test_lint_finds_nothing() -> None:
    assert [f"{each.file}:{each.line}: {each.code}: {each.message}" for each in lint(RULES)] == []


@pytest.mark.parametrize("rule", EACH)
def test_a_rule_says_all_that_an_analyst_needs(rule: Rule) -> None:
    told = rule.parameters
    assert UUID(rule.rule_id).version == 4
    assert (told["author"], told["license"]) == (["deckwatch"], "Apache-2.0")
    assert told["description"].strip()
    assert told["false_positives"]
    assert len(told["note"].split()) >= 80
    assert all(index.startswith("logs-cloud_defend.") for index in rule.index)
    assert all(entry.get("technique") for entry in rule.threat)
    folder = rule.threat[0]["tactic"]["name"].lower().replace(" ", "_")
    assert place(rule).startswith(f"{folder}/")


@pytest.mark.parametrize("rule", EACH)
def test_a_rule_has_tests_of_both_sorts(rule: Rule) -> None:
    fires = [bool(case.fires) for case in load_cases([rule.source.file])]
    assert fires.count(True) >= 2
    assert fires.count(False) >= 3


def test_the_tests_pass() -> None:
    assert [(str(each.case.file), each.case.name, each.fault) for each in dw.run_tests(PACK) if not each.passed] == []


def test_nothing_else_lies_in_the_pack() -> None:
    rules = {Path(rule.source.file).resolve() for rule in RULES}
    tests = {path.with_name(path.stem + TESTS) for path in rules}
    assert {path for path in PACK.rglob("*") if path.is_file()} == rules | tests | {PACK / "README.md"}


def test_every_rule_fires_in_a_scenario() -> None:
    fired = {rule for scenario in SCENARIOS for rule in scenario.fires}
    assert fired == set(PLACES.values())


def test_scenarios_have_names_of_their_own() -> None:
    names = sorted(scenario.name for scenario in SCENARIOS)
    assert [name for name, group in groupby(names) if len(list(group)) > 1] == []


@pytest.mark.slow
@pytest.mark.parametrize("rule", EACH)
def test_a_rule_is_proven(rule: Rule) -> None:
    (proof,) = dw.prove([rule])
    assert proof.score is not None
    surviving = [each.mutant.change for each in proof.score.judged if each.fate == "surviving"]
    assert (proof.proven, proof.score.value >= 0.95) == (True, True), surviving


@needs_shared
@pytest.mark.parametrize(
    ("recording", "expected"),
    [pytest.param("benign.ndjson.gz", {}, id="benign"), pytest.param("attacks.ndjson", ON_ATTACKS, id="attacks")],
)
def test_alerts_on_recordings(recording: str, expected: dict[str, int]) -> None:
    scan = dw.scan(SHARED / "telemetry" / recording, RULES)
    list(scan)
    found = Counter({PLACES[rule_id]: hits for rule_id, hits in scan.summary.hits.items()})
    assert +found == expected
