"""Lucene's regular expressions: tables, and agreement with Rust and with a naive reading of the tree."""

from functools import cache

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deckwatch.eql.lucene import compile_lucene
from deckwatch.eql.lucene_nodes import Chars, Complement, Concat, Intersection, Regex, Repeat, Union, combines
from deckwatch.eql.lucene_parser import PatternError, parse

KELVIN = "\N{KELVIN SIGN}"
SYMBOLS = "aAbkK" + KELVIN + "é01-]^. \n\\"


def fits(pattern: str, value: str, insensitive: bool = False) -> bool:
    return compile_lucene(pattern, insensitive).matches(value)


def by_rust(pattern: str, value: str, insensitive: bool = False) -> bool:
    body = compile_lucene(pattern, insensitive).rust
    assert body is not None
    return bool(pl.Series([value]).str.contains(rf"(?s)\A(?:{body})\z")[0])


def by_definition(tree: Regex, value: str) -> bool:
    """Tries every way to cut the value."""

    @cache
    def fit(node: Regex, start: int, end: int) -> bool:
        cuts = range(start, end + 1)
        match node:
            case Chars(ranges):
                return end - start == 1 and any(low <= ord(value[start]) <= high for low, high in ranges)
            case Concat(()):
                return start == end
            case Concat((first, *rest)):
                return any(fit(first, start, cut) and fit(Concat(tuple(rest)), cut, end) for cut in cuts)
            case Union(parts):
                return any(fit(part, start, end) for part in parts)
            case Intersection(parts):
                return all(fit(part, start, end) for part in parts)
            case Complement(part):
                return not fit(part, start, end)
            case Repeat(part, low, high):
                if start == end:
                    return low == 0 or fit(part, start, end)
                rest = Repeat(part, max(low - 1, 0), None if high is None else high - 1)
                skip = 1 if low == 0 or fit(part, start, start) else 0
                return high != 0 and any(fit(part, start, cut) and fit(rest, cut, end) for cut in cuts[skip:])
        raise AssertionError(node)

    return fit(tree, 0, len(value))


CASES = [
    pytest.param("", [""], ["a"], id="empty"),
    pytest.param("abc", ["abc"], ["xabc", "abcx", "ABC"], id="anchored"),
    pytest.param("a.c", ["abc", "a\nc", "a😀c"], ["ac", "abbc"], id="dot-takes-any-character"),
    pytest.param("^a$", ["^a$"], ["a"], id="no-anchors"),
    pytest.param("ab?", ["a", "ab"], ["abb"], id="optional"),
    pytest.param("ab*|c", ["a", "abb", "c"], ["ac", ""], id="alternatives"),
    pytest.param("(ab)+", ["ab", "abab"], ["", "aba"], id="plus"),
    pytest.param("a{2}", ["aa"], ["a", "aaa"], id="count"),
    pytest.param("a{2,}", ["aa", "aaaa"], ["a"], id="at-least"),
    pytest.param("a{1,3}", ["a", "aaa"], ["", "aaaa"], id="from-to"),
    pytest.param("a{0}b", ["b"], ["ab"], id="count-zero"),
    pytest.param("x.*?y", ["xy", "x\ny"], ["x"], id="lazy-is-plain"),
    pytest.param("a++", ["a", "aa"], [""], id="possessive-is-plain"),
    pytest.param("[abc]", ["a", "c"], ["d", "ab", ""], id="class"),
    pytest.param("[^a-c]", ["d", "\n"], ["b", ""], id="negated-class"),
    pytest.param("[]^]+", ["]^"], ["["], id="class-begins-with-bracket"),
    pytest.param("[-a^.*&~]+", ["a^.*&~-"], ["b"], id="class-takes-operators-literally"),
    pytest.param(r"[\]\\a]+", ["]\\a"], ["["], id="class-escapes"),
    pytest.param(r"[.\w-]+", ["a-b.c_1"], ["a b"], id="class-in-class"),
    pytest.param(r"[^\w]", [" "], ["a"], id="negated-class-in-class"),
    pytest.param(r"[^\s\S]", [], ["", "a"], id="class-of-nothing"),
    pytest.param(r"\d\w\s", ["1_\t"], ["a_ ", "1- ", "٣a "], id="predefined"),
    pytest.param(r"\D\W\S", ["a-b"], ["1-b", "aab", "a- "], id="predefined-negated"),
    pytest.param(r"\.\*\|\(\[\{\~\&\<\@\#\"\\", ['.*|([{~&<@#"\\'], [], id="escapes"),
    pytest.param('a"b.*c"d', ["ab.*cd"], ["abxxcd"], id="quotes"),
    pytest.param('""', [""], ['"'], id="empty-quotes"),
    pytest.param("a()b", ["ab"], ["a()b"], id="empty-parentheses"),
    pytest.param("a@", ["a", "ab\n"], ["b"], id="any-text"),
    pytest.param("#|a", ["a"], ["", "#"], id="empty-language"),
    pytest.param("#*", [""], ["#"], id="empty-language-repeated"),
    pytest.param("*a+", ["*a", "*aa"], ["a"], id="leading-quantifier-is-literal"),
    pytest.param("{a}", ["{a}"], ["a"], id="leading-brace-is-literal"),
    pytest.param("a}>]", ["a}>]"], [], id="closing-marks-are-literal"),
    pytest.param("<1-10>", ["1", "10", "007"], ["0", "11", "", "1a"], id="interval"),
    pytest.param("<0-10>", ["0", "000", "10"], ["", "11"], id="interval-from-zero"),
    pytest.param("<01-10>", ["01", "09", "10"], ["1", "001", "11"], id="interval-of-fixed-width"),
    pytest.param("<1-9>", ["1", "9"], ["01", "0"], id="interval-of-one-digit"),
    pytest.param("<10-1>", ["1", "10"], ["0"], id="interval-in-any-order"),
    pytest.param("~(ab)", ["", "a", "abc"], ["ab"], id="complement"),
    pytest.param("~ab", ["b", "bb", "aab"], ["ab"], id="complement-of-one-atom"),
    pytest.param("~~a", ["a"], ["", "b"], id="double-complement"),
    pytest.param("~[ab]{2}", ["ab", "xy", ""], [], id="complement-binds-tighter-than-repetition"),
    pytest.param(".*a.*&.*b.*", ["ab", "ba"], ["a", "b"], id="intersection"),
    pytest.param("a|b&c", ["a"], ["b", "c"], id="intersection-binds-tighter-than-alternatives"),
    pytest.param("[a-z]+&~(.*(foo|bar).*)", ["baz"], ["xfoo", "bar1"], id="all-together"),
]


@pytest.mark.parametrize(("pattern", "fitting", "other"), CASES)
def test_pattern(pattern: str, fitting: list[str], other: list[str]) -> None:
    assert {value: fits(pattern, value) for value in fitting + other} == {
        **dict.fromkeys(fitting, True),
        **dict.fromkeys(other, False),
    }


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        pytest.param("aB", ["ab", "AB"], ["a"], id="letters"),
        pytest.param("k", ["k", "K"], [KELVIN], id="kelvin-is-no-k"),
        pytest.param("[^k]", [KELVIN], ["k", "K"], id="negated-class"),
        pytest.param("[a-c]", ["B"], ["d"], id="range"),
        pytest.param('"a.b"', ["A.B"], ["axb"], id="quotes"),
        pytest.param("é", ["é"], ["É"], id="only-ascii"),
    ],
)
def test_insensitive(pattern: str, fitting: list[str], other: list[str]) -> None:
    for value in fitting + other:
        assert fits(pattern, value, True) is by_rust(pattern, value, True) is (value in fitting)


FAULTS = [
    pytest.param("(a", 0, "this parenthesis is never closed; write \\( for the character", id="open-parenthesis"),
    pytest.param("a)", 1, "no parenthesis is open here; write \\) for the character", id="close-parenthesis"),
    pytest.param("[ab", 0, "this character class is never closed; write \\[ for the character", id="open-class"),
    pytest.param("[]", 0, "this character class is never closed; write \\[ for the character", id="empty-class"),
    pytest.param("[z-a]", 1, "this range runs backwards; write a-z", id="backward-range"),
    pytest.param("[a-]", 1, "this range has no end; write \\- for a hyphen", id="open-range"),
    pytest.param(r"[a-\d]", 1, "this range has no end; write \\- for a hyphen", id="range-to-a-class"),
    pytest.param("a{}", 1, "a repetition is {n}, {n,} or {n,m}; write \\{ for the character", id="no-count"),
    pytest.param("a{,3}", 1, "a repetition is {n}, {n,} or {n,m}; write \\{ for the character", id="no-lower-count"),
    pytest.param("a{3,1}", 1, "a repetition counts upwards: write {1,3}", id="backward-count"),
    pytest.param("a{9999999999}", 1, "numbers end at 2147483647", id="huge-count"),
    pytest.param("<5>", 0, "a numeric interval is <m-n>; write \\< for the character", id="no-interval"),
    pytest.param("<0-2147483648>", 0, "numbers end at 2147483647", id="huge-interval"),
    pytest.param('a"b', 1, 'this double quote is never closed; write \\" for the character', id="open-quote"),
    pytest.param("a\\", 1, "the pattern ends too early; write \\\\ for a backslash", id="dangling-escape"),
    pytest.param("a~", 1, "nothing follows `~`; write \\~ for the character", id="dangling-complement"),
    pytest.param(
        "(a|)",
        3,
        "nothing stands here; write () for the empty text, or put \\ before a literal | & )",
        id="empty-alternative",
    ),
    pytest.param("(?i)a", 0, "(? groups, lookaround and inline flags are not supported; use plain ( )", id="flags"),
    pytest.param(r"(a)\1", 3, "cannot use \\1: back-references are not supported", id="back-reference"),
    pytest.param(r"\ba", 0, "cannot use \\b: word boundaries are not supported", id="word-boundary"),
    pytest.param(
        r"a\n",
        1,
        "cannot use \\n: write the character itself: the query's own string escapes come first",
        id="control-escape",
    ),
    pytest.param(r"\m", 0, "cannot use \\m: a letter has no meaning there; write \\\\ for a backslash", id="letter"),
    pytest.param("(" * 10_000, 25, "parentheses are nested more than 25 deep", id="deep"),
    pytest.param("(" * 10_000 + "a" + ")" * 10_000, 25, "parentheses are nested more than 25 deep", id="deep-balanced"),
    pytest.param(
        "a{1000}{1000}{1000}",
        7,
        "the pattern is too large: with repetitions written out, over 5000 parts",
        id="huge-repetition",
    ),
    pytest.param(
        "a" * 1_000_000, 65_536, "the pattern has 1000000 characters; at most 65536 are allowed", id="huge-text"
    ),
    pytest.param(
        "~(.*a.{20})b",
        0,
        "the pattern is too complex; use fewer `~`, `&`, negated classes or repetitions",
        id="complex",
    ),
]


@pytest.mark.parametrize(("pattern", "offset", "message"), FAULTS)
def test_fault(pattern: str, offset: int, message: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_lucene(pattern, False)
    assert (caught.value.offset, caught.value.message) == (offset, message)
    assert str(caught.value) == f"{message} (at character {offset + 1} of the pattern)"


HOSTILE = [
    pytest.param("(a+)+\\$", "a" * 50_000, False, id="nested-plus"),
    pytest.param("(a|a)*b", "a" * 50_000, False, id="ambiguous"),
    pytest.param("a?" * 500 + "a" * 500, "a" * 500, True, id="optional-chain"),
    pytest.param("(.*a){300}", "ba" * 300, True, id="counted-run"),
    pytest.param(".*a.{1000}", "ab" * 600, False, id="exponential-states"),
    pytest.param("((a?){50}){50}", "a" * 2_501, False, id="nested-counts"),
    pytest.param(".{5000}", "é" * 5_000, True, id="long-count"),
    pytest.param("a" + "?*+" * 20_000, "aaa", True, id="quantifier-chain"),
    pytest.param("~" * 60_000 + "a", "a", True, id="tilde-chain"),
    pytest.param("(" * 25 + "a|b" + ")*c?" * 25, "abcab", True, id="nested-stars"),
    pytest.param("~(" * 25 + "a|b&c" + ")*" * 25, "x", True, id="nested-complements"),
    pytest.param("|".join(["[^\u4e00-\u9fff]{60}"] * 80), "a" * 60, True, id="big-classes"),
    pytest.param("[" + "".join(chr(0x4E00 + 2 * n) for n in range(5_000)) + "]{100}", "x", False, id="huge-class"),
]


@pytest.mark.parametrize(("pattern", "value", "expected"), HOSTILE)
def test_hostile_patterns_end_and_what_rust_gets_compiles(pattern: str, value: str, expected: bool) -> None:
    assert fits(pattern, value) is expected
    if compile_lucene(pattern, False).rust is not None:
        assert by_rust(pattern, value) is expected


@pytest.mark.parametrize(
    "pattern",
    [pytest.param("~a", id="complement"), pytest.param("a&b", id="intersection"), pytest.param("(b~a)*", id="inside")],
)
def test_rust_cannot_combine(pattern: str) -> None:
    assert compile_lucene(pattern, False).rust is None


def test_forgotten_transitions_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deckwatch.eql.lucene_automaton.MAX_MOVES", 3)
    assert fits("(a|b)*a(a|b){3}c?", "abbabaabaabbaabab" * 5 + "abbbc")


def _escaped(char: str) -> str:
    return char if char.isalnum() and char.isascii() else f"\\{char}"


def _class(negated: str, items: list[str]) -> str:
    return f"[{negated}{''.join(items)}]"


symbols = st.sampled_from(SYMBOLS).map(_escaped)
items = symbols | st.sampled_from(["a-c", "A-K", "0-9", r"\d", r"\W", r"\s", "à-ü"])
atoms = (
    symbols
    | st.sampled_from([".", "@", "#", "()", '"a.k"', r"\w", r"\D", "<1-10>", "<00-11>", "<0-1>", "^", "$"])
    | st.builds(_class, st.sampled_from(["", "^"]), st.lists(items, min_size=1, max_size=3))
)
quantifiers = st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,}", "{1,3}", "{0}", "*?"])


def _plain(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.lists(inner, min_size=1, max_size=3)
    return (
        parts.map(lambda texts: f"({'|'.join(texts)})")
        | parts.map(lambda texts: f"({''.join(texts)})")
        | st.builds("({}){}".format, inner, quantifiers)
    )


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return _plain(inner) | inner.map("~({})".format) | st.builds("({}&{})".format, inner, inner)


plain = st.recursive(atoms, _plain, max_leaves=8)
combined = st.recursive(atoms, _combined, max_leaves=6)
values = st.text(SYMBOLS, max_size=5) | st.text("aAb01", max_size=5)


@settings(deadline=None)
@given(plain, values, st.booleans())
def test_agrees_with_rust(pattern: str, value: str, insensitive: bool) -> None:
    assert fits(pattern, value, insensitive) == by_rust(pattern, value, insensitive)


@settings(deadline=None)
@given(combined, values, st.booleans())
def test_is_its_definition(pattern: str, value: str, insensitive: bool) -> None:
    assert fits(pattern, value, insensitive) == by_definition(parse(pattern, insensitive=insensitive), value)


@settings(deadline=None)
@given(combined, combined, values)
def test_laws_of_combination(left: str, right: str, value: str) -> None:
    one, other = fits(f"({left})", value), fits(f"({right})", value)
    assert fits(f"~({left})", value) is not one
    assert fits(f"({left})&({right})", value) is (one and other)
    assert fits(f"({left})|({right})", value) is (one or other)


@settings(deadline=None)
@given(combined, values)
def test_only_complement_and_intersection_have_no_rust(pattern: str, value: str) -> None:
    assume(not combines(parse(pattern, insensitive=False)))
    assert by_rust(pattern, value) is fits(pattern, value)


@settings(deadline=None)
@given(st.integers(0, 2_000), st.integers(0, 2_000), st.integers(0, 2_500), st.integers(0, 5))
def test_interval_is_its_numbers(first: int, last: int, number: int, width: int) -> None:
    low, high = sorted((first, last))
    pattern, value = f"<{first}-{last}>", f"{number:0{width}}"
    same_width = len(str(first)) == len(str(last))
    expected = low <= number <= high and (not same_width or len(value) == len(str(low)))
    assert fits(pattern, value) is by_rust(pattern, value) is expected


@settings(deadline=None)
@given(st.text('ab()[]{}|&~<>@#"\\^$.*+?-,019dwD', max_size=14), st.booleans())
def test_any_text_is_a_pattern_or_a_fault_within_it(text: str, insensitive: bool) -> None:
    try:
        body = compile_lucene(text, insensitive).rust
    except PatternError as error:
        assert 0 <= error.offset <= len(text)  # noqa: PT017
    else:
        assert body is None or pl.Series([""]).str.contains(rf"(?s)\A(?:{body})\z").len() == 1
