"""The one schedule of the product: a row for every piece of work, now, later or again and again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Outbox(TenantRow, Base):
    """One piece of work; `run_at` is when it is due, `dedupe_key` makes asking twice harmless."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("state IN ('pending', 'sent', 'done', 'dead')", name="state"),
        # The sweep asks over all tenants for what is due, so these two lead with the instant, not with the tenant.
        Index("outbox_due_idx", "run_at", "tenant_id", "task", postgresql_where=text("state = 'pending'")),
        Index("outbox_lease_idx", "lease_until", "tenant_id", postgresql_where=text("state = 'sent'")),
        Index("outbox_dead_idx", "tenant_id", "outbox_id", postgresql_where=text("state = 'dead'")),
    )

    outbox_id: Mapped[UUID] = mapped_column(primary_key=True)
    task: Mapped[str]
    payload: Mapped[dict[str, Any]]
    dedupe_key: Mapped[str | None]
    run_at: Mapped[datetime]
    state: Mapped[str]
    attempts: Mapped[int]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
