"""Random conditions that often contradict themselves: several tests of one field, and whatever else."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.engine.random_queries import BLOCKS, COMPARE, CONDITIONS, DATES, NUMERALS, QUOTED, REGEX, RELATIONS, WILD

_ADDRESSES = st.sampled_from(['"10.0.0.1"', '"::1"', '"10.0.0.0/8"'])
_VERSIONS = st.sampled_from(['"1.2.3"', '"1.9.0"'])
_ON_FIELD = {
    "k": [
        st.builds("k {} {}".format, COMPARE, QUOTED),
        st.builds("k {} ({}, {})".format, st.sampled_from(["in", "in~"]), QUOTED, QUOTED),
        st.builds("k {} ({}, {})".format, st.sampled_from([":", "like", "like~"]), WILD, WILD),
        st.builds("k {} {}".format, st.sampled_from(["regex", "regex~"]), REGEX),
        st.builds("{}(k, {})".format, RELATIONS, QUOTED),
        st.builds("length(k) {} {}".format, COMPARE, NUMERALS),
    ],
    "n": [
        st.builds("n {} {}".format, COMPARE, NUMERALS),
        st.builds("n in ({}, {})".format, NUMERALS, NUMERALS),
        st.builds("(n + {}) {} {}".format, NUMERALS, COMPARE, NUMERALS),
    ],
    "x": [st.builds("x {} {}".format, COMPARE, NUMERALS), st.builds("x in ({}, {})".format, NUMERALS, NUMERALS)],
    "b": [st.sampled_from(["b", "b == false", "b != true", 'string(b) == "true"'])],
    "d": [st.builds("d {} {}".format, COMPARE, DATES)],
    "a": [st.builds("cidrMatch(a, {})".format, BLOCKS), st.builds("a == {}".format, _ADDRESSES)],
    "v": [st.builds("v {} {}".format, COMPARE, _VERSIONS)],
}


def _tests(name: str) -> st.SearchStrategy[str]:
    """Two to four tests of a field, all of which must hold."""
    test = st.one_of(*_ON_FIELD[name], st.just(f"{name} == null"))
    return st.lists(st.one_of(test, test.map("not ({})".format)), min_size=2, max_size=4).map(" and ".join)


_TESTS = st.one_of(*map(_tests, _ON_FIELD))
CONTRADICTIONS = st.one_of(
    _TESTS,
    _TESTS,
    st.builds("({}) or ({})".format, _TESTS, _TESTS),
    st.builds("({}) and ({})".format, _TESTS, CONDITIONS),
    st.builds("({0}) and not ({0} or {1})".format, CONDITIONS, CONDITIONS),
    CONDITIONS,
)
