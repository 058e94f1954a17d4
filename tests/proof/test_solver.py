"""From a condition to an event, or to the reason why there is none."""

import pytest

from deckwatch.eql.evaluate import holds
from deckwatch.proof.solver import Solution, Solver, Unsolved
from tests.proof.build import rule_of


def solve(condition: str, **how: object) -> Solution | Unsolved:
    rule = rule_of(f"any where {condition}")
    wanted = rule.checked.query.filter.condition  # type: ignore[union-attr]
    found = Solver(rule.checked.fields).solve(wanted, **how)  # type: ignore[arg-type]
    if isinstance(found, Solution):
        assert holds(wanted, lambda name: found.values.get(name, ()))
    return found


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        pytest.param('process.name == "curl"', {"process.name": ("curl",)}, id="equality"),
        pytest.param('process.name in ("a", "b") and process.name != "a"', {"process.name": ("b",)}, id="membership"),
        pytest.param(
            'file.path like "/etc/*" and file.path like "*.conf"', {"file.path": ("/etc/app.conf",)}, id="two wildcards"
        ),
        pytest.param('process.name regex "[a-c]{2}x?"', {"process.name": ("aa",)}, id="regex"),
        pytest.param(
            'process.name regex "[a-c]{2}x?" and process.name like "*x"',
            {"process.name": ("aax",)},
            id="regex, wildcard",
        ),
        pytest.param('process.name regex "~(a.*)&..."', {"process.name": ("baa",)}, id="intersection and complement"),
        pytest.param("process.pid > 5 and process.pid <= 6", {"process.pid": (6,)}, id="numbers"),
        pytest.param("process.pid >= 9223372036854775807", {"process.pid": (2**63 - 1,)}, id="greatest number"),
        pytest.param("process.pid == null and process.ppid != null", {"process.pid": ()}, id="null"),
        pytest.param('cidrMatch(source.ip, "10.0.0.0/8")', {"source.ip": ("10.0.0.5",)}, id="block"),
        pytest.param(
            'cidrMatch(source.ip, "10.0.0.0/8") and not cidrMatch(source.ip, "10.0.0.0/9")',
            {},
            id="block without block",
        ),
        pytest.param('cidrMatch(source.ip, "fe80::/10")', {"source.ip": ("fe80::5",)}, id="version 6"),
        pytest.param("length(process.name) > 12 and length(process.name) < 14", {}, id="length"),
        pytest.param('startsWith(process.name, "ab") and endsWith(process.name, "ba")', {}, id="prefix and suffix"),
        pytest.param(
            'stringContains~(process.command_line, process.name) and process.name == "X"', {}, id="two fields"
        ),
        pytest.param("subtract(process.args_count, process.pid) == 3", {}, id="difference"),
        pytest.param('concat(process.name, ":", user.name) == "a:b"', {}, id="concat"),
        pytest.param('file.created >= "2026-01-01" and file.created < "2026-01-02"', {}, id="date"),
        pytest.param(
            'process.args == "-c" and process.args : "*curl*" and not process.args == "-x"',
            {"process.args": ("-c", "curl")},
            id="several arguments",
        ),
        pytest.param("process.interactive and not process.parent.interactive == true", {}, id="booleans"),
        pytest.param('(process.name == "a" and process.pid == 1) or process.pid == 2', {}, id="alternatives"),
        pytest.param('user.id >= "1000" and user.id < "2000"', {}, id="order of text"),
        pytest.param('indexOf(process.name, "x") == null and process.name != null', {}, id="no index"),
        pytest.param('substring(process.name, 0, 2) == "ab"', {}, id="substring"),
    ],
)
def test_an_event_is_found(condition: str, values: dict[str, object]) -> None:
    found = solve(condition)
    assert isinstance(found, Solution), found
    assert values.items() <= dict(found.values).items()


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param('process.name == "a" and process.name == "b"', id="two values"),
        pytest.param('process.name == "a" and process.name == null', id="value and null"),
        pytest.param('process.name like "/etc/*" and not process.name like "/*"', id="subsumed wildcard"),
        pytest.param('process.name : "a*" and not process.name : "A*"', id="subsumed but for case"),
        pytest.param('process.name regex "a+" and not process.name regex "a*"', id="subsumed regex"),
        pytest.param("process.pid > 5 and process.pid < 6", id="empty range"),
        pytest.param(
            'cidrMatch(source.ip, "10.0.0.0/9") and not cidrMatch(source.ip, "10.0.0.0/8")', id="block in block"
        ),
        pytest.param("process.interactive == true and process.interactive == false", id="both booleans"),
        pytest.param('(process.name == "a" or process.pid == 1) and process.name == "b" and process.pid == 2', id="or"),
    ],
)
def test_that_there_is_none_is_proven(condition: str) -> None:
    found = solve(condition)
    assert isinstance(found, Unsolved)
    assert found.proven, found.reason


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        pytest.param(
            "length(process.name) == 3 and length(process.name) == 4", "process.name has no value", id="lengths"
        ),
        pytest.param(
            'process.name : "a*" and not process.name in ("a", "A") and length(process.name) == 1', "tried", id="case"
        ),
        pytest.param("process.pid * process.pid == 49 and process.pid < 0", "process.pid", id="arithmetic"),
    ],
)
def test_what_is_too_hard_is_said_and_not_taken_for_impossible(condition: str, reason: str) -> None:
    found = solve(condition)
    assert isinstance(found, Unsolved)
    assert not found.proven
    assert reason in found.reason


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        pytest.param(
            "startsWith(process.name, string(process.interactive))",
            {"process.interactive": (False,), "process.name": ("false",)},
            id="boolean",
        ),
        pytest.param("process.pid == 1 and length(string(process.pid)) == 1", {"process.pid": (1,)}, id="long"),
        pytest.param("length(string(source.ip)) > 5", {"source.ip": ("10.0.0.5",)}, id="address"),
        pytest.param("string(event.created) != null", {"event.created": (1_767_225_600_000_000_000,)}, id="date"),
        pytest.param("event.risk_score in (2, 3)", {"event.risk_score": (2.0,)}, id="double"),
    ],
)
def test_a_field_is_given_what_its_kind_can_take(condition: str, values: dict[str, object]) -> None:
    found = solve(condition)
    assert isinstance(found, Solution), found
    assert repr(sorted(found.values.items())) == repr(sorted(values.items()))  # 1, 1.0 and True are equal


def test_several_values_in_one_field_are_tried_only_when_allowed() -> None:
    condition = 'process.name == "a" and process.name == "b"'
    assert isinstance(solve(condition), Unsolved)
    assert solve(condition, many=True) == Solution({"process.name": ("a", "b")})


def test_what_is_preferred_stays() -> None:
    condition = 'process.name in ("a", "b", "c") and user.id == "5"'
    found = solve(condition, prefer={"process.name": ("b",), "user.id": ("6",)})
    assert found == Solution({"process.name": ("b",), "user.id": ("5",)})


def test_what_is_given_is_kept_to() -> None:
    condition = 'file.path like ("/tmp/*", "/opt/*") and file.name != null'
    found = solve(condition, fixed={"file.name": ("payload-1",)})
    assert found == Solution({"file.name": ("payload-1",), "file.path": ("/tmp/payload-1",)})  # noqa: S108  # of the rule
