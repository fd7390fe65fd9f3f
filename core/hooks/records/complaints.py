"""Complaint categories, policies by severity with milestones and escalation chains, and assessments."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from core.hooks.records.forms import Field
from core.hooks.records.text import Text

Severity = Literal["L1", "L2", "L3"]
SEVERITIES: tuple[Severity, ...] = ("L1", "L2", "L3")
"""From slight to grave; the position is the rank."""

Channel = Literal[
    "phone", "in_person", "web", "social_media", "review_platform", "regulator", "online_chat", "email", "api"
]
StepChannel = Literal["app", "sms", "wechat", "phone", "email"]

Proof = Literal[
    "call", "evidence", "hearing", "report", "approval", "delivery", "record", "remedy", "cause", "action", "effect"
]
"""What completes a step by happening: a logged call, sealed evidence, signed minutes, a written, approved and delivered
report, a staff record, a remedy given, a root cause named, a corrective action done, its effect checked."""


Stage = Literal["receive", "investigate", "respond", "resolve", "follow_up"]
STAGES: tuple[Stage, ...] = ("receive", "investigate", "respond", "resolve", "follow_up")
"""The five steps of 宠物服务业投诉处理培训与发展: 接收投诉, 调查和评估, 回应投诉, 解决投诉, 跟进和评估."""


def severity_rank(severity: Severity) -> int:
    """1 for L1 to 3 for L3."""
    return SEVERITIES.index(severity) + 1


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """One node of the category tree; `id` and `parent` are local in the plugin and prefixed by the host."""

    id: str
    label: Text
    parent: str | None = None
    default_severity: Severity | None = None
    evidence: tuple[str, ...] = ()
    """What to secure first: medical_record, video, call_recording, chat_record, consent, bill, photo."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One node of the tree of causes: why it happened, where a category says what it is about."""

    id: str
    """Local in the plugin and prefixed by the host, as `parent`."""
    label: Text
    parent: str | None = None


class DutyRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role of the duty roster that a policy names; `external` people are not employees."""

    code: str
    label: Text
    external: bool = False


class EscalationStep(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told when; `fraction` of the budget (0 at the start, 1 when due) or `minutes` relative to due.

    `ack_timeout` minutes without acknowledgement, or nobody on duty in `role`, goes on to `next`.
    """

    role: str
    fraction: float | None = None
    minutes: int | None = None
    channel: StepChannel = "app"
    need_ack: bool = False
    ack_timeout: int | None = None
    next: str | None = None

    def __post_init__(self) -> None:
        """Refuse a step without an instant or with two."""
        if (self.fraction is None) == (self.minutes is None):
            raise ValueError("an escalation step has either fraction or minutes")
        if self.fraction is not None and not 0 <= self.fraction <= 1:
            raise ValueError("fraction lies in [0, 1]; use minutes for an instant after the due time")
        if self.need_ack != (self.ack_timeout is not None):
            raise ValueError("need_ack and ack_timeout come together")


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """One promise inside a policy: a budget from receipt or from another milestone, and what completes it."""

    id: str
    label: Text
    minutes: int | None = None
    """Budget; None (and no days) has no deadline of its own, it only has to happen."""
    days: int | None = None
    """Budget in working days of the calendar `clock` instead of minutes, due at the end of the last one (sla.md, rule 4)."""
    clock: str = "wall"
    """`wall` or the id of a calendar."""
    after: str | None = None
    """The milestone that must be complete before this one can be."""
    counts_from: Literal["receipt", "after"] = "receipt"
    owner_role: str
    with_roles: tuple[str, ...] = ()
    how: tuple[Text, ...] = ()
    """Ways or steps of doing it, for the person who does it."""
    pausable: bool = False
    pause_needs_reason: bool = True
    gate_for: str | None = None
    """`archive` or a milestone that stays shut until this one is complete."""
    approver: str | None = None
    facts: tuple[Field, ...] = ()
    """What must be written down to complete it; validated like a form."""
    proof: Proof | None = None
    """What completes it by happening; it cannot be ticked off by hand then, and `facts` only ask what is not known yet."""
    stage: Stage = "resolve"
    """The column of the board in which a case stands while this is its first open milestone."""
    promise: Text | None = None
    """The words for the customer's status page; None is not shown there."""
    shown: tuple[str, ...] = ()
    """Keys of the facts that the customer reads there once the step is done; all others stay in the house."""
    asks_customer: bool = False
    """The customer may accept or decline there what these facts say."""
    warnings: tuple[float, ...] = (0.5, 0.75, 0.9)
    steps: tuple[EscalationStep, ...] = ()
    categories: tuple[str, ...] = ()
    """Local ids of the plugin's own categories, with all below them: it holds for cases about these only; empty is any case."""
    source: str = ""
    """Document and section, or `own design`."""

    def __post_init__(self) -> None:
        """Refuse a milestone whose clock cannot be computed."""
        if self.minutes is not None and self.minutes <= 0:
            raise ValueError(f"milestone {self.id}: minutes must be positive")
        if self.days is not None and (self.days <= 0 or self.minutes is not None):
            raise ValueError(f"milestone {self.id}: working days are positive and stand instead of minutes")
        if self.days is not None and (self.clock == "wall" or self.pausable):
            raise ValueError(f"milestone {self.id}: working days need a calendar and cannot be paused")
        if self.counts_from == "after" and self.after is None:
            raise ValueError(f"milestone {self.id}: counts_from 'after' needs after")
        if not self.timed and self.steps:
            raise ValueError(f"milestone {self.id}: steps need a budget")
        if any(not 0 < w < 1 for w in self.warnings) or list(self.warnings) != sorted(set(self.warnings)):
            raise ValueError(f"milestone {self.id}: warnings are rising fractions between 0 and 1")

    @property
    def timed(self) -> bool:
        """It has a deadline."""
        return self.minutes is not None or self.days is not None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a severity promises: the milestones in document order, and the roles they name."""

    severity: Severity
    label: Text
    definition: Text = ""
    examples: tuple[Text, ...] = ()
    share_percent: int | None = None
    """Expected share of all complaints, for the report that compares."""
    milestones: tuple[Milestone, ...]
    reopen: tuple[str, ...] = ()
    """Milestones that get a new clock when the complaint is reopened."""
    reopen_window_minutes: int = 72 * 60
    roles: tuple[DutyRole, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse references to milestones or roles that do not exist, and an order against `after`."""
        seen: set[str] = set()
        for milestone in self.milestones:
            if milestone.id in seen:
                raise ValueError(f"policy {self.severity}: milestone {milestone.id} twice")
            if milestone.after is not None and milestone.after not in seen:
                raise ValueError(f"policy {self.severity}: {milestone.id} comes after {milestone.after}")
            seen.add(milestone.id)
        for milestone in self.milestones:
            if milestone.gate_for is not None and milestone.gate_for not in seen | {"archive"}:
                raise ValueError(f"policy {self.severity}: {milestone.id} gates unknown {milestone.gate_for}")
        if unknown := set(self.reopen) - seen:
            raise ValueError(f"policy {self.severity}: reopen names unknown {sorted(unknown)}")
        if unknown := _named_roles(self.milestones) - {role.code for role in self.roles}:
            raise ValueError(f"policy {self.severity}: no label for roles {sorted(unknown)}")


def _named_roles(milestones: tuple[Milestone, ...]) -> set[str]:
    roles: set[str] = set()
    for milestone in milestones:
        roles.update((milestone.owner_role, *milestone.with_roles))
        roles.update(step.role for step in milestone.steps)
        roles.update(step.next for step in milestone.steps if step.next is not None)
        if milestone.approver is not None:
            roles.add(milestone.approver)
    return roles


class ComplaintFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an assessor may know of a complaint; no name, no phone."""

    text: str
    desired: str = ""
    """期望诉求: what the customer asks for."""
    category: str | None = None
    """Prefixed id, as chosen by the customer or the clerk."""
    channel: Channel = "web"
    received_at: datetime
    species: str | None = None
    estimate_fen: int | None = None
    bill_fen: int | None = None
    answers: dict[str, Any] = {}
    """Ticked or typed facts by key, as the filing form of the plugin asks them."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Words of the complaint, `source[start:end]`, that led to a reason."""

    reason: str
    text: str
    start: int
    end: int
    source: Literal["text", "desired"] = "text"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why at least this severity, and which document says so."""

    code: str
    severity: Severity
    text: Text
    source: str = ""


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin's reading; over plugins the highest severity wins and all reasons are kept."""

    severity: Severity
    category: str | None = None
    """Local id of the plugin's own category, prefixed by the host."""
    reasons: tuple[Reason, ...] = ()
    quotes: tuple[Quote, ...] = ()
