"""`deckwatch scan`, inside this process: no terminal, so plain lines."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deckwatch.engine.engines import ENGINES
from tests.cli.run import ATTACKS, GOLDEN, event, run, write_events, write_rule
from tests.golden import assert_golden


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return write_events(tmp_path / "events.ndjson", [event(number) for number in range(3)])


@pytest.fixture
def every_file(tmp_path: Path) -> Path:
    return write_rule(tmp_path / "every_file.toml", "file where true")


def without_rate(text: str) -> str:
    return re.sub(r"in [\d,.]+ s \([\d,]+ events/s\)", "in … s (… events/s)", text)


@pytest.mark.parametrize("engine", ENGINES)
def test_founding_rules_on_recorded_attacks(engine: str) -> None:
    result = run("scan", ATTACKS, "--engine", engine)
    assert result.exit_code == 1
    assert result.stderr == ""
    assert_golden(GOLDEN / "attacks.txt", without_rate(result.stdout))


def test_json_is_every_document_and_nothing_else() -> None:
    result = run("scan", ATTACKS, "--json")
    alerts = [json.loads(line) for line in result.stdout.splitlines()]
    blocks = [alert for alert in alerts if "kibana.alert.group.index" in alert]
    assert (len(alerts), len(blocks)) == (10 + 4 * 17, 3 * 17)
    assert result.exit_code == 1
    assert re.fullmatch(
        r"27 alerts; 861 events read \([\d,]+ events/s\); 0 malformed lines; 2 rules loaded, 0 skipped, 0 faults\n",
        result.stderr,
    )


def test_output_beside_the_table(tmp_path: Path, events: Path, every_file: Path) -> None:
    file = tmp_path / "out"
    result = run("scan", events, "--rules", every_file, "--output", file)
    assert result.stdout.startswith("TIME (UTC)")
    assert [json.loads(line)["kibana.alert.rule.name"] for line in file.read_text().splitlines()] == ["any"] * 3


def test_output_to_standard_output_is_json(events: Path, every_file: Path) -> None:
    result = run("scan", events, "--rules", every_file, "--output", "-")
    assert len([json.loads(line) for line in result.stdout.splitlines()]) == 3


@pytest.mark.parametrize("option", ["--output", "--dead-letter"])
def test_inputs_are_not_overwritten(option: str, tmp_path: Path, events: Path) -> None:
    before = events.read_text()
    result = run("scan", tmp_path, option, f"{tmp_path}/./events.ndjson")
    assert result.exit_code == 2
    assert "is one of the inputs" in result.stderr
    assert events.read_text() == before


def test_one_file_for_two_outputs_is_refused(tmp_path: Path, events: Path) -> None:
    result = run("scan", events, "--output", tmp_path / "out", "--dead-letter", tmp_path / "out")
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_malformed_lines_are_counted_and_kept(tmp_path: Path, events: Path, every_file: Path) -> None:
    events.write_text(events.read_text() + "nonsense\n[1]\n")
    letters = tmp_path / "letters"
    result = run("scan", events, "--rules", every_file, "--dead-letter", letters)
    assert result.exit_code == 1
    assert f"2 malformed lines, all in {letters}; the first: {events}:4: " in result.stdout
    assert [(each["source"], each["line"]) for each in map(json.loads, letters.read_text().splitlines())] == [
        (str(events), 4),
        (str(events), 5),
    ]
    assert "--dead-letter FILE keeps them; the first" in run("scan", events, "--rules", every_file).stdout


def test_only_malformed_lines_is_nothing_found() -> None:
    result = run("scan", "-", stdin="nonsense\n")
    assert result.exit_code == 0
    assert "1 malformed line" in result.stdout


def test_damaged_input_is_bad_input_and_its_sound_part_is_searched(tmp_path: Path) -> None:
    damaged = tmp_path / "cut.ndjson.gz"
    whole = ATTACKS.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    result = run("scan", damaged)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{damaged}: ")
    assert "System Path" in result.stdout


def test_faulty_rules_are_bad_input_and_sound_ones_run(tmp_path: Path, events: Path, every_file: Path) -> None:
    faulty = write_rule(tmp_path / "faulty.toml", "file where nonsense(1)", "faulty")
    result = run("scan", events, "--rules", every_file, "--rules", faulty)
    assert result.exit_code == 2
    assert f"{faulty}:11:" in result.stderr
    assert "3 alerts" in result.stdout
    assert "1 rule loaded, 0 skipped, 1 fault" in result.stdout


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        pytest.param(None, None, 3, id="all"),
        pytest.param("2026-11-22T02:42:01Z", None, 2, id="since-inclusive"),
        pytest.param(None, "2026-11-22T02:42:01Z", 1, id="until-exclusive"),
        pytest.param("2026-11-22T03:42:01+01:00", "2026-11-22T02:42:02", 1, id="both"),
        pytest.param("2262", None, 0, id="future"),
        pytest.param("999999999w", "2300w", 0, id="long-ago"),
    ],
)
def test_period(since: str | None, until: str | None, count: int, events: Path, every_file: Path) -> None:
    options = [*(["--since", since] if since else []), *(["--until", until] if until else [])]
    result = run("scan", events, "--rules", every_file, *options)
    assert result.exit_code == (1 if count else 0)
    assert f"{count} alert" in result.stdout


def test_rule_without_events_finds_nothing(events: Path) -> None:
    result = run("scan", events)
    assert result.exit_code == 0
    assert result.stdout.startswith("0 alerts\n3 events read")


def test_standard_input_and_pattern(events: Path, every_file: Path) -> None:
    assert "3 alerts" in run("scan", "-", "--rules", every_file, stdin=events.read_bytes()).stdout
    assert "3 alerts" in run("scan", f"{events.parent}/*.ndjson", "--rules", every_file).stdout


BAD_ARGUMENTS = [
    pytest.param(["missing.ndjson"], "missing.ndjson: no such file", id="no-such-input"),
    pytest.param([], "Missing argument 'PATH...'", id="no-input"),
    pytest.param([ATTACKS, "--rules", "missing"], "missing: No such file", id="no-such-rules"),
    pytest.param([ATTACKS, "--since", "yesterday"], "'yesterday' is no time; write 2026-11-22", id="no-time"),
    pytest.param([ATTACKS, "--since", "1h", "--until", "2h"], "not after --since", id="period-ends-before-it-begins"),
    pytest.param([ATTACKS, "--output", "/nowhere/a"], "/nowhere/a: No such file", id="no-such-folder"),
    pytest.param([ATTACKS, "--output", "/"], "/: Is a directory", id="output-is-a-folder"),
    pytest.param(["-", "--dead-letter", "/dev/full"], "No space left on device", id="disk-full"),
    pytest.param([ATTACKS, "--engine", "steam"], "'steam' is not one of", id="no-such-engine"),
    pytest.param(["\x1b.ndjson"], "\\x1b.ndjson: no such file", id="escape-sequence-in-a-name"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_ARGUMENTS)
def test_bad_arguments(arguments: list[object], message: str) -> None:
    result = run("scan", *arguments, stdin="nonsense")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_no_sound_rule(tmp_path: Path, events: Path) -> None:
    faulty = write_rule(tmp_path / "faulty.toml", "file where nonsense(1)")
    result = run("scan", events, "--rules", faulty)
    assert result.exit_code == 2
    assert "nonsense" in result.stderr
    assert "no rule could be loaded" in result.stderr


HOSTILE = "\x1b]0;owned\x07\x1b[2J\n\r\x9b31m\u202e[red]markup[/red]"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"process": {"name": HOSTILE, "args": ["sh", HOSTILE]}}, id="process"),
        pytest.param({"file": {"path": HOSTILE}}, id="file"),
        pytest.param({"container": {"name": HOSTILE}}, id="container"),
    ],
)
def test_events_cannot_write_to_the_terminal(fields: dict[str, Any], tmp_path: Path, every_file: Path) -> None:
    path = write_events(tmp_path / "hostile.ndjson", [event(**fields)])
    table, as_json = (run("scan", path, "--rules", every_file, *options).stdout for options in ([], ["--json"]))
    assert all(char.isprintable() or char == "\n" for char in table + as_json)
    header, alert, *_ = table.splitlines()
    assert header.startswith("TIME")
    assert "[red]markup[/red]" in alert


def test_names_of_rules_and_files_cannot_either(tmp_path: Path, every_file: Path) -> None:
    every_file.write_text(every_file.read_text().replace('name = "any"', 'name = "\\u001b[31m[red]"', 1))
    path = write_events(tmp_path / "\x1b[31m.ndjson", [event()])
    path.write_text(path.read_text() + "nonsense\n")
    result = run("scan", path, "--rules", every_file)
    assert "\\x1b[31m[red]" in result.stdout
    assert "\x1b" not in result.output + run("scan", tmp_path / "\x1b[31m", "--rules", every_file).output
