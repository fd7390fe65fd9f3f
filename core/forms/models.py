"""Rows of forms: definitions as they were used, links to fill one in, drafts, and submissions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_PURPOSES = "purpose IN ('intake', 'complaint', 'consent', 'survey', 'check')"


class FormDefinition(TenantRow, Base):
    """A definition with its overlay as somebody filled it in; the version is its digest, so it never changes."""

    __tablename__ = "form_definition"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    form_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class FormOverlay(TenantRow, Base):
    """What a tenant changed in a form. Revision 0 is the draft in the editor, the others were published and stay."""

    __tablename__ = "form_overlay"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "form_id", "base_version"],
            ["form_definition.tenant_id", "form_definition.form_id", "form_definition.version"],
        ),
        ForeignKeyConstraint(
            ["tenant_id", "form_id", "version"],
            ["form_definition.tenant_id", "form_definition.form_id", "form_definition.version"],
        ),
        CheckConstraint("revision >= 0", name="revision"),
        CheckConstraint("status IN ('draft', 'live', 'retired', 'conflict')", name="status"),
        CheckConstraint("(revision = 0) = (status = 'draft')", name="draft"),
        Index(
            "form_overlay_in_force_idx",
            "tenant_id",
            "form_id",
            unique=True,
            postgresql_where=text("status IN ('live', 'conflict')"),
        ),
    )

    form_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str]
    """`conflict`: its plugin has changed since and the patch no longer fits; the form stays at `version`."""
    base_version: Mapped[str]
    """Of the form without the patch: what the tenant saw when it was written."""
    version: Mapped[str]
    """Of the form with the patch; of a draft, the base."""
    patch: Mapped[dict[str, Any]]
    owners: Mapped[dict[str, Any]]
    """The plugin of each field in the base that another plugin than the form's added."""
    conflicts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    edits: Mapped[int]
    """Of a draft: counts its changes, so that the second of two editors is told."""
    undo: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Of a draft: the patches before the last changes, newest last."""
    restored_from: Mapped[int | None]
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class FormLink(TenantRow, Base):
    """The unguessable address of one form: on a poster for many, or for one customer once."""

    __tablename__ = "form_link"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "subject_id"], ["subject.tenant_id", "subject.subject_id"]),
        CheckConstraint(_PURPOSES, name="purpose"),
        CheckConstraint("max_uses > 0", name="max_uses"),
        Index(None, "tenant_id", "form_id"),
        Index(None, "tenant_id", "customer_id"),
        Index(None, "tenant_id", "subject_id"),
        Index(None, "tenant_id", "branch_id"),
    )

    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    form_id: Mapped[str]
    purpose: Mapped[str]
    branch_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    expires_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    uses: Mapped[int]
    revoked_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str]
    created_at: Mapped[datetime]


class FormDraft(TenantRow, Base):
    """Answers of somebody who has not finished; found again by the key that only the writer has."""

    __tablename__ = "form_draft"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key_hash"),
        ForeignKeyConstraint(
            ["tenant_id", "link_id"], ["form_link.tenant_id", "form_link.link_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "form_id", "version"],
            ["form_definition.tenant_id", "form_definition.form_id", "form_definition.version"],
        ),
        Index(None, "tenant_id", "link_id"),
        Index(None, "tenant_id", "expires_at"),
    )

    draft_id: Mapped[UUID] = mapped_column(primary_key=True)
    link_id: Mapped[UUID]
    key_hash: Mapped[str]
    form_id: Mapped[str]
    version: Mapped[str]
    answers: Mapped[dict[str, Any]]
    revision: Mapped[int]
    set_aside: Mapped[dict[str, Any] | None]
    """The other version where two devices disagreed: {version, answers, saved_at}."""
    leftovers: Mapped[list[dict[str, Any]]]
    """What earlier versions of the form held and later ones cannot."""
    writer: Mapped[str]
    """The page that saved last: it may save again without having heard of its own last revision."""
    saved_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Submission(TenantRow, Base):
    """One form, filled in; `once_key` was made with the page, so a second click finds the first one's row."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("tenant_id", "once_key"),
        ForeignKeyConstraint(
            ["tenant_id", "form_id", "version"],
            ["form_definition.tenant_id", "form_definition.form_id", "form_definition.version"],
        ),
        ForeignKeyConstraint(["tenant_id", "link_id"], ["form_link.tenant_id", "form_link.link_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "subject_id"], ["subject.tenant_id", "subject.subject_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        CheckConstraint(_PURPOSES, name="purpose"),
        CheckConstraint("channel IN ('online', 'interview', 'phone', 'import')", name="channel"),
        CheckConstraint("status IN ('complete', 'withdrawn')", name="status"),
        Index(None, "tenant_id", "customer_id", "submission_id"),
        Index(None, "tenant_id", "subject_id", "submission_id"),
        Index(None, "tenant_id", "form_id", "submission_id"),
        Index(None, "tenant_id", "purpose", "submission_id"),
        Index(None, "tenant_id", "branch_id", "submission_id"),
        Index(None, "tenant_id", "link_id"),
    )

    submission_id: Mapped[UUID] = mapped_column(primary_key=True)
    form_id: Mapped[str]
    version: Mapped[str]
    purpose: Mapped[str]
    link_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    channel: Mapped[str]
    status: Mapped[str]
    data: Mapped[dict[str, Any]]
    answered: Mapped[int]
    total: Mapped[int]
    flags: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Alerts of the form's own rules and of plugins."""
    notices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """What plugins found wrong without refusing it."""
    once_key: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    completed_at: Mapped[datetime]


class SubmissionFile(TenantRow, Base):
    """Which file stands at which place of a filled form, for how long; the digest is that of the day it was sent."""

    __tablename__ = "submission_file"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "submission_id"], ["submission.tenant_id", "submission.submission_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["tenant_id", "file_id"], ["stored_file.tenant_id", "stored_file.file_id"]),
        Index(None, "tenant_id", "file_id"),
    )

    submission_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    path: Mapped[str]
    sha256: Mapped[str]
    purpose: Mapped[str]
    retain_until: Mapped[datetime | None]
