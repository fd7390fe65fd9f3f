"""Rows of closing and learning: silence, causes, corrective actions, the case library, and the tenant's numbers for them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_CASE = ["complaint.tenant_id", "complaint.complaint_id"]


class ClosingRule(TenantRow, Base):
    """How often somebody is called before silence counts, and after how many days one looks again."""

    __tablename__ = "closing_rule"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(
            "contacts BETWEEN 1 AND 10 AND check_days BETWEEN 1 AND 365 AND repeat_days BETWEEN 1 AND 1095",
            name="numbers",
        ),
    )

    contacts: Mapped[int]
    check_days: Mapped[int]
    repeat_days: Mapped[int]
    changed_by_name: Mapped[str]
    changed_at: Mapped[datetime]


class Silence(TenantRow, Base):
    """A customer who does not say whether they are satisfied, written down; a leader confirms it."""

    __tablename__ = "silence"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        CheckConstraint("why IN ('no_answer', 'refuses')", name="why"),
        CheckConstraint("state IN ('waiting', 'confirmed', 'rejected')", name="state"),
        Index(None, "tenant_id", "complaint_id"),
        Index(
            "silence_waiting_idx",
            "tenant_id",
            "complaint_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    silence_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    why: Mapped[str]
    reason: Mapped[str]
    contacts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str]
    asked_by: Mapped[UUID | None]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by_name: Mapped[str]
    decided_at: Mapped[datetime | None]


class RootCause(TenantRow, Base):
    """Why it happened, where, and at whose work; `received_at` repeats the case's for the search of repeats."""

    __tablename__ = "root_cause"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        Index("root_cause_repeat_idx", "tenant_id", "cause", "received_at"),
        Index("root_cause_received_idx", "tenant_id", "received_at", "complaint_id"),
    )

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    cause: Mapped[str]
    words: Mapped[str]
    branch_id: Mapped[UUID | None]
    staff_id: Mapped[UUID | None]
    received_at: Mapped[datetime]
    named_by_name: Mapped[str]
    named_at: Mapped[datetime]


class CorrectiveAction(TenantRow, Base):
    """What is changed so that it does not happen again: by whom, until when, and whether it worked."""

    __tablename__ = "corrective_action"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        ForeignKeyConstraint(["tenant_id", "owner_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "follows"], ["corrective_action.tenant_id", "corrective_action.action_id"]),
        CheckConstraint("state IN ('open', 'done', 'effective', 'ineffective', 'dropped')", name="state"),
        Index(None, "tenant_id", "complaint_id"),
        Index(
            "corrective_action_live_idx",
            "tenant_id",
            "due_on",
            "action_id",
            postgresql_where=text("state IN ('open', 'done')"),
        ),
    )

    action_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    words: Mapped[str]
    owner_id: Mapped[UUID]
    due_on: Mapped[date]
    state: Mapped[str]
    done_words: Mapped[str]
    done_by_name: Mapped[str]
    done_at: Mapped[datetime | None]
    check_on: Mapped[date | None]
    checked_by_name: Mapped[str]
    checked_at: Mapped[datetime | None]
    check_words: Mapped[str]
    follows: Mapped[UUID | None]
    """The action that did not work, in whose place this one stands."""
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]


class LibraryEntry(TenantRow, Base):
    """A closed case without its people; `complaint_id` leads back to it until the person is erased."""

    __tablename__ = "library_entry"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
        CheckConstraint("severity IN ('L1', 'L2', 'L3')", name="severity"),
        Index(
            "library_entry_live_idx",
            "tenant_id",
            "complaint_id",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
        Index(None, "tenant_id", "complaint_id"),
        Index(
            "library_entry_published_idx",
            "tenant_id",
            "published_at",
            "entry_id",
            postgresql_where=text("state = 'published'"),
        ),
        Index("library_entry_draft_idx", "tenant_id", "entry_id", postgresql_where=text("state = 'draft'")),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID | None]
    state: Mapped[str]
    category: Mapped[str | None]
    cause: Mapped[str | None]
    severity: Mapped[str]
    situation: Mapped[str]
    done: Mapped[str]
    outcome: Mapped[str]
    lesson: Mapped[str]
    script: Mapped[str]
    search: Mapped[str]
    """All words, and the sounds of category and cause, in small letters."""
    made_by_name: Mapped[str]
    made_at: Mapped[datetime]
    reviewed_by_name: Mapped[str]
    published_at: Mapped[datetime | None]
    withdrawn_by_name: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str]
