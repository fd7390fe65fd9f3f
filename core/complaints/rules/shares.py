"""Whether the levels come as often as the policies expect: shares with their intervals, and a test that is fair to few."""

from collections.abc import Mapping
from math import sqrt
from typing import Final

import msgspec

from core.hooks.records.complaints import SEVERITIES, Severity

DAYS: Final = 90
FEWEST: Final = 30
"""Below this nothing is said: of thirty complaints one more or less is three points."""
MOST: Final = 2000
"""Of more the newest so many are counted: they bound a share to two and a half points either way, and a page waits for it."""
_Z: Final = 2.394
"""Three levels are tested at once: 5 % of error in all are 1.67 % for each (Bonferroni), 2.394 standard deviations."""


class Share(msgspec.Struct, frozen=True):
    """One level: how many, which share in percent, between which bounds, and what its policy expects."""

    severity: Severity
    count: int
    percent: float
    low: float
    high: float
    expected: int | None

    @property
    def drifted(self) -> bool:
        """What is expected lies outside of what chance allows."""
        return self.expected is not None and not self.low <= self.expected <= self.high


class Shares(msgspec.Struct, frozen=True):
    """All levels over some days."""

    total: int
    levels: tuple[Share, ...]

    @property
    def enough(self) -> bool:
        """There are enough to say anything."""
        return self.total >= FEWEST

    @property
    def drifted(self) -> tuple[Share, ...]:
        """The levels whose share is another than expected; none as long as there are too few."""
        return tuple(share for share in self.levels if share.drifted) if self.enough else ()


def compare_shares(counts: Mapping[Severity, int], expected: Mapping[Severity, int | None]) -> Shares:
    """Return the share of each level with its Wilson interval beside what the policies expect.

    宠物医院客户投诉应急预案 §3.1-§3.3: 约60%, 约30%, 约10%.
    """
    total = sum(counts.values())
    levels = []
    for severity in SEVERITIES:
        count = counts.get(severity, 0)
        low, high = wilson(count, total)
        percent = 100 * count / total if total else 0.0
        levels.append(Share(severity, count, percent, low, high, expected.get(severity)))
    return Shares(total, tuple(levels))


def wilson(count: int, total: int) -> tuple[float, float]:
    """Return the bounds in percent within which the true share lies; everything when nothing was counted."""
    if total == 0:
        return 0.0, 100.0
    share, z2 = count / total, _Z * _Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    reach = _Z * sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return 100 * max(0.0, middle - reach), 100 * min(1.0, middle + reach)
