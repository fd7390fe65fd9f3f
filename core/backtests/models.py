"""Rows of backtests: one run of a set of rules against those in force, and the members who would move."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Backtest(TenantRow, Base):
    """One run; what it found is kept with the program, by digest. Long ones go on in pieces, by customer."""

    __tablename__ = "backtest"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("state IN ('running', 'done', 'stale')", name="state"),
        CheckConstraint("members_done BETWEEN 0 AND members_total", name="members"),
        Index(None, "tenant_id", "program_id", "digest"),
    )

    backtest_id: Mapped[UUID] = mapped_column(primary_key=True)
    program_id: Mapped[str]
    digest: Mapped[str]
    base_digest: Mapped[str]
    body: Mapped[dict[str, Any]]
    """The rules that are tried, as they were when it began."""
    base: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The rules in force that they are compared with."""
    days: Mapped[int]
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    state: Mapped[str]
    members_total: Mapped[int]
    members_done: Mapped[int]
    done_up_to: Mapped[UUID | None]
    """The last customer whose purchases are counted."""
    partial: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The sums so far."""
    started_at: Mapped[datetime]
    started_by: Mapped[UUID | None]
    started_by_name: Mapped[str]
    finished_at: Mapped[datetime | None]


class BacktestMover(TenantRow, Base):
    """A member who would be in another tier on the day of publishing, or after the next review."""

    __tablename__ = "backtest_mover"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "backtest_id"], ["backtest.tenant_id", "backtest.backtest_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"], ondelete="CASCADE"
        ),
        CheckConstraint("whence IN ('publish', 'review')", name="whence"),
        Index(None, "tenant_id", "customer_id"),
    )

    backtest_id: Mapped[UUID] = mapped_column(primary_key=True)
    whence: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier_before: Mapped[str | None]
    tier_after: Mapped[str]
    is_up: Mapped[bool]
    total: Mapped[int]
    """What the tried ladder counts: fen, points or visits."""
