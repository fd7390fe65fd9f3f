"""Rows of consents: every signature and every withdrawal is one link of its subject's chain, and none ever changes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class ConsentSeal(TenantRow, Base):
    """One link: `seal` is the SHA-256 of `body`, which names the seal before it; append-only by privilege."""

    __tablename__ = "consent_seal"
    __table_args__ = (
        UniqueConstraint("tenant_id", "chain_id", "seq"),
        # Two links after the same one would be a fork.
        UniqueConstraint("tenant_id", "chain_id", "prev"),
        UniqueConstraint("tenant_id", "withdraws"),
        ForeignKeyConstraint(["tenant_id", "submission_id"], ["submission.tenant_id", "submission.submission_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "subject_id"], ["subject.tenant_id", "subject.subject_id"]),
        ForeignKeyConstraint(["tenant_id", "withdraws"], ["consent_seal.tenant_id", "consent_seal.seal_id"]),
        CheckConstraint("kind IN ('signed', 'withdrawn')", name="kind"),
        CheckConstraint("role IN ('self', 'owner', 'guardian')", name="role"),
        CheckConstraint("(kind = 'withdrawn') = (withdraws IS NOT NULL)", name="withdraws"),
        CheckConstraint("seq > 0", name="seq"),
        Index(None, "tenant_id", "customer_id", "form_id", "seal_id"),
        Index(None, "tenant_id", "subject_id", "form_id", "seal_id"),
        Index(None, "tenant_id", "submission_id"),
    )

    seal_id: Mapped[UUID] = mapped_column(primary_key=True)
    chain_id: Mapped[UUID]
    """The subject's id; the customer's when the consent is about no subject."""
    seq: Mapped[int]
    kind: Mapped[str]
    submission_id: Mapped[UUID]
    form_id: Mapped[str]
    version: Mapped[str]
    customer_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    signer: Mapped[str]
    """Who signed, or who withdrew."""
    role: Mapped[str]
    signed_at: Mapped[datetime]
    withdraws: Mapped[UUID | None]
    reason: Mapped[str]
    actor_kind: Mapped[str]
    actor_name: Mapped[str]
    body: Mapped[str]
    """The canonical JSON that was sealed, letter by letter."""
    prev: Mapped[str]
    seal: Mapped[str]
