"""Reading statements: event queries, sequences, samples, joins and their pipes.

After a fault the reader goes on at the next place it can be sure of: the end of a stage, the next stage, the next pipe.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

from deckwatch.eql import options, suggest
from deckwatch.eql.constraints import violations
from deckwatch.eql.cursor import Abandoned, keyword, shown
from deckwatch.eql.expressions import ExpressionReader
from deckwatch.eql.nodes import (
    EventFilter,
    EventQuery,
    Expr,
    Field,
    JoinQuery,
    Literal,
    MaxSpan,
    Pipe,
    SampleQuery,
    SequenceQuery,
    Stage,
    Statement,
)
from deckwatch.eql.tokens import Token, TokenKind

Form: TypeAlias = OneOf["sequence", "sample", "join", "until"]

_UNREADABLE = EventFilter(None, Literal(value=True))
"""Stands for an event filter with a fault."""

_UNSUPPORTED_PIPES = ("count", "filter", "sort", "unique", "unique_count")

_PIPES_HINT = "the pipes are `head` and `tail`"

_EVENT_HINT = "an event query reads `category where condition`; `any where condition` looks at every event"


class StatementReader(ExpressionReader):
    """Reads a whole query text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.complete = True
        """Whether every stage and key list could be read, so that counting them makes sense."""

    def statement(self) -> Statement:
        start = self.here
        word = self.word if keyword(self.following) != "where" else ""
        statement: Statement
        match word:
            case "sequence":
                statement = self.sequence(start)
            case "sample":
                statement = self.sample(start)
            case "join":
                statement = self.join(start)
            case _:
                statement = self.event_query(start)
        if self.complete:
            for violation in violations(statement):
                self.fault(*violation)
        self.finish()
        return statement

    def lone_expression(self) -> Expr:
        expression: Expr = Literal(None)
        try:
            expression = self.condition()
            if self.current.kind is not TokenKind.END:
                self.unexpected("after the expression")
        except Abandoned:
            pass
        self.finish()
        return expression

    def event_query(self, start: int) -> EventQuery:
        try:
            event = self.event()
        except Abandoned:
            event = self.recover_at_pipe()
        pipes = self.pipes("after the condition")
        return EventQuery(event, pipes, span=self.span_from(start))

    def sequence(self, start: int) -> SequenceQuery:
        self.take_word()
        by: tuple[Field, ...] = ()
        maxspan: MaxSpan | None = None
        seen: list[str] = []
        while self.word in ("by", "with"):
            self.clause(seen, "sequence by … with maxspan=…")
            if self.word == "by":
                by += self.keys()
            else:
                maxspan = self.maxspan() or maxspan
        stages = self.stages("sequence")
        until = self.until()
        pipes = self.pipes()
        return SequenceQuery(stages, by, maxspan, until, pipes, span=self.span_from(start))

    def sample(self, start: int) -> SampleQuery:
        self.take_word()
        by = self.keys() if self.word == "by" else ()
        stages = self.stages("sample")
        if self.word == "until":
            self.fault("`until` is not supported in a sample", self.current.span, "a sample has no order")
            self.until()
        if self.at("|"):
            self.fault("a sample does not support pipes", self.current.span, "remove the pipe")
            self.recover_at_end()
        self.pipes()
        return SampleQuery(stages, by, span=self.span_from(start))

    def join(self, start: int) -> JoinQuery:
        self.take_word()
        by = self.keys() if self.word == "by" else ()
        stages = self.stages("join")
        until = self.until()
        self.pipes()
        return JoinQuery(stages, by, until, span=self.span_from(start))

    # Stages

    def stages(self, form: Form) -> tuple[Stage, ...]:
        stages: list[Stage] = []
        while not (self.current.kind is TokenKind.END or self.at("|") or self.word == "until"):
            if self.at("[", "!["):
                stages.append(self.stage(form))
            else:
                self.stray(form, "after a stage" if stages else "")
        return tuple(stages)

    def stray(self, form: Form, place: str) -> None:
        """Notes what cannot stand between stages, and goes on at the next landmark."""
        hint = f"the events of `{form}` stand in brackets: `[category where condition]`"
        try:
            if self.at(",") and place:
                self.fail("unexpected `,` after a stage", "stages follow one another without commas")
            if place:
                self.unexpected(place)
            self.fail(f"expected `[`, found {shown(self.current)}", hint)
        except Abandoned:
            self.complete = False
            self.recover_at_landmark()

    def stage(self, form: Form) -> Stage:
        """One bracketed filter with what follows it: `by`, and in sequences `with runs`."""
        start = self.here
        missing = self.at("![")
        event = self.item()
        by: tuple[Field, ...] = ()
        runs = 1
        seen: list[str] = []
        while True:
            if self.word in ("by", "with"):
                self.clause(seen, "[…] by … with runs=…")
                if self.word == "by":
                    by += self.keys()
                else:
                    runs = self.runs(form)
            elif self.current.text == "fork" and self.current.kind is TokenKind.NAME:
                self.fork()
            else:
                return Stage(event, by, missing, runs, span=self.span_from(start))

    def clause(self, seen: list[str], pattern: str) -> None:
        """Notes a fault when the `by` or `with` at the cursor comes twice or too late, and remembers it."""
        if self.word in seen:
            self.fault(f"`{self.word}` stands here twice", self.current.span, f"write `{pattern}`")
        elif seen and self.word == "by":
            self.fault("`by` stands after `with`", self.current.span, f"write `{pattern}`")
        seen.append(self.word)

    def item(self) -> EventFilter:
        """`[category where condition]`; the cursor stands at the opening bracket."""
        opening = self.advance()
        try:
            event = self.event()
            self.close(opening, "`]`")
        except Abandoned:
            return self.recover_at_stage_end()
        return event

    def event(self) -> EventFilter:
        start = self.here
        category = self.category()
        if not self.accept_word("where"):
            self.fail(f"expected `where`, found {shown(self.current)}", _EVENT_HINT)
        condition = self.condition()
        return EventFilter(category, condition, span=self.span_from(start))

    def category(self) -> str | None:
        if self.at("?"):
            self.fault("`?` cannot stand before an event category", self.advance().span, "remove it")
        token = self.current
        match token.kind:
            case TokenKind.KEYWORD if token.text == "any":
                self.advance()
                return None
            case TokenKind.NAME:
                self.advance()
                return token.text
            case TokenKind.STRING:
                self.advance()
                return str(token.value)
            case TokenKind.QUOTED:
                self.fault("an event category cannot stand in back quotes", token.span, "use double quotes")
                self.advance()
                return str(token.value)
        hint = "start with `sequence`, `sample`, or `category where`" if self.at("[", "![") else _EVENT_HINT
        return self.fail(f"expected an event category, found {shown(token)}", hint)

    def until(self) -> Stage | None:
        if not self.accept_word("until"):
            return None
        until: Stage | None = None
        if self.at("[", "!["):
            until = self.stage("until")
        else:
            self.stray("until", "")
        if not (self.at("|") or self.current.kind is TokenKind.END):
            self.stray("until", "after `until`")
            self.recover_at_pipe()
        return until

    # What follows: keys, options, pipes

    def keys(self) -> tuple[Field, ...]:
        """`by field, …`. A key with a fault keeps its place, so that keys can still be counted."""
        self.take_word()
        keys: list[Field] = []
        try:
            while True:
                start = self.here
                key = self.expression()
                if not isinstance(key, Field):
                    text = self.source.slice(key.span)
                    self.fault(
                        "unsupported join key", self.span_from(start), "a join key is a field, not an expression"
                    )
                    key = Field(text, span=key.span)
                keys.append(key)
                if not self.accept(","):
                    return tuple(keys)
        except Abandoned:
            self.complete = False
            self.recover_at_landmark("with")
            return tuple(keys)

    def maxspan(self) -> MaxSpan | None:
        """`with maxspan=30s`."""
        try:
            if not self.option("maxspan", "a sequence"):
                return None
            value = self.number(f"expected a time such as `30s`, found {shown(self.current)}")
            unit = self.advance() if self.current.kind is TokenKind.NAME else None
            span = self.span_from(value.span.start)
            match options.time_span(value, unit, span):
                case MaxSpan() as maxspan:
                    return maxspan
                case problem:
                    self.fault(problem.message, span, problem.hint)
        except Abandoned:
            self.recover_at_landmark("by", "with")
        return MaxSpan(1, "d")

    def runs(self, form: Form) -> int:
        """`with runs=3`, in sequences."""
        place = self.current.span
        try:
            if not self.option("runs", "a stage"):
                return 1
            value = self.number(f"`runs` must be a positive whole number, found {shown(self.current)}")
        except Abandoned:
            self.recover_at_landmark("by", "with")
            return 1
        if form != "sequence":
            message = "`with runs` is only supported after the stages of a sequence"
            self.fault(message, self.span_from(place.start), "remove it")
            return 1
        match options.runs(value):
            case int() as count:
                return count
            case problem:
                self.fault(problem.message, value.span, problem.hint)
        return 2

    def option(self, known: str, owner: str) -> bool:
        """Reads `with known=`. Another option is noted as a fault and passed over."""
        self.take_word()
        name = self.advance()
        if name.text == known:
            self.expect("=", f"write `with {known}=…`")
            return True
        hint = suggest.hint(name.text, [known]) or f"{owner} takes the option `{known}`"
        self.fault(f"unknown option {shown(name)}", name.span, hint)
        if self.accept("="):
            self.advance()
            if self.current.kind is TokenKind.NAME:
                self.advance()
        return False

    def number(self, message: str) -> Token:
        if self.current.kind is not TokenKind.NUMBER:
            self.fail(message, "write a positive whole number, without quotes")
        return self.advance()

    def fork(self) -> None:
        """`fork` and `fork=true` of the older dialect."""
        start = self.here
        self.advance()
        if self.accept("="):
            self.advance()
        self.fault("`fork` is not supported", self.span_from(start), "remove it")

    def pipes(self, place: str = "after the query") -> tuple[Pipe, ...]:
        """Everything up to the end of the query; `place` is where the cursor stands."""
        pipes: list[Pipe] = []
        while self.current.kind is not TokenKind.END:
            try:
                if not self.at("|"):
                    self.unexpected(place)
                if pipe := self.pipe():
                    pipes.append(pipe)
            except Abandoned:
                self.recover_at_pipe()
        return tuple(pipes)

    def pipe(self) -> Pipe | None:
        start = self.here
        self.advance()
        name = self.current
        if name.kind is not TokenKind.NAME:
            if self.accept("|"):
                self.fault("unexpected `|`", name.span, "alternatives are joined by `or`")
                raise Abandoned
            self.fail(f"expected the name of a pipe, found {shown(name)}", _PIPES_HINT)
        self.advance()
        match name.text:
            case "head" | "tail" as known:
                arguments = self.arguments()
                span = self.span_from(start)
                match options.pipe_count(known, arguments):
                    case int() as count:
                        return Pipe(known, count, span=span)
                    case problem:
                        self.fault(problem.message, span, problem.hint)
            case other if other in _UNSUPPORTED_PIPES:
                self.fault(f"pipe `{other}` is not supported", name.span, _PIPES_HINT)
                self.recover_at_pipe()
            case other:
                hint = suggest.hint(other, ["head", "tail"]) or _PIPES_HINT
                self.fault(f"unknown pipe `{other}`", name.span, hint)
                self.recover_at_pipe()
        return None

    def arguments(self) -> tuple[Expr, ...]:
        arguments: list[Expr] = []
        if not self.at("|") and self.current.kind is not TokenKind.END:
            arguments.append(self.condition())
            while self.accept(","):
                arguments.append(self.condition())
        return tuple(arguments)

    # Going on after a fault

    def recover_at_pipe(self) -> EventFilter:
        self.depth = 0
        self.skip(lambda: self.at("|"))
        return _UNREADABLE

    def recover_at_end(self) -> None:
        self.skip(lambda: False)

    def recover_at_landmark(self, *more: str) -> None:
        self.depth = 0
        self.skip(lambda: self.at("[", "![", "|", "until", *more))

    def recover_at_stage_end(self) -> EventFilter:
        """Goes behind the `]` of this stage, or to the next stage when there is no such bracket."""
        self.depth = 0
        while self.current.kind is not TokenKind.END and not (self.at("]", "|", "until") or self.starts_stage()):
            if self.at("[", "!["):
                self.skip_brackets()
            else:
                self.advance()
        self.accept("]")
        return _UNREADABLE

    def starts_stage(self) -> bool:
        category = self.following
        named = category.kind in (TokenKind.NAME, TokenKind.STRING) or category.text == "any"
        return self.at("[", "![") and named and keyword(self.ahead(2)) == "where"
