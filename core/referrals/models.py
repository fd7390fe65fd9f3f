"""Rows of referrals: a member's codes, and one case per newcomer from the invitation to what both were given."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class ReferralCode(TenantRow, Base):
    """A member's invitation: the code of its public page, and a short one to say on the phone."""

    __tablename__ = "referral_code"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        UniqueConstraint("tenant_id", "short"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    short: Mapped[str]
    created_at: Mapped[datetime]


class ReferralCase(TenantRow, Base):
    """One newcomer who was invited; `terms` is the rule as it was promised, so a later edition changes nothing of it."""

    __tablename__ = "referral_case"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "referee_id"),
        UniqueConstraint("tenant_id", "slip"),
        ForeignKeyConstraint(["tenant_id", "referrer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "referee_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "purchase_id"], ["purchase.tenant_id", "purchase.purchase_id"]),
        CheckConstraint("via IN ('page', 'desk')", name="via"),
        CheckConstraint(
            "state IN ('invited', 'registered', 'qualified', 'held', 'rewarded', 'rejected', 'reversed', 'expired')",
            name="state",
        ),
        CheckConstraint("resumes IN ('registered', 'qualified')", name="resumes"),
        CheckConstraint("state IN ('invited', 'expired') OR referee_id IS NOT NULL", name="registered"),
        CheckConstraint("length(reason) <= 500", name="reason"),
        Index(None, "tenant_id", "state", "case_id"),
        Index(None, "tenant_id", "referrer_id", "rewarded_at"),
        Index(None, "tenant_id", "device_hash"),
        Index(None, "tenant_id", "purchase_id"),
    )

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    referrer_id: Mapped[UUID]
    referee_id: Mapped[UUID | None]
    slip: Mapped[str | None]
    """The number of an invitation that was taken without a name, to be told at the desk."""
    via: Mapped[str]
    device_hash: Mapped[str | None]
    """A keyed hash of a random cookie, so that one phone that registers many is seen; gone once the case is long over."""
    rule_id: Mapped[str]
    rule_version: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    min_fen: Mapped[int]
    state: Mapped[str]
    resumes: Mapped[str | None]
    """Where a case that is held goes on when it is approved."""
    failed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    cleared: Mapped[list[Any]] = mapped_column(JSONB)
    """Checks that somebody has looked at and let pass."""
    given: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    purchase_id: Mapped[UUID | None]
    invited_at: Mapped[datetime]
    registered_at: Mapped[datetime | None]
    qualified_at: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    rewarded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_code: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str]
    reason: Mapped[str]
    entered_by_name: Mapped[str]
    expires_at: Mapped[datetime]
