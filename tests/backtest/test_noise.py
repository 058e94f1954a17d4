"""From counts to rates, and what they mean."""

import pytest

from deckwatch.backtesting.noise import Concentration, dispersion, estimate, interval, rate, verdict
from deckwatch.eql.dates import DAY, HOUR


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390), (50, 37.11, 65.92),
     (100, 81.36, 121.63)],
)  # fmt: skip
def test_the_interval_is_that_of_garwood_but_for_a_percent(count: int, low: float, high: float) -> None:
    assert interval(count) == (pytest.approx(low, rel=0.01, abs=0.02), pytest.approx(high, rel=0.01))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([], 1, id="nothing"),
        pytest.param([0, 0, 0, 0, 0, 0], 1, id="no alerts"),
        pytest.param([3, 3, 3, 3, 3], 1, id="steadier than chance"),
        pytest.param([0, 20, 0, 0], 1, id="too few units to tell"),
        pytest.param([0, 0, 0, 0, 10], 10, id="one burst"),
    ],
)
def test_dispersion(counts: list[int], expected: float) -> None:
    assert dispersion(counts) == pytest.approx(expected)


def test_bursts_make_the_interval_wider() -> None:
    steady, bursts = rate(20, 2.0), rate(20, 2.0, spread=5)
    assert steady.value == bursts.value == 10
    assert bursts.low < steady.low < 10 < steady.high < bursts.high


IMAGE = Concentration("image", "shop/cart", 9, 0.9)
COMMAND = Concentration("command line", "x" * 100, 10, 1.0)
SPREAD = Concentration("image", "shop/cart", 4, 0.4)


@pytest.mark.parametrize(
    ("alerts", "days", "concentrations", "expected"),
    [
        pytest.param(0, 7, [], "Silent. In a week there may be up to 3.7 alerts (95 %).", id="silent"),
        pytest.param(
            0, 0.5, [],
            "No alert, but the history is shorter than a day: too short to tell how many a week would bring.",
            id="silent in a short history",
        ),
        pytest.param(
            3, 0.5, [],
            "3 alerts, but the history is shorter than a day: too short to tell how many a week would bring.",
            id="a short history",
        ),
        pytest.param(1, 7, [], "Quiet: to be expected are about 1 a week (95 %: 0.013 to 5.6).", id="quiet"),
        pytest.param(
            10, 14, [SPREAD],
            "Bearable: to be expected are about 5 a week (95 %: 2.4 to 9.2). "
            "No image, container or command line makes most of them.",
            id="bearable, spread out",
        ),
        pytest.param(
            10, 7, [IMAGE],
            "Busy: to be expected are about 10 a week (95 %: 4.8 to 18). "
            "The image shop/cart makes 90 % of them; without it 1 would be left.",
            id="busy, from one image",
        ),
        pytest.param(
            10, 1, [IMAGE, COMMAND],
            "Busy: to be expected are about 70 a week (95 %: 34 to 129). "
            f"The command line {'x' * 79}… makes 100 % of them; without it none would be left.",
            id="a long value is cut",
        ),
        pytest.param(
            1000, 7, [], "Noisy: to be expected are about 1,000 a week (95 %: 939 to 1,064).", id="noisy"
        ),
    ],
)  # fmt: skip
def test_verdicts(alerts: int, days: float, concentrations: list[Concentration], expected: str) -> None:
    noise = estimate(alerts, alerts, observed=int(days * DAY), lifetimes=0, by_unit=[], concentrations=concentrations)
    assert verdict(noise, alerts) == expected


@pytest.mark.parametrize(
    ("lifetimes", "expected"),
    [pytest.param(23 * HOUR, None, id="less than a container-day"), pytest.param(4 * DAY, 0.5, id="four")],
)
def test_alerts_a_container_day(lifetimes: int, expected: float | None) -> None:
    noise = estimate(3, 2, observed=DAY, lifetimes=lifetimes, by_unit=[], concentrations=[])
    assert (noise.per_container_day and noise.per_container_day.value) == expected
