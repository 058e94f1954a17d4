"""`deckwatch explain` on the command line."""

import json
from pathlib import Path

import polars as pl
import pytest

import deckwatch
from deckwatch.events.document import content_hash
from tests.cli.run import ATTACKS, event, run, write_events, write_rule

QUERY = 'file where event.action == "creation" and file.name == "x"'


@pytest.fixture
def events(tmp_path: Path) -> Path:
    documents = [
        event(1, file={"name": "y"}, container={"id": "c1d2", "name": "shop"}),
        event(2, file={"name": "x"}, container={"id": "d3", "name": "cart"}),
        {"file": {"name": "x"}, "@timestamp": "2026-11-22T02:42:30Z"},
    ]
    return write_events(tmp_path / "events.ndjson", documents)


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    return write_rule(tmp_path / "rule.toml", QUERY, "dropper")


def test_what_came_near(rule: Path, events: Path) -> None:
    result = run("explain", rule, events)
    assert result.exit_code == 0
    assert "3 events read; it fired once" in result.output
    assert 'file.name == "x": "y", wanted "x"  ← decides' in result.output


def test_json_has_the_same_without_documents(rule: Path, events: Path) -> None:
    told = json.loads(run("explain", rule, events, "--json").output)
    assert told["fired"] == 1
    assert [(each["event"]["id"], each["distance"]) for each in told["judgements"]] == [("1", 1), (HASH, 2)]
    assert told["judgements"][0]["event"] == {"position": 0, "id": "1", "time": "2026-11-22T02:42:01.000Z"}
    (clause,) = [each for each in told["judgements"][0]["clause"]["terms"] if each["decisive"]]
    assert clause == {
        "kind": "test",
        "text": 'file.name == "x"',
        "verdict": "false",
        "held": [{"field": "file.name", "values": ["y"]}],
        "wanted": '"x"',
        "terms": [],
        "decisive": True,
    }


HASH = content_hash({"file": {"name": "x"}, "@timestamp": "2026-11-22T02:42:30Z"})


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        pytest.param(["--event", "2"], ["2"], id="event"),
        pytest.param(["--event", HASH], [HASH], id="event-by-the-hash-of-its-content"),
        pytest.param(["--container", "c1"], ["1"], id="container-by-id"),
        pytest.param(["--container", "shop"], ["1"], id="container-by-name"),
        pytest.param(["--around", "2026-11-22T02:42:30Z", "--window", "5s"], [HASH], id="time"),
        pytest.param(["--limit", "1"], ["1"], id="limit"),
    ],
)
def test_what_is_asked_about(rule: Path, events: Path, options: list[str], ids: list[str]) -> None:
    told = json.loads(run("explain", rule, events, "--json", *options).output)
    assert [each["event"]["id"] for each in told["judgements"]] == ids


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--event", "77"], "an event with the id '77' is not among the 3 events", id="event"),
        pytest.param(["--event", "f" * 64], "is not among the 3 events", id="hash"),
        pytest.param(["--container", "zz"], "an event of the container 'zz' is not among the 3 events", id="container"),
        pytest.param(["--around", "soon"], "'soon' is no time", id="time"),
        pytest.param(["--window", "9"], "'9' is no time", id="window"),
    ],
)
def test_what_cannot_be_asked(rule: Path, events: Path, options: list[str], message: str) -> None:
    result = run("explain", rule, events, *options)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize("name", ["05a50000-9886-4695-ad33-3f990dc142e2", "system path file"])
def test_a_rule_by_its_id_or_the_beginning_of_its_name(name: str, events: Path) -> None:
    assert run("explain", name, events).output.startswith("System Path File Creation and Execution")


def test_a_rule_of_a_file_with_others(tmp_path: Path, events: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name in ("one", "two"):
        write_rule(folder / f"{name}.toml", "any where true", name)
    both = run("explain", folder, events)
    assert (both.exit_code, "several rules" in both.output, "'one', 'two'" in both.output) == (2, True, True)
    unknown = run("explain", "three", events, "--rules", folder)
    assert (unknown.exit_code, "neither a file nor the id or name of a rule" in unknown.output) == (2, True)
    assert run("explain", "two", events, "--rules", folder).output.startswith("two\n")


def test_lines_that_are_no_events_are_counted(rule: Path, events: Path) -> None:
    with events.open("a") as file:
        file.write("nonsense\n")
    result = run("explain", rule, events)
    assert result.exit_code == 0
    assert "1 malformed line" in result.output


def test_documents_may_come_from_an_iterator() -> None:
    (rule, _) = deckwatch.founding_rules()
    told = deckwatch.explain(rule, iter([event(1)]))
    assert (told.events, told.fired) == (1, 0)


def test_events_may_be_a_frame() -> None:
    (_, rule) = deckwatch.founding_rules()
    frame = pl.DataFrame(
        {"@timestamp": ["2026-11-22T02:42:36Z"], "event.category": ["file"], "event.type": ["creation"]}
    )
    (judgement,) = deckwatch.explain(rule, frame, around=1795315356 * 10**9).judgements or (None,)
    assert judgement is None  # it is more than three tests away


def test_a_recording_of_attacks() -> None:
    result = run("explain", "Ingress Tool", ATTACKS, "--limit", 1)
    assert result.exit_code == 0
    assert "ended: 2.008 s past maxspan when stage 3 came" in result.output
