"""Rows of birthday gifts: one per pet, person or household and year, with its window and its pick-up code."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class BirthdayGift(TenantRow, Base):
    """A gift that may be fetched from `opens_on` to `closes_on`, both included; after that it is simply over."""

    __tablename__ = "birthday_gift"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "subject_id"], ["subject.tenant_id", "subject.subject_id"]),
        CheckConstraint("opens_on <= birthday_on AND birthday_on <= closes_on", name="days"),
        CheckConstraint("state IN ('open', 'handed', 'dropped')", name="state"),
        Index(
            "birthday_gift_open_idx",
            "tenant_id",
            "closes_on",
            "birthday_on",
            "gift_id",
            postgresql_where=text("state = 'open'"),
        ),
        Index(None, "tenant_id", "customer_id", "closes_on"),
        Index(None, "tenant_id", "subject_id"),
        Index(None, "tenant_id", "pickup_code"),
    )

    gift_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str]
    """`birthday:{who}:{year}`: one gift a year, however often it is looked for."""
    customer_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    birthday_on: Mapped[date] = mapped_column(Date)
    opens_on: Mapped[date] = mapped_column(Date)
    closes_on: Mapped[date] = mapped_column(Date)
    rule_id: Mapped[str]
    rule_version: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    pickup_code: Mapped[str]
    state: Mapped[str]
    choice: Mapped[int | None]
    given: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    handed_at: Mapped[datetime | None]
    handed_by: Mapped[UUID | None]
    handed_by_name: Mapped[str]
    created_at: Mapped[datetime]
