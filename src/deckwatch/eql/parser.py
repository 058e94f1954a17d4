"""Text to tree. Every fault of a query is reported at once, in one `QueryError`."""

from __future__ import annotations

from deckwatch.eql.nodes import Expr, Statement
from deckwatch.eql.statements import StatementReader


def parse(text: str) -> Statement:
    """The tree of a query.

    Raises:
        QueryError: The text is no query; lists every fault.
    """
    return StatementReader(text).statement()


def parse_expression(text: str) -> Expr:
    """The tree of a constant or any other expression.

    Raises:
        QueryError: The text is no expression; lists every fault.
    """
    return StatementReader(text).lone_expression()
