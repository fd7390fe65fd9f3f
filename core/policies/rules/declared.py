"""What holds before a tenant changes anything: core's own promises, and the plugins' policies merged over them."""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from core.hooks.records.complaints import DutyRole, EscalationStep, Milestone, Policy, Severity

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


def _earliest(first: Milestone, second: Milestone) -> Milestone:
    """What one of two holds for any case stays so, whichever is the earlier."""
    sooner = second if _budget(second) < _budget(first) else first
    alike = first.categories and second.categories
    categories = tuple(dict.fromkeys((*first.categories, *second.categories))) if alike else ()
    return sooner if sooner.categories == categories else msgspec.structs.replace(sooner, categories=categories)


def _budget(milestone: Milestone) -> float:
    """Return minutes for comparing: a working day is at least a day; no deadline is the longest of all."""
    if milestone.days is not None:
        return milestone.days * 1440
    return float("inf") if milestone.minutes is None else milestone.minutes


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
