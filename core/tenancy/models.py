"""Rows of the tenant itself: its address on our host, its branches and its counters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class TenantAddress(Base):
    """What stands in a URL before we know the tenant: its slug, its host name, or the head of its public codes."""

    __tablename__ = "tenant_address"
    __table_args__ = (CheckConstraint("kind IN ('slug', 'host', 'code')", name="kind"),)

    address: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    tenant_id: Mapped[UUID]


class Tenant(TenantRow, Base):
    """A chain of clinics or shops that is our customer."""

    __tablename__ = "tenant"
    __table_args__ = (CheckConstraint("state IN ('active', 'restricted', 'suspended', 'closed')", name="state"),)

    slug: Mapped[str]
    code_prefix: Mapped[str]
    name: Mapped[str]
    locale: Mapped[str]
    timezone: Mapped[str]
    state: Mapped[str]
    plugin_epoch: Mapped[int]
    created_at: Mapped[datetime]
    has_webhooks: Mapped[bool] = mapped_column(server_default=text("false"))


class Branch(TenantRow, Base):
    """One shop or clinic of the chain."""

    __tablename__ = "branch"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
    )

    branch_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    address: Mapped[str]
    emergency_phone: Mapped[str]
    created_at: Mapped[datetime]
