"""What an offer changed: those who were given it beside those who were left out by lot, and shares beside a benchmark."""

from fractions import Fraction
from math import sqrt
from typing import Final

import msgspec

from core.surveys.rules.metrics import FEW, per_hundred, rounded, wilson

# 宠物医院客户服务与技术关怀体系建设 (facts pet.stat.repeat): 接受过“个性化服务”的客户，重复消费率达72%，是普通客户的3倍
REPEAT_BENCHMARK: Final = 72
# The same document (facts pet.stat.referral_share): 通过“服务体验”形成的转介绍客户占比超50%
REFERRAL_BENCHMARK: Final = 50


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """People who were treated alike: so many, of whom so many came back in time."""

    people: int = 0
    back: int = 0

    @property
    def share(self) -> float | None:
        """How many of a hundred came back."""
        return per_hundred(self.back, self.people)


class Lift(msgspec.Struct, frozen=True, kw_only=True):
    """The difference in points of a hundred, with its 95 % interval; None where an arm is empty."""

    treated: Arm
    held_out: Arm
    points: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def certain(self) -> bool:
        """The interval does not hold 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)

    @property
    def few(self) -> bool:
        """Too few in one of the arms to build on."""
        return min(self.treated.people, self.held_out.people) < FEW


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """So many of so many, with the 95 % interval of the share."""

    part: int
    whole: int
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def few(self) -> bool:
        """Too few to build on."""
        return self.whole < FEW


def lift_of(treated: Arm, held_out: Arm) -> Lift:
    """Treated minus held out, with the interval of two independent shares (Newcombe 1998, hybrid score)."""
    if not treated.people or not held_out.people:
        return Lift(treated=treated, held_out=held_out)
    difference = Fraction(100 * treated.back, treated.people) - Fraction(100 * held_out.back, held_out.people)
    mine, other = (100 * one.back / one.people for one in (treated, held_out))
    low_t, high_t = wilson(treated.back, treated.people)
    low_h, high_h = wilson(held_out.back, held_out.people)
    below = sqrt((mine - low_t) ** 2 + (high_h - other) ** 2)
    above = sqrt((high_t - mine) ** 2 + (other - low_h) ** 2)
    return Lift(
        treated=treated,
        held_out=held_out,
        points=rounded(difference, 1),
        low=rounded(float(difference) - below, 1),
        high=rounded(float(difference) + above, 1),
    )


def share_of(part: int, whole: int) -> Share:
    """Return a share in percent with its interval; none of nobody."""
    if not whole:
        return Share(part=part, whole=whole)
    low, high = wilson(part, whole)
    return Share(part=part, whole=whole, value=rounded(Fraction(100 * part, whole), 1), low=low, high=high)
