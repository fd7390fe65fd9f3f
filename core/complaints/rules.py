"""What a complaint promises and who judges it: merging policies and readings, gates between milestones, titles."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from core.customers.rules.phones import read_phone
from core.errors import FieldProblem
from core.hooks.records.complaints import (
    Assessment,
    Channel,
    DutyRole,
    EscalationStep,
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

_SUPERVISOR = DutyRole(code="service_supervisor", label={"zh-CN": "客服主管", "en": "Customer service supervisor"})
_DIRECTOR = DutyRole(code="director", label={"zh-CN": "院长", "en": "Director"})


def _default_policy(severity: Severity, label_zh: str, label_en: str) -> Policy:
    return Policy(
        severity=severity,
        label={"zh-CN": label_zh, "en": label_en},
        milestones=(
            Milestone(
                id="ack_contact",
                label={"zh-CN": "首次响应", "en": "First contact"},
                # 2025东营宠物诊所客户服务策略: 接到投诉后30分钟内联系客户
                minutes=30,
                owner_role="service_supervisor",
                promise={"zh-CN": "我们会在 30 分钟内联系您", "en": "We will contact you within 30 minutes"},
                steps=(EscalationStep(role="director", fraction=1.0),),
                source="2025东营宠物诊所客户服务策略 (clinic.contact)",
            ),
            Milestone(
                id="propose_solution",
                label={"zh-CN": "给出方案", "en": "Propose a solution"},
                # 2025东营宠物诊所客户服务策略: 24小时内给出解决方案
                minutes=1440,
                after="ack_contact",
                owner_role="service_supervisor",
                promise={"zh-CN": "我们会在 24 小时内给出方案", "en": "We will propose a solution within 24 hours"},
                steps=(EscalationStep(role="director", fraction=1.0),),
                source="2025东营宠物诊所客户服务策略 (clinic.solution)",
            ),
        ),
        reopen=("ack_contact", "propose_solution"),
        roles=(_SUPERVISOR, _DIRECTOR),
        source="core default",
    )


CORE_POLICIES: Final[dict[Severity, Policy]] = {
    "L1": _default_policy("L1", "轻微", "Slight"),
    "L2": _default_policy("L2", "较重", "Serious"),
    "L3": _default_policy("L3", "重大", "Grave"),
}
"""What holds where no vertical says more: the two promises that one document makes for every complaint."""


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says when they complain: 宠物医院客户投诉应急预案 §2.2, the four things the first contact writes down."""

    text: str
    desired: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    """As typed; it is read into E.164 when it can be."""
    channel: Channel = "web"
    category: str | None = None
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
    if filing.customer_id is None and not filing.contact_phone.strip():
        problems.append(FieldProblem("contact_phone", "required"))
    elif filing.contact_phone.strip() and read_phone(filing.contact_phone) is None:
        problems.append(FieldProblem("contact_phone", "phone"))
    for path, fen in (("estimate_fen", filing.estimate_fen), ("bill_fen", filing.bill_fen)):
        if fen is not None and not 0 <= fen <= FEN_LIMIT:
            problems.append(FieldProblem(path, "range", {"max": FEN_LIMIT // 100}))
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


def _earliest(first: Milestone, second: Milestone) -> Milestone:
    unlimited = float("inf")
    budgets = [unlimited if m.minutes is None else m.minutes for m in (first, second)]
    return second if budgets[1] < budgets[0] else first


def merge_policies(policies: Iterable[Policy]) -> dict[Severity, Policy]:
    """Merge the policies of all plugins by severity; of one milestone the earliest deadline wins.

    Severities that no plugin speaks of keep core's own policy.
    """
    merged: dict[Severity, Policy] = {}
    for policy in policies:
        known = merged.get(policy.severity)
        if known is None:
            merged[policy.severity] = policy
            continue
        theirs = {m.id: m for m in policy.milestones}
        mine = tuple(_earliest(m, theirs.pop(m.id)) if m.id in theirs else m for m in known.milestones)
        roles = {role.code: role for role in (*policy.roles, *known.roles)}
        merged[policy.severity] = msgspec.structs.replace(
            known,
            milestones=(*mine, *theirs.values()),
            roles=tuple(roles.values()),
            reopen=tuple(dict.fromkeys((*known.reopen, *policy.reopen))),
            source="; ".join(filter(None, (known.source, policy.source))),
        )
    return CORE_POLICIES | merged


def policy_version(policy: Policy) -> str:
    """Return the first 16 hex of the SHA-256 over the policy's canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(policy, order="deterministic")).hexdigest()[:16]


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
