"""Reading expressions: recursive descent over the table of binding strengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from deckwatch.eql import suggest
from deckwatch.eql.cursor import Abandoned, Cursor, keyword, shown
from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expr,
    Field,
    Literal,
    Match,
    Membership,
    Not,
    Or,
    Sign,
    Span,
    children,
)
from deckwatch.eql.operators import ARITHMETIC, COMPARISONS, INFIX, MATCHES, MEMBERSHIPS, Level
from deckwatch.eql.tokens import Token, TokenKind

MAX_DEPTH = 100
"""How many levels the tree of an expression may have."""

_MAX_STEPS = 2 * MAX_DEPTH
"""How deep the reader itself may go: brackets take a step and need not add a level. A step is three frames at most."""

_TOO_DEEP = f"the expression nests more than {MAX_DEPTH} levels deep"

_SPLIT = "a list, `(a, b, …)` after `in` or `:`, or a flat `and` or `or` takes no levels"

T = TypeVar("T")

_CONSTANTS = {"true": True, "false": False, "null": None}

_PREDICATES = (*MEMBERSHIPS, *MATCHES)

_PAIRS = {
    ("=", "="): "==",
    ("==", "="): "==",
    ("=", ">"): ">=",
    ("=", "<"): "<=",
    ("<", ">"): "!=",
}
"""Two signs in a row that are meant as one operator."""

_JOIN = "join conditions with `and` or `or`"

_STRAY_HINTS = {
    "is": "compare with `== null` or `!= null`",
    "contains": 'use `field : "*text*"` or `stringContains(field, "text")`',
    "matches": "use `regex`",
    "=": "use `==` to compare",
    ",": "lists stand in parentheses",
    "|": "alternatives are joined by `or`",
    ")": "no bracket is open here",
    "by": "join keys belong to sequences and samples, behind the brackets of an event",
    "with": "options belong to sequences, outside the brackets of an event",
    ":": "a value can be matched only once; join conditions with `and`",
}
"""What to do about a token that cannot follow a complete expression."""


class ExpressionReader(Cursor):
    """A cursor that reads expressions."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def condition(self) -> Expr:
        """A whole expression, not too deep for the passes that come after."""
        expression = self.expression()
        if deep := _too_deep(expression):
            self.fault(_TOO_DEEP, deep.span, _SPLIT)
            raise Abandoned
        return expression

    def expression(self, floor: Level = Level.OR) -> Expr:
        """The longest expression whose operators bind at least as strongly as `floor`."""
        self.depth += 1
        if self.depth > _MAX_STEPS:
            self.fail(_TOO_DEEP, _SPLIT)
        start = self.here
        left = self.operand(floor)
        while (operator := self.infix()) and INFIX[operator] >= floor:
            left = self.operation(left, operator, start)
        self.depth -= 1
        return left

    def infix(self) -> str:
        """The infix operator at the cursor, or the one that was meant; nothing when there is none."""
        pair = _PAIRS.get((self.current.text, self.following.text))
        if pair and self.current.kind is self.following.kind is TokenKind.OPERATOR:
            return pair
        word = self.word
        if word == "=":
            return "=="
        return word if word in INFIX else ""

    def take_infix(self, operator: str) -> None:
        token = self.current
        if (token.text, self.following.text) in _PAIRS:
            span = Span(token.span.start, self.following.span.end)
            self.advance()
            self.advance()
            self.fault(f"unknown operator `{self.source.slice(span)}`", span, f"use `{operator}`")
        elif token.text == "=":
            self.advance()
            self.fault("`=` does not compare", token.span, _STRAY_HINTS["="])
        else:
            self.take_word()

    def operation(self, left: Expr, operator: str, start: int) -> Expr:
        """The infix operation at the cursor; `left` is its left side and began at `start`."""
        level = INFIX[operator]
        if level in (Level.AND, Level.OR):
            return self.junction(left, operator, start)
        self.take_infix(operator)
        right = self.expression(Level(level + 1))
        span = self.span_from(start)
        if operator in ARITHMETIC:
            return Arithmetic(ARITHMETIC[operator], left, right, span=span)
        if INFIX.get(self.infix()) is Level.COMPARISON:
            hint = "join two comparisons with `and`, or put one in parentheses"
            self.fault("comparisons cannot be chained", self.current.span, hint)
        return Comparison(COMPARISONS[operator], left, right, span=span)

    def junction(self, left: Expr, operator: str, start: int) -> Expr:
        """A flat `and` or `or` of all terms that follow."""
        kind, floor = (And, Level.NOT) if operator == "and" else (Or, Level.AND)
        terms = [left]
        while self.word == operator:
            self.take_word()
            terms.append(self.expression(floor))
        flat = (part for term in terms for part in (term.terms if isinstance(term, kind) else (term,)))
        return kind(tuple(flat), span=self.span_from(start))

    def operand(self, floor: Level) -> Expr:
        """What stands left or right of an infix operator."""
        start = self.here
        if floor <= Level.NOT and self.negates():
            self.take_word()
            return Not(self.expression(Level.NOT), span=self.span_from(start))
        if floor <= Level.NOT and self.current.kind is TokenKind.NAME and keyword(self.following) == "of":
            return self.relationship()
        for sign in ("-", "+"):
            if self.accept(sign):
                return Sign("-" if sign == "-" else "+", self.expression(Level.SIGN), span=self.span_from(start))
        return self.predicate(self.primary(), start)

    def negates(self) -> bool:
        """Whether `not` stands here, or a name that can only be meant as `not`."""
        follows = self.following
        return self.at("not") or (
            self.word == "not" and (follows.kind in (TokenKind.NAME, TokenKind.QUOTED) or follows.text in ("(", "?"))
        )

    def relationship(self) -> Expr:
        """`child of [event where …]` of the older dialect: noted as a fault and passed over."""
        start = self.here
        name = self.advance().text
        self.take_word()
        self.skip_brackets()
        hint = "compare the fields of `process.parent`, or write a sequence"
        self.fault(f"process relationships are not supported: `{name} of`", self.span_from(start), hint)
        return Literal(value=True, span=self.span_from(start))

    def skip_brackets(self) -> None:
        """Passes a bracketed part, if one begins here, with all that is nested in it."""
        depth = 0
        while self.at("[", "![") or depth:
            depth += self.at("[", "![") - self.at("]")
            if self.advance().kind is TokenKind.END:
                break

    def predicate(self, operand: Expr, start: int) -> Expr:
        """The operand, with the postfix predicate that follows it."""
        negated = self.word == "not" and keyword(self.following) in _PREDICATES
        if negated:
            place = self.current.span
            self.take_word()
            if self.word not in MEMBERSHIPS:
                name = self.source.slice(operand.span)
                hint = f"write `not {name} {self.word} …`" if len(name) <= 60 else "write `not` before the value"
                self.fault(f"`not` cannot stand before `{self.word}`", place, hint)
        word = self.word
        if word in MEMBERSHIPS:
            self.take_word()
            members = self.members(word)
            found: Expr = Membership(operand, members, word == "in~", span=self.span_from(start))
        elif word in MATCHES:
            self.take_word()
            found = Match(operand, MATCHES[word], self.patterns(word), span=self.span_from(start))
        else:
            return operand
        return Not(found, span=self.span_from(start)) if negated else found

    def members(self, word: str) -> tuple[Expr, ...]:
        if self.at("("):
            return self.listed(self.expression)
        if self.at("["):
            self.fail(f"`{word}` needs a list in parentheses", f'write `{word} ("a", "b")`')
        self.fault(f"`{word}` needs a list in parentheses", self.current.span, f'write `{word} ("a", "b")`')
        return (self.expression(Level.SIGN),)

    def patterns(self, word: str) -> tuple[Literal, ...]:
        if self.at("("):
            return self.listed(lambda: self.constant(word))
        return (self.constant(word),)

    def constant(self, word: str) -> Literal:
        """A literal on the right of a match; anything else is read, noted as a fault and thrown away."""
        start = self.here
        if (literal := self.literal()) is not None:
            return literal
        if self.current.kind in (TokenKind.END, TokenKind.KEYWORD) or self.at(")", "]", ",", "|"):
            self.fail(f"expected a constant after `{word}`, found {shown(self.current)}")
        self.expression(Level.SIGN)
        hint = "`==` compares any two values" if word == ":" else "a pattern cannot come from a field"
        self.fault(f"the right side of `{word}` must be a constant", self.span_from(start), hint)
        return Literal(None)

    def listed(self, item: Callable[[], T], *, may_be_empty: bool = False) -> tuple[T, ...]:
        """`(item, item, …)`; the cursor stands at the opening bracket."""
        opening = self.advance()
        if self.at(")"):
            self.advance()
            if not may_be_empty:
                self.fault("the list is empty", self.span_from(opening.span.start), "a list holds at least one value")
            return ()
        self.depth += 1
        items = [item()]
        while self.at(","):
            comma = self.advance()
            if self.at(")"):
                self.fault("a comma ends the list", comma.span, "remove the comma")
                break
            items.append(item())
        self.depth -= 1
        unclosed = self.current.kind is TokenKind.END or self.at("]", "|")
        hint = "" if unclosed else "the values of a list are separated by commas"
        self.close(opening, "`,` or `)`", hint)
        return tuple(items)

    def close(self, opening: Token, expected: str, hint: str = "") -> None:
        """Passes the bracket that closes `opening`; `expected` names what may stand here."""
        if self.accept(")" if opening.text == "(" else "]"):
            return
        line, column = self.source.position(opening.span.start)
        unclosed = f"the bracket opened at line {line}, column {column} is not closed"
        self.fail(f"expected {expected}, found {shown(self.current)}", hint or self.stray_hint() or unclosed)

    def primary(self) -> Expr:
        """A constant, call, field or bracketed expression."""
        literal = self.literal()
        if literal is not None:
            return literal
        token = self.current
        if self.accept("("):
            inner = self.expression()
            self.close(token, "`)`")
            return inner
        if token.kind is TokenKind.TILDE or (token.kind is TokenKind.NAME and self.following.text == "("):
            return self.call()
        if token.kind in (TokenKind.NAME, TokenKind.QUOTED) or self.at("?") or self.is_reserved_field():
            return self.field()
        return self.fail(f"expected a value, found {shown(token)}", self.value_hint())

    def value_hint(self) -> str:
        match self.current:
            case Token(kind=TokenKind.END):
                return "the query ends too early"
            case Token(text="not"):
                return "put it in parentheses: `(not …)`"
            case Token(kind=TokenKind.KEYWORD, text=text):
                return f"a field of that name stands in back quotes: `{text}`"
        return ""

    def literal(self) -> Literal | None:
        """The constant at the cursor, if there is one."""
        token = self.current
        match token.kind:
            case TokenKind.STRING | TokenKind.NUMBER:
                self.advance()
                return Literal(token.value, span=token.span)
            case TokenKind.KEYWORD if token.text in _CONSTANTS:
                self.advance()
                return Literal(_CONSTANTS[token.text], span=token.span)
        return None

    def call(self) -> Expr:
        name = self.advance()
        insensitive = name.kind is TokenKind.TILDE
        if not self.at("("):
            self.fail(f"expected `(` after `{name.text}`, found {shown(self.current)}", "only functions take a `~`")
        arguments = self.listed(self.expression, may_be_empty=True)
        return Call(name.text.removesuffix("~"), arguments, insensitive, span=self.span_from(name.span.start))

    def is_reserved_field(self) -> bool:
        """Whether a reserved word stands here that can only be meant as the name of a field."""
        return self.current.kind is TokenKind.KEYWORD and (
            self.following.text in (".", *COMPARISONS) and self.following.kind is TokenKind.OPERATOR
        )

    def field(self) -> Field:
        start = self.here
        optional = self.accept("?")
        parts = [self.part()]
        while self.at(".") or (self.at("[") and self.following.kind is TokenKind.NUMBER):
            if self.accept("."):
                parts.append(self.part())
            else:
                self.subscript()
        if self.at("("):
            hint = "a function's name is one plain word, without `?`, dots or back quotes"
            self.fail(f"`{self.source.slice(self.span_from(start))}` is not a function", hint)
        return Field(".".join(parts), optional, span=self.span_from(start))

    def part(self) -> str:
        token = self.current
        match token.kind:
            case TokenKind.NAME:
                self.advance()
                return token.text
            case TokenKind.QUOTED:
                self.advance()
                return str(token.value)
            case TokenKind.KEYWORD:
                self.advance()
                self.fault(f"`{token.text}` is a reserved word", token.span, f"put it in back quotes: `{token.text}`")
                return token.text
        hint = "a part that starts with a digit stands in back quotes" if token.kind is TokenKind.NUMBER else ""
        return self.fail(f"expected the name of a field, found {shown(token)}", hint)

    def subscript(self) -> None:
        start = self.here
        self.advance()
        self.skip(lambda: self.current.kind is not TokenKind.NUMBER)
        self.expect("]")
        hint = "a condition on a field with several values holds when one of them fits"
        self.fault("array subscripts are not supported", self.span_from(start), hint)

    def unexpected(self, place: str) -> None:
        """Leaves the construct: the current token cannot stand at this place."""
        self.fail(f"unexpected {shown(self.current)} {place}".rstrip(), self.stray_hint())

    def stray_hint(self) -> str:
        """How to mend a token that cannot follow a complete expression."""
        token = self.current
        match token.kind:
            case TokenKind.NAME | TokenKind.TILDE:
                known = _STRAY_HINTS.get(token.text.lower())
                return known or suggest.hint(token.text, (*_PREDICATES, "and", "or", "not", "by", "with")) or _JOIN
            case TokenKind.NUMBER if token.text.startswith("."):
                return "a part of a name that starts with a digit stands in back quotes"
            case TokenKind.NUMBER | TokenKind.STRING | TokenKind.QUOTED:
                return _JOIN
            case TokenKind.OPERATOR | TokenKind.KEYWORD:
                if token.text in _PREDICATES:
                    return _STRAY_HINTS[":"]
                return _STRAY_HINTS.get(token.text, "")
        return ""


def _too_deep(expression: Expr) -> Expr | None:
    """The first node below the deepest level allowed."""
    pending = [(expression, 1)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            return node
        pending.extend((child, depth + 1) for child in children(node))
    return None
