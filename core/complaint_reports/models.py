"""Rows of complaint reports: how long clocks of a kind lived, for the risk of open ones, and the months kept on paper."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class ComplaintRisk(TenantRow, Base):
    """The survival curve of one kind of clock; counted anew every night."""

    __tablename__ = "complaint_risk"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    milestone: Mapped[str] = mapped_column(primary_key=True)
    severity: Mapped[str] = mapped_column(primary_key=True)
    """Empty for all levels together."""
    branch: Mapped[str] = mapped_column(primary_key=True)
    """The branch's id; empty for all branches together."""
    clocks: Mapped[int]
    known: Mapped[list[Any]]
    """By the budget's used fraction: how many had lived as long and ended in a known way."""
    survival: Mapped[list[Any]]
    """By the same fractions: the estimated share that still waited for its fact."""
    counted_at: Mapped[datetime]


class ComplaintMonth(TenantRow, Base):
    """A month that is over, kept as a PDF."""

    __tablename__ = "complaint_month"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "file_id"], ["stored_file.tenant_id", "stored_file.file_id"]),)

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    file_id: Mapped[UUID]
    cases: Mapped[int]
    made_at: Mapped[datetime]
