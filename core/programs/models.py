"""Rows of loyalty programs: which one a tenant picked, its draft, what trying it showed, and every published version."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class ProgramChoice(TenantRow, Base):
    """Which of the offered programs the tenant picked, and whether a second person must approve its versions."""

    __tablename__ = "program_choice"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    program_id: Mapped[str | None]
    """None: the first that the plugins offer."""
    second_approver: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]
    changed_by_name: Mapped[str]


class ProgramDraft(TenantRow, Base):
    """The one draft of a program; `revision` counts its changes, so that the second of two editors is told."""

    __tablename__ = "program_draft"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("state IN ('draft', 'pending', 'rejected')", name="state"),
        CheckConstraint("revision > 0 AND base_number >= 0", name="revision"),
        CheckConstraint("state <> 'pending' OR asked_at IS NOT NULL", name="asked"),
    )

    program_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    state: Mapped[str]
    body: Mapped[dict[str, Any]]
    digest: Mapped[str]
    base_number: Mapped[int]
    """The version it was begun from; 0: the plugin's own rules."""
    base_digest: Mapped[str]
    author: Mapped[UUID | None]
    """Who changed it last."""
    author_name: Mapped[str]
    changed_at: Mapped[datetime]
    effective_from: Mapped[datetime | None]
    """Of a pending one: when it shall begin; None: when it is approved."""
    effect_digest: Mapped[str]
    """Of a pending one: the effect that whoever asked had seen."""
    accept_lowering: Mapped[bool]
    note: Mapped[str]
    asked_by: Mapped[UUID | None]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime | None]
    answer: Mapped[str]
    """Of a rejected one: why."""
    answered_by_name: Mapped[str]


class ProgramEffect(TenantRow, Base):
    """What a set of rules would change against another: worked out before anything is published."""

    __tablename__ = "program_effect"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    program_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    """Of the rules that were tried."""
    base_digest: Mapped[str] = mapped_column(primary_key=True)
    """Of the rules in force that they were compared with."""
    effect: Mapped[dict[str, Any]]
    effect_digest: Mapped[str]
    lowered: Mapped[int]
    """How many members would lose their tier."""
    made_at: Mapped[datetime]
    made_by_name: Mapped[str]


class ProgramVersion(TenantRow, Base):
    """What was published; nobody may change it, the application holds no UPDATE but for calling one back in time."""

    __tablename__ = "program_version"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("number > 0", name="number"),
    )

    program_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]]
    digest: Mapped[str]
    effective_from: Mapped[datetime]
    base_number: Mapped[int]
    restored_from: Mapped[int | None]
    """The version whose rules it publishes again; 0: the plugin's own."""
    plugin_digest: Mapped[str]
    """What the plugin declared when it was published, so that a newer release is told."""
    plugin_body: Mapped[dict[str, Any]]
    note: Mapped[str]
    effect: Mapped[dict[str, Any]]
    effect_digest: Mapped[str]
    author: Mapped[UUID | None]
    author_name: Mapped[str]
    approver: Mapped[UUID | None]
    approver_name: Mapped[str]
    published_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_name: Mapped[str]
