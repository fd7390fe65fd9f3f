"""Rows of the rules of complaints: the draft and the published versions of policies and calendars, and how far each moved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class RuleDraft(TenantRow, Base):
    """The one draft of a subject: `policies`, or `calendar:<id>`; `revision` tells the second of two editors."""

    __tablename__ = "rule_draft"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("revision > 0 AND base_number >= 0", name="revision"),
    )

    subject: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    body: Mapped[dict[str, Any]]
    base_number: Mapped[int]
    """The version that was in force when it was begun; 0 is none."""
    author: Mapped[UUID | None]
    author_name: Mapped[str]
    changed_at: Mapped[datetime]


class RuleVersion(TenantRow, Base):
    """What was published; never edited: the application holds no UPDATE and no DELETE."""

    __tablename__ = "rule_version"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("mode IN ('new_only', 'migrate_running')", name="mode"),
    )

    subject: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]]
    effective_from: Mapped[datetime]
    mode: Mapped[str]
    note: Mapped[str]
    restored_from: Mapped[int | None]
    """The version whose rules it publishes again; 0: what the plugins declare."""
    author: Mapped[UUID | None]
    author_name: Mapped[str]
    published_at: Mapped[datetime]


class RuleMove(TenantRow, Base):
    """How far the running clocks have followed a version that was published with `migrate_running`."""

    __tablename__ = "rule_move"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "subject", "number"],
            ["rule_version.tenant_id", "rule_version.subject", "rule_version.number"],
        ),
        CheckConstraint("state IN ('planned', 'running', 'done')", name="state"),
    )

    subject: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    after: Mapped[UUID | None]
    """The last complaint that followed; the next piece begins behind it."""
    total: Mapped[int]
    """Complaints with running clocks when it began."""
    seen: Mapped[int]
    moved: Mapped[int]
    """Clocks whose due time moved."""
    breached: Mapped[int]
    """Clocks that the change itself made late."""
    begins_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
