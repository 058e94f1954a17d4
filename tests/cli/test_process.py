"""`deckwatch` as a process: pipes, terminals, signals."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import ATTACKS, PROGRAM, event, program, run, write_events, write_rule


def on_terminal(*arguments: object, columns: int = 120, **environment: str) -> str:
    """What the program writes when standard output and error are one terminal."""
    reader, writer = pty.openpty()
    settings = {"TERM": "xterm-256color", "COLUMNS": str(columns), **environment}
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        env=os.environ | settings,
    )
    os.close(writer)
    pieces = []
    while True:
        try:
            pieces.append(os.read(reader, 65536))
        except OSError:  # the last writer is gone
            break
    process.wait(60)
    os.close(reader)
    return b"".join(pieces).decode()


def test_a_pipe_gets_plain_lines_of_any_width() -> None:
    result = program("scan", ATTACKS, env=os.environ | {"COLUMNS": "40", "FORCE_COLOR": "1", "TERM": "xterm-256color"})
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout.splitlines()[:20] == run("scan", ATTACKS).stdout.splitlines()[:20]


def test_a_terminal_gets_colours_and_a_bar() -> None:
    shown = on_terminal("scan", ATTACKS)
    assert "\x1b[31mhigh" in shown
    assert "events/s" in shown.split("27 alerts")[0]
    assert all(len(line) <= 120 for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).splitlines())


def test_a_terminal_can_be_without_either() -> None:
    shown = on_terminal("scan", ATTACKS, "--no-progress", NO_COLOR="1")
    assert "\x1b[3" not in shown
    assert "events/s" not in shown.split("27 alerts")[0]


def test_json_on_a_terminal_is_still_json() -> None:
    lines = on_terminal("scan", ATTACKS, "--json").splitlines()
    assert len([json.loads(line) for line in lines[:-1]]) == 78


def test_events_cannot_write_to_a_terminal(tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07[bold]\x9b31m\n"
    events = write_events(tmp_path / "e.ndjson", [event(file={"path": hostile}, process={"args": [hostile]})])
    rule = write_rule(tmp_path / "r.toml", "file where true")
    for arguments in (["scan", events, "--rules", rule, "--no-progress"], ["query", "file where true", events]):
        shown = on_terminal(*arguments)
        assert "\x1b]" not in shown
        assert "\x07" not in shown
        assert "[bold]" in shown


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(f"scan {ATTACKS} --json", id="json"),
        pytest.param(f"query 'any where true' {ATTACKS} --size 1000", id="query"),
        pytest.param("rules check missing", id="error"),
    ],
)
def test_a_reader_may_leave(command: str) -> None:
    line = f"{shlex.join(PROGRAM)} {command} | head -n 1; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in result.stderr
    assert "Exception" not in result.stderr
    assert result.stdout.splitlines()[-1] == ("2" if "missing" in command else "130")


@pytest.mark.parametrize("command", ["--help", f"scan {ATTACKS}", f"scan {ATTACKS} --json", "completion bash"])
def test_a_full_disk_is_reported(command: str) -> None:
    line = f"{shlex.join(PROGRAM)} {command} > /dev/full"
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (2, "Error: input or output: No space left on device\n")


@pytest.mark.parametrize("eql", ["file where size > 0", "file where true"])
@pytest.mark.parametrize("pipe", ["cat", "<"])
def test_standard_input_may_be_a_file_or_a_pipe(eql: str, pipe: str, tmp_path: Path) -> None:
    events = write_events(tmp_path / "e.ndjson", [event(number, size=number) for number in range(1, 4)])
    query = f"{shlex.join(PROGRAM)} query '{eql}' - --json"
    line = f"{query} < {events}" if pipe == "<" else f"cat {events} | {query}"
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (1, "")
    assert [json.loads(line)["size"] for line in result.stdout.splitlines()] == [1, 2, 3]


def test_standard_input_may_be_closed() -> None:
    line = f"{shlex.join(PROGRAM)} query 'file where true' - <&-"
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 2
    assert "the standard input is closed" in result.stderr


LIBRARY = """
import deckwatch
try:
    alert = next(scan := deckwatch.scan("-", deckwatch.load_rules({rule!r})))
    print(len(alert), flush=True)
    {then}
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("then", "last"),
    [pytest.param("next(scan)", "interrupted\n", id="ctrl-c"), pytest.param("pass", "", id="left-early")],
)
def test_a_program_need_not_wait_for_its_standard_input(then: str, last: str, tmp_path: Path) -> None:
    rule = write_rule(tmp_path / "r.toml", "file where true")
    process = subprocess.Popen(
        [sys.executable, "-c", LIBRARY.format(rule=str(rule), then=then)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(event()) + "\n")
    process.stdin.flush()
    assert int(process.stdout.readline())
    if last:
        process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert process.stdout.read() == last
    process.stdin.close()
    process.stdout.close()


def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    rule = write_rule(tmp_path / "r.toml", "file where true")
    process = subprocess.Popen(
        [*PROGRAM, "scan", "-", "--rules", str(rule)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(event()) + "\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith("TIME (UTC)")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    assert process.stderr is not None
    assert process.stderr.read() == ""
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


def test_any_encoding(tmp_path: Path) -> None:
    events = write_events(tmp_path / "e.ndjson", [event(file={"path": "/srv/\N{SNOWMAN}"})])
    result = program("query", "file where true", events, env=os.environ | {"PYTHONIOENCODING": "latin-1"})
    assert result.returncode == 1
    assert "/srv/\\u2603" in result.stdout
