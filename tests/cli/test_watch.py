"""`deckwatch watch`, inside this process: no terminal, so plain lines."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.kernel import FakeKernel, kernel
from tests.cli.run import ATTACKS, GOLDEN, event, run, write_events, write_rule
from tests.golden import assert_golden

__all__ = ["kernel"]  # a fixture


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return write_events(tmp_path / "events.ndjson", [event(number) for number in range(3)])


@pytest.fixture
def every_file(tmp_path: Path) -> Path:
    return write_rule(tmp_path / "every_file.toml", "file where true")


def without_time(text: str) -> str:
    return re.sub(r"evaluated in [\d,.]+ m?s", "evaluated in … s", text)


@pytest.mark.usefixtures("kernel")
def test_the_kernel_is_watched_with_the_founding_rules() -> None:
    result = run("watch")
    assert result.exit_code == 1
    assert result.stderr == (
        "watching kernel (tracepoint), 2 rules; Ctrl-C ends\n3 events lost (kernel: ring full 3)\n"
    )
    assert_golden(GOLDEN / "watch.txt", without_time(result.stdout))


def test_the_kernel_is_loaded_as_asked(kernel: type[FakeKernel]) -> None:
    run("watch", "--ring-size", "64M", "--tier", "fentry")
    assert kernel.opened == {"ring_bytes": 64 << 20, "tiers": ["fentry"]}
    run("watch")
    assert kernel.opened == {"ring_bytes": 8 << 20}


@pytest.mark.usefixtures("kernel")
def test_json_is_every_document_and_nothing_else() -> None:
    result = run("watch", "--json")
    alerts = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(alerts) == 10 + 4 * 17
    assert result.stderr.splitlines()[-1] == (
        "27 alerts; 864 events seen, 861 evaluated; 3 events lost (kernel: ring full 3); 0 late events; "
        "2 rules loaded, 0 skipped, 0 faults"
    )


def test_a_watch_finds_what_a_scan_finds() -> None:
    watched, scanned = (
        {json.loads(line)["kibana.alert.uuid"] for line in run(*command, "--json").stdout.splitlines()}
        for command in (["watch", "--source", ATTACKS], ["scan", ATTACKS])
    )
    assert watched == scanned


def test_output_is_added_to(tmp_path: Path, events: Path, every_file: Path) -> None:
    file = tmp_path / "alerts.ndjson"
    for _ in range(2):
        result = run("watch", "--source", events, "--rules", every_file, "--output", file)
        assert result.stdout.startswith("2026-11-22 02:42:00.000Z  low       any | creation -\n")
    assert len([json.loads(line) for line in file.read_text().splitlines()]) == 6


def test_output_to_standard_output_is_json(events: Path, every_file: Path) -> None:
    result = run("watch", "--source", events, "--rules", every_file, "--output", "-")
    assert len([json.loads(line) for line in result.stdout.splitlines()]) == 3


def test_standard_input_with_lines_that_are_no_events(events: Path, every_file: Path, tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    text = events.read_text() + "nonsense\n"
    result = run("watch", "--source", "-", "--rules", every_file, "--dead-letter", letters, stdin=text)
    assert result.exit_code == 1
    assert "4 events seen, 3 evaluated" in result.stdout
    assert "1 event lost (malformed 1)" in result.stdout
    assert f"1 malformed line, all in {letters}; the first: " in result.stdout
    assert json.loads(letters.read_text())["line"] == 4


def test_nothing_found(events: Path) -> None:
    result = run("watch", "--source", events)
    assert result.exit_code == 0
    assert result.stdout.startswith("0 alerts\n3 events seen, 3 evaluated in ")


def test_faulty_rules_are_bad_input_and_sound_ones_run(tmp_path: Path, events: Path, every_file: Path) -> None:
    faulty = write_rule(tmp_path / "faulty.toml", "file where nonsense(1)", "faulty")
    result = run("watch", "--source", events, "--rules", every_file, "--rules", faulty)
    assert result.exit_code == 2
    assert f"{faulty}:11:" in result.stderr
    assert "3 alerts" in result.stdout


BAD_ARGUMENTS = [
    pytest.param(["--source", "missing.ndjson"], "missing.ndjson: no such file", id="no-such-input"),
    pytest.param(["--rules", "missing"], "missing: No such file", id="no-such-rules"),
    pytest.param(["--follow"], "--follow is for a file; name one with --source", id="follow-the-kernel"),
    pytest.param(["--source", "-", "--follow"], "--follow is for a file", id="follow-the-standard-input"),
    pytest.param(["--interval", "soon"], "'soon' is no time; write 100ms, 2s or 5m", id="no-time"),
    pytest.param(["--interval", "2"], "'2' is no time", id="no-unit"),
    pytest.param(["--ring-size", "8"], "'8' is no size; write 512K, 8M or 1G", id="no-size"),
    pytest.param(["--ring-size", "3M"], "a power of two between 64K and 1G", id="no-power-of-two"),
    pytest.param(["--ring-size", "4K"], "a power of two between 64K and 1G", id="too-small"),
    pytest.param(["--tier", "psychic"], "'psychic' is not one of 'lsm', 'fentry', 'tracepoint'", id="unknown-tier"),
    pytest.param(["--source", ATTACKS, "--output", "/nowhere/a"], "/nowhere/a: No such file", id="no-such-folder"),
    pytest.param(["--source", ATTACKS, "--output", ATTACKS], "is one of the inputs", id="input-as-output"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_ARGUMENTS)
def test_bad_arguments(arguments: list[object], message: str) -> None:
    result = run("watch", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_events_cannot_write_to_the_terminal(tmp_path: Path, every_file: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\n\r\x9b31m\u202e[red]markup[/red]"
    fields = {
        "process": {"name": hostile, "args": ["sh", hostile], "parent": {"args": [hostile]}},
        "container": {"id": hostile, "name": hostile, "image": {"name": hostile, "tag": [hostile]}},
        "orchestrator": {"namespace": hostile, "resource": {"name": hostile}},
        "user": {"id": hostile, "name": hostile},
        "file": {"path": hostile},
    }
    path = write_events(tmp_path / "hostile.ndjson", [event(**fields)])
    output = run("watch", "--source", path, "--rules", every_file).stdout
    assert all(char.isprintable() or char == "\n" for char in output)
    assert output.count("[red]markup[/red]") >= 8
