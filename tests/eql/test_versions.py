"""The order of versions."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.versions import version_key

ASCENDING = [
    "0.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0",
    "1.0.0+build",
    "1.2.4",
    "1.11.3",
    "2",
    "2.0",
    "10.0.0",
    "9" * 5000 + ".0",
    "",
    "01.0",
    "1.0.0-",
    "latest",
    "v1.0",
]


@pytest.mark.parametrize(("low", "high"), [*pairwise(ASCENDING)])
def test_order(low: str, high: str) -> None:
    assert version_key(low) < version_key(high)


@given(st.text(), st.text())
def test_every_text_has_its_place(one: str, other: str) -> None:
    assert (version_key(one) == version_key(other)) == (one == other)
