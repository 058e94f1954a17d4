import pytest

from deckwatch.eql.text import QueryText
from deckwatch.eql.tokens import TokenKind, tokenize

K = TokenKind


def scan(text: str) -> tuple[list[tuple[TokenKind, str]], list[str]]:
    tokens, faults = tokenize(QueryText(text))
    return [(token.kind, token.text) for token in tokens[:-1]], [fault.message for fault in faults]


def value(text: str) -> str | int | float:
    """The value of a text that is one token without faults."""
    tokens, faults = tokenize(QueryText(text))
    assert not faults
    assert len(tokens) == 2
    return tokens[0].value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a//b\nc", [(K.NAME, "a"), (K.NAME, "c")], id="line comment"),
        pytest.param("a/* /* */ b */c", [(K.NAME, "a"), (K.NAME, "c")], id="nested comment"),
        pytest.param("a\t\r\n b", [(K.NAME, "a"), (K.NAME, "b")], id="blanks"),
        pytest.param("and And", [(K.KEYWORD, "and"), (K.NAME, "And")], id="keywords are lower case"),
        pytest.param("in~ in ~x", [(K.KEYWORD, "in~"), (K.KEYWORD, "in"), (K.BROKEN, "~"), (K.NAME, "x")], id="tilde"),
        pytest.param("like~ startsWith~", [(K.KEYWORD, "like~"), (K.TILDE, "startsWith~")], id="tilde names"),
        pytest.param("head tail runs", [(K.NAME, "head"), (K.NAME, "tail"), (K.NAME, "runs")], id="not reserved"),
        pytest.param("@timestamp _a", [(K.NAME, "@timestamp"), (K.NAME, "_a")], id="names"),
        pytest.param("![[", [(K.OPERATOR, "!["), (K.OPERATOR, "[")], id="missing event"),
        pytest.param(
            "a!=b<=c",
            [(K.NAME, "a"), (K.OPERATOR, "!="), (K.NAME, "b"), (K.OPERATOR, "<="), (K.NAME, "c")],
            id="longest operator",
        ),
        pytest.param("5m 2e3s", [(K.NUMBER, "5"), (K.NAME, "m"), (K.NUMBER, "2e3"), (K.NAME, "s")], id="units"),
        pytest.param('"a""b"', [(K.STRING, '"a"'), (K.STRING, '"b"')], id="adjacent texts"),
    ],
)
def test_tokens(text: str, expected: list[tuple[TokenKind, str]]) -> None:
    assert scan(text)[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("7", 7, id="integer"),
        pytest.param("9223372036854775807", 2**63 - 1, id="largest integer"),
        pytest.param("9223372036854775808", 2.0**63, id="beyond 64 bit"),
        pytest.param("000000000000000000000000000001", 1, id="leading zeros"),
        pytest.param("1.", 1.0, id="point at the end"),
        pytest.param(".5", 0.5, id="point at the start"),
        pytest.param("2e3", 2000.0, id="exponent"),
        pytest.param("1.5E-3", 0.0015, id="negative exponent"),
        pytest.param("0.0", 0.0, id="zero"),
        pytest.param(r'"\b\t\n\f\r\"\'\\"', "\b\t\n\f\r\"'\\", id="escapes"),
        pytest.param(r'"\u{41}\u{0000e9}\u{1F600}"', "Aé😀", id="code points"),
        pytest.param('""', "", id="empty text"),
        pytest.param('"""C:\\a "b" c"""', 'C:\\a "b" c', id="raw text"),
        pytest.param('""""""', "", id="empty raw text"),
        pytest.param('"""""a"""""', '""a""', id="quotes touch the ends of raw text"),
        pytest.param("`a``b c`", "a`b c", id="back quotes"),
    ],
)
def test_values(text: str, expected: str | float) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        pytest.param(r'"C:\Temp"', r"unknown escape `\T`", 4, id="unknown escape"),
        pytest.param(r'"\u{1}"', "2 to 8 hex digits", 2, id="short code"),
        pytest.param(r'"\u{123456789}"', "2 to 8 hex digits", 2, id="long code"),
        pytest.param(r'"\u{d800}"', "surrogate", 2, id="surrogate code"),
        pytest.param(r'"\u{110000}"', "not a valid Unicode character code", 2, id="code too large"),
        pytest.param(r'"\u{xy}"', r"unknown escape `\u`", 2, id="no hex"),
        pytest.param('a "b', "unterminated text", 3, id="open text"),
        pytest.param('"a\nb"', "unterminated text", 1, id="text over two lines"),
        pytest.param('a """b"', "unterminated text", 3, id="open raw text"),
        pytest.param("a `b", "unterminated name", 3, id="open name"),
        pytest.param("a /* b /* c */", "unterminated comment", 3, id="open comment"),
        pytest.param("``", "empty name", 1, id="empty name"),
        pytest.param("a 'b'", "single quotes are not supported", 3, id="single quotes"),
        pytest.param('?"b"', "not supported", 1, id="old raw text"),
        pytest.param("“b”", "typographic quotes are not supported", 1, id="typographic quotes"),
        pytest.param("! [", "blank divides", 1, id="divided"),
        pytest.param("!a", "unknown operator `!`", 1, id="exclamation mark"),
        pytest.param("a && b", "unknown operator `&&`", 3, id="ampersands"),
        pytest.param("a ; b", "unexpected character `;`", 3, id="semicolon"),
        pytest.param("a\u00a0b", "NO-BREAK SPACE", 2, id="no-break space"),
        pytest.param("größe", "not plain ASCII", 1, id="letters other than ASCII"),
        pytest.param("1e999", "too large", 1, id="number"),
        pytest.param("\ud800", "not valid Unicode", 1, id="half a character"),
    ],
)
def test_faults(text: str, message: str, column: int) -> None:
    fault = tokenize(QueryText(text))[1][0]
    assert message in fault.message
    assert fault.column == column


def test_every_fault_is_noted() -> None:
    assert len(scan("'a' && \"\\q\" # `")[1]) == 5


def test_stand_ins_keep_a_query_readable() -> None:
    tokens, _ = scan("'a' && ! [ größe")
    assert [kind for kind, _ in tokens] == [K.STRING, K.KEYWORD, K.OPERATOR, K.QUOTED]
