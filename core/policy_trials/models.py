"""Rows of policy trials: one run of a candidate over the past, and the promises that would have turned out otherwise."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class PolicyTrial(TenantRow, Base):
    """One run; a long one goes on in pieces, by case, and judges open clocks as of its start."""

    __tablename__ = "policy_trial"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("state IN ('running', 'done', 'stopped')", name="state"),
        CheckConstraint("cases_done BETWEEN 0 AND cases_total", name="cases"),
    )

    trial_id: Mapped[UUID] = mapped_column(primary_key=True)
    label: Mapped[str]
    candidate: Mapped[dict[str, Any]]
    """The promises that differ from those in force, as they were when it began."""
    as_of: Mapped[datetime]
    state: Mapped[str]
    cases_total: Mapped[int]
    cases_done: Mapped[int]
    done_up_to: Mapped[UUID | None]
    sums: Mapped[dict[str, Any]]
    moves_kept: Mapped[int]
    started_by: Mapped[UUID | None]
    started_by_name: Mapped[str]
    finished_at: Mapped[datetime | None]


class PolicyTrialMove(TenantRow, Base):
    """A promise that was kept and would have been broken (`is_lost`), or the other way round."""

    __tablename__ = "policy_trial_move"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "trial_id"], ["policy_trial.tenant_id", "policy_trial.trial_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "complaint_id"),
    )

    trial_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone: Mapped[str] = mapped_column(primary_key=True)
    cycle: Mapped[int] = mapped_column(primary_key=True)
    severity: Mapped[str]
    is_lost: Mapped[bool]
    due_before: Mapped[datetime | None]
    due_after: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
