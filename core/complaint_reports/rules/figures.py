"""The figures of complaint reports: shares with what they are of, times with how many they rest on, and what is compared."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from core.hooks.records.complaints import Severity
from core.reports.rules.spans import ReportSpan

ONCE_DAYS: Final = 30
"""A case is solved at once when so many days bring neither a reopening nor a second case; own reading of 一次性解决率."""
FEW: Final = 20
"""Below so many a percentage is marked as resting on few: own design."""


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases a report is about."""

    span: ReportSpan
    branch_id: UUID | None = None
    severity: Severity | None = None
    until: datetime | None = None
    """Where the window ends; with the present when not given."""


class Part(msgspec.Struct, frozen=True):
    """So many of so many; there is no percentage without both."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """In percent, None of nothing."""
        return round(100 * self.part / self.whole, 1) if self.whole else None

    @property
    def few(self) -> bool:
        """Rests on few."""
        return self.whole < FEW

    def __add__(self, other: "Part") -> "Part":
        """Both together."""
        return Part(self.part + other.part, self.whole + other.whole)


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took, in seconds, over `n` cases."""

    n: int
    mean: float | None
    median: float | None
    p90: float | None


NO_TIMES: Final = Times(n=0, mean=None, median=None, p90=None)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Promises of one kind: kept, broken, and still undecided."""

    severity: Severity
    milestone: str
    branch_id: UUID | None
    staff_id: UUID | None
    month: int
    met: int
    late: int
    waiting: int

    @property
    def part(self) -> Part:
        """Kept of those decided."""
        return Part(self.met, self.met + self.late)


By = Literal["promise", "severity", "milestone", "branch_id", "staff_id", "month"]


class KeptSum(msgspec.Struct, frozen=True):
    """Promises of one group."""

    key: object
    part: Part
    waiting: int


def kept_by(rows: Iterable[Kept], by: By) -> list[KeptSum]:
    """Add promises up by one of their sides; `promise` is level and milestone together. Most decided first."""
    parts: dict[object, tuple[Part, int]] = {}
    for row in rows:
        key = (row.severity, row.milestone) if by == "promise" else getattr(row, by)
        part, waiting = parts.get(key, (Part(0, 0), 0))
        parts[key] = (part + row.part, waiting + row.waiting)
    found = [KeptSum(key, part, waiting) for key, (part, waiting) in parts.items()]
    return sorted(found, key=lambda one: (-one.part.whole, str(one.key)))


class Counted(msgspec.Struct, frozen=True):
    """One bar of a Pareto chart: what, how many, and the share of all up to here."""

    key: str
    n: int
    upto: float


def pareto(counts: Mapping[str, int], most: int = 12) -> list[Counted]:
    """Order by number, the largest first, and run the share up; what is beyond `most` is added up as the empty key."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    head, rest = ordered[:most], sum(n for _, n in ordered[most:])
    if rest:
        head.append(("", rest))
    found, run = [], 0
    for key, n in head:
        run += n
        found.append(Counted(key, n, round(100 * run / total, 1)))
    return found


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of today that a document names, to be beaten."""

    code: str
    value: float
    unit: Literal["days", "percent", "hours"]
    words: str
    """The document's own words."""
    document: str
    at_least: bool = False
    """The document says more than this."""


# complaints.yaml, baselines_to_beat: as the documents say it, never mixed into the measured figures.
BASELINES: Final[Mapping[str, Baseline]] = {
    one.code: one
    for one in (
        Baseline(
            code="handling",
            value=3,
            unit="days",
            words="平均处理时长超3天",
            document="2025东营宠物诊所客户服务策略",
            at_least=True,
        ),
        Baseline(
            code="cycle", value=5, unit="days", words="平均处理周期 5 天", document="2025年钙片行业企业客户服务质量提升"
        ),
        Baseline(
            code="not_once",
            value=53,
            unit="percent",
            words="53% 未能一次解决",
            document="2025年钙片行业企业客户服务质量提升",
        ),
        Baseline(
            code="reply",
            value=72,
            unit="hours",
            words="传统回复 72 小时（逐级审批）",
            document="2025年钙片行业企业客户服务质量提升",
        ),
    )
}
# 宠物医院客户投诉应急预案 §3.1 to §3.3: 占比约60%, 约30%, 约10%. Where the policies in force name a share, theirs holds.
LEVEL_SHARES: Final[Mapping[Severity, int]] = {"L1": 60, "L2": 30, "L3": 10}
LEVEL_SHARES_FROM: Final = "宠物医院客户投诉应急预案 §3"
