"""Rows of hearings: the meeting and its minutes, who takes part and how they signed, and what they may see."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_HEARING = ["hearing.tenant_id", "hearing.hearing_id"]


class Hearing(TenantRow, Base):
    """One hearing on a case: planned -> held (minutes finished), or cancelled."""

    __tablename__ = "hearing"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"]),
        CheckConstraint("state IN ('planned', 'held', 'cancelled')", name="state"),
        CheckConstraint("(state = 'held') = (seal <> '')", name="seal"),
        Index(None, "tenant_id", "complaint_id", "hearing_id"),
    )

    hearing_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    state: Mapped[str]
    starts_at: Mapped[datetime]
    place: Mapped[str]
    agenda: Mapped[str]
    minutes: Mapped[str]
    finding: Mapped[str]
    shares: Mapped[list[Any]]
    """The preliminary finding: who or what, and how much of it, as pairs."""
    body: Mapped[str]
    """The finished minutes as canonical JSON; what everybody signs."""
    seal: Mapped[str]
    held_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    finished_by_name: Mapped[str]
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]


class HearingMember(TenantRow, Base):
    """Somebody invited: an expert from outside with a personal link, or one of the house."""

    __tablename__ = "hearing_member"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id", "hearing_id"], _HEARING, ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "signature_id"], ["stored_file.tenant_id", "stored_file.file_id"]),
        CheckConstraint("kind IN ('expert', 'staff')", name="kind"),
        CheckConstraint("(kind = 'expert') = (code IS NOT NULL)", name="code"),
        CheckConstraint("stance IN ('', 'agrees', 'dissents')", name="stance"),
        Index(None, "tenant_id", "hearing_id"),
    )

    member_id: Mapped[UUID] = mapped_column(primary_key=True)
    hearing_id: Mapped[UUID]
    kind: Mapped[str]
    staff_id: Mapped[UUID | None]
    full_name: Mapped[str]
    standing: Mapped[str]
    """An expert's house and title."""
    code: Mapped[str | None]
    word_hash: Mapped[str]
    """Of the word told by phone; empty once it was used."""
    device_hash: Mapped[str]
    """Of the one browser that gave the word."""
    wrong: Mapped[int]
    tried_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    attended: Mapped[bool | None]
    stance: Mapped[str]
    words: Mapped[str]
    signature_id: Mapped[UUID | None]
    signed_seal: Mapped[str]
    signed_at: Mapped[datetime | None]


class HearingRelease(TenantRow, Base):
    """A piece of evidence that the members of one hearing may see."""

    __tablename__ = "hearing_release"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "hearing_id"], _HEARING, ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "evidence_id"], ["evidence_link.tenant_id", "evidence_link.evidence_id"]),
    )

    hearing_id: Mapped[UUID] = mapped_column(primary_key=True)
    evidence_id: Mapped[UUID] = mapped_column(primary_key=True)
    released_by_name: Mapped[str]
    released_at: Mapped[datetime]
