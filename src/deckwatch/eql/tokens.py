"""The text of a query cut into tokens.

Lexical faults never stop the scan: each is noted, and a stand-in keeps the rest of the query readable. Where no
stand-in makes sense the token is `BROKEN`, and the parser gives up there without a second complaint.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from deckwatch.eql.errors import Fault
from deckwatch.eql.literals import escape, number, unescape
from deckwatch.eql.nodes import Span
from deckwatch.eql.text import QueryText

MAX_TOKENS = 100_000

LONGEST_SAMPLE = 60
"""A hint repeats no literal longer than this."""

# fmt: off
RESERVED = frozenset({
    "and", "any", "by", "false", "in", "in~", "join", "like", "like~", "maxspan", "not", "null", "of", "or",
    "regex", "regex~", "sample", "sequence", "true", "until", "where", "with",
})
# fmt: on
"""Words with a meaning of their own; as field names they stand in back quotes."""


class TokenKind(Enum):
    NAME = "name"
    QUOTED = "name in back quotes"
    TILDE = "name with a tilde"
    KEYWORD = "keyword"
    STRING = "text"
    NUMBER = "number"
    OPERATOR = "operator"
    BROKEN = "unreadable"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its text, and what a literal or a quoted name stands for."""

    kind: TokenKind
    text: str
    span: Span
    value: str | int | float = ""


_PATTERNS = {
    "blank": r"[ \t\r\n]+|//[^\r\n]*",
    "comment": r"/\*",
    "raw": r'"""[^\r\n]*?"{3,5}',
    "string": r'"(?!"")[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"',
    "old_raw": r"""\?'(?:\\'|[^'\r\n])*'|\?"(?:\\"|[^"\r\n])*\"""",
    "old": r"'[^'\\\r\n]*(?:\\[^\r\n][^'\\\r\n]*)*'",
    "curly": r"[“”„‘’][^“”„‘’\r\n]*[“”‘’]",
    "quoted": r"`[^`]*(?:``[^`]*)*`",
    "open": r"""(?:\??["']|`)[^\r\n]*""",
    "foreign": r"[A-Za-z0-9_@]*[^\W\x00-\x7f]\w*",
    "number": r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "name": r"[A-Za-z][A-Za-z0-9_]*~|[A-Za-z_@][A-Za-z0-9_]*",
    "operator": r"!\[|==|!=|<=|>=|[<>:=+\-*/%.,()\[\]|?]",
    "lookalike": r"![ \t\r\n]+\[|!|&&",
    "other": r"(?s:.)",
}

_TOKEN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()))

_COMMENT_EDGE = re.compile(r"/\*|\*/")

_SURROGATE = re.compile("[\ud800-\udfff]")

_FOREIGN_QUOTES = {
    "old": ("single quotes", "use double quotes"),
    "old_raw": ("quotes after `?`", "use triple double quotes"),
    "curly": ("typographic quotes", "use straight double quotes"),
}

_HINTS = {
    "&": "use `and`",
    "~": "a tilde directly follows a name: `like~`, `in~`, `startsWith~(…)`",
    "#": "comments start with `//`",
    ";": "a query needs no end mark",
    "\\": "a backslash can only stand in text",
    "{": "lists stand in parentheses",
    "}": "lists stand in parentheses",
}


def token_span(source: QueryText, start: int) -> Span:
    """Where the token that starts there stands, as it is written."""
    match = _TOKEN.match(source.text, start)
    return Span(start, match.end() if match else start)


def tokenize(source: QueryText) -> tuple[list[Token], list[Fault]]:
    """The tokens of a query, closed by one END token, and every lexical fault."""
    scanner = _Scanner(source)
    scanner.run()
    return scanner.tokens, scanner.faults


class _Scanner:
    def __init__(self, source: QueryText) -> None:
        self.source = source
        self.tokens: list[Token] = []
        self.faults: list[Fault] = []

    def run(self) -> None:
        text = self.source.text
        if surrogate := _SURROGATE.search(text):
            self.fault("the query is not valid Unicode: it holds half a surrogate pair", *surrogate.span())
        offset = 0
        while offset < len(text) and len(self.tokens) < MAX_TOKENS:
            match = _TOKEN.match(text, offset)
            assert match is not None, "the last pattern takes any character"  # noqa: S101
            offset = self.comment(offset) if match.lastgroup == "comment" else match.end()
            self.take(match)
        if offset < len(text):
            self.fault(f"the query has more than {MAX_TOKENS:,} words and signs", offset, offset + 1)
        end = self.tokens[-1].span.end if self.tokens else 0
        self.add(TokenKind.END, "", end, end)

    def add(self, kind: TokenKind, text: str, start: int, end: int, value: str | float = "") -> None:
        self.tokens.append(Token(kind, text, Span(start, end), value))

    def fault(self, message: str, start: int, end: int, hint: str = "") -> None:
        self.faults.append(self.source.fault(message, Span(start, end), hint))

    def take(self, match: re.Match[str]) -> None:
        text, (start, end) = match[0], match.span()
        match match.lastgroup:
            case "operator":
                self.add(TokenKind.OPERATOR, text, start, end)
            case "name":
                self.add(_name_kind(text), text, start, end)
            case "raw":
                self.add(TokenKind.STRING, text, start, end, text[3:-3])
            case "string":
                self.string(text, start, end)
            case "number":
                self.number(text, start, end)
            case "quoted":
                self.quoted(text, start, end)
            case "blank" | "comment":
                pass
            case form:
                self.strange(form or "other", text, start, end)

    def strange(self, form: str, text: str, start: int, end: int) -> None:
        """Text that belongs to no EQL token."""
        match form:
            case "foreign":
                self.foreign_name(text, start, end)
            case "open":
                self.unterminated(text, start, end)
            case "lookalike":
                self.lookalike(text, start, end)
            case "other":
                self.other(text, start, end)
            case _:
                self.foreign_quotes(form, text, start, end)

    def string(self, text: str, start: int, end: int) -> None:
        value, flaw = unescape(text[1:-1])
        if flaw:
            self.fault(flaw.message, start + 1 + flaw.start, start + 1 + flaw.end, flaw.hint)
        self.add(TokenKind.STRING, text, start, end, value)

    def number(self, text: str, start: int, end: int) -> None:
        value = number(text)
        if value is None:
            self.fault("the number is too large", start, end, "numbers reach up to about 1.8e308")
            self.add(TokenKind.BROKEN, text, start, end)
        else:
            self.add(TokenKind.NUMBER, text, start, end, value)

    def quoted(self, text: str, start: int, end: int) -> None:
        value = text[1:-1].replace("``", "`")
        if not value:
            self.fault("empty name in back quotes", start, end)
        self.add(TokenKind.QUOTED, text, start, end, value)

    def foreign_name(self, text: str, start: int, end: int) -> None:
        self.fault(f"the name `{text}` is not plain ASCII", start, end, f"write it in back quotes: `{text}`")
        self.add(TokenKind.QUOTED, text, start, end, text)

    def foreign_quotes(self, form: str, text: str, start: int, end: int) -> None:
        body = text.lstrip("?")[1:-1]
        value = unescape(body)[0] if form == "old" else body
        kind, cure = _FOREIGN_QUOTES[form]
        sample = f'"""{body}"""' if form == "old_raw" else escape(value)
        hint = f"{cure}: {sample}" if len(sample) <= LONGEST_SAMPLE else cure
        self.fault(f"{kind} are not supported", start, end, hint)
        self.add(TokenKind.STRING, text, start, end, value)

    def unterminated(self, text: str, start: int, end: int) -> None:
        quote = '"""' if text.startswith('"""') else text.lstrip("?")[0]
        if quote == "`":
            self.fault("unterminated name", start, end, "add the closing back quote")
        else:
            self.fault("unterminated text", start, end, f"add the closing `{quote}` on the same line")
        self.add(TokenKind.BROKEN, text, start, end)

    def lookalike(self, text: str, start: int, end: int) -> None:
        match text:
            case "&&":
                self.fault("unknown operator `&&`", start, end, "use `and`")
                self.add(TokenKind.KEYWORD, "and", start, end)
            case "!":
                self.fault("unknown operator `!`", start, end, "use `not`")
                self.add(TokenKind.KEYWORD, "not", start, end)
            case _:
                self.fault("a blank divides `![`", start, end, "write `![` as one sign")
                self.add(TokenKind.OPERATOR, "![", start, end)

    def other(self, text: str, start: int, end: int) -> None:
        name = "" if "!" <= text <= "~" else f" ({unicodedata.name(text, f'U+{ord(text):04X}')})"
        self.fault(f"unexpected character `{text}`{name}", start, end, _HINTS.get(text, ""))
        if not (text == ";" or text.isspace() or unicodedata.category(text) == "Cf"):
            self.add(TokenKind.BROKEN, text, start, end)

    def comment(self, start: int) -> int:
        """The offset behind a block comment; comments nest."""
        depth = 0
        for edge in _COMMENT_EDGE.finditer(self.source.text, start):
            depth += 1 if edge[0] == "/*" else -1
            if depth == 0:
                return edge.end()
        self.fault("unterminated comment", start, start + 2, "add the closing `*/`; comments nest")
        self.add(TokenKind.BROKEN, "/*", start, len(self.source.text))
        return len(self.source.text)


def _name_kind(text: str) -> TokenKind:
    if text in RESERVED:
        return TokenKind.KEYWORD
    return TokenKind.TILDE if text.endswith("~") else TokenKind.NAME
