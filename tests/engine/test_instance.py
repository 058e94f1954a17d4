"""Ids of groups against the specification, and against the library whose text they are made of."""

from typing import Any

import pytest

from deckwatch.engine.instance import instance_id


@pytest.mark.parametrize(
    ("terms", "rule", "space", "expected"),
    [
        pytest.param(
            [("host.name", ["web-07"])],
            "7c1f0a5e-2b64-4d0e-9a53-0f2f5f0d1c11",
            "default",
            "b7d5c3a3ecf3d02b82da7fe65d603cb335da8def",
            id="of-the-specification",
        ),
        pytest.param(
            [("host.name", ["web-07"]), ("user.name", None)],
            "r",
            "default",
            "0914f6e2e189f14715a68d07649043acecf850e7",
            id="several-and-missing",
        ),
        pytest.param(
            [("container.id", "c1"), ("process.pid", [7, 12]), ("process.interactive", [True])],
            "r",
            "space",
            "2d709a74c0a6d98b767d458a8e8d347bf8b75594",
            id="numbers-and-truth",
        ),
        pytest.param(
            [("user.name", ["zoë", "😀"]), ("event.risk_score", 47.5), ("a", [])],
            "r",
            "default",
            "e9d980dfdc04fdd2a6c84b55fd5b2e4896d34141",
            id="beyond-ascii-and-empty",
        ),
        pytest.param(
            [("a", [1e21, 0.1, -3])], "r", "default", "8c6e11709341615b0c48e1ec44b956d22efb2587", id="floating-point"
        ),
        pytest.param(
            [("a", [2**53 + 1, 2**63 - 1, 1e-7, 1.5e-7, 1e-6, 1.25e-5, -0.0, 1.5e300, 123456789.125, -2.5e-10])],
            "r",
            "default",
            "3f3080fbfe414a56e979ab8d32e2b50c8f7def64",
            id="numbers-as-JavaScript-writes-them",
        ),
    ],
)
def test_vectors(terms: list[tuple[str, Any]], rule: str, space: str, expected: str) -> None:
    assert instance_id([{"field": field, "value": value} for field, value in terms], rule, space) == expected


def test_a_number_beyond_all_bounds_is_no_fault() -> None:
    huge = [instance_id([{"field": "a", "value": number}], "r", "default") for number in (10**400, -(10**400), 1)]
    assert len(set(huge)) == 3


def test_half_of_a_surrogate_pair_is_no_fault() -> None:
    assert instance_id([{"field": "a", "value": ["\ud800"]}], "r", "default")
