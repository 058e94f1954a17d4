"""Which scenarios a rule gets, and that they are what they say."""

from __future__ import annotations

import pytest

from deckwatch.engine.detections import Detection
from deckwatch.proof.prove import prove_rule
from deckwatch.proof.run import find
from tests.proof.build import rule_of

A, B, C = '[any where event.action == "a"]', '[any where event.action == "b"]', '[any where event.action == "c"]'
NOT_C = f"!{C}"


@pytest.mark.parametrize(
    ("query", "positive", "silent"),
    [
        pytest.param(
            'process where process.name in ("a", "b") and not user.id == "0"',
            ["the whole rule", 'process.name in ("b")'],
            ['event.category == "process"', 'process.name in ("a", "b")', 'user.id == "0"'],
            id="members and clauses",
        ),
        pytest.param(
            'any where (process.name == "a" and user.id == "1") or process.name == "b"',
            ["the whole rule", 'process.name == "b"'],
            ['process.name == "a"', 'user.id == "1"'],
            id="alternatives",
        ),
        pytest.param(
            'file where file.path like ("/etc/*", "/root/*")',
            ["the whole rule", 'file.path like "/root/*"'],
            ['event.category == "file"', 'file.path like ("/etc/*", "/root/*")'],
            id="patterns",
        ),
    ],
)
def test_events_for_every_way(query: str, positive: list[str], silent: list[str]) -> None:
    proof = prove_rule(rule_of(query), mutants=0)
    assert [each.scenario.about for each in proof.of("positive")] == positive
    assert [each.scenario.about for each in proof.of("near miss")] == silent
    assert proof.proven


@pytest.mark.parametrize(
    ("query", "about"),
    [
        pytest.param(f"sequence by user.id with maxspan=10s {A} {B}", "step 1 is absent", id="absent"),
        pytest.param(f"sequence by user.id with maxspan=10s {A} {B}", "steps 1 and 2 in the wrong order", id="order"),
        pytest.param(f"sequence by user.id with maxspan=10s {A} {B}", "beyond maxspan", id="span"),
        pytest.param(f"sequence by user.id, host.id {A} {B}", "the join key host.id differs", id="key"),
        pytest.param(f"sequence {A} by user.id {B} by user.name", "the join key user.name differs", id="own keys"),
        pytest.param(f"sequence by user.id {A} {B} until {C}", "until comes in between", id="until"),
        pytest.param(f"sequence by user.id with maxspan=1m {A} {NOT_C} {B}", "step 2 is there", id="missing between"),
        pytest.param(f"sequence by user.id with maxspan=1m {A} {B} {NOT_C}", "step 3 is there", id="missing after"),
        pytest.param(f"sequence by user.id with maxspan=1m {NOT_C} {A} {B}", "step 1 is there", id="missing before"),
        pytest.param(
            f"sequence by user.id with maxspan=1m {NOT_C} {A} {NOT_C}",
            "step 3 is there, exactly maxspan away",
            id="both",
        ),
        pytest.param(f"sequence by user.id {A} with runs=3", "step 1 is absent", id="one run fewer"),
        pytest.param(f"sample by user.id {A} {B}", "the join key user.id differs", id="sample"),
    ],
)
def test_what_must_keep_a_sequence_from_firing(query: str, about: str) -> None:
    proof = prove_rule(rule_of(query), mutants=0)
    assert proof.proven, [each.scenario.about for each in proof.tried if not each.passed]
    assert about in [each.scenario.about for each in proof.of("near miss")]


@pytest.mark.parametrize(
    ("query", "about"),
    [
        pytest.param(f"sequence by user.id with maxspan=10s {A} {B}", "exactly maxspan", id="span"),
        pytest.param(f"sequence by user.id {A} {B} until {C}", "until comes in between, of another key", id="until"),
        pytest.param(
            f"sequence by user.id with maxspan=1m {A} {NOT_C}", "step 2 is there, beyond maxspan", id="missing, later"
        ),
        pytest.param(
            f"sequence by user.id with maxspan=1m {A} {NOT_C} {B}", "step 2 is there, of another key", id="missing, key"
        ),
    ],
)
def test_what_must_not_keep_it_from_firing(query: str, about: str) -> None:
    proof = prove_rule(rule_of(query), mutants=0)
    assert proof.proven
    (found,) = [each for each in proof.of("boundary") if each.scenario.about == about]
    assert found.scenario.fires


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        pytest.param(
            'any where process.name == "a" and process.name == "b"', "process.name has no value for", id="dead"
        ),
        pytest.param(
            'any where process.name == "a" and not process.name == "b"',
            'process.name == "b"',
            id="a clause without effect",
        ),
        pytest.param(
            'sequence by process.name [any where process.name == "a"] [any where process.name == "b"]',
            "process.name has no value for",
            id="a join that cannot be",
        ),
    ],
)
def test_what_cannot_be_is_said_with_its_reason(query: str, reason: str) -> None:
    proof = prove_rule(rule_of(query), mutants=0)
    assert any(gap.certain and reason in f"{gap.about} {gap.reason}" for gap in proof.gaps)


@pytest.mark.parametrize(
    ("index", "category", "stream"),
    [
        pytest.param(
            ["logs-cloud_defend.file*", "logs-cloud_defend.process*"], "file", "cloud_defend.file", id="of two"
        ),
        pytest.param(["logs-endpoint.events.*"], "network", "endpoint.events.network", id="wide"),
        pytest.param(["auditbeat-*"], "process", None, id="none that can be named"),
    ],
)
def test_events_come_in_a_data_stream_that_the_rule_reads(index: list[str], category: str, stream: str | None) -> None:
    rule = rule_of(f"{category} where true", index)
    (first, *_) = prove_rule(rule, mutants=0).tried
    assert first.scenario.documents[0].get("data_stream", {}).get("dataset") == stream


def test_an_alert_index_is_named_where_no_data_stream_fits() -> None:
    rule = rule_of('any where data_stream.dataset == "elsewhere"', [".alerts-security.*"])
    (event,) = prove_rule(rule, mutants=0).tried[0].scenario.documents
    assert event["_index"].startswith(".alerts-security.")


def test_a_process_makes_sense() -> None:
    rule = rule_of('process where process.executable like "/tmp/*" and process.args == "-x"')
    (event,) = prove_rule(rule, mutants=0).tried[0].scenario.documents
    process = event["process"]
    assert process["executable"] == f"/tmp/{process['name']}"  # noqa: S108  # of the rule
    assert process["args"] == [process["name"], "-x"] or process["args"] == ["-x"]


def test_that_several_values_in_a_join_key_cannot_join_is_not_certain() -> None:
    query = 'sequence by process.args [any where not process.args == "x"] [any where process.args == "x"]'
    (gap,) = prove_rule(rule_of(query), mutants=0).gaps
    assert not gap.certain


def test_scenarios_of_sequences_without_keys_and_span_run_apart() -> None:
    rule = rule_of(f"sequence {A} {B}")
    proof = prove_rule(rule, mutants=0)
    assert proof.proven
    together = [event for each in proof.tried for event in each.scenario.documents]
    assert len(find([Detection.of_rule(rule)], together)[0]) > sum(each.scenario.fires for each in proof.tried)
