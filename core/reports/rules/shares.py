"""Shares beside the benchmarks of the documents: how many newcomers were referred, how many come again."""

from fractions import Fraction
from typing import Final

import msgspec

from core.surveys.rules.metrics import FEW, rounded, wilson

# 宠物医院客户服务与技术关怀体系建设 (facts pet.stat.repeat): 接受过“个性化服务”的客户，重复消费率达72%，是普通客户的3倍
REPEAT_BENCHMARK: Final = 72
# The same document (facts pet.stat.referral_share): 通过“服务体验”形成的转介绍客户占比超50%
REFERRAL_BENCHMARK: Final = 50


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


def share_of(part: int, whole: int) -> Share:
    """Return a share in percent with its interval; none of nobody."""
    if not whole:
        return Share(part=part, whole=whole)
    low, high = wilson(part, whole)
    return Share(part=part, whole=whole, value=rounded(Fraction(100 * part, whole), 1), low=low, high=high)
