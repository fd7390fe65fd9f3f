"""Rows of rewarded reviews: the address under which a customer shows one, and one claim per review."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class ReviewLink(TenantRow, Base):
    """A customer's own address to show a review; it expires."""

    __tablename__ = "review_link"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        Index(None, "tenant_id", "customer_id"),
    )

    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    customer_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ReviewClaim(TenantRow, Base):
    """A review that somebody wrote and shows; waiting until a person other than the one reviewed has looked at it."""

    __tablename__ = "review_claim"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "visit_id"], ["visit.tenant_id", "visit.visit_id"]),
        ForeignKeyConstraint(["tenant_id", "file_id"], ["stored_file.tenant_id", "stored_file.file_id"]),
        ForeignKeyConstraint(["tenant_id", "about_staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        CheckConstraint("length(platform) BETWEEN 1 AND 40", name="platform"),
        CheckConstraint("length(link) <= 500", name="link"),
        CheckConstraint("source IN ('customer', 'desk')", name="source"),
        CheckConstraint("state IN ('waiting', 'approved', 'rejected')", name="state"),
        CheckConstraint("length(reason) <= 500", name="reason"),
        Index(
            "review_claim_one_per_visit_idx",
            "tenant_id",
            "visit_id",
            unique=True,
            postgresql_where=text("state <> 'rejected' AND visit_id IS NOT NULL"),
        ),
        Index(None, "tenant_id", "state", "claim_id"),
        Index(None, "tenant_id", "customer_id", "filed_at"),
        Index(None, "tenant_id", "sha256"),
        Index(None, "tenant_id", "link_key"),
    )

    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    customer_id: Mapped[UUID]
    visit_id: Mapped[UUID | None]
    platform: Mapped[str]
    link: Mapped[str]
    link_key: Mapped[str]
    """The link without what changes from share to share; empty when there is none."""
    file_id: Mapped[UUID | None]
    sha256: Mapped[str | None]
    look: Mapped[int | None]
    """What the picture looks like in 64 bits, so that one that was cut or saved anew is known again."""
    about_staff_id: Mapped[UUID | None]
    """Whom the review is about, where the customer or the desk says so; the visit names its clinician besides."""
    source: Mapped[str]
    filed_by: Mapped[UUID | None]
    filed_by_name: Mapped[str]
    filed_at: Mapped[datetime]
    choice: Mapped[int | None]
    rule_id: Mapped[str]
    rule_version: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str]
    failed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    given: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str]
    reason: Mapped[str]
