"""`deckwatch rules backtest` and `deckwatch rules coverage`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backtest.build import CURL, DROP, at, created, curl, event, rule_file, run, weeks
from tests.backtest.test_coverage import stream, threat
from tests.cli.run import ATTACKS, write_events
from tests.cli.run import run as command
from tests.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run: a history of two weeks, a short one, and rules."""
    monkeypatch.chdir(tmp_path)
    write_events(tmp_path / "history.ndjson", weeks([3, 0, 0, 1, 0, 2, 4, 5, 0, 1, 0, 0, 0, 2]))
    short = [curl(at(), "1"), created(at(seconds=2), "2", "x"), run(at(seconds=3), "3", "x"), event(at(hours=3), "4")]
    write_events(tmp_path / "short.ndjson", short)
    rules = tmp_path / "rules"
    rules.mkdir()
    rule_file(rules, CURL, "curl", more=threat("TA0002", "T1609"))
    rule_file(rules, DROP, "drop", more=threat("TA0003", "T1053", "T1053.003"))
    return tmp_path


@pytest.mark.parametrize("name", ["backtest", "coverage"])
def test_help(name: str) -> None:
    result = command("rules", name, "--help")
    assert result.exit_code == 0
    assert_golden(GOLDEN / f"help_{name}.txt", result.output)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("rules/curl.toml", "history.ndjson"), 1, id="one rule"),
        pytest.param(("rules/drop.toml", "short.ndjson"), 1, id="a sequence"),
        pytest.param(("rules/drop.toml", "history.ndjson"), 0, id="silent"),
        pytest.param(
            ("rules/curl.toml", "history.ndjson", "rules/drop.toml", "short.ndjson"), 1, id="several rules and files"
        ),
        pytest.param(("rules/curl.toml", "short.ndjson", "--before", "rules/drop.toml"), 1, id="before and after"),
        pytest.param(("rules/curl.toml", "history.ndjson", "--before", "rules/curl.toml"), 0, id="no change"),
        pytest.param(("rules/drop.toml", ATTACKS), 1, id="a recording"),
    ],
)
def test_backtests(arguments: tuple[str, ...], code: int, request: pytest.FixtureRequest) -> None:
    result = command("rules", "backtest", *arguments)
    name = request.node.callspec.id.replace(" ", "_")
    assert (result.exit_code, result.stderr) == (code, "")
    assert_golden(GOLDEN / f"backtest_{name}.txt", result.stdout)


def test_rules_by_name_and_folder() -> None:
    by_name = command("rules", "backtest", "rule cu", "history.ndjson", "--rules", "rules")
    assert by_name.stdout == command("rules", "backtest", "rules/curl.toml", "history.ndjson").stdout
    of_folder = command("rules", "backtest", "rules", "history.ndjson")
    assert (
        of_folder.stdout == command("rules", "backtest", "rules/curl.toml", "history.ndjson", "rules/drop.toml").stdout
    )


def test_a_period() -> None:
    days = ("--since", "2026-11-04", "--until", "2026-11-06")
    result = command("rules", "backtest", "rules/curl.toml", "history.ndjson", *days)
    assert "to be expected are about 3.6 a week" in result.stdout
    assert "2026-11-04 00:00:00 to 2026-11-05 23:00:00 UTC" in result.stdout


def test_backtest_as_json() -> None:
    result = command("rules", "backtest", "rules/curl.toml", "short.ndjson", "--before", "rules/drop.toml", "--json")
    history, measured, change = map(json.loads, result.stdout.splitlines())
    assert [each["kind"] for each in (history, measured, change)] == ["history", "rule", "change"]
    assert history["first"] == "2026-11-02T00:00:00.000Z"
    assert history["observed"] == 3.0
    assert (measured["alerts"], measured["noise"]["per_week"], measured["timeline"]["unit"]) == (1, None, "10 minutes")
    assert [each["events"][0]["id"] for each in change["appear"]] == ["1"]
    (gone,) = change["vanish"]
    assert [step["action"] for step in gone["events"]] == ["file/creation", "process/exec"]


def test_the_page_is_written(folder: Path) -> None:
    result = command("rules", "backtest", "rules/curl.toml", "history.ndjson", "--html", "page.html")
    assert result.exit_code == 1
    assert (folder / "page.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("rules/curl.toml",), "there are no events; name them after the rule", id="no events"),
        pytest.param(("rules/curl.toml", "none.ndjson"), "none.ndjson", id="events that are not there"),
        pytest.param(("nothing", "history.ndjson"), "neither a file nor the id or name", id="no rule"),
        pytest.param(("rules", "history.ndjson", "--before", "rules/curl.toml"), "2 rules were given", id="two rules"),
        pytest.param(
            ("rules/curl.toml", "history.ndjson", "--html", "history.ndjson"),
            "would be overwritten",
            id="over the events",
        ),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], message: str) -> None:
    result = command("rules", "backtest", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_lines_that_are_no_events_are_told(folder: Path) -> None:
    (folder / "bad.ndjson").write_text('{"a": 1}\nnonsense\n')
    result = command("rules", "backtest", "rules/curl.toml", "bad.ndjson")
    assert result.exit_code == 0
    assert "1 malformed line" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("rules",), id="claimed"),
        pytest.param(("rules", "--prove", "--observed", "short.ndjson", "--events", "short.ndjson"), id="all"),
    ],
)
def test_coverage(arguments: tuple[str, ...], request: pytest.FixtureRequest) -> None:
    result = command("rules", "coverage", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert_golden(GOLDEN / f"coverage_{request.node.callspec.id}.txt", result.stdout)


def test_proofs_and_alerts_from_files(folder: Path) -> None:
    proofs = command("rules", "prove", "rules", "--json", "--mutants", "0").stdout
    (folder / "proofs.ndjson").write_text(proofs)
    (folder / "alerts.ndjson").write_text(command("scan", "short.ndjson", "--rules", "rules", "--json").stdout)
    saved = command("rules", "coverage", "rules", "--proven", "proofs.ndjson", "--observed", "alerts.ndjson", "--json")
    fresh = command("rules", "coverage", "rules", "--prove", "--observed", "short.ndjson", "--json")
    assert saved.stdout == fresh.stdout
    told = [json.loads(line) for line in saved.stdout.splitlines()]
    assert {each["kind"] for each in told} == {"rules", "tactic", "technique", "streams"}
    (cron,) = [each for each in told if each.get("id") == "T1053.003" and each["tactic"] == "TA0003"]
    assert (cron["score"], cron["alerts"], cron["gap"]) == (100, 1, False)


def test_a_layer_is_written(folder: Path) -> None:
    assert command("rules", "coverage", "rules", "--navigator", "layer.json").exit_code == 0
    assert json.loads((folder / "layer.json").read_text())["versions"]["layer"] == "4.5"


def test_fields_that_no_event_has(folder: Path) -> None:
    write_events(folder / "events.ndjson", [event(at(), "1", data_stream=stream("one"))])
    result = command("rules", "coverage", "rules/drop.toml", "--events", "events.ndjson")
    assert "file.name" in result.stdout.partition("FIELD THAT NO EVENT HAS")[2]


@pytest.mark.parametrize("text", ["nonsense", '{"rule_id": 1}', "[" * 100_000], ids=["text", "no proof", "deep"])
def test_what_is_no_proof(folder: Path, text: str) -> None:
    (folder / "proofs.ndjson").write_text(f"\n{text}\n")
    result = command("rules", "coverage", "rules", "--proven", "proofs.ndjson")
    assert result.exit_code == 2
    assert "proofs.ndjson:2: no proof; write it with" in result.stderr


@pytest.mark.parametrize("name", ["backtest", "coverage"])
def test_help_does_not_load_the_engine(name: str) -> None:
    code = (
        "import sys\nfrom deckwatch.cli.main import deckwatch\n"
        f"deckwatch(['rules', '{name}', '--help'], standalone_mode=False)\n"
        "heavy = {'polars', 'duckdb', 'pyarrow', 'numpy', 'deckwatch.backtesting'}\n"
        "assert not heavy & sys.modules.keys()"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_the_example_of_the_documentation_is_true() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "backtesting.md"
    _, block, *_ = page.read_text().split("```console\n$ deckwatch rules backtest my-rules/curl.toml history.ndjson\n")
    assert block.partition("```")[0] == (GOLDEN / "backtest_one_rule.txt").read_text()
