"""One text decides between wildcards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.patterns import wildcard_matches
from deckwatch.proof.wildcards import covers, witnesses

PATTERN = st.text("abA*?", max_size=5)


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        pytest.param("/run/*", "/run/shm/*", True, id="folder in a folder"),
        pytest.param("/run/shm/*", "/run/*", False, id="the other way"),
        pytest.param("*a*", "b?a*", True, id="the other may hold a question mark"),
        pytest.param("?", "*", False, id="a star may be empty"),
        pytest.param("?*", "??*", False, id="true, but not found out"),
        pytest.param("*", "", True, id="nothing"),
    ],
)
def test_whether_a_wildcard_covers_another(pattern: str, other: str, expected: bool) -> None:
    assert covers(pattern, other, insensitive=False) is expected


@given(PATTERN, PATTERN, st.text("abAcC", max_size=6), st.booleans())
def test_what_covers_fits_whatever_the_other_fits(pattern: str, other: str, value: str, insensitive: bool) -> None:
    if covers(pattern, other, insensitive=insensitive) and wildcard_matches(other, value, insensitive):
        assert wildcard_matches(pattern, value, insensitive)


@given(PATTERN.filter(lambda text: "?" not in text), PATTERN)
def test_what_does_not_cover_leaves_a_text(pattern: str, other: str) -> None:
    if not covers(pattern, other, insensitive=False):
        texts = [text for text in witnesses([other], [pattern]) if wildcard_matches(other, text, False)]
        assert any(not wildcard_matches(pattern, text, False) for text in texts)
