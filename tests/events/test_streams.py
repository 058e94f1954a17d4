from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.events.streams import IndexPatterns, stream_name

names = st.text("ab.-", min_size=1, max_size=8)
patterns = st.text("ab*", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("index", "stream"),
    [
        pytest.param(".ds-logs-a.b-default-2026.03.02-000001", "logs-a.b-default", id="backing index"),
        pytest.param(".ds-logs-a.b-default-2026.03.02-1234567", "logs-a.b-default", id="seven-digit generation"),
        pytest.param(".ds-logs-a.b-default-000001", "logs-a.b-default", id="backing index without date"),
        pytest.param("partial-.ds-logs-a.b-default-2026.03.02-000001", "logs-a.b-default", id="frozen"),
        pytest.param("west:.ds-logs-a.b-default-2026.03.02-000001", "logs-a.b-default", id="remote"),
        pytest.param("logs-a.b-default", "logs-a.b-default", id="stream"),
        pytest.param("winlogbeat-8.1-2026.03.02-000001", "winlogbeat-8.1-2026.03.02-000001", id="plain index"),
        pytest.param(".ds-logs", ".ds-logs", id="incomplete"),
    ],
)
def test_stream_name(index: str, stream: str) -> None:
    assert stream_name(index) == stream


@pytest.mark.parametrize(
    ("entries", "stream", "matches"),
    [
        pytest.param(["logs-cloud_defend.file*"], "logs-cloud_defend.file-default", True, id="prefix"),
        pytest.param(["logs-cloud_defend.file*"], "logs-cloud_defend.process-default", False, id="other stream"),
        pytest.param(["logs-*-default"], "logs-a-b.c-default", True, id="star spans dashes and dots"),
        pytest.param(["logs*"], "logs", True, id="star spans nothing"),
        pytest.param(["*a*b*"], "xaxbx", True, id="stars"),
        pytest.param(["*ab*ab"], "ab", False, id="parts do not overlap"),
        pytest.param(["*ab"], "abab", True, id="suffix that occurs earlier"),
        pytest.param(["logs-a"], "logs-a-default", False, id="literal is whole"),
        pytest.param(["Logs-*"], "logs-a", False, id="case counts"),
        pytest.param(["logs-?"], "logs-a", False, id="question mark is literal"),
        pytest.param(["logs-[a]"], "logs-a", False, id="no character classes"),
        pytest.param(["logs.a"], "logs-a", False, id="dot is literal"),
        pytest.param(["x-*, logs-*"], "logs-a", True, id="commas inside an entry"),
        pytest.param(["logs-*", "-logs-a*"], "logs-a-default", False, id="exclusion"),
        pytest.param(["logs-*", "-logs-a*"], "logs-b-default", True, id="exclusion of others"),
        pytest.param(["-logs-a*", "logs-*"], "logs-a-default", True, id="exclusion first"),
        pytest.param(["logs-*", "-logs-a*", "logs-a-x"], "logs-a-x", True, id="included again"),
        pytest.param(["*"], ".alerts-security.alerts-default", False, id="star hides dot names"),
        pytest.param([".alerts-security.*"], ".alerts-security.alerts-default", True, id="dot names by a dot"),
        pytest.param(["logs-a*"], ".ds-logs-a-default-2026.03.02-000001", True, id="backing index by its stream"),
        pytest.param([".ds-logs-a*"], ".ds-logs-a-default-2026.03.02-000001", True, id="backing index by its name"),
        pytest.param(
            ["*", "-logs-a*"], "west:.ds-logs-a-x-2026.03.02-000001", False, id="backing index excluded by its stream"
        ),
        pytest.param([], "logs-a", False, id="no entries"),
        pytest.param(["", " , "], "logs-a", False, id="blank entries"),
        pytest.param(["west:logs-*"], "logs-a", False, id="remote is ignored"),
    ],
)
def test_matches(entries: list[str], stream: str, matches: bool) -> None:
    assert IndexPatterns(entries).matches(stream) is matches


def test_warnings_tell_what_is_ignored_and_what_to_write() -> None:
    selected = IndexPatterns(["logs-*", "west:logs-a*,-<logs-{now/d}>"])
    remote, date_math = selected.warnings
    assert remote == (
        "index pattern 'west:logs-a*' is ignored: 'west' is a remote cluster; "
        "write 'logs-a*' to select by the stream's own name"
    )
    assert date_math == (
        "index pattern '-<logs-{now/d}>' is ignored: date math in names is not computed; write * in place of the date"
    )
    assert selected.matches("logs-a")


def test_no_warnings() -> None:
    assert IndexPatterns(["logs-*", "-logs-a"]).warnings == ()


def test_travels_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(IndexPatterns(["logs-*"]))).matches("logs-a")  # noqa: S301 our own bytes


def test_many_stars_stay_fast() -> None:
    started = time.perf_counter()
    assert not IndexPatterns(["*a" * 50 + "b"]).matches("a" * 5000)
    assert time.perf_counter() - started < 1


@given(pattern=patterns, name=st.text("ab", max_size=8))
def test_star_is_any_run_of_characters(pattern: str, name: str) -> None:
    def fits(parts: str, rest: str) -> bool:
        if not parts:
            return not rest
        if parts[0] == "*":
            return any(fits(parts[1:], rest[cut:]) for cut in range(len(rest) + 1))
        return rest.startswith(parts[0]) and fits(parts[1:], rest[1:])

    assert IndexPatterns([pattern]).matches(name) == fits(pattern, name)


@given(name=names)
def test_excluding_what_was_included_leaves_nothing(name: str) -> None:
    assert not IndexPatterns([name.lstrip("-") + "*", "-" + name.lstrip("-") + "*"]).matches(name)
