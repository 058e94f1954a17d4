"""Near misses of the founding rules, one clause flipped each: the clause is named."""

from collections.abc import Iterator
from typing import Any

import pytest

import deckwatch
from deckwatch import Rule
from deckwatch.explanation.values import Attempt, Clause, Judgement
from tests.explanation.events import file

RULES = {rule.query.split()[0]: rule for rule in deckwatch.founding_rules()}


def blamed(clause: Clause) -> Iterator[str]:
    if clause.decisive:
        yield clause.text
    for term in clause.terms:
        yield from blamed(term)


def dropped(**more: Any) -> dict[str, Any]:
    usual = {
        "host__os__type": "linux",
        "event__type": "creation",
        "process__interactive": True,
        "process__name": "wget",
        "file__path": "/usr/bin/x",
    }
    return file("e", 0, **{**usual, **more})


BUSYBOX = {"process__name": "busybox", "process__args": ["busybox", "wget"]}
FROM_TMP = {"process__name": "x", "process__executable": "/run/x"}

FLIPS = [
    pytest.param({}, {"event__category": "process"}, "event.category", id="category"),
    pytest.param({}, {"host__os__type": "windows"}, "host.os.type", id="host"),
    pytest.param({}, {"host__os__type": None}, "host.os.type", id="host-missing"),
    pytest.param({}, {"event__type": "change"}, "event.type", id="type"),
    pytest.param({}, {"process__interactive": False}, "process.interactive", id="interactive"),
    pytest.param({}, {"process__interactive": None}, "process.interactive", id="interactive-missing"),
    pytest.param({}, {"file__path": "/opt/x"}, "file.path", id="path"),
    pytest.param({}, {"process__name": "bash"}, "process.name like", id="name"),
    pytest.param(BUSYBOX, {"process__name": "toybox"}, "process.name ==", id="busybox"),
    pytest.param(BUSYBOX, {"process__args": ["busybox", "sh"]}, "process.args ==", id="argument"),
    pytest.param(FROM_TMP, {"process__executable": "/bin/x"}, "process.executable", id="executable"),
    pytest.param({}, {"container__id": None}, "container.id", id="container-missing"),
    pytest.param({}, {"container__id": ""}, "container.id", id="container-empty"),
]


@pytest.mark.parametrize(("variant", "flip", "clause"), FLIPS)
def test_the_event_rule(variant: dict[str, Any], flip: dict[str, Any], clause: str) -> None:
    rule = RULES["file"]
    assert deckwatch.explain(rule, [dropped(**variant)]).fired == 1
    told = deckwatch.explain(rule, [dropped(**{**variant, **flip})])
    assert told.fired == 0
    assert isinstance(told.nearest, Judgement)
    assert told.nearest.distance == 1
    assert any(text.startswith(clause) for text in blamed(told.nearest.clause))


STAGES: tuple[dict[str, Any], ...] = (
    {"event__action": "creation", "process__name": "curl", "file__path": "/opt/x", "file__name": "x"},
    {
        "event__category": "process",
        "event__type": "start",
        "event__action": "exec",
        "process__parent__name": "bash",
        "process__name": "x",
    },
    {"event__action": "deletion", "file__path": "/opt/x", "file__name": "x", "process__name": "x"},
)
SHELL = {"process__name": "bash", "process__args": ["bash", "-c", "curl"]}

STAGE_FLIPS = [
    pytest.param(1, {}, {"event__category": "process"}, "event.category", id="1-category"),
    pytest.param(1, {}, {"event__action": "open"}, "event.action", id="1-action"),
    pytest.param(1, {}, {"process__name": "python"}, "process.name in", id="1-name"),
    pytest.param(1, {}, {"process__name": None}, "process.name in", id="1-name-missing"),
    pytest.param(1, SHELL, {"process__name": "python"}, "process.name in", id="1-shell"),
    pytest.param(1, SHELL, {"process__args": ["bash", "-c", "cat"]}, "process.args in", id="1-argument"),
    pytest.param(1, SHELL, {"process__args": None}, "process.args in", id="1-arguments-missing"),
    pytest.param(1, SHELL, {"process__args": ["curl", "chmod"]}, "not process.args in", id="1-excluded-argument"),
    pytest.param(1, {}, {"file__path": "/etc/x"}, "file.path like", id="1-path"),
    pytest.param(2, {}, {"event__category": "file"}, "event.category", id="2-category"),
    pytest.param(2, {}, {"event__type": "end"}, "event.type", id="2-type"),
    pytest.param(2, {}, {"event__action": "fork"}, "event.action", id="2-action"),
    pytest.param(2, {}, {"process__parent__name": "python"}, "process.parent.name", id="2-parent"),
    pytest.param(2, {}, {"process__parent__name": None}, "process.parent.name", id="2-parent-missing"),
    pytest.param(3, {}, {"event__category": "process"}, "event.category", id="3-category"),
    pytest.param(3, {}, {"event__action": "rename"}, "event.action", id="3-action"),
    pytest.param(3, {}, {"file__path": "/etc/x"}, "file.path like", id="3-path"),
    pytest.param(3, {}, {"file__path": None}, "file.path like", id="3-path-missing"),
    pytest.param(3, {}, {"process__name": "rm"}, "not process.name in", id="3-excluded-name"),
]

KEY_FLIPS = [
    *(pytest.param(n, {"container__id": "other"}, "container.id", id=f"{n}-container") for n in (1, 2, 3)),
    *(pytest.param(n, {"user__id": None}, "user.id", id=f"{n}-user-missing") for n in (1, 2, 3)),
    *(pytest.param(n, {"file__name": "y"}, "file.name", id=f"{n}-file") for n in (1, 3)),
    pytest.param(2, {"process__name": "y"}, "process.name", id="2-name"),
]


def nearest(stage: int, variant: dict[str, Any], flip: dict[str, Any]) -> Attempt:
    """What came nearest, when one event of a whole sequence is changed."""
    rule: Rule = RULES["sequence"]
    whole = [dict(STAGES[0], **variant), *STAGES[1:]]
    assert deckwatch.explain(rule, _documents(whole)).fired == 1
    told = deckwatch.explain(rule, _documents([{**e, **flip} if n == stage else e for n, e in enumerate(whole, 1)]))
    assert told.fired == 0
    assert isinstance(told.nearest, Attempt)
    assert told.nearest.distance == 1
    return told.nearest


def _documents(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [file(f"e{n}", n, **fields) for n, fields in enumerate(stages, 1)]


@pytest.mark.parametrize(("stage", "variant", "flip", "clause"), STAGE_FLIPS)
def test_the_sequence_rule(stage: int, variant: dict[str, Any], flip: dict[str, Any], clause: str) -> None:
    candidate = next(each for each in nearest(stage, variant, flip).candidates if each.stage == stage)
    assert candidate.judgement.event.id == f"e{stage}"
    assert any(text.startswith(clause) for text in blamed(candidate.judgement.clause))


@pytest.mark.parametrize(("stage", "flip", "field"), KEY_FLIPS)
def test_the_join_keys_of_the_sequence_rule(stage: int, flip: dict[str, Any], field: str) -> None:
    candidate = next(each for each in nearest(stage, {}, flip).candidates if each.stage == stage)
    assert candidate.judgement.event.id == f"e{stage}"
    assert [each.field for each in candidate.differences] == [field]
