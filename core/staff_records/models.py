"""Rows of staff records: what a case says about a person, and what the person and the director said to it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class StaffRecord(TenantRow, Base):
    """One person's record from one edition of a report; append-only by privilege."""

    __tablename__ = "staff_record"
    __table_args__ = (
        UniqueConstraint("tenant_id", "staff_id", "complaint_id", "edition"),
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "report_id", "edition"],
            ["case_report_decision.tenant_id", "case_report_decision.report_id", "case_report_decision.edition"],
        ),
        CheckConstraint("measure IN ('coaching', 'training', 'rotation', 'reminder', 'none')", name="measure"),
        Index(None, "tenant_id", "complaint_id"),
        Index(None, "tenant_id", "retain_until"),
    )

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID]
    staff_name: Mapped[str]
    complaint_id: Mapped[UUID]
    report_id: Mapped[UUID]
    edition: Mapped[int]
    involvement: Mapped[str]
    finding: Mapped[str]
    learned: Mapped[str]
    measure: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    recorded_by_name: Mapped[str]
    retain_until: Mapped[date]


class StaffRecordWord(TenantRow, Base):
    """One word of each kind beside a record: seen, reply, objection, and what was decided. Append-only by privilege."""

    __tablename__ = "staff_record_word"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "record_id"], ["staff_record.tenant_id", "staff_record.record_id"]),
        CheckConstraint("kind IN ('seen', 'reply', 'objection', 'kept', 'withdrawn')", name="kind"),
    )

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[UUID | None]
    by_name: Mapped[str]
