"""What costs more than it has to, when the rule runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from deckwatch.eql.nodes import And, Comparison, Expr, Field, Literal, Match, Membership, Node, Not, Or, walk
from deckwatch.eql.patterns import compile_lucene
from deckwatch.events.fields import field_table
from deckwatch.lint.finding import Found
from deckwatch.lint.logic import Fact, facts
from deckwatch.lint.subject import Step, Subject

_NAMES: Mapping[str, str] = {"executable": "name", "path": "name"}
"""Of a field that holds a path, the one that holds its last part."""

_LAST_PART = re.compile(r"\*/([^*?/\\]+)")

_BROAD = frozenset(
    [
        "agent.type",
        "container.id",
        "event.category",
        "event.kind",
        "event.type",
        "host.os.family",
        "host.os.platform",
        "host.os.type",
    ]
)
"""Fields whose tests leave a great part of all events."""

_USUAL = frozenset(
    ["creation", "end", "exec", "exec_event", "executed", "fork", "modification", "open", "process_started", "start"]
)
"""Actions that a great part of all events are."""

_PLAIN_REGEX = re.compile(r"(?:\.\*)?((?:[^.?+*|{}\[\]()\"\\#@&<>~^$]|\\[./-])*)(?:\.\*)?")

MOST_BYTES = 1_000_000
"""A compiled pattern that takes more is called large."""

MOST_RUNS = 5
"""A pattern with more `*` is called costly."""

LONG = 3_600_000_000_000
"""A `maxspan` beyond this many nanoseconds is called long."""


def name_behind_path(subject: Subject) -> Iterator[Found]:
    for field, pattern, text in _patterns(subject):
        head, _, last = field.name.rpartition(".")
        found = _LAST_PART.fullmatch(text)
        name = f"{head}.{_NAMES.get(last)}"
        if found and field_table().resolve(name):
            yield Found(
                f"`{field.name}` has to be searched to its end for {subject.excerpt(pattern.span)}",
                pattern.span,
                f'test `{name}` for "{found[1]}" instead',
            )


def costly_patterns(subject: Subject) -> Iterator[Found]:
    for node in _walk(subject):
        if not isinstance(node, Match):
            continue
        for pattern in node.patterns:
            text = str(pattern.value)
            if node.operator.startswith("regex"):
                compiled = compile_lucene(text, node.operator == "regex~")
                size = compiled.rust_bytes
                if compiled.rust is None:
                    message = f"{subject.excerpt(pattern.span)} cannot be evaluated on columns"
                    yield Found(message, pattern.span, "write it without `~` and `&`, or as several simpler patterns")
                elif size > MOST_BYTES:
                    message = f"{subject.excerpt(pattern.span)} takes {size / 1e6:.1f} MB when it is compiled"
                    yield Found(message, pattern.span, "repeat fewer things fewer times, or name fewer characters")
            elif text.count("*") > MOST_RUNS:
                message = f"{subject.excerpt(pattern.span)} has {text.count('*')} runs of any characters"
                yield Found(message, pattern.span, "split it into several tests joined by `and`")


def plain_regexes(subject: Subject) -> Iterator[Found]:
    for node in _walk(subject):
        if isinstance(node, Match) and node.operator.startswith("regex"):
            for pattern in node.patterns:
                text = str(pattern.value)
                found = _PLAIN_REGEX.fullmatch(text)
                if found and "*" not in found[1] and "?" not in found[1]:
                    operator = "like~" if node.operator == "regex~" else "like"
                    message = f"{subject.excerpt(pattern.span)} needs no regular expression"
                    cure = f"write it with `{operator}`: `*` is any run of characters"
                    yield Found(message, pattern.span, cure)


def literal_wildcards(subject: Subject) -> Iterator[Found]:
    for node in _walk(subject):
        match node:
            case Comparison(operator="==" | "!=", left=Field(), right=Literal() as one):
                texts: tuple[Expr, ...] = (one,)
            case Membership(operand=Field(), members=members):
                texts = members
            case _:
                continue
        for text in texts:
            if isinstance(text, Literal) and _looks_wild(text.value):
                yield Found(
                    f"the `*` in {subject.excerpt(text.span)} stands for itself here, not for any characters",
                    text.span,
                    "compare with `like` or `:` if a pattern is meant",
                )


def cases_on_windows(subject: Subject) -> Iterator[Found]:
    for step in subject.steps:
        if not _on_windows(step):
            continue
        for node in walk(step.written.condition):
            match node:
                case Comparison(operator="==" | "!=", left=Field(name=name), right=Literal() as one):
                    texts: tuple[Expr, ...] = (one,)
                case Membership(operand=Field(name=name), members=members, insensitive=False):
                    texts = members
                case _:
                    continue
            if name.endswith((".name", ".executable", ".path")) and any(_is_program(text) for text in texts):
                message = f"{subject.excerpt(node.span)} minds the case, which Windows does not"
                yield Found(message, node.span, "compare with `:` or `in~`")


def open_starts(subject: Subject) -> Iterator[Found]:
    sequence = subject.sequence
    if sequence is None or not subject.steps:
        return
    first = subject.steps[0]
    if first.role == "stage" and not any(map(_is_narrow, _asked(first.lowered.condition))):
        span = sequence.maxspan
        held = f"for {span.value}{span.unit}" if span else "for ever"
        yield Found(
            f"nearly every {_events(first)} starts this sequence, and is kept {held} per join key",
            first.written.span,
            "say in the first stage which program, path or argument is meant",
        )


def long_spans(subject: Subject) -> Iterator[Found]:
    span = subject.sequence.maxspan if subject.sequence else None
    if span is not None and span.nanoseconds > LONG:
        message = f"what may begin a sequence is kept for {span.value}{span.unit} per join key"
        yield Found(message, span.span, "shorten `maxspan` to what the behaviour needs")


def _events(step: Step) -> str:
    return f"{step.written.category} event" if step.written.category else "event"


def _is_narrow(test: Expr) -> bool:
    """Whether a test leaves few events: one of what the events are about, not of their kind alone."""
    names = {node.name for node in walk(test) if isinstance(node, Field)}
    if names == {"event.action"}:
        texts = {node.value for node in walk(test) if isinstance(node, Literal)}
        return not texts & _USUAL
    return not names <= _BROAD


def _asked(condition: Expr) -> Iterator[Expr]:
    """Tests that are not below `not`."""
    match condition:
        case And(terms=terms) | Or(terms=terms):
            for term in terms:
                yield from _asked(term)
        case Not():
            return
        case _:
            yield condition


def _walk(subject: Subject) -> Iterator[Expr]:
    for step in subject.steps:
        yield from walk(step.written.condition)


def _patterns(subject: Subject) -> Iterator[tuple[Field, Node, str]]:
    """The wildcards that are compared with fields."""
    for node in _walk(subject):
        match node:
            case Match(operand=Field() as field, operator=":" | "like" | "like~", patterns=patterns):
                for pattern in patterns:
                    if isinstance(pattern.value, str):
                        yield field, pattern, pattern.value


def _looks_wild(value: object) -> bool:
    """Whether a text looks like a path or a name with `*` for any characters."""
    if not isinstance(value, str) or " " in value:
        return False
    return re.fullmatch(r"\*?[\w./\\:-]{3,}\*|\*[\w./\\:-]{3,}", value) is not None


def _on_windows(step: Step) -> bool:
    for fact in facts(step.lowered.condition):
        match fact:
            case Fact(Comparison(left=Field(name="host.os.type"), right=Literal(value="windows")), True):
                return True
    return False


def _is_program(text: Expr) -> bool:
    return isinstance(text, Literal) and isinstance(text.value, str) and text.value.lower().endswith((".exe", ".dll"))
