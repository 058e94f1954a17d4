"""What is written as TOML is read as the same values."""

import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.store.toml import written

TEXT = st.text(st.sampled_from("ab'\"\\\n\t\r\0\x7f =#.é\u2028😀"), max_size=6)
SCALARS = TEXT | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=6)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_every_value_comes_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(written({"rule": table})) == ({"rule": table} if table else {})


@pytest.mark.parametrize(
    ("table", "text"),
    [
        pytest.param({"a": 1, "b": True, "c": 0.5}, "a = 1\nb = true\nc = 0.5\n", id="numbers and flags"),
        pytest.param({"path": "C:\\Windows\\*"}, "path = 'C:\\Windows\\*'\n", id="backslashes as they are"),
        pytest.param({"name": 'it\'s "it"'}, 'name = "it\'s \\"it\\""\n', id="both quotes"),
        pytest.param({"query": "a\nb\n"}, "query = '''\na\nb\n'''\n", id="lines, ended"),
        pytest.param({"query": "a\nb"}, "query = '''\na\nb'''\n", id="lines, not ended"),
        pytest.param({"note": "'''\n\\"}, 'note = """\n\'\'\'\n\\\\"""\n', id="lines with three quotes"),
        pytest.param({"day": date(2026, 11, 22)}, "day = 2026-11-22\n", id="a date"),
        pytest.param({"a b": {}}, '"a b" = {}\n', id="a key with a blank"),
        pytest.param({"map": [{"a": 1}]}, "map = [{ a = 1 }]\n", id="small tables on one line"),
        pytest.param(
            {"threat": [{"tactic": {"id": "TA1"}}]}, '\n[[rule.threat]]\ntactic = { id = "TA1" }\n', id="nested tables"
        ),
    ],
)
def test_layout(table: dict[str, Any], text: str) -> None:
    assert written({"rule": table}) == "[rule]\n" + text


def test_what_has_no_form_in_toml() -> None:
    with pytest.raises(ValueError, match="None has no form in TOML"):
        written({"rule": {"a": [None]}})
