"""What `--fix` takes out, and what it leaves as it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from deckwatch.lint.fix import Fixed, fix
from deckwatch.rules.load import load_rules
from tests.rules.build import parameters

TOML = """\
# A rule of ours.
[metadata]
maturity = "production"  # since May

[rule]
description = "d"
name = "{name}"
rule_id = "{name}"
risk_score = 21   # low
severity = "low"
type = "eql"
language = "eql"
query = {query}

[[rule.threat]]
framework = "MITRE ATT&CK"
tactic = {{ id = "TA0002", name = "Execution", reference = "https://attack.mitre.org/tactics/TA0002/" }}
"""


def toml(query: str, name: str = "a") -> str:
    return TOML.format(query=query, name=name)


QUERIES = [
    pytest.param(
        "'''\nprocess where process.name in (\"a\", \"b\", \"a\")\n'''",
        "'''\nprocess where process.name in (\"a\", \"b\")\n'''",
        1,
        id="the last one",
    ),
    pytest.param(
        "'''process where process.name : (\n  \"a\", // first\n  \"A\", /* again */\n  \"b\"\n)'''",
        "'''process where process.name : (\n  \"a\", // first\n   /* again */\n  \"b\"\n)'''",
        1,
        id="comments stay",
    ),
    pytest.param(
        '\'\'\'process where process.name : ("a*", "ab", "ac", "abc", "b")\'\'\'',
        "'''process where process.name : (\"a*\", \"b\")'''",
        3,
        id="several in a row",
    ),
    pytest.param(
        '\'\'\'process where process.name : ("ab", "a*", "ac", "abc")\'\'\'',
        "'''process where process.name : (\"a*\")'''",
        3,
        id="the only one left keeps its brackets",
    ),
    pytest.param(
        "'''process where process.name in (\"a\" // one, two\n  , \"b\" /* , */ , \"a\" /* last */)'''",
        "'''process where process.name in (\"a\" // one, two\n  , \"b\" /* , */   /* last */)'''",
        1,
        id="commas in comments",
    ),
    pytest.param(
        '"process where process.name in (\\"\\u0061\\", \\"b\\", \\"a\\")"',
        '"process where process.name in (\\"\\u0061\\", \\"b\\")"',
        1,
        id="escapes",
    ),
    pytest.param(
        '"""\nprocess where \\\n   process.name in (\\"a\\", "b", "a")"""',
        '"""\nprocess where \\\n   process.name in (\\"a\\", "b")"""',
        1,
        id="lines folded",
    ),
    pytest.param(
        '\'\'\'sequence by host.id with maxspan=1m [file where file.name in ("a", "a")] '
        '[process where process.pid in (1, 2, 1)] until [any where user.id in ("0", "0")]\'\'\'',
        "'''sequence by host.id with maxspan=1m [file where file.name in (\"a\")] "
        "[process where process.pid in (1, 2)] until [any where user.id in (\"0\")]'''",
        3,
        id="all stages",
    ),
]


@pytest.mark.parametrize(("before", "after", "removed"), QUERIES)
def test_of_toml(tmp_path: Path, before: str, after: str, removed: int) -> None:
    path = tmp_path / "a.toml"
    path.write_text(toml(before))
    assert fix(load_rules(path)) == (Fixed("a", str(path), removed),)
    assert path.read_text() == toml(after)
    assert fix(load_rules(path)) == ()


@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CR LF"])
def test_line_ends_and_mode_stay(tmp_path: Path, begin: bytes, end: bytes) -> None:
    path = tmp_path / "a.toml"
    before, after = (
        begin + toml(f"'''\nprocess where\n process.pid in ({members})'''").encode().replace(b"\n", end)
        for members in ("1, 1", "1")
    )
    path.write_bytes(before)
    path.chmod(0o640)
    fix(load_rules(path))
    assert path.read_bytes() == after
    assert path.stat().st_mode & 0o777 == 0o640


def test_mixed_line_ends_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    text = toml("'process where process.pid in (1, 1)'").replace("\n", "\r\n", 3).encode()
    path.write_bytes(text)
    (done,) = fix(load_rules(path))
    assert (done.removed, path.read_bytes()) == (0, text)
    assert "CR LF" in done.refused


def test_a_query_that_is_not_found_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    text = 'rule = { query = "process where process.pid in (1, 1)", type = "eql", language = "eql", name = "a", '
    path.write_text(text + 'description = "d", risk_score = 1, severity = "low", rule_id = "a" }\n')
    (done,) = fix(load_rules(path))
    assert done == Fixed("a", str(path), 0, "its query was not found in a file that can be written")


@pytest.mark.parametrize("indent", [None, 2])
def test_of_json(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "a.json"
    before, after = (
        _parameters(f'process where process.name in ({members}, "\\u{{fc}}")') for members in ('"é", "é"', '"é"')
    )
    path.write_text(json.dumps(before, indent=indent))
    fix(load_rules(path))
    assert path.read_text() == json.dumps(after, indent=indent)


def test_of_exports(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    rules = [
        _parameters(f"process where process.pid in ({members})", rule_id=name)
        for name, members in (("a", "1, 1"), ("b", "2"), ("c", "3, 3, 3"))
    ]
    path.write_text("".join(json.dumps(rule) + "\n" for rule in (*rules, {"exported_count": 3})))
    assert [done.removed for done in fix(load_rules(path))] == [1, 2]
    assert [rule.query[-4:] for rule in load_rules(path)] == [" (1)", " (2)", " (3)"]
    assert json.loads(path.read_text().splitlines()[3]) == {"exported_count": 3}


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(toml("""'process where process.name : ("a*", "ab", "a*")'"""))
    fix(load_rules(path), ["duplicate-member"])
    assert path.read_text() == toml("""'process where process.name : ("a*", "ab")'""")


def _parameters(query: str, **changes: Any) -> dict[str, Any]:
    return parameters(query=query, **changes)
