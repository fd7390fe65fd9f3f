"""Which telling asks for an answer, until when, and who hears of it when none comes (sla.md, rule 16)."""

from datetime import datetime, timedelta

import msgspec

from core.hooks.records.complaints import EscalationStep, Policy

_STEP = "step"
_AGAIN = "unacknowledged"


class Asked(msgspec.Struct, frozen=True):
    """What a step of a chain wants: an answer by an instant, after which it goes on to the next role."""

    role: str
    moves_on_at: datetime | None
    next_role: str | None


def step_of(policy: Policy, milestone: str, stage: str) -> EscalationStep | None:
    """Return the step of the chain that a stage stands for; None for warnings, due times and steps that are gone."""
    words = stage.split()
    if len(words) < 2 or words[0] != _STEP or not words[1].isdecimal():
        return None
    steps = next((one.steps for one in policy.milestones if one.id == milestone), ())
    number = int(words[1])
    return steps[number - 1] if 0 < number <= len(steps) else None


def asked_by(policy: Policy, milestone: str, stage: str, told_at: datetime) -> Asked | None:
    """Return what a stage asks for; None when it only tells. The second telling of a step moves on to nobody."""
    step = step_of(policy, milestone, stage)
    if step is None or not step.need_ack or step.ack_timeout is None:
        return None
    if stage.endswith(_AGAIN):
        return Asked(role=step.next or step.role, moves_on_at=None, next_role=None)
    moves_on = told_at + timedelta(minutes=step.ack_timeout) if step.next is not None else None
    return Asked(role=step.role, moves_on_at=moves_on, next_role=step.next)
