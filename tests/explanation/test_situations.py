"""What is told in each situation, as people read it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import deckwatch
from deckwatch.cli.explained import lines
from tests.explanation.events import event, file, process
from tests.golden import assert_golden
from tests.rules.build import rule

GOLDEN = Path(__file__).parent / "golden"

NETCAT = 'process where process.name == "nc"'
DROPPER = """file where event.action == "creation" and file.path like ("/opt/*", "/run/*")
    and (process.name in ("curl", "wget") or process.name == "sh" and process.args == "curl")
    and not user.id == "1000" """
AB = """sequence by container.id, user.id with maxspan=10s
  [file where event.action == "creation"] by file.name
  [process where event.action == "exec" and process.parent.name == "sh"] by process.name"""
ABC = AB + '\n  [file where event.action == "deletion"] by file.name'


def created(identity: str, seconds: float | None, **more: Any) -> dict[str, Any]:
    return file(identity, seconds, **{"event__action": "creation", "file__name": "x", **more})


def executed(identity: str, seconds: float | None, **more: Any) -> dict[str, Any]:
    usual = {"event__action": "exec", "process__name": "x", "process__parent__name": "sh"}
    return process(identity, seconds, **{**usual, **more})


def deleted(identity: str, seconds: float | None, **more: Any) -> dict[str, Any]:
    return file(identity, seconds, **{"event__action": "deletion", "file__name": "x", **more})


def dropped(**more: Any) -> dict[str, Any]:
    usual = {"event__action": "creation", "file__path": "/opt/x", "process__name": "curl"}
    return file("e", 1, **{**usual, **more})


def situation(query: str, events: Sequence[dict[str, Any]], identity: str, **options: Any) -> Any:
    return pytest.param(query, events, options, id=identity)


def lettered(stages: str, keys: str = "container.id", rest: str = "") -> str:
    """`A !M B`: a sequence of events with these tags."""
    texts = [f'{"!" * s.startswith("!")}[any where tags == "{s.lstrip("!")}"]' for s in stages.split()]
    by = f"by {keys} " if keys else ""
    return f"sequence {by}with maxspan=10s {' '.join(texts)} {rest}"


def tagged(*items: str) -> list[dict[str, Any]]:
    """`A@1`: an event with the tag A a second after the start."""
    parts = [item.split("@") for item in items]
    return [event(f"{tag}{n}", float(time), "any", tags=list(tag)) for n, (tag, time) in enumerate(parts, 1)]


SITUATIONS = [
    situation(NETCAT, [process("e", 1, process__name="nc")], "event-that-matches", event="e"),
    situation(NETCAT, [process("e", 1, process__name="ncat")], "event-of-another-value", event="e"),
    situation(NETCAT, [process("e", 1)], "event-that-lacks-the-field", event="e"),
    situation(NETCAT, [file("e", 1, process__name="nc")], "event-of-another-category", event="e"),
    situation(
        NETCAT,
        [process("e", 1, process__name="nc", data_stream={"dataset": "web", "type": "metrics"})],
        "event-of-another-data-stream",
        event="e",
    ),
    situation(
        NETCAT,
        [process("e", 1, process__name="nc")],
        "event-outside-of-the-time",
        event="e",
        since=1_800_000_000 * 10**9,
    ),
    situation(DROPPER, [dropped(file__path="/etc/x")], "event-with-one-clause-of-many", event="e"),
    situation(DROPPER, [dropped(process__name="bash")], "event-with-all-alternatives-false", event="e"),
    situation(
        DROPPER, [dropped(process__name="sh", process__args=["sh", "-c"])], "event-near-one-alternative", event="e"
    ),
    situation(DROPPER, [dropped(user__id="1000")], "event-that-is-excluded", event="e"),
    situation(DROPPER, [dropped(file__path="/etc/x", user__id="1000")], "event-with-two-clauses", event="e"),
    situation("process where 1 == 2 and process.pid == 1", [process("e", 1)], "event-of-a-constant", event="e"),
    situation(
        'any where not (process.name == "a" or process.args : "b*")',
        [process("e", 1, process__name="c", process__args=["z", "Bad"])],
        "event-in-a-negated-group",
        event="e",
    ),
    situation(
        'any where process.pid > 9 and cidrMatch(source.ip, "10.0.0.0/8") and @timestamp < "2020" and group.id != null',
        [event("e", 1, "any", process__pid=[7, 8], source__ip="192.168.0.1")],
        "event-of-every-type",
        event="e",
    ),
    situation(DROPPER, [dropped(file__path="/etc/x"), file("f", 2, process__name="wget"), dropped()], "nearest-events"),
    situation(NETCAT, [file("e", 1)], "nearest-event-of-none"),
    situation(
        NETCAT,
        [process("e", 1, process__name="a"), process("f", 2, process__name="b", container__id="d2")],
        "nearest-events-of-a-container",
        container="d2",
    ),
    situation(AB, [created("a", 0), executed("b", 4, process__parent__name="python")], "next-stage-misses-one-clause"),
    situation(AB, [created("a", 0), executed("b", 4, process__parent__name=None)], "next-stage-lacks-a-field"),
    situation(
        AB,
        [created("a", 0), executed("b", 4, data_stream={"dataset": "web", "type": "metrics"})],
        "next-stage-in-another-data-stream",
    ),
    situation(AB, [created("a", 0), executed("b", 4, process__name="y")], "join-key-differs"),
    situation(AB, [created("a", 0), executed("b", 4, user__id=None)], "join-key-is-missing"),
    situation(AB, [created("a", 0), executed("b", 14.2)], "past-maxspan"),
    situation(AB, [created("a", 0), created("z", 30, file__name="z")], "maxspan-passed"),
    situation(AB, [executed("b", 1), created("a", 4)], "wrong-order"),
    situation(AB, [created("a", 0)], "input-ended"),
    situation(AB, [created("a", 0), created("a2", 3), executed("b", 4)], "overwritten-by-a-newer-start"),
    situation(AB, [executed("b", 1)], "never-begun"),
    situation(AB, [created("a", 0, event__action="modification"), executed("b", 1)], "first-stage-misses-one-clause"),
    situation(
        ABC, [created("a", 0), executed("b", 1, process__parent__name="x"), deleted("c", 2)], "middle-stage-missed"
    ),
    situation(ABC, [created("a", 0), executed("b", 1), deleted("c", 2, container__id="c2")], "last-stage-elsewhere"),
    situation(AB, [created("a", None), executed("b", 1)], "no-time"),
    situation(AB, [created("a", 0, event__action="x"), deleted("b", 1)], "no-sequence-began"),
    situation(lettered("A B", rest='until [any where tags == "U"]'), tagged("A@0", "U@3", "B@4"), "killed-by-until"),
    situation(lettered("A !M B"), tagged("A@0", "M@3", "B@4"), "missing-event-between"),
    situation(lettered("!M A B"), tagged("M@0", "A@3", "B@4"), "missing-event-before"),
    situation(lettered("A B !M"), tagged("A@0", "B@3", "M@4"), "missing-event-after"),
    situation(lettered("A B", keys=""), tagged("A@0", "C@4"), "without-join-keys"),
    situation(
        'sequence with maxspan=10s [any where tags == "A"] with runs=3',
        tagged("A@0", "A@1"),
        "runs",
    ),
    situation(
        AB,
        [created("a", 0, user__id=["0", "7"]), executed("b", 4, user__id="8")],
        "several-values-in-a-join-key",
    ),
    situation(lettered("A A B"), tagged("A@0", "A@2", "A@3", "B@4"), "repeated-stages"),
    situation(AB, [created("a", 0), executed("b", 4)], "sequence-that-fired", event="b"),
    situation(
        AB, [created("a", 0), executed("b", 4, process__parent__name="python")], "candidate-asked-about", event="b"
    ),
    situation(
        "sample by host.id [any where true] [file where true]", [file("a", 0, host__id="h")], "sample", event="a"
    ),
]


@pytest.mark.parametrize(("query", "events", "options"), SITUATIONS)
def test_what_is_told(
    query: str, events: list[dict[str, Any]], options: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    told = deckwatch.explain(rule(query=query), events, **options)
    text = "".join(f"{line.plain}\n" for line in lines(told))
    assert_golden(GOLDEN / f"{request.node.callspec.id}.txt", text)
