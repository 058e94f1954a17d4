"""`deckwatch query`, inside this process."""

import json
from pathlib import Path

import pytest

from deckwatch.engine.engines import ENGINES
from tests.cli.run import ATTACKS, GOLDEN, event, run, write_events
from tests.golden import assert_golden

CRADLE = """
sequence by container.id with maxspan=10s
  [file where event.action == "creation" and process.name == "curl"]
 ![file where event.action == "rename"]
  [file where event.action == "deletion"]
"""
SAMPLE = 'sample by container.id [file where process.name == "curl"] [process where process.args == "selfdel"]'


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return write_events(tmp_path / "events.ndjson", [event(number, size=number) for number in range(12)])


QUERIES = [
    pytest.param("events", ["process where process.name == 'unlink'"], id="events"),
    pytest.param("fields", ["file where true", "--fields", "file.path, user.id,host.ip", "--head"], id="fields"),
    pytest.param("sequences", [CRADLE, "--size", "2"], id="sequences"),
    pytest.param("samples", [SAMPLE], id="samples"),
    pytest.param("faulty", ["file where proces.name == 1\n  and foo(2)"], id="faulty"),
    pytest.param("nothing", ["file where false"], id="nothing"),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "arguments"), QUERIES)
def test_readable(name: str, arguments: list[str], engine: str) -> None:
    eql, *options = (argument.replace("'", '"') for argument in arguments)
    result = run("query", eql, ATTACKS, "--engine", engine, *options)
    shown = f"exit code {result.exit_code}\n--- stdout\n{result.stdout}--- stderr\n{result.stderr}"
    assert_golden(GOLDEN / f"query_{name}.txt", shown)


def test_json_events_are_as_they_were_written(events: Path) -> None:
    result = run("query", "file where size > 9", events, "--json")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        json.dumps(event(number, size=number), separators=(",", ":")) for number in (10, 11)
    ]
    assert result.stderr == ""


def test_json_sequences() -> None:
    result = run("query", CRADLE, ATTACKS, "--json", "--size", "1")
    (match,) = map(json.loads, result.stdout.splitlines())
    assert match.keys() == {"join_keys", "events"}
    assert match["join_keys"] == [match["events"][0]["container"]["id"]]
    assert [each and each["event"]["action"] for each in match["events"]] == [["creation"], None, ["deletion"]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param([], range(2, 12), id="last-ten"),
        pytest.param(["--head", "--size", "2"], range(2), id="head"),
        pytest.param(["--tail", "--size", "2"], range(10, 12), id="tail"),
        pytest.param(["--since", "2026-11-22T02:42:10Z"], range(10, 12), id="since"),
        pytest.param(["--until", "2026-11-22T02:42:01Z"], range(1), id="until"),
        pytest.param(["--category-field", "event.action"], range(0), id="category-field"),
    ],
)
def test_options(options: list[str], expected: range, events: Path) -> None:
    found = run("query", "file where true", events, "--json", *options)
    assert [json.loads(line)["size"] for line in found.stdout.splitlines()] == list(expected)
    assert found.exit_code == (1 if expected else 0)


@pytest.mark.parametrize("eql", ["file where size > 9", "file where true"])
def test_standard_input(eql: str, events: Path) -> None:
    shown = run("query", eql, events, "--json", "--size", "2").stdout
    assert len(shown.splitlines()) == 2
    assert run("query", eql, "-", "--json", "--size", "2", stdin=events.read_bytes()).stdout == shown


def test_malformed_lines_are_reported_and_kept(tmp_path: Path, events: Path) -> None:
    events.write_text("nonsense\n" + events.read_text() + "[1]\n")
    letters = tmp_path / "letters"
    result = run("query", "file where size > 10", events, "--json", "--dead-letter", letters)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr.startswith(f"2 malformed lines, all in {letters}; the first: {events}:1: ")
    assert [json.loads(line)["line"] for line in letters.read_text().splitlines()] == [1, 14]
    assert "--dead-letter FILE keeps them" in run("query", "file where true", events).stderr


def test_inputs_are_not_overwritten(events: Path) -> None:
    before = events.read_text()
    assert run("query", "file where true", events, "--dead-letter", events).exit_code == 2
    assert events.read_text() == before


def test_damaged_input_is_bad_input_and_its_sound_part_is_searched(tmp_path: Path) -> None:
    damaged = tmp_path / "cut.ndjson.gz"
    whole = ATTACKS.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    result = run("query", "any where true", damaged, "--json")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 10
    assert f"\n{damaged}: " in result.stderr


def test_declared_types_and_other_fields(tmp_path: Path) -> None:
    documents = [{"when": f"2026-11-2{day}", "kind": "file", "n": str(day), "t": -day} for day in (1, 2)]
    path = write_events(tmp_path / "odd.ndjson", documents)
    options = ["--timestamp-field", "when", "--category-field", "kind", "--tiebreaker-field", "t"]
    types = ["--field-type", "when=date", "--field-type", "n=long", "--field-type", "t=long"]
    types += ["--field-type", "kind=keyword", "--field-type", "m=alias:n"]
    result = run("query", "file where m > 1", path, *options, *types)
    assert result.stdout.splitlines()[1].split() == ["2026-11-22", "00:00:00.000", "file", "-", "-", "-"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["file where true", ATTACKS, "--field-type", "a"], "NAME=TYPE", id="type-without-name"),
        pytest.param(["file where true", ATTACKS, "--field-type", "a=lonk"], "lonk", id="unknown-type"),
        pytest.param(["file where true", ATTACKS, "--size", "-1"], "size must be 0 or more", id="size"),
        pytest.param(["file where true", ATTACKS, "--max-samples-per-key", "0"], "1 or more", id="samples"),
        pytest.param(["file where true", "missing"], "missing: no such file", id="no-such-input"),
        pytest.param(["file where true", ATTACKS, "--tiebreaker-field", "nix"], "not a known field", id="tiebreaker"),
    ],
)
def test_bad_arguments(arguments: list[object], message: str) -> None:
    result = run("query", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_no_zero_means_nothing_found(events: Path) -> None:
    assert run("query", "file where true", events, "--size", "0").exit_code == 0
