"""Rows of segments: a tenant's own groups of customers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Segment(TenantRow, Base):
    """One group: a tree of conditions, and the plan its members are offered. A removed one keeps its row."""

    __tablename__ = "segment"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("state IN ('live', 'removed')", name="state"),
    )

    segment_id: Mapped[UUID] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    plan_zh: Mapped[str]
    plan_en: Mapped[str]
    tree: Mapped[dict[str, Any]]
    copied_from: Mapped[str | None]
    """The prefixed id of the plugin's segment that this one began as."""
    version: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]
    changed_by_name: Mapped[str]
