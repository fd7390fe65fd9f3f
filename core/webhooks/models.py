"""Addresses of a tenant that are told what happened, what they are told, and how each attempt went."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class WebhookEndpoint(TenantRow, Base):
    """One address; its secrets are derived (core/webhooks/rules.py), only their number and a mark of them stand here."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("state IN ('on', 'paused', 'silent', 'removed')", name="state"),
        CheckConstraint("secret_number >= 1", name="secret_number"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
    )

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    kinds: Mapped[list[Any]]
    state: Mapped[str]
    secret_number: Mapped[int]
    secret_mark: Mapped[str]
    before_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str]
    heard_at: Mapped[datetime | None]
    made_by_name: Mapped[str]
    made_at: Mapped[datetime]


class WebhookMessage(TenantRow, Base):
    """What happened, in the bytes that every attempt signs and sends; never changed, thrown away after its days."""

    __tablename__ = "webhook_message"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    body: Mapped[str]
    happened_at: Mapped[datetime]


class WebhookDelivery(TenantRow, Base):
    """One message for one address, and how far it is."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'held', 'heard', 'failed')", name="state"),
        ForeignKeyConstraint(
            ["tenant_id", "message_id"], ["webhook_message.tenant_id", "webhook_message.message_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "endpoint_id"], ["webhook_endpoint.tenant_id", "webhook_endpoint.endpoint_id"]
        ),
        Index(None, "tenant_id", "message_id"),
        Index("webhook_delivery_endpoint_idx", "tenant_id", "endpoint_id", "delivery_id"),
    )

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID]
    endpoint_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    made_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]


class WebhookAttempt(TenantRow, Base):
    """One attempt: the status that came back, or why none did."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "delivery_id"],
            ["webhook_delivery.tenant_id", "webhook_delivery.delivery_id"],
            ondelete="CASCADE",
        ),
    )

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    status: Mapped[int | None]
    error: Mapped[str]
    millis: Mapped[int]
    answer: Mapped[str]
