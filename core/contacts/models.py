"""Rows of how a customer is reached beyond phones, and of what the customer allowed for which purpose."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class CustomerContact(TenantRow, Base):
    """An e-mail, a WeChat id or a postal address of a customer."""

    __tablename__ = "customer_contact"
    __table_args__ = (
        UniqueConstraint("tenant_id", "customer_id", "kind", "value", name="customer_contact_once_key"),
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"], ondelete="CASCADE"
        ),
        CheckConstraint("kind IN ('email', 'wechat', 'address')", name="kind"),
        CheckConstraint("length(value) BETWEEN 1 AND 300", name="value"),
        CheckConstraint("length(label) <= 40", name="label"),
        Index(None, "tenant_id", "kind", "value"),
    )

    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str]
    value: Mapped[str]
    label: Mapped[str]
    created_at: Mapped[datetime]


class ContactConsent(TenantRow, Base):
    """One yes or no of a customer for a purpose on a channel, with the text that was shown; append-only."""

    __tablename__ = "contact_consent"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        CheckConstraint("purpose IN ('service', 'survey', 'marketing', 'research', 'health_data')", name="purpose"),
        CheckConstraint("channel IN ('all', 'phone', 'sms', 'wechat', 'email')", name="channel"),
        CheckConstraint("decision IN ('granted', 'withdrawn')", name="decision"),
        CheckConstraint("source IN ('form', 'desk', 'customer_page', 'import')", name="source"),
        CheckConstraint("length(text_shown) <= 2000", name="text_shown"),
        Index("contact_consent_latest_idx", "tenant_id", "customer_id", "purpose", "consent_id"),
    )

    consent_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    purpose: Mapped[str]
    channel: Mapped[str]
    decision: Mapped[str]
    source: Mapped[str]
    text_shown: Mapped[str]
    ref_id: Mapped[UUID | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    at: Mapped[datetime]
