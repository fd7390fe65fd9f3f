"""What people complain about at a dentist's, what is promised, and how grave it is. All numbers are own design."""

from typing import Final

from anxin_dental.settings import Settings
from plugins.api import (
    SEVERITIES,
    Assessment,
    Category,
    ComplaintFacts,
    DeclareContext,
    DutyRole,
    Milestone,
    Policy,
    Quote,
    Reason,
    Severity,
    Text,
    both,
    hookimpl,
)

SIGNS: Final[tuple[tuple[Severity, str, tuple[str, ...], Text], ...]] = (
    ("L3", "harm", ("止不住", "晕了", "拔错", "神经损伤", "面瘫"), both("可能伤及健康", "Health may be harmed")),
    ("L2", "work", ("掉了", "断了", "返工", "不合适"), both("修复体失败", "The work failed")),
    ("L1", "waiting", ("等到", "等了", "排队"), both("等候", "Waiting")),
)
ROLE: Final = DutyRole(code="service_supervisor", label=both("客服主管", "Service supervisor"))
LABELS: Final = {"L1": both("一般", "Slight"), "L2": both("较重", "Serious"), "L3": both("严重", "Grave")}


@hookimpl
def complaint_categories() -> tuple[Category, ...]:
    return (
        Category(id="waiting", label=both("等候", "Waiting"), default_severity="L1"),
        Category(id="work", label=both("修复与种植", "Fillings and implants"), default_severity="L2"),
        Category(
            id="harm", label=both("健康损害", "Harm"), default_severity="L3", evidence=("medical_record", "photo")
        ),
    )


@hookimpl
def complaint_policies(ctx: DeclareContext[Settings]) -> tuple[Policy, ...]:
    slight = ctx.settings.answer_minutes
    return tuple(
        Policy(
            severity=severity,
            label=LABELS[severity],
            roles=(ROLE,),
            milestones=(
                Milestone(id="answer", label=both("首次答复", "First answer"), minutes=minutes, owner_role=ROLE.code),
                Milestone(id="resolve", label=both("解决", "Resolved"), after="answer", owner_role=ROLE.code),
            ),
            source="own design",
        )
        for severity, minutes in (("L1", slight), ("L2", min(60, slight)), ("L3", 15))
    )


@hookimpl
async def assess_complaint(complaint: ComplaintFacts) -> Assessment | None:
    """The gravest sign counts; every sign is a reason with the words that led to it."""
    reasons: list[Reason] = []
    quotes: list[Quote] = []
    for severity, code, marks, why in SIGNS:
        place, mark = min(
            ((complaint.text.find(mark), mark) for mark in marks if mark in complaint.text), default=(-1, "")
        )
        if place >= 0:
            reasons.append(Reason(code=code, severity=severity, text=why, source="own design"))
            quotes.append(Quote(reason=code, text=mark, start=place, end=place + len(mark)))
    if not reasons:
        return None
    gravest = max(reasons, key=lambda reason: SEVERITIES.index(reason.severity))
    return Assessment(severity=gravest.severity, category=gravest.code, reasons=tuple(reasons), quotes=tuple(quotes))
