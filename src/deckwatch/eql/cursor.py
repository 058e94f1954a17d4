"""Walking over the tokens of a query, collecting faults on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from deckwatch.eql.errors import Fault, QueryError
from deckwatch.eql.nodes import Span
from deckwatch.eql.text import QueryText
from deckwatch.eql.tokens import MAX_TOKENS, RESERVED, Token, TokenKind, tokenize

MAX_LENGTH = 256 * 1024
"""Longest query, in characters."""

MAX_FAULTS = 100
"""An error carries no more faults than this; the last one says how many are left out."""

_LONGEST_SHOWN = 40


class Abandoned(Exception):  # noqa: N818 - a signal inside the parser, never seen outside
    """The construct at the cursor cannot be read; its fault has been noted. Whoever can resynchronise catches this."""


class Cursor:
    """The tokens of a query and a place among them."""

    def __init__(self, text: str) -> None:
        self.source = QueryText(text)
        self.faults: list[Fault] = []
        self._index = 0
        if len(text) > MAX_LENGTH:
            self._give_up(f"the query is longer than {MAX_LENGTH:,} characters", Span(0, 0))
        if not text.strip():
            self._give_up("the query is empty", Span(0, 0))
        self._tokens, self.faults = tokenize(self.source)
        if len(self._tokens) > MAX_TOKENS:
            self.finish()

    @property
    def current(self) -> Token:
        return self._tokens[self._index]

    @property
    def following(self) -> Token:
        """The token after the current one."""
        return self.ahead(1)

    def ahead(self, count: int) -> Token:
        """The token `count` places on; the last token when there are not so many."""
        return self._tokens[min(self._index + count, len(self._tokens) - 1)]

    @property
    def word(self) -> str:
        """The keyword or operator at the cursor, a keyword also when its case is wrong; otherwise nothing."""
        return keyword(self.current)

    def advance(self) -> Token:
        """The current token; the cursor moves on. At the end it stays."""
        token = self.current
        if token.kind is not TokenKind.END:
            self._index += 1
        return token

    def at(self, *texts: str) -> bool:
        token = self.current
        return token.kind in (TokenKind.OPERATOR, TokenKind.KEYWORD) and token.text in texts

    def accept(self, *texts: str) -> bool:
        """Whether one of these keywords or operators was here; if so it has been passed."""
        if not self.at(*texts):
            return False
        self.advance()
        return True

    def accept_word(self, *words: str) -> bool:
        """Like `accept`; a keyword in the wrong case is taken too, and noted as a fault."""
        if self.word not in words:
            return False
        self.take_word()
        return True

    def take_word(self) -> str:
        """Passes the keyword or operator at the cursor and tells which it is."""
        word, token = self.word, self.advance()
        if token.text != word:
            self.fault(f"keywords are written in lower case: `{token.text}`", token.span, f"write `{word}`")
        return word

    def expect(self, text: str, hint: str = "") -> None:
        if not self.accept_word(text):
            self.fail(f"expected `{text}`, found {shown(self.current)}", hint)

    def fault(self, message: str, span: Span, hint: str = "") -> None:
        """Notes a fault; reading goes on."""
        self.faults.append(self.source.fault(message, span, hint))

    def fail(self, message: str, hint: str = "") -> NoReturn:
        """Notes a fault at the current token and leaves the construct. An unreadable token has its fault already."""
        if self.current.kind is not TokenKind.BROKEN:
            self.fault(message, self.current.span, hint)
        raise Abandoned

    def skip(self, until: Callable[[], bool]) -> None:
        """Passes tokens until the condition holds or the query ends."""
        while self.current.kind is not TokenKind.END and not until():
            self.advance()

    @property
    def here(self) -> int:
        """Offset of the current token."""
        return self.current.span.start

    def span_from(self, start: int) -> Span:
        """From an offset to the end of the last token passed."""
        return Span(start, max(start, self._tokens[self._index - 1].span.end if self._index else start))

    def finish(self) -> None:
        """Raises every fault noted so far, if there is any."""
        if not self.faults:
            return
        faults = sorted(self.faults, key=lambda fault: fault.sort_key)
        if len(faults) > MAX_FAULTS:
            rest = faults[MAX_FAULTS - 1]
            message = f"{len(faults) - MAX_FAULTS + 1:,} further faults from here on are not shown"
            faults[MAX_FAULTS - 1 :] = [self.source.fault(message, rest.span)]
        raise QueryError(self.source.text, tuple(faults))

    def _give_up(self, message: str, span: Span) -> NoReturn:
        raise QueryError(self.source.text, (self.source.fault(message, span),))


def keyword(token: Token) -> str:
    """The keyword or operator a token is, or would be in the right case."""
    match token.kind:
        case TokenKind.KEYWORD | TokenKind.OPERATOR:
            return token.text
        case TokenKind.NAME | TokenKind.TILDE if token.text.lower() in RESERVED:
            return token.text.lower()
    return ""


def shown(token: Token) -> str:
    """A token as messages name it."""
    if token.kind is TokenKind.END:
        return "the end of the query"
    text = token.text if len(token.text) <= _LONGEST_SHOWN else token.text[:_LONGEST_SHOWN] + "…"
    return f"`{text}`"
