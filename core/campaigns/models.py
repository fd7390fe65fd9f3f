"""Rows of campaigns: what each has spent of its budget, and for whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class CampaignBudget(TenantRow, Base):
    """What a campaign has given so far; the row that everybody who gives something locks."""

    __tablename__ = "campaign_budget"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("spent_fen >= 0 AND spent_points >= 0 AND uses >= 0", name="spent"),
    )

    rule_id: Mapped[str] = mapped_column(primary_key=True)
    """`{program}:{rule}`; raising the budget in a new version goes on with what was spent."""
    spent_fen: Mapped[int]
    spent_points: Mapped[int]
    uses: Mapped[int]


class CampaignUse(TenantRow, Base):
    """One thing that a campaign gave; append-only, and given back by a second row with the signs turned."""

    __tablename__ = "campaign_use"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "rule_id"], ["campaign_budget.tenant_id", "campaign_budget.rule_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        Index(None, "tenant_id", "rule_id", "customer_id"),
        Index(None, "tenant_id", "customer_id"),
    )

    use_id: Mapped[UUID] = mapped_column(primary_key=True)
    rule_id: Mapped[str]
    key: Mapped[str]
    customer_id: Mapped[UUID]
    fen: Mapped[int]
    points: Mapped[int]
    ref_id: Mapped[UUID | None]
    at: Mapped[datetime]
