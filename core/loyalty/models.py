"""Rows of loyalty: purchases, one account per customer, and an append-only ledger behind it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Purchase(TenantRow, Base):
    """One paid bill; taken back as a whole it stays, as `reversed`."""

    __tablename__ = "purchase"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        CheckConstraint("list_fen >= paid_fen AND paid_fen >= 0 AND refunded_fen BETWEEN 0 AND paid_fen", name="fen"),
        Index(None, "tenant_id", "customer_id", text("occurred_at DESC")),
        # Covers sums over a window of days for everybody.
        Index(None, "tenant_id", "occurred_at", "customer_id", postgresql_include=["paid_fen", "refunded_fen"]),
    )

    purchase_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    key: Mapped[str]
    list_fen: Mapped[int]
    paid_fen: Mapped[int]
    pay_percent: Mapped[int]
    refunded_fen: Mapped[int]
    description: Mapped[str]
    lines: Mapped[list[Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]


class LoyaltyAccount(TenantRow, Base):
    """A cache of the ledger: its row lock makes writers of one customer queue up."""

    __tablename__ = "loyalty_account"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        Index(None, "tenant_id", "tier", text("customer_id DESC")),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[str | None]
    tier_since: Mapped[datetime | None]
    spent_fen: Mapped[int]
    points: Mapped[int]


class LedgerEntry(TenantRow, Base):
    """One movement, append-only by privilege; `key` is the judge of idempotency."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        CheckConstraint("kind IN ('spend', 'reversal', 'opening', 'transfer')", name="kind"),
        Index(None, "tenant_id", "customer_id", text("entry_id DESC")),
        Index(None, "tenant_id", "ref_id"),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str]
    fen: Mapped[int]
    """Signed: what is added to the sum of spending."""
    points: Mapped[int]
    key: Mapped[str]
    ref_id: Mapped[UUID | None]
    rule_version: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
