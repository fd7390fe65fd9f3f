"""Rows of suspected duplicates, of the keys that find them, and of merges with all that their undo needs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_CUSTOMER = ["customer.tenant_id", "customer.customer_id"]


class DuplicateKey(TenantRow, Base):
    """One blocking key of a customer; a cache of names, phones and pets, so no foreign key slows an import."""

    __tablename__ = "duplicate_key"
    __table_args__ = (Index(None, "tenant_id", "customer_id"),)

    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)


class DuplicateLook(TenantRow, Base):
    """When a customer was last compared with the others, and by which version of the rules."""

    __tablename__ = "duplicate_look"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    rules_version: Mapped[int]
    looked_at: Mapped[datetime]


class DuplicateSuspect(TenantRow, Base):
    """A pair that may be one person; a pair that somebody told apart stays told apart."""

    __tablename__ = "duplicate_suspect"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "a_id"], _CUSTOMER),
        ForeignKeyConstraint(["tenant_id", "b_id"], _CUSTOMER),
        CheckConstraint("a_id < b_id", name="pair"),
        CheckConstraint("level IN ('strong', 'likely', 'possible')", name="level"),
        CheckConstraint("state IN ('open', 'dismissed', 'merged')", name="state"),
        Index(
            "duplicate_suspect_open_idx",
            "tenant_id",
            text("score DESC"),
            "a_id",
            "b_id",
            postgresql_where=text("state = 'open'"),
        ),
        Index(None, "tenant_id", "b_id"),
    )

    a_id: Mapped[UUID] = mapped_column(primary_key=True)
    b_id: Mapped[UUID] = mapped_column(primary_key=True)
    score: Mapped[int]
    level: Mapped[str]
    reasons: Mapped[list[Any]] = mapped_column(JSONB)
    state: Mapped[str]
    found_at: Mapped[datetime]
    judged_at: Mapped[datetime | None]
    judged_by: Mapped[UUID | None]
    judged_by_name: Mapped[str]
    note: Mapped[str]


class CustomerMerge(TenantRow, Base):
    """One merge: which fields changed from what to what, which rows moved, and what the loyalty account got."""

    __tablename__ = "customer_merge"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "winner_id"], _CUSTOMER),
        ForeignKeyConstraint(["tenant_id", "loser_id"], _CUSTOMER),
        CheckConstraint("state IN ('done', 'undone')", name="state"),
        Index(None, "tenant_id", "winner_id", text("merge_id DESC")),
        Index(None, "tenant_id", "loser_id", text("merge_id DESC")),
    )

    merge_id: Mapped[UUID] = mapped_column(primary_key=True)
    winner_id: Mapped[UUID]
    loser_id: Mapped[UUID]
    state: Mapped[str]
    fields: Mapped[dict[str, Any]]
    """Column of the winner -> [before, after], as JSON."""
    pets: Mapped[list[Any]] = mapped_column(JSONB)
    """Pets that became one: {"from", "into", "fields": {column: [before, after]}}."""
    moved: Mapped[list[Any]] = mapped_column(JSONB)
    """{"table", "column", "how": move|copy, "from", "into", "keys": [[the rest of the primary key], ...]}."""
    account: Mapped[dict[str, Any]]
    """What the loyalty account got, and the tiers before."""
    merged_at: Mapped[datetime]
    merged_by: Mapped[UUID | None]
    merged_by_name: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by_name: Mapped[str]
