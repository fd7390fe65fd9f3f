"""Rows of rewards: coupons with the terms they were issued under, benefits granted for a period, and every use of both."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Coupon(TenantRow, Base):
    """One coupon in somebody's hand; its row lock makes everything about it queue up."""

    __tablename__ = "coupon"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        CheckConstraint("state IN ('open', 'used', 'expired', 'void')", name="state"),
        CheckConstraint("uses >= 1 AND used BETWEEN 0 AND uses", name="uses"),
        CheckConstraint("state <> 'used' OR used = uses", name="used"),
        Index(None, "tenant_id", "customer_id", "coupon_id"),
        Index(None, "tenant_id", "template_id", "customer_id"),
        Index("coupon_due_idx", "tenant_id", "valid_until", postgresql_where=text("state = 'open'")),
    )

    coupon_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    customer_id: Mapped[UUID]
    template_id: Mapped[str]
    """The rule that it was issued by; `service:...` and `gift:...` where a rule gives a thing without a template."""
    rule_version: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The template as it was at issue: later changes of the rules do not reach it."""
    state: Mapped[str]
    uses: Mapped[int]
    used: Mapped[int]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    """The local midnight after its last day; None without end."""
    source: Mapped[str]
    """What it was given for: desk, referral, birthday, review, winback, campaign, goodwill."""
    key: Mapped[str]
    ref_id: Mapped[UUID | None]
    reason: Mapped[str]
    issued_at: Mapped[datetime]
    issued_by_name: Mapped[str]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str]


class CouponRedemption(TenantRow, Base):
    """A coupon was used, or a use was taken back; append-only, and its key is the judge of repeats."""

    __tablename__ = "coupon_redemption"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "coupon_id"], ["coupon.tenant_id", "coupon.coupon_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        CheckConstraint("kind IN ('use', 'restore')", name="kind"),
        CheckConstraint("fen >= 0", name="fen"),
        Index("coupon_restored_once_idx", "tenant_id", "of_id", unique=True, postgresql_where=text("kind = 'restore'")),
        Index(None, "tenant_id", "coupon_id"),
        Index(None, "tenant_id", "customer_id"),
    )

    redemption_id: Mapped[UUID] = mapped_column(primary_key=True)
    coupon_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    """Who used it: not its owner, where it may be handed on."""
    kind: Mapped[str]
    of_id: Mapped[UUID | None]
    """The use that a restoring takes back."""
    key: Mapped[str]
    ref_id: Mapped[UUID | None]
    """The bill."""
    fen: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]


class CouponCounter(TenantRow, Base):
    """How many coupons of a template were given out; its row lock keeps the limits of the template."""

    __tablename__ = "coupon_counter"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("issued >= 0", name="issued"),
    )

    template_id: Mapped[str] = mapped_column(primary_key=True)
    issued: Mapped[int]


class BenefitGrant(TenantRow, Base):
    """A service that somebody may have so often in a period; what was granted stays until the period ends."""

    __tablename__ = "benefit_grant"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "subject_id"], ["subject.tenant_id", "subject.subject_id"]),
        ForeignKeyConstraint(["tenant_id", "household_id"], ["household.tenant_id", "household.household_id"]),
        CheckConstraint("holder IN ('household', 'person', 'subject')", name="holder"),
        CheckConstraint("quota >= 0 AND carried >= 0 AND used >= 0 AND used <= quota + carried", name="quota"),
        CheckConstraint("pay_percent BETWEEN 0 AND 100", name="pay_percent"),
        Index(None, "tenant_id", "customer_id", "benefit"),
        Index(None, "tenant_id", "subject_id", "benefit"),
        Index(None, "tenant_id", "household_id", "benefit"),
    )

    grant_id: Mapped[UUID] = mapped_column(primary_key=True)
    benefit: Mapped[str]
    """Which promise of the rules: `tiers:checkup:subject`."""
    service: Mapped[str]
    label: Mapped[dict[str, Any]] = mapped_column(JSONB)
    holder: Mapped[str]
    customer_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    household_id: Mapped[UUID | None]
    period: Mapped[str]
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date | None] = mapped_column(Date)
    quota: Mapped[int | None]
    """None: without limit."""
    carried: Mapped[int]
    """What was left of the period before."""
    used: Mapped[int]
    pay_percent: Mapped[int]
    source: Mapped[str]
    rule_id: Mapped[str]
    rule_version: Mapped[str]
    key: Mapped[str]
    granted_at: Mapped[datetime]
    granted_by_name: Mapped[str]


class BenefitUse(TenantRow, Base):
    """A benefit was used, or a use was given back; append-only, and its key is the judge of repeats."""

    __tablename__ = "benefit_use"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "grant_id"], ["benefit_grant.tenant_id", "benefit_grant.grant_id"]),
        ForeignKeyConstraint(["tenant_id", "subject_id"], ["subject.tenant_id", "subject.subject_id"]),
        CheckConstraint("kind IN ('use', 'give_back')", name="kind"),
        Index(
            "benefit_given_back_once_idx",
            "tenant_id",
            "of_id",
            unique=True,
            postgresql_where=text("kind = 'give_back'"),
        ),
        Index(None, "tenant_id", "grant_id"),
    )

    use_id: Mapped[UUID] = mapped_column(primary_key=True)
    grant_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    kind: Mapped[str]
    of_id: Mapped[UUID | None]
    key: Mapped[str]
    ref_id: Mapped[UUID | None]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]


class NamedClinician(TenantRow, Base):
    """The one clinician whom a customer is assigned: 专属医生."""

    __tablename__ = "named_clinician"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        Index(None, "tenant_id", "staff_id"),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID]
    named_at: Mapped[datetime]
    named_by_name: Mapped[str]
