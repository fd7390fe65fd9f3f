"""Rows of a customer's profile beyond the record: tags, preferences, and the fields that a tenant defined."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class CustomerTag(TenantRow, Base):
    """A word by which a tenant sorts its customers; `folded` keeps two spellings one tag."""

    __tablename__ = "customer_tag"
    __table_args__ = (
        UniqueConstraint("tenant_id", "folded"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("length(name) BETWEEN 1 AND 30", name="name"),
        CheckConstraint("colour IN ('grey', 'green', 'blue', 'amber', 'red', 'violet')", name="colour"),
    )

    tag_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    folded: Mapped[str]
    colour: Mapped[str]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CustomerTagging(TenantRow, Base):
    """A tag on a customer."""

    __tablename__ = "customer_tagging"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "tag_id"], ["customer_tag.tenant_id", "customer_tag.tag_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "customer_id"),
    )

    tag_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    actor_name: Mapped[str]
    at: Mapped[datetime]


class CustomerPreference(TenantRow, Base):
    """Whom a customer wants to see, where, and how and when to be reached."""

    __tablename__ = "customer_preference"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["tenant_id", "clinician_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        CheckConstraint("channel IN ('phone', 'sms', 'wechat', 'email')", name="channel"),
        CheckConstraint("contact_time IN ('morning', 'noon', 'afternoon', 'evening', 'weekend')", name="contact_time"),
        Index(None, "tenant_id", "clinician_id"),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    clinician_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    channel: Mapped[str | None]
    contact_time: Mapped[str | None]
    locale: Mapped[str | None]
    changed_at: Mapped[datetime]


class CustomerField(TenantRow, Base):
    """A field of customers or subjects that the tenant defined; its values stand in custom_value."""

    __tablename__ = "customer_field"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("entity_type IN ('customer', 'subject')", name="entity_type"),
        CheckConstraint("key ~ '^x_[a-z0-9_]{1,38}$'", name="key"),
        CheckConstraint("kind IN ('text', 'number', 'date', 'bool', 'choice')", name="kind"),
    )

    entity_type: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[dict[str, Any]]
    kind: Mapped[str]
    options: Mapped[list[Any]]
    position: Mapped[int]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
