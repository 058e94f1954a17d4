"""Tree to canonical text: one text per tree, with as few brackets as it takes to read the same tree again.

Lowered forms print as what they mean: `IsNull` as `… == null`, `InRange` as comparisons.
"""

from __future__ import annotations

import re

from deckwatch.eql.literals import escape
from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    EventFilter,
    EventQuery,
    Expr,
    Field,
    InRange,
    IsNull,
    JoinQuery,
    Literal,
    Match,
    Membership,
    Not,
    Or,
    Pipe,
    SampleQuery,
    Scalar,
    SequenceQuery,
    Sign,
    Stage,
    Statement,
)
from deckwatch.eql.operators import INFIX, Level
from deckwatch.eql.tokens import RESERVED

_PLAIN_NAME = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*")


def unparse(node: Statement | Expr) -> str:
    """The canonical text of a query or an expression. `parse(unparse(parse(text))) == parse(text)`."""
    match node:
        case EventQuery(filter=event, pipes=pipes):
            return _event(event) + "".join(f" | {_pipe(pipe)}" for pipe in pipes)
        case SequenceQuery(stages=stages, by=by, maxspan=maxspan, until=until, pipes=pipes):
            span = f" with maxspan={maxspan.value}{maxspan.unit}" if maxspan else ""
            return "\n".join([f"sequence{_keys(by)}{span}", *_stages(stages, until), *(f"| {_pipe(p)}" for p in pipes)])
        case SampleQuery(stages=stages, by=by):
            return "\n".join([f"sample{_keys(by)}", *_stages(stages)])
        case JoinQuery(stages=stages, by=by, until=until):
            return "\n".join([f"join{_keys(by)}", *_stages(stages, until)])
        case _:
            return _expression(node, Level.OR)


def field_name(name: str) -> str:
    """A field's name as queries write it: parts that are no plain names stand in back quotes."""
    parts = name.split(".")
    return ".".join(map(_part, parts)) if all(parts) else _quoted(name)


def _stages(stages: tuple[Stage, ...], until: Stage | None = None) -> list[str]:
    lines = [f"  {_stage(stage)}" for stage in stages]
    return [*lines, f"until {_stage(until)}"] if until else lines


def _stage(stage: Stage) -> str:
    opening = "![" if stage.missing else "["
    runs = f" with runs={stage.runs}" if stage.runs != 1 else ""
    return f"{opening}{_event(stage.filter)}]{_keys(stage.by)}{runs}"


def _event(event: EventFilter) -> str:
    return f"{_category(event.category)} where {_expression(event.condition, Level.OR)}"


def _category(category: str | None) -> str:
    if category is None:
        return "any"
    return category if _is_plain(category) else escape(category)


def _keys(keys: tuple[Field, ...]) -> str:
    return f" by {', '.join(map(_field, keys))}" if keys else ""


def _pipe(pipe: Pipe) -> str:
    return f"{pipe.name} {pipe.count}"


def _expression(node: Expr, floor: Level) -> str:
    """The text of an expression, in brackets when it binds more weakly than its place demands."""
    level, text = _leveled(node)
    return f"({text})" if level < floor else text


def _leveled(node: Expr) -> tuple[Level, str]:  # noqa: C901 - one case per node
    """The text of an expression and how strongly its outermost operator binds."""
    match node:
        case Or(terms=terms):
            return Level.OR, " or ".join(_expression(term, Level.AND) for term in terms)
        case And(terms=terms):
            return Level.AND, " and ".join(_expression(term, Level.NOT) for term in terms)
        case Not(operand=Membership() as membership):
            return Level.PREDICATE, _membership(membership, "not ")
        case Not(operand=operand):
            return Level.NOT, f"not {_expression(operand, Level.NOT)}"
        case Comparison(operator=operator, left=left, right=right):
            return Level.COMPARISON, _infix(operator, left, right, Level.SUM)
        case Arithmetic(operator=operator, left=left, right=right):
            return INFIX[operator], _infix(operator, left, right, INFIX[operator])
        case Sign(operator=operator, operand=operand):
            return Level.SIGN, f"{operator}{_expression(operand, Level.SIGN)}"
        case IsNull(operand=operand):
            return Level.COMPARISON, f"{_expression(operand, Level.SUM)} == null"
        case InRange():
            return _range(node)
        case Membership():
            return Level.PREDICATE, _membership(node)
        case Match():
            return Level.PREDICATE, _match(node)
        case _:
            return Level.PRIMARY, _primary(node)


def _primary(node: Call | Field | Literal) -> str:
    match node:
        case Call(name=name, arguments=arguments, insensitive=insensitive):
            return f"{name}{'~' * insensitive}({_list(arguments)})"
        case Field():
            return _field(node)
        case Literal(value=value):
            return _scalar(value)


def _infix(operator: str, left: Expr, right: Expr, floor: Level) -> str:
    """Operators associate to the left, so an equal on the right needs brackets."""
    return f"{_expression(left, floor)} {operator} {_expression(right, Level(INFIX[operator] + 1))}"


def _membership(node: Membership, negation: str = "") -> str:
    operator = "in~" if node.insensitive else "in"
    return f"{_expression(node.operand, Level.PRIMARY)} {negation}{operator} ({_list(node.members)})"


def _match(node: Match) -> str:
    patterns = _list(node.patterns)
    return f"{_expression(node.operand, Level.PRIMARY)} {node.operator} " + (
        patterns if len(node.patterns) == 1 else f"({patterns})"
    )


def _range(node: InRange) -> tuple[Level, str]:
    operand = _expression(node.operand, Level.SUM)
    bounds = [f"{operand} {sign} {bound}" for sign, bound in ((">=", node.low), ("<=", node.high)) if bound is not None]
    return (Level.AND if len(bounds) > 1 else Level.COMPARISON), " and ".join(bounds)


def _list(items: tuple[Expr, ...]) -> str:
    return ", ".join(_expression(item, Level.OR) for item in items)


def _field(field: Field) -> str:
    return "?" * field.optional + field_name(field.name)


def _scalar(value: Scalar) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return escape(value)
        case _:
            return str(value)


def _is_plain(name: str) -> bool:
    return _PLAIN_NAME.fullmatch(name) is not None and name not in RESERVED


def _part(part: str) -> str:
    return part if _is_plain(part) else _quoted(part)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
