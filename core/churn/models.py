"""Rows of customers who stay away: when each household was last seen, their cases, the steps taken, the offers made."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_SIGNALS = (
    "signal IN ('no_spend', 'planned_date', 'negative_review', 'over_estimate', 'staff_left', 'not_satisfied',"
    " 'by_hand')"
)


class ChurnWatch(TenantRow, Base):
    """When a household was last seen, and how often it comes; a cache that the nightly sweep keeps.

    `household` is the id of the household, or of the customer who lives in none.
    """

    __tablename__ = "churn_watch"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        # What is not told yet, by the day last seen: a night reads those who may be due, not everybody.
        Index("churn_watch_untold_idx", "tenant_id", "last_on", postgresql_where=text("NOT told")),
    )

    household: Mapped[UUID] = mapped_column(primary_key=True)
    last_on: Mapped[date] = mapped_column(Date)
    seen_id: Mapped[UUID]
    """Who of the household was last seen; no foreign key, for the row is a cache."""
    gap_days: Mapped[int | None]
    told: Mapped[bool]
    look_again_on: Mapped[date | None] = mapped_column(Date)


class PlannedVisit(TenantRow, Base):
    """The day on which a customer was asked to come again."""

    __tablename__ = "planned_visit"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"], ondelete="CASCADE"
        ),
        CheckConstraint("length(reason) <= 200", name="reason"),
        Index("planned_visit_untold_idx", "tenant_id", "planned_on", postgresql_where=text("NOT told")),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    planned_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str]
    told: Mapped[bool]
    set_by_name: Mapped[str]
    set_at: Mapped[datetime]


class ChurnCase(TenantRow, Base):
    """One household that may be leaving: why, whose it is, until when somebody calls, and what came of it."""

    __tablename__ = "churn_case"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        ForeignKeyConstraint(["tenant_id", "owner_id"], ["staff.tenant_id", "staff.staff_id"]),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="outcome"),
        CheckConstraint(_SIGNALS, name="signal"),
        Index("churn_case_once_idx", "tenant_id", "household", unique=True, postgresql_where=text("state = 'open'")),
        Index("churn_case_open_idx", "tenant_id", "due_at", "case_id", postgresql_where=text("state = 'open'")),
        Index(None, "tenant_id", "household", "opened_at"),
        Index(None, "tenant_id", "customer_id"),
        Index("churn_case_closed_idx", "tenant_id", "closed_at", "case_id", postgresql_where=text("state = 'closed'")),
    )

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    household: Mapped[UUID]
    customer_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    signal: Mapped[str]
    state: Mapped[str]
    owner_id: Mapped[UUID | None]
    owner_name: Mapped[str]
    last_on: Mapped[date | None] = mapped_column(Date)
    gap_days: Mapped[int | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    rule_version: Mapped[str]
    outcome: Mapped[str | None]
    closed_at: Mapped[datetime | None]


class ChurnSignal(TenantRow, Base):
    """One sign that somebody may leave; the same source counts once, whether a case was opened for it or not."""

    __tablename__ = "churn_signal"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "case_id"], ["churn_case.tenant_id", "churn_case.case_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        CheckConstraint(_SIGNALS, name="signal"),
        Index(None, "tenant_id", "case_id"),
        Index(None, "tenant_id", "customer_id"),
    )

    signal_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str]
    case_id: Mapped[UUID | None]
    customer_id: Mapped[UUID]
    signal: Mapped[str]
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]


class ChurnStep(TenantRow, Base):
    """What somebody did about a case; append-only."""

    __tablename__ = "churn_step"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "case_id"], ["churn_case.tenant_id", "churn_case.case_id"]),
        CheckConstraint("kind IN ('opened', 'call', 'owner', 'later', 'offer', 'closed', 'note')", name="kind"),
        CheckConstraint("length(words) <= 1000", name="words"),
        Index(None, "tenant_id", "case_id", "step_id"),
    )

    step_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    words: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    at: Mapped[datetime]


class Winback(TenantRow, Base):
    """One episode of being gone, and whether something is offered or, to measure the lift, nothing."""

    __tablename__ = "winback"
    __table_args__ = (
        UniqueConstraint("tenant_id", "case_id"),
        ForeignKeyConstraint(["tenant_id", "case_id"], ["churn_case.tenant_id", "churn_case.case_id"]),
        CheckConstraint("arm IN ('offer', 'hold_out')", name="arm"),
        Index(None, "tenant_id", "assigned_at"),
        Index(None, "tenant_id", "household"),
    )

    winback_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    household: Mapped[UUID]
    rule_id: Mapped[str]
    rule_version: Mapped[str]
    arm: Mapped[str]
    assigned_at: Mapped[datetime]
    measure_until: Mapped[datetime]
    reward: Mapped[dict[str, Any] | None]
    given_at: Mapped[datetime | None]
    given_by_name: Mapped[str]
