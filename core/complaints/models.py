"""Rows of a complaint: the case, its history, its clocks with their events, and who was told what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_CASE = ["complaint.tenant_id", "complaint.complaint_id"]


class ComplaintPolicy(TenantRow, Base):
    """A policy as it was when a complaint was filed; its version is the hash of its content, so it never changes."""

    __tablename__ = "complaint_policy"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    version: Mapped[str] = mapped_column(primary_key=True)
    severity: Mapped[str]
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class ComplaintLink(TenantRow, Base):
    """The unguessable address of a branch's filing page, as its poster shows it."""

    __tablename__ = "complaint_link"
    __table_args__ = (
        UniqueConstraint("tenant_id", "branch_id"),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    branch_id: Mapped[UUID]
    created_at: Mapped[datetime]


class Complaint(TenantRow, Base):
    """One case; `next_due_at` and `next_milestone` repeat its most urgent live clock for the board."""

    __tablename__ = "complaint"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "status_code"),
        UniqueConstraint("tenant_id", "filing_key"),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "subject_id"], ["subject.tenant_id", "subject.subject_id"]),
        ForeignKeyConstraint(["tenant_id", "assignee_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "policy_version"], ["complaint_policy.tenant_id", "complaint_policy.version"]
        ),
        CheckConstraint("severity IN ('L1', 'L2', 'L3')", name="severity"),
        ForeignKeyConstraint(["tenant_id", "level_confirmed_by"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "merged_into"], _CASE),
        ForeignKeyConstraint(["tenant_id", "split_from"], _CASE),
        CheckConstraint("state IN ('open', 'resolved', 'archived', 'withdrawn', 'merged')", name="state"),
        CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="merged"),
        # Open cases by the next promise; cases without one come last.
        Index(
            "complaint_board_idx", "tenant_id", "next_due_at", "complaint_id", postgresql_where=text("state = 'open'")
        ),
        # The board's columns: counts and the next promise of each from the index alone.
        Index(
            "complaint_stage_idx",
            "tenant_id",
            "stage",
            "next_due_at",
            "complaint_id",
            postgresql_where=text("state = 'open'"),
        ),
        CheckConstraint("stage IN ('receive', 'investigate', 'respond', 'resolve', 'follow_up')", name="stage"),
        Index(None, "tenant_id", "received_at", "complaint_id"),
        Index(None, "tenant_id", "customer_id", "received_at"),
        Index(None, "tenant_id", "subject_id"),
        Index(None, "tenant_id", "assignee_id", "state"),
        Index("complaint_merged_idx", "tenant_id", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("complaint_split_idx", "tenant_id", "split_from", postgresql_where=text("split_from IS NOT NULL")),
        Index("complaint_source_idx", "tenant_id", "source_key", postgresql_where=text("source_key IS NOT NULL")),
        Index(
            "complaint_phone_idx",
            "tenant_id",
            "contact_phone",
            "received_at",
            postgresql_where=text("contact_phone <> ''"),
        ),
    )

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    status_code: Mapped[str]
    filing_key: Mapped[str | None]
    title: Mapped[str]
    text: Mapped[str]
    desired: Mapped[str]
    category: Mapped[str | None]
    cause: Mapped[str | None]
    """Why it came about, of the plugins' trees of causes."""
    channel: Mapped[str]
    source: Mapped[dict[str, Any] | None]
    """The fields of its channel: `core.complaints.rules.sources`."""
    source_key: Mapped[str | None]
    """What it has in common with another about the same post, notice or letter."""
    severity: Mapped[str]
    level_confirmed_by: Mapped[UUID | None]
    level_confirmed_at: Mapped[datetime | None]
    reasons: Mapped[list[dict[str, Any]]]
    policy_version: Mapped[str]
    state: Mapped[str]
    stage: Mapped[str] = mapped_column(server_default="receive")
    """Of its first open milestone: the column of the board."""
    branch_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    assignee_id: Mapped[UUID | None]
    contact_name: Mapped[str]
    contact_phone: Mapped[str]
    received_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    next_milestone: Mapped[str | None]
    next_started_at: Mapped[datetime | None]
    next_due_at: Mapped[datetime | None]
    event_seq: Mapped[int]
    merged_into: Mapped[UUID | None]
    split_from: Mapped[UUID | None]


class ComplaintMerge(TenantRow, Base):
    """One case that went on as another; `before` keeps what the merge changed, so that it can be undone."""

    __tablename__ = "complaint_merge"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "survivor_id"], _CASE),
        ForeignKeyConstraint(["tenant_id", "loser_id"], _CASE),
        CheckConstraint("survivor_id <> loser_id", name="pair"),
        Index(
            "complaint_merge_standing_idx",
            "tenant_id",
            "loser_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index(None, "tenant_id", "survivor_id"),
    )

    merge_id: Mapped[UUID] = mapped_column(primary_key=True)
    survivor_id: Mapped[UUID]
    loser_id: Mapped[UUID]
    reason: Mapped[str]
    before: Mapped[dict[str, Any]]
    merged_at: Mapped[datetime]
    merged_by_name: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by_name: Mapped[str]


class ComplaintMail(TenantRow, Base):
    """An e-mail of a case, ours or the customer's: its id makes it once and leads its answers here."""

    __tablename__ = "complaint_mail"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        Index(None, "tenant_id", "complaint_id", "at"),
    )

    message_id: Mapped[str] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    sent: Mapped[bool]
    subject: Mapped[str]
    correspondent: Mapped[str]
    at: Mapped[datetime]


class ShareNotice(TenantRow, Base):
    """A leader was told in a month that the shares of the levels have drifted; unique, so that it is said once."""

    __tablename__ = "share_notice"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        Index(None, "tenant_id", "staff_id", postgresql_where=text("read_at IS NULL")),
    )

    month: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    shares: Mapped[dict[str, Any]]
    sent_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class ComplaintEvent(TenantRow, Base):
    """What happened to a case, append-only and numbered within it."""

    __tablename__ = "complaint_event"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),)

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    data: Mapped[dict[str, Any]]


class ComplaintClock(TenantRow, Base):
    """One promise of a case, milestone by cycle: a fold of its events, kept for lists."""

    __tablename__ = "complaint_clock"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        CheckConstraint(
            "status IN ('waiting', 'running', 'paused', 'met', 'met_late', 'breached', 'cancelled')", name="status"
        ),
        Index(None, "tenant_id", "due_at"),
        Index(
            "complaint_clock_calendar_idx",
            "tenant_id",
            "complaint_id",
            postgresql_where=text("calendar IS NOT NULL AND status IN ('running', 'paused', 'breached')"),
        ),
    )

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone: Mapped[str] = mapped_column(primary_key=True)
    cycle: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    status: Mapped[str]
    started_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    calendar: Mapped[str | None]
    """The calendar version it runs on at last, `id@number`; None is the wall clock."""
    seconds: Mapped[int | None]
    """The budget of a clock that has only ever run: a preview needs no events of it. None needs them."""
    measured: Mapped[bool] = mapped_column(server_default=text("false"))
    """Its due time is where its open time runs out, set by nobody: from any instant on it shifts with its calendar."""


class ClockEvent(TenantRow, Base):
    """What happened to a clock: the only truth about it, append-only."""

    __tablename__ = "clock_event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "complaint_id", "milestone", "cycle"],
            [
                "complaint_clock.tenant_id",
                "complaint_clock.complaint_id",
                "complaint_clock.milestone",
                "complaint_clock.cycle",
            ],
        ),
    )

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone: Mapped[str] = mapped_column(primary_key=True)
    cycle: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[dict[str, Any]]


class ToldStage(TenantRow, Base):
    """A warning, due time or escalation step that has fired; unique, so that it never fires twice (sla.md, rule 15)."""

    __tablename__ = "told_stage"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),)

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone: Mapped[str] = mapped_column(primary_key=True)
    cycle: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    policy_version: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]


class Notice(TenantRow, Base):
    """Somebody was told that a promise is near, due or broken; unique, so that nobody is told twice."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id",
            "complaint_id",
            "milestone",
            "cycle",
            "stage",
            "policy_version",
            "staff_id",
            name="notice_once_key",
        ),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        Index("notice_inbox_idx", "tenant_id", "staff_id", "notice_id", postgresql_where=text("read_at IS NULL")),
    )

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    milestone: Mapped[str]
    cycle: Mapped[int]
    stage: Mapped[str]
    policy_version: Mapped[str]
    role: Mapped[str]
    staff_id: Mapped[UUID]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
