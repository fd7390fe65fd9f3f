"""Rows of a person's own page, of requests about their data, and of what was erased."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_CUSTOMER = ["customer.tenant_id", "customer.customer_id"]


class PrivacyLink(TenantRow, Base):
    """The unguessable address of one person's own page; wrong answers to its question lock it."""

    __tablename__ = "privacy_link"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], _CUSTOMER),
        Index(None, "tenant_id", "customer_id"),
    )

    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    customer_id: Mapped[UUID]
    created_by_name: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    wrong: Mapped[int]
    tried_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]


class PrivacyRequest(TenantRow, Base):
    """Somebody asks for a correction, a copy or an erasure; the text goes when the person is erased."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], _CUSTOMER),
        CheckConstraint("kind IN ('correction', 'export', 'erasure')", name="kind"),
        CheckConstraint("state IN ('open', 'running', 'done', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("source IN ('staff', 'customer_page')", name="source"),
        CheckConstraint("length(text) <= 2000", name="text"),
        CheckConstraint("length(answer) <= 2000", name="answer"),
        Index(None, "tenant_id", "state", "due_at"),
        Index(None, "tenant_id", "customer_id"),
    )

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    customer_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    source: Mapped[str]
    text: Mapped[str]
    answer: Mapped[str]
    override_reason: Mapped[str]
    receipt_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_name: Mapped[str]


class PrivacyReceipt(TenantRow, Base):
    """What an erasure took away and what stays for which reason; holds no word about the person; append-only."""

    __tablename__ = "privacy_receipt"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], _CUSTOMER),
        Index(None, "tenant_id", "customer_id"),
    )

    receipt_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    customer_id: Mapped[UUID]
    body: Mapped[dict[str, Any]]
    hash: Mapped[str]
    at: Mapped[datetime]


class PrivacyTombstone(TenantRow, Base):
    """Who was erased: after a backup comes back, these are erased again. No foreign key, for it may know more."""

    __tablename__ = "privacy_tombstone"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]
