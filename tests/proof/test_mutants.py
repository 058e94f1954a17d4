"""Changed rules, and what becomes of them."""

from __future__ import annotations

import pytest

import deckwatch as dw
from deckwatch.eql.parser import parse
from deckwatch.proof.mutants import mutants
from deckwatch.proof.prove import Proof, prove_rule
from tests.proof.build import rule_of


@pytest.mark.parametrize(
    ("query", "changes"),
    [
        pytest.param(
            'process where a == "x"',
            {"any instead of process", 'a == "x" deleted', 'not a == "x"', ": instead of =="},
            id="equality",
        ),
        pytest.param(
            "any where n > 5",
            {"n > 5 deleted", "not n > 5", ">= instead of >", "< instead of >", "4 instead of 5", "6 instead of 5"},
            id="order",
        ),
        pytest.param(
            'any where a in ("x", "y")',
            {
                'a in ("x", "y") deleted',
                'a not in ("x", "y")',
                "in~ instead of in",
                '"x" dropped from the list',
                '"y" dropped from the list',
            },
            id="list",
        ),
        pytest.param(
            'any where a like "/etc/*"',
            {
                'a like "/etc/*" deleted',
                'not a like "/etc/*"',
                "like~ instead of like",
                '"*/etc/*" instead of "/etc/*"',
                '"/etc/" instead of "/etc/*"',
            },
            id="wildcard",
        ),
        pytest.param(
            "any where b == true and not c",
            {
                "or instead of and",
                "b == true deleted",
                "not b == true",
                "not c deleted",
                "c without not",
                "false instead of true",
                "not (b == true and not c)",
            },
            id="clauses",
        ),
        pytest.param(
            "sequence by k with maxspan=4s [any where true] [any where true] until [any where true]",
            {
                "step 1 dropped",
                "step 2 dropped",
                "steps 1 and 2 swapped",
                "join key k dropped",
                "until dropped",
                "maxspan dropped",
                "maxspan doubled",
                "maxspan halved",
            },
            id="sequence",
        ),
        pytest.param(
            "sequence [any where true] by k with runs=2",
            {"step 1 dropped", "runs=1 instead of 2", "runs=3 instead of 2", "join key k dropped"},
            id="runs",
        ),
        pytest.param(
            'any where startsWith(a, "x")',
            {'startsWith(a, "x") deleted', 'not startsWith(a, "x")', "startsWith~ instead of startsWith"},
            id="call",
        ),
    ],
)
def test_everything_is_changed_once(query: str, changes: set[str]) -> None:
    tree = parse(query)
    found = [mutant.change for mutant in mutants(tree)]  # type: ignore[arg-type]
    assert set(found) == changes
    assert len(found) == len(changes)


def test_a_change_has_its_place() -> None:
    query = 'any where process.name in ("a", "b")'
    places = {each.change: query[each.span.start : each.span.end] for each in mutants(parse(query))}  # type: ignore[arg-type]
    assert places['"b" dropped from the list'] == '"b"'


@pytest.mark.parametrize(
    ("query", "change", "reason"),
    [
        pytest.param(
            'any where process.name in ("a", "b", "a")', '"a" dropped from the list', "means the same", id="twice"
        ),
        pytest.param(
            'any where file.path like ("/run/*", "/run/shm/*")',
            '"/run/shm/*" dropped from the list',
            "no event",
            id="in another",
        ),
        pytest.param(
            'any where process.name == "a" and process.name != "b"',
            'process.name != "b" deleted',
            "several values",
            id="one value",
        ),
        pytest.param('any where process.name like "?*"', "like~ instead of like", "no event", id="no letters"),
    ],
)
def test_what_changes_nothing_is_shown_as_that(query: str, change: str, reason: str) -> None:
    score = prove_rule(rule_of(query)).score
    assert score is not None
    equivalent = {each.mutant.change: each.reason for each in score.judged if each.fate == "equivalent"}
    assert reason in equivalent[change]
    assert score.value == 1


@pytest.mark.parametrize(
    ("query", "change"),
    [
        pytest.param(
            'sequence by k with maxspan=9ms [any where true] [any where true] until [any where k == "b"]',
            ": instead of ==",
            id="every event that ends the sequence is one of its own too",
        ),
        pytest.param(
            'sequence by ?d with maxspan=9ms [p where true] with runs=2 [any where true] until [q where k == "b"]',
            "any instead of q",
            id="the same, with a category",
        ),
    ],
)
def test_what_cannot_be_shown_without_another_stage_is_not_taken_for_equivalent(query: str, change: str) -> None:
    score = prove_rule(rule_of(query)).score
    assert score is not None
    assert change in [each.mutant.change for each in score.judged if each.fate == "surviving"]


def test_until_ends_nothing_of_a_sequence_that_one_event_completes() -> None:
    query = 'sequence with maxspan=4ms [any where b] ![any where k == "a"] until [any where n == 0]'
    score = prove_rule(rule_of(query)).score
    assert score is not None
    reasons = {each.mutant.change: each.reason for each in score.judged if each.fate == "equivalent"}
    assert "no event" in reasons["n == 0 deleted"]


def test_what_no_event_shows_survives() -> None:
    query = "any where (length(process.name) < 3 or length(process.name) >= 3) and process.name != null"
    score = prove_rule(rule_of(query)).score
    assert score is not None
    assert "process.name != null deleted" in [each.mutant.change for each in score.judged if each.fate == "surviving"]
    assert score.value < 1


@pytest.fixture(scope="module")
def founding() -> dict[str, Proof]:
    """The proofs of the founding rules, by the first word of their names."""
    return {rule.name.split()[0]: prove_rule(rule) for rule in dw.founding_rules()}


@pytest.mark.parametrize("name", [rule.name.split()[0] for rule in dw.founding_rules()])
def test_the_founding_rules_are_proven(founding: dict[str, Proof], name: str) -> None:
    proof = founding[name]
    assert proof.proven
    assert not proof.gaps
    assert proof.score is not None
    assert proof.score.value == 1
    assert not proof.score.left_out


def test_the_word_that_stands_twice_in_the_founding_sequence_is_found(founding: dict[str, Proof]) -> None:
    (score,) = [proof.score for proof in founding.values() if "sequence" in proof.rule.query]
    assert score is not None
    assert '"ld" dropped from the list' in [each.mutant.change for each in score.judged if each.fate == "equivalent"]
