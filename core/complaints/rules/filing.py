"""What a filing must say and who judges it: merging readings, gates between milestones, titles."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from core.complaints.rules.sources import Source, channel_of, is_way_back
from core.customers.rules.phones import read_phone
from core.errors import FieldProblem
from core.hooks.records.complaints import (
    Assessment,
    Channel,
    Milestone,
    Policy,
    Quote,
    Reason,
    Severity,
    severity_rank,
)

ARCHIVE: Final = "archive"
TEXT_LIMIT: Final = 5000
NAME_LIMIT: Final = 80
FEN_LIMIT: Final = 10**12
"""Ten thousand million yuan: more than this is a slip of the finger."""
TITLE_LENGTH: Final = 40


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says when they complain: 宠物医院客户投诉应急预案 §2.2, the four things the first contact writes down."""

    text: str
    desired: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    """As typed; it is read into E.164 when it can be."""
    channel: Channel = "web"
    source: Source | None = None
    """The fields of the channel; None when only the channel is known."""
    anonymous: bool = False
    """The desk takes it without a way back: whoever complained did not want to be called."""
    category: str | None = None
    cause: str | None = None
    branch_id: UUID | None = None
    customer_id: UUID | None = None
    subject_id: UUID | None = None
    species: str | None = None
    estimate_fen: int | None = None
    bill_fen: int | None = None
    answers: dict[str, Any] = {}


def filing_problems(filing: Filing) -> tuple[FieldProblem, ...]:
    """Return what cannot be taken as it is; a complaint without words or without a way back is no complaint."""
    problems = []
    if not filing.text.strip():
        problems.append(FieldProblem("text", "required"))
    for path, value, limit in (
        ("text", filing.text, TEXT_LIMIT),
        ("desired", filing.desired, TEXT_LIMIT),
        ("contact_name", filing.contact_name, NAME_LIMIT),
    ):
        if len(value) > limit:
            problems.append(FieldProblem(path, "too-long", {"max": limit}))
    reachable = filing.anonymous or filing.customer_id is not None or is_way_back(filing.source)
    if filing.source is not None and channel_of(filing.source) != filing.channel:
        problems.append(FieldProblem("channel", "option"))
    if not reachable and not filing.contact_phone.strip():
        problems.append(FieldProblem("contact_phone", "required"))
    elif filing.contact_phone.strip() and read_phone(filing.contact_phone) is None:
        problems.append(FieldProblem("contact_phone", "phone"))
    for path, fen in (("estimate_fen", filing.estimate_fen), ("bill_fen", filing.bill_fen)):
        if fen is not None and not 0 <= fen <= FEN_LIMIT:
            problems.append(FieldProblem(path, "range", {"min": 0, "max": FEN_LIMIT // 100}))
    return tuple(problems)


class Verdict(msgspec.Struct, frozen=True):
    """The level at which a complaint starts, and everything that led to it."""

    severity: Severity
    category: str | None
    reasons: tuple[Reason, ...]
    quotes: tuple[Quote, ...]


_NOT_ASSESSED = Reason(
    code="core.not_assessed",
    severity="L3",
    text={
        "zh-CN": "自动判级没有完成，先按最高级别处理，请组长判定",
        "en": "The level could not be worked out; treated as gravest until the team leader judges",
    },
    source="core",
)
_NO_SIGN = Reason(
    code="core.no_sign",
    severity="L1",
    text={"zh-CN": "没有更严重的迹象", "en": "No sign of anything graver"},
    source="core",
)


def reach_verdict(assessments: Sequence[Assessment], *, faulted: bool) -> Verdict:
    """Combine the readings: the highest severity wins and all reasons are kept; a fault means the gravest level.

    A level is never lost because a plugin failed: plugins.md, Dispatch.
    """
    reasons = tuple(reason for reading in assessments for reason in reading.reasons)
    quotes = tuple(quote for reading in assessments for quote in reading.quotes)
    ranked = sorted(assessments, key=lambda reading: severity_rank(reading.severity), reverse=True)
    category = next((reading.category for reading in ranked if reading.category is not None), None)
    if faulted:
        return Verdict("L3", category, (*reasons, _NOT_ASSESSED), quotes)
    if not ranked:
        return Verdict("L1", None, (_NO_SIGN,), ())
    return Verdict(ranked[0].severity, category, reasons or (_NO_SIGN,), quotes)


def title_of(text: str) -> str:
    """Return the first sentence or line, cut to a list's width."""
    first = text.strip().splitlines()[0].strip() if text.strip() else ""
    for stop in "。！？!?":
        head, found, _ = first.partition(stop)
        if found and head:
            first = head
    return first if len(first) <= TITLE_LENGTH else first[: TITLE_LENGTH - 1] + "…"


def blocked_by(policy: Policy, milestone_id: str, done: frozenset[str]) -> tuple[Milestone, ...]:
    """Return the milestones that must be complete before this one (or before `archive`) may be."""
    target = next((m for m in policy.milestones if m.id == milestone_id), None)
    needed = {m.id for m in policy.milestones if m.gate_for == milestone_id}
    if target is not None and target.after is not None:
        needed.add(target.after)
    return tuple(m for m in policy.milestones if m.id in needed and m.id not in done)


def unmet(policy: Policy, done: frozenset[str]) -> tuple[Milestone, ...]:
    """Return what must still happen before the case counts as resolved: all but the gates to the archive and what follows them."""
    later: set[str] = set()
    for milestone in policy.milestones:  # `after` always names an earlier one
        if milestone.gate_for == ARCHIVE or milestone.after in later:
            later.add(milestone.id)
    return tuple(m for m in policy.milestones if m.id not in later and m.id not in done)
