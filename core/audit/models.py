"""Who did what, append-only by privilege, chained by hash so that a missing row shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class AuditHead(TenantRow, Base):
    """The end of a tenant's chain; its row lock keeps the chain in order."""

    __tablename__ = "audit_head"

    seq: Mapped[int]
    hash: Mapped[str]


class AuditEntry(TenantRow, Base):
    """One act."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        Index(None, "tenant_id", "entity", "entity_id"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]]
    prev_hash: Mapped[str]
    hash: Mapped[str]
