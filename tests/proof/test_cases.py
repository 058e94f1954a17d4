"""Tests beside rules: what they may say, and what is said of them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import deckwatch as dw
from tests.cli.run import run, write_events, write_rule
from tests.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"
EVENT = 'process where process.name == "curl" and not process.args == "--version"'
SEQUENCE = (
    'sequence by host.id with maxspan=10s [process where process.name == "a"] [process where process.name == "b"]'
)


def outcome(folder: Path, tests: str, query: str = EVENT) -> list[tuple[str, str]]:
    """The tests of a rule, each with what is wrong."""
    write_rule(folder / "it.toml", query)
    (folder / "it.test.toml").write_text(tests)
    return [(result.case.name, result.fault) for result in dw.run_tests(folder)]


@pytest.mark.parametrize(
    ("query", "tests"),
    [
        pytest.param(EVENT, 'fires = true\n[[case.event]]\nprocess.name = "curl"\n', id="fires"),
        pytest.param(EVENT, 'fires = false\n[[case.event]]\nprocess.name = "wget"\n', id="does not"),
        pytest.param(
            EVENT,
            'fires = 2\n[[case.event]]\nprocess.name = "curl"\n[[case.event]]\nprocess.name = "curl"\nuser.id = "7"\n',
            id="number of alerts",
        ),
        pytest.param(
            EVENT,
            'fires = [["2"]]\n[[case.event]]\nprocess.name = "x"\n[[case.event]]\nprocess.name = "curl"\n',
            id="which event, by number",
        ),
        pytest.param(
            SEQUENCE,
            'fires = [["one", "two"]]\n'
            '[[case.event]]\n_name = "one"\nprocess.name = "a"\n[[case.event]]\n_name = "two"\nprocess.name = "b"\n',
            id="sequence, by name",
        ),
        pytest.param(
            SEQUENCE,
            'fires = true\n[[case.event]]\nprocess.name = "a"\n[[case.event]]\n_at = 10\nprocess.name = "b"\n',
            id="exactly the span",
        ),
        pytest.param(
            SEQUENCE,
            'fires = false\n[[case.event]]\nprocess.name = "a"\n[[case.event]]\n_at = 10.001\nprocess.name = "b"\n',
            id="beyond the span",
        ),
        pytest.param(
            'any where process.executable == null and @timestamp < "2020"',
            'fires = true\n[[case.event]]\n_absent = ["process.executable"]\n"@timestamp" = 2019-05-01T10:00:00Z\n',
            id="absent fields, times",
        ),
        pytest.param(EVENT, 'fires = 1\nrecording = "events.ndjson"\n', id="recording"),
        pytest.param(EVENT, 'fires = [["42"]]\nrecording = "events.ndjson"\n', id="recording, by event id"),
    ],
)
def test_a_test_that_passes(tmp_path: Path, query: str, tests: str) -> None:
    write_events(tmp_path / "events.ndjson", [{"event": {"category": "process", "id": "42"}, "process.name": "curl"}])
    assert outcome(tmp_path, f'[[case]]\nname = "it"\n{tests}', query) == [("it", "")]


CURL = '[[case.event]]\nprocess.name = "curl"\n'


@pytest.mark.parametrize(
    ("tests", "fault"),
    [
        pytest.param(f"fires = false\n{CURL}", "it must not fire, and did on 1", id="fires"),
        pytest.param('fires = true\n[[case.event]]\nprocess.name = "x"\n', "it must fire, and did not", id="silent"),
        pytest.param(f"fires = 2\n{CURL}", "it must fire 2 times, and did 1 times: 1", id="number"),
        pytest.param(
            f'fires = [["2"]]\n{CURL}[[case.event]]\nprocess.name = "x"\n',
            "it must fire on 2, and did not\nit must not fire on 1, and did",
            id="another event",
        ),
        pytest.param(f'fires = [["x"]]\n{CURL}', "`fires` names 'x', but the events are 1", id="no such event"),
        pytest.param('fires = true\nrecording = "none.ndjson"\n', "none.ndjson: no such file", id="no recording"),
        pytest.param(
            f'fires = true\ngolden = "g.ndjson"\n{CURL}', "g.ndjson is not there; --update writes it", id="golden"
        ),
    ],
)
def test_a_test_that_fails_says_why(tmp_path: Path, tests: str, fault: str) -> None:
    ((_, found),) = outcome(tmp_path, f'[[case]]\nname = "it"\n{tests}')
    assert fault in found


@pytest.mark.parametrize(
    ("tests", "message"),
    [
        pytest.param("[[case]\n", "not TOML: Expected", id="no TOML"),
        pytest.param("", "there are no tests in it; write each as a table [[case]]", id="empty"),
        pytest.param(f"[[case]]\nfires = true\n{CURL}", "case 1: it has no name", id="no name"),
        pytest.param(f'[[case]]\nname = "x"\n{CURL}', "'x': `fires` must be true, false, the number", id="no verdict"),
        pytest.param(
            f'[[case]]\nname = "x"\nfire = true\n{CURL}', "unknown key `fire`; did you mean `fires`?", id="typo"
        ),
        pytest.param('[[case]]\nname = "x"\nfires = true\n', "give it events, each as a table", id="no events"),
        pytest.param(
            f'[[case]]\nname = "x"\nfires = false\n{CURL}process.nmae = "sh"\n',
            "event 1: unknown field `process.nmae`; did you mean `process.name`",
            id="misspelt field",
        ),
        pytest.param(
            f'[[case]]\nname = "x"\nfires = false\n{CURL}_absent = ["process.parent.nane"]\n',
            "unknown field `process.parent.nane`; did you mean `process.parent.name`",
            id="misspelt absent field",
        ),
        pytest.param(
            '[[case]]\nname = "x"\nfires = false\n[[case.event]]\nevent.category = "proces"\n',
            "unknown category `proces`; did you mean `process`?",
            id="misspelt category",
        ),
        pytest.param(
            f'[[case]]\nname = "x"\nfires = true\n{CURL}_att = 1\n', "event 1: unknown key `_att`", id="event key"
        ),
        pytest.param(f'[[case]]\nname = "x"\nfires = true\n{CURL}_at = "1s"\n', "`_at` must be seconds", id="time"),
        pytest.param(
            f'rule = "no.toml"\n[[case]]\nname = "x"\nfires = true\n{CURL}', "no.toml: No such file", id="no rule"
        ),
        pytest.param(
            f'rule_id = "y"\n[[case]]\nname = "x"\nfires = true\n{CURL}', "name one of them by `rule_id`: any", id="id"
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, tests: str, message: str) -> None:
    with pytest.raises(dw.DeckwatchError, match=r"it\.test\.toml|no\.toml") as caught:
        outcome(tmp_path, tests)
    assert message in str(caught.value)


def test_golden_alerts_are_written_and_then_compared(tmp_path: Path) -> None:
    tests = f'[[case]]\nname = "it"\nfires = true\ngolden = "alerts/it.ndjson"\n{CURL}'
    write_rule(tmp_path / "it.toml", EVENT)
    (tmp_path / "it.test.toml").write_text(tests)
    assert [result.passed for result in dw.run_tests(tmp_path, update=True)] == [True]
    written = (tmp_path / "alerts" / "it.ndjson").read_text()
    assert [result.passed for result in dw.run_tests(tmp_path / "it.toml")] == [True]
    assert (tmp_path / "alerts" / "it.ndjson").read_text() == written
    write_rule(tmp_path / "it.toml", 'process where process.name like "c*"')
    ((_, fault),) = [(result.case.name, result.fault) for result in dw.run_tests(tmp_path)]
    assert "in kibana.alert.rule.parameters" in fault


def test_tests_are_no_rules(tmp_path: Path) -> None:
    outcome(tmp_path, f'[[case]]\nname = "it"\nfires = true\n{CURL}')
    rules = dw.load_rules(tmp_path)
    assert len(rules) == 1
    assert not rules.faults


def test_a_folder_without_tests_is_said(tmp_path: Path) -> None:
    with pytest.raises(dw.DeckwatchError, match="no tests in this folder"):
        dw.run_tests(tmp_path)


def test_the_report_and_its_junit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_rule(tmp_path / "it.toml", EVENT)
    (tmp_path / "it.test.toml").write_text(
        f'[[case]]\nname = "good"\nfires = true\n{CURL}\n[[case]]\nname = "bad"\nfires = false\n{CURL}'
    )
    result = run("rules", "test", "it.test.toml", "--junit", "report.xml")
    assert result.exit_code == 1
    assert result.output.startswith(
        "it.test.toml .F\nFAILED it.test.toml: bad\n  it must not fire, and did on 1\n1 test passed, 1 failed"
    )
    suite = ET.parse(tmp_path / "report.xml").getroot()[0]  # noqa: S314  # our own
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.get("name") for case in suite] == ["good", "bad"]
    assert suite[1][0].get("message") == "it must not fire, and did on 1"


def test_the_report_of_a_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    query = 'process where process.name in ("curl", "wget", "curl") and\n  process.args == "-x" and not user.id == user'
    write_rule(tmp_path / "it.toml", query.replace(" == user", ' == "0"') + ' and process.name != "bash"')
    result = run("rules", "prove", "it.toml")
    assert_golden(GOLDEN / "prove.txt", result.output)
    assert result.exit_code == 0


@pytest.mark.parametrize("query", [EVENT, SEQUENCE], ids=["event", "sequence"])
def test_a_written_proof_passes_as_tests(tmp_path: Path, query: str) -> None:
    write_rule(tmp_path / "it.toml", query)
    assert run("rules", "prove", tmp_path / "it.toml", "--write", tmp_path / "it.test.toml").exit_code == 0
    results = list(dw.run_tests(tmp_path / "it.toml"))
    assert len(results) > 5
    assert not [(result.case.name, result.fault) for result in results if not result.passed]


def test_a_score_below_the_minimum_fails(tmp_path: Path) -> None:
    query = "any where (length(process.name) < 3 or length(process.name) >= 3) and process.name != null"
    write_rule(tmp_path / "it.toml", query)
    assert run("rules", "prove", tmp_path / "it.toml").exit_code == 0
    result = run("rules", "prove", tmp_path / "it.toml", "--min-score", "100")
    assert result.exit_code == 1
    assert "surviving: process.name != null deleted (1:71)" in result.output
    assert "^^^" in result.output
