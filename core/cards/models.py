"""Rows of member cards: one address per customer, which staff can take back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class MemberCard(TenantRow, Base):
    """The address of one customer's card; after a merge the cards of both open the one who stays."""

    __tablename__ = "member_card"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        Index(None, "tenant_id", "customer_id"),
    )

    card_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    customer_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]
    revoked_at: Mapped[datetime | None]
