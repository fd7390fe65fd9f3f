"""Rows of the work on a case: tasks, calls, replies to the customer, and the tenant's macros with their uses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


def _of_case() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"])


class CaseTask(TenantRow, Base):
    """Something that one person is to do about a case by an instant."""

    __tablename__ = "case_task"
    __table_args__ = (
        _of_case(),
        ForeignKeyConstraint(["tenant_id", "assignee_id"], ["staff.tenant_id", "staff.staff_id"]),
        CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
        Index(None, "tenant_id", "complaint_id", "task_id"),
        Index("case_task_inbox_idx", "tenant_id", "assignee_id", "due_at", postgresql_where=text("state = 'open'")),
    )

    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    words: Mapped[str]
    milestone: Mapped[str | None]
    assignee_id: Mapped[UUID]
    due_at: Mapped[datetime]
    state: Mapped[str]
    added_by_name: Mapped[str]
    added_at: Mapped[datetime]
    ended_by_name: Mapped[str]
    ended_at: Mapped[datetime | None]


class CaseCall(TenantRow, Base):
    """A contact with the customer, by phone or in person: 应急预案 §3.1, 当面或电话响应."""

    __tablename__ = "case_call"
    __table_args__ = (
        _of_case(),
        CheckConstraint("way IN ('phone', 'in_person')", name="way"),
        CheckConstraint("direction IN ('out', 'in')", name="direction"),
        CheckConstraint("minutes BETWEEN 0 AND 1440", name="minutes"),
        Index(None, "tenant_id", "complaint_id", "at"),
    )

    call_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    way: Mapped[str]
    direction: Mapped[str]
    number: Mapped[str]
    minutes: Mapped[int]
    reached: Mapped[bool]
    outcome: Mapped[str]
    words: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[UUID | None]
    by_name: Mapped[str]
    logged_at: Mapped[datetime]


class CaseReply(TenantRow, Base):
    """Words to the customer, on the status page; `findings` and `reason` keep what the wording check said and why it went."""

    __tablename__ = "case_reply"
    __table_args__ = (_of_case(), Index(None, "tenant_id", "complaint_id", "sent_at"))

    reply_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    words: Mapped[str]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reason: Mapped[str]
    urgent: Mapped[bool]
    sent_by_name: Mapped[str]
    sent_at: Mapped[datetime]
    taken_back_by_name: Mapped[str]
    taken_back_at: Mapped[datetime | None]


class CaseMacro(TenantRow, Base):
    """A bundle of the tenant's own: reply, note, task and pause under one name."""

    __tablename__ = "case_macro"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint("task_hours BETWEEN 1 AND 1440", name="hours"),
    )

    macro_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    words: Mapped[str]
    note: Mapped[str]
    task: Mapped[str]
    task_hours: Mapped[int]
    pause: Mapped[str]
    changed_by_name: Mapped[str]
    changed_at: Mapped[datetime]


class CaseMacroUse(TenantRow, Base):
    """One application of a macro, with what it wrote, so that it can be undone."""

    __tablename__ = "case_macro_use"
    __table_args__ = (
        _of_case(),
        ForeignKeyConstraint(["tenant_id", "reply_id"], ["case_reply.tenant_id", "case_reply.reply_id"]),
        ForeignKeyConstraint(["tenant_id", "task_id"], ["case_task.tenant_id", "case_task.task_id"]),
        Index(None, "tenant_id", "complaint_id", "use_id"),
    )

    use_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    name: Mapped[str]
    reply_id: Mapped[UUID | None]
    task_id: Mapped[UUID | None]
    paused: Mapped[str]
    used_by_name: Mapped[str]
    used_at: Mapped[datetime]
    undone_by_name: Mapped[str]
    undone_at: Mapped[datetime | None]
