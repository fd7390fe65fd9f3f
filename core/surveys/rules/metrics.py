"""NPS, CSAT, CES and reach from counted answers, each with its number of answers and a 95 % interval.

Rounding: NPS to a whole number, shares and means to one decimal, halves away from zero, computed exactly
before rounding. An answer that is missing or off the scale is left out and counted as such, never taken as 0.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import sqrt
from typing import Final, Literal

import msgspec

Metric = Literal["nps", "csat", "ces"]
SCALES: Final[Mapping[Metric, tuple[int, int]]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
PROMOTER, DETRACTOR = 9, 6
"""NPS: 9 and 10 recommend, 0 to 6 warn others off, 7 and 8 count in neither."""
CSAT_TOP, CES_TOP = 4, 5
"""The lowest answer that counts as satisfied (top two of five) or easy (top three of seven)."""
FEW: Final = 30
"""Below so many answers a figure is shown with the remark that they are too few to build on."""
Z95: Final = 1.959963984540054
# 2025年钙片行业企业客户服务质量提升 §2.4.2: 仅29%的用户能定期收到“补钙效果跟踪问卷”,远低于…平均水平(65%)
REACH_TARGET, REACH_NOW = 65, 29


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure; None where nobody answered. Shares are percent, NPS runs from -100 to 100."""

    answered: int
    excluded: int
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def few(self) -> bool:
        """Too few answers to build on."""
        return self.answered < FEW


class Nps(Measure, frozen=True, kw_only=True):
    """The net promoter score with the three groups that it hides."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0


class Rated(Measure, frozen=True, kw_only=True):
    """A share of good answers, and the mean of the scale."""

    mean: float | None = None


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How many of those who were to be asked were reached, and how many answered."""

    asked: int
    delivered: int
    answered: int
    rate: float | None
    low: float | None
    high: float | None
    answer_rate: float | None


def rounded(value: Fraction | float, digits: int = 0) -> float:
    """Round halves away from zero: 4.25 -> 4.3, -0.5 -> -1."""
    scaled = Fraction(value) * 10**digits
    whole = int(abs(scaled) + Fraction(1, 2))
    signed = whole if scaled >= 0 else -whole
    return float(Fraction(signed, 10**digits))


def count_answers(metric: Metric, values: Iterable[object]) -> tuple[dict[int, int], int]:
    """Count answers by their value, and those that are none: missing, or no whole number on the metric's scale."""
    low, high = SCALES[metric]
    counts: dict[int, int] = {}
    excluded = 0
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            counts[value] = counts.get(value, 0) + 1
        else:
            excluded += 1
    return counts, excluded


def wilson(good: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share, in percent (Wilson 1927): it never leaves 0 to 100, also for few."""
    share, z2 = good / n, Z95 * Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return rounded(max(0.0, middle - half) * 100, 1), rounded(min(1.0, middle + half) * 100, 1)


def nps_interval(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    """Return a 95 % interval of the NPS by the adjusted Wald method (Rocks 2016).

    Three answers are added, 3/4 of one a promoter and 3/4 of one a detractor, so that few or one-sided answers do not
    look certain; the interval is cut at -100 and 100.
    """
    size = n + 3
    up, down = (promoters + 0.75) / size, (detractors + 0.75) / size
    half = Z95 * sqrt((up + down - (up - down) ** 2) / size)
    return rounded(max(-1.0, up - down - half) * 100), rounded(min(1.0, up - down + half) * 100)


def nps(counts: Mapping[int, int], excluded: int = 0) -> Nps:
    """Promoters minus detractors in percent of those who answered the question."""
    n = sum(counts.values())
    promoters = sum(number for value, number in counts.items() if value >= PROMOTER)
    detractors = sum(number for value, number in counts.items() if value <= DETRACTOR)
    if not n:
        return Nps(answered=0, excluded=excluded)
    low, high = nps_interval(promoters, detractors, n)
    return Nps(
        answered=n,
        excluded=excluded,
        value=rounded(Fraction(100 * (promoters - detractors), n)),
        low=low,
        high=high,
        promoters=promoters,
        passives=n - promoters - detractors,
        detractors=detractors,
    )


def csat(counts: Mapping[int, int], excluded: int = 0) -> Rated:
    """The share of 4 and 5 of five, and the mean with one decimal (服务体系建设7大维度: 从4.2分提升至4.9分)."""
    return _rated(counts, excluded, CSAT_TOP)


def ces(counts: Mapping[int, int], excluded: int = 0) -> Rated:
    """The share of 5 to 7 of seven who found it easy, and the mean with one decimal."""
    return _rated(counts, excluded, CES_TOP)


def reach(*, asked: int, delivered: int, answered: int) -> Reach:
    """Delivered and answered in percent of those who were to be asked; who answered was reached, whatever was noted."""
    reached = min(asked, max(delivered, answered))
    if not asked:
        return Reach(asked=0, delivered=0, answered=0, rate=None, low=None, high=None, answer_rate=None)
    low, high = wilson(reached, asked)
    return Reach(
        asked=asked,
        delivered=reached,
        answered=answered,
        rate=rounded(Fraction(100 * reached, asked), 1),
        low=low,
        high=high,
        answer_rate=rounded(Fraction(100 * min(answered, asked), asked), 1),
    )


def per_hundred(number: int, base: int) -> float | None:
    """Return how many come on a hundred, with one decimal; None without a base."""
    return rounded(Fraction(100 * number, base), 1) if base else None


def _rated(counts: Mapping[int, int], excluded: int, top: int) -> Rated:
    n = sum(counts.values())
    if not n:
        return Rated(answered=0, excluded=excluded)
    good = sum(number for value, number in counts.items() if value >= top)
    low, high = wilson(good, n)
    return Rated(
        answered=n,
        excluded=excluded,
        value=rounded(Fraction(100 * good, n), 1),
        low=low,
        high=high,
        mean=rounded(Fraction(sum(value * number for value, number in counts.items()), n), 1),
    )
