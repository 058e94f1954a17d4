"""Random queries: every tree these make is one that the parser can return."""

from hypothesis import strategies as st

from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    EventFilter,
    EventQuery,
    Expr,
    Field,
    Literal,
    Match,
    MaxSpan,
    Membership,
    Not,
    Or,
    Pipe,
    Query,
    SampleQuery,
    SequenceQuery,
    Sign,
    Stage,
)
from deckwatch.eql.operators import ARITHMETIC, COMPARISONS, MATCHES
from deckwatch.eql.tokens import RESERVED

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)

_PART = st.one_of(
    st.from_regex(r"[A-Za-z_@][A-Za-z0-9_]{0,6}", fullmatch=True),
    st.sampled_from([*sorted(RESERVED), "3com", "app-name", "a b", "``", "é", "AND", "Sequence", "fork"]),
    _TEXT.filter(bool),
)

_FUNCTION = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True).filter(
    lambda name: name.lower() not in RESERVED
)


def fields() -> st.SearchStrategy[Field]:
    return st.builds(Field, st.lists(_PART, min_size=1, max_size=3).map(".".join), st.booleans())


def literals() -> st.SearchStrategy[Literal]:
    numbers = st.integers(0, 2**63 - 1) | st.floats(0, allow_nan=False, allow_infinity=False)
    return st.builds(Literal, st.none() | st.booleans() | numbers | _TEXT)


def expressions() -> st.SearchStrategy[Expr]:
    """Any expression the grammar allows, well typed or not."""
    return st.recursive(literals() | fields(), _compound, max_leaves=12)


def queries() -> st.SearchStrategy[Query]:
    """Any query that parses: event queries, sequences, samples."""
    return _event_queries() | _sequences() | _samples()


def _compound(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    few = st.lists(inner, min_size=1, max_size=3).map(tuple)
    several = st.lists(inner, min_size=2, max_size=4)
    patterns = st.lists(literals(), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Sign, st.sampled_from("+-"), inner),
        st.builds(Arithmetic, st.sampled_from(list(ARITHMETIC)), inner, inner),
        st.builds(Comparison, st.sampled_from(list(COMPARISONS)), inner, inner),
        st.builds(Membership, inner, few, st.booleans()),
        st.builds(Match, inner, st.sampled_from(list(MATCHES)), patterns),
        st.builds(Call, _FUNCTION, few | st.just(()), st.booleans()),
        st.builds(Not, inner),
        several.map(lambda terms: And(_flat(And, terms))),
        several.map(lambda terms: Or(_flat(Or, terms))),
    )


def _flat(kind: type[And] | type[Or], terms: list[Expr]) -> tuple[Expr, ...]:
    return tuple(part for term in terms for part in (term.terms if isinstance(term, kind) else (term,)))


def _filters() -> st.SearchStrategy[EventFilter]:
    return st.builds(EventFilter, st.none() | _PART | st.just("") | st.just("any"), expressions())


def _pipes() -> st.SearchStrategy[tuple[Pipe, ...]]:
    return st.lists(st.builds(Pipe, st.sampled_from(["head", "tail"]), st.integers(0, 1000)), max_size=2).map(tuple)


def _event_queries() -> st.SearchStrategy[EventQuery]:
    return st.builds(EventQuery, _filters(), _pipes())


@st.composite
def _sequences(draw: st.DrawFn) -> SequenceQuery:
    maxspan = draw(st.none() | st.builds(MaxSpan, st.integers(1, 500), st.sampled_from(["ms", "s", "m", "h", "d"])))
    width = draw(st.integers(0, 2))
    missing = st.booleans() if maxspan else st.just(value=False)
    stage = _stages(width, missing, st.integers(1, 3))
    positive = draw(_stages(width, st.just(value=False), st.integers(1, 3)))
    others = draw(st.lists(stage, min_size=0 if positive.runs > 1 else 1, max_size=3))
    until = draw(st.none() | _stages(width, st.just(value=False), st.just(1)))
    stages = tuple(draw(st.permutations([positive, *others])))
    return SequenceQuery(stages, draw(_keys(draw(st.integers(0, 2)))), maxspan, until, draw(_pipes()))


@st.composite
def _samples(draw: st.DrawFn) -> SampleQuery:
    names = draw(st.lists(fields(), min_size=2, max_size=4, unique_by=lambda key: (key.name, key.optional)))
    shared = draw(st.integers(0, len(names)))
    by, own = tuple(names[:shared]), tuple(names[shared:])
    count = draw(st.integers(2, 5))
    return SampleQuery(tuple(Stage(draw(_filters()), own) for _ in range(count)), by)


def _keys(width: int) -> st.SearchStrategy[tuple[Field, ...]]:
    return st.tuples(*[fields()] * width)


def _stages(width: int, missing: st.SearchStrategy[bool], runs: st.SearchStrategy[int]) -> st.SearchStrategy[Stage]:
    return st.builds(Stage, _filters(), _keys(width), missing, runs)
