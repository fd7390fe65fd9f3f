"""Rows of loyalty: purchases, one account per customer, and an append-only ledger behind it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Purchase(TenantRow, Base):
    """One paid bill; taken back as a whole it stays, as `reversed`."""

    __tablename__ = "purchase"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        CheckConstraint("list_fen >= paid_fen AND paid_fen >= 0 AND refunded_fen BETWEEN 0 AND paid_fen", name="fen"),
        Index(None, "tenant_id", "customer_id", text("occurred_at DESC")),
        # Covers sums over a window of days for everybody.
        Index(None, "tenant_id", "occurred_at", "customer_id", postgresql_include=["paid_fen", "refunded_fen"]),
    )

    purchase_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    key: Mapped[str]
    list_fen: Mapped[int]
    paid_fen: Mapped[int]
    pay_percent: Mapped[int]
    refunded_fen: Mapped[int]
    description: Mapped[str]
    lines: Mapped[list[Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]


class LoyaltyAccount(TenantRow, Base):
    """A cache of the ledger: its row lock makes writers of one customer queue up.

    The sum of the entries' points is `points` + `pending` - `deficit`.
    """

    __tablename__ = "loyalty_account"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        CheckConstraint("points >= 0 AND pending >= 0 AND deficit >= 0", name="points"),
        Index(None, "tenant_id", "tier", text("customer_id DESC")),
        Index(
            "loyalty_account_review_idx",
            "tenant_id",
            "tier_review_on",
            postgresql_where=text("tier_review_on IS NOT NULL"),
        ),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[str | None]
    """The tier that counts; None for who has none yet, which is shown as the lowest."""
    tier_since: Mapped[datetime | None]
    spent_fen: Mapped[int]
    points: Mapped[int]
    """What may be spent now: the rest of the open lots."""
    pending: Mapped[int] = mapped_column(server_default=text("0"))
    """The rest of the lots that are not active yet."""
    deficit: Mapped[int] = mapped_column(server_default=text("0"))
    """Taken back though spent already; the next credits pay it."""
    earned: Mapped[int] = mapped_column(server_default=text("0"))
    """Ever earned, less what was taken back; tiers may count it."""
    version: Mapped[int] = mapped_column(server_default=text("0"))
    """Rises with every change; who waited for the lock sees by it that the lots that came along are old."""
    tier_review_on: Mapped[date | None]
    """The day on which the night looks at the tier again; the day after a pinned tier too."""
    pinned_until: Mapped[date | None]
    """`tier` was given by hand, and this is its last day; `earned_tier` is what lies below it."""
    earned_tier: Mapped[str | None]


class LedgerEntry(TenantRow, Base):
    """One movement, append-only by privilege; `key` is the judge of idempotency."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "of_entry_id"], ["ledger_entry.tenant_id", "ledger_entry.entry_id"]),
        CheckConstraint(
            "kind IN ('spend', 'reversal', 'opening', 'transfer', 'earn', 'burn', 'expire', 'give_back', 'grant',"
            " 'goodwill', 'adjust')",
            name="kind",
        ),
        Index(None, "tenant_id", "customer_id", text("entry_id DESC")),
        Index(None, "tenant_id", "ref_id"),
        Index("ledger_entry_of_idx", "tenant_id", "of_entry_id", postgresql_where=text("of_entry_id IS NOT NULL")),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str]
    fen: Mapped[int]
    """Signed: what is added to the sum of spending."""
    points: Mapped[int]
    """Signed: what is added to the points."""
    key: Mapped[str]
    ref_id: Mapped[UUID | None]
    """The bill, complaint, merge, import that it belongs to."""
    rule_version: Mapped[str]
    rule_id: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    of_entry_id: Mapped[UUID | None]
    """The entry that this one takes back, gives back, pays a part of, or carries to another account."""
    details: Mapped[dict[str, Any] | None]
    """Of an earn `shares`, its points by line of the bill; of a reversal `settled`, what it counts for at its credit."""
    activates_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]


class Lot(TenantRow, Base):
    """What is left of one credit, whose entry gives it its id; made again from entries and allocations at any time.

    `root_id` is the credit that was earned first: a merge carries lots to another account as new ones of one root.
    """

    __tablename__ = "lot"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "lot_id"], ["ledger_entry.tenant_id", "ledger_entry.entry_id"]),
        CheckConstraint("state IN ('pending', 'open', 'closed')", name="state"),
        CheckConstraint(
            "remaining >= 0 AND reversed >= 0 AND expired >= 0 AND remaining + reversed + expired <= earned",
            name="points",
        ),
        Index("lot_open_idx", "tenant_id", "customer_id", postgresql_where=text("state <> 'closed'")),
        Index("lot_due_idx", "tenant_id", "due_at", "customer_id", postgresql_where=text("due_at IS NOT NULL")),
        Index(None, "tenant_id", "root_id"),
    )

    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    root_id: Mapped[UUID]
    earned: Mapped[int]
    remaining: Mapped[int]
    reversed: Mapped[int]
    expired: Mapped[int]
    activates_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """When the night has to do something with it: activate or expire it; None when nothing or closed."""
    state: Mapped[str]


class LotAlloc(TenantRow, Base):
    """So many points of one lot went with one entry; append-only by privilege."""

    __tablename__ = "lot_alloc"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "entry_id"], ["ledger_entry.tenant_id", "ledger_entry.entry_id"]),
        CheckConstraint("points > 0", name="points"),
        Index(None, "tenant_id", "lot_id"),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    points: Mapped[int]
