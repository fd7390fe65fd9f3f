"""Rows of written reports: the draft, what was submitted, what was decided, and how the customer got it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_CASE = ["complaint.tenant_id", "complaint.complaint_id"]


class CaseReport(TenantRow, Base):
    """The report of a case as it is being written; `version` counts submissions, `edition` approvals."""

    __tablename__ = "case_report"
    __table_args__ = (
        UniqueConstraint("tenant_id", "complaint_id"),
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        CheckConstraint("state IN ('draft', 'submitted', 'returned', 'approved')", name="state"),
        Index("case_report_waiting_idx", "tenant_id", "report_id", postgresql_where=text("state = 'submitted'")),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    number: Mapped[int]
    state: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    revision: Mapped[int]
    """Counts saves: who saves on top of another's words is told."""
    version: Mapped[int]
    edition: Mapped[int]
    approver: Mapped[str]
    """The role that decides, as the policy names it."""
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]
    updated_at: Mapped[datetime]
    updated_by_name: Mapped[str]


class CaseReportVersion(TenantRow, Base):
    """A submitted text, letter by letter; `hash` is the SHA-256 of `body`. Append-only by privilege."""

    __tablename__ = "case_report_version"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "report_id"], ["case_report.tenant_id", "case_report.report_id"]),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        Index(None, "tenant_id", "complaint_id"),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    body: Mapped[str]
    hash: Mapped[str]
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[UUID | None]
    submitted_by_name: Mapped[str]


class CaseReportDecision(TenantRow, Base):
    """What the approver said to a version; an approval makes it the next edition. Append-only by privilege."""

    __tablename__ = "case_report_decision"
    __table_args__ = (
        UniqueConstraint("tenant_id", "report_id", "edition"),
        ForeignKeyConstraint(
            ["tenant_id", "report_id", "version"],
            ["case_report_version.tenant_id", "case_report_version.report_id", "case_report_version.version"],
        ),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        CheckConstraint("verdict IN ('approved', 'returned')", name="verdict"),
        CheckConstraint("(verdict = 'approved') = (edition IS NOT NULL)", name="edition"),
        Index(None, "tenant_id", "complaint_id"),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    verdict: Mapped[str]
    edition: Mapped[int | None]
    hash: Mapped[str]
    reason: Mapped[str]
    decided_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str]


class CaseReportDelivery(TenantRow, Base):
    """An edition on its way to the customer, its receipt, and what the customer said to it."""

    __tablename__ = "case_report_delivery"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "report_id", "edition"],
            ["case_report_decision.tenant_id", "case_report_decision.report_id", "case_report_decision.edition"],
        ),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _CASE),
        CheckConstraint("way IN ('online', 'in_person', 'post')", name="way"),
        CheckConstraint("receipt IN ('', 'opened', 'handed_over', 'arrived')", name="receipt"),
        CheckConstraint("answer IN ('', 'signed', 'declined', 'not_agreed')", name="answer"),
        CheckConstraint("(received_at IS NULL) = (receipt = '')", name="received"),
        CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answered"),
        Index(None, "tenant_id", "report_id"),
        Index(None, "tenant_id", "complaint_id"),
        Index(
            "case_report_delivery_open_idx",
            "tenant_id",
            "reminded_at",
            postgresql_where=text("received_at IS NULL AND superseded_at IS NULL"),
        ),
    )

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    complaint_id: Mapped[UUID]
    edition: Mapped[int]
    way: Mapped[str]
    post_number: Mapped[str]
    sent_at: Mapped[datetime]
    sent_by_name: Mapped[str]
    received_at: Mapped[datetime | None]
    receipt: Mapped[str]
    ip: Mapped[str]
    user_agent: Mapped[str]
    answer: Mapped[str]
    answered_at: Mapped[datetime | None]
    signer: Mapped[str]
    signature: Mapped[str]
    """The drawing as data address, or nothing when the name was typed."""
    words: Mapped[str]
    reminded_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
