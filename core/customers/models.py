"""Rows of customers, their phones and households, whom they bring along, and what happened with them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Date, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Household(TenantRow, Base):
    """People who share a phone, a roof or a purse."""

    __tablename__ = "household"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class Customer(TenantRow, Base):
    """Somebody whom the tenant serves; a removed one keeps its key, for its history is append-only."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "household_id"], ["household.tenant_id", "household.household_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        ForeignKeyConstraint(["tenant_id", "merged_into"], ["customer.tenant_id", "customer.customer_id"]),
        CheckConstraint("state IN ('active', 'removed', 'merged')", name="state"),
        CheckConstraint("state <> 'merged' OR merged_into IS NOT NULL", name="merged"),
        CheckConstraint("gender IN ('female', 'male')", name="gender"),
        CheckConstraint("source IN ('import', 'customer', 'staff')", name="source"),
        Index("customer_newest_idx", "tenant_id", "customer_id", postgresql_where=text("state = 'active'")),
        Index(
            "customer_by_name_idx", "tenant_id", "name_pinyin", "customer_id", postgresql_where=text("state = 'active'")
        ),
        Index("customer_merged_idx", "tenant_id", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index(None, "tenant_id", "phone_tail"),
        Index(None, "tenant_id", "member_no"),
        Index(None, "tenant_id", "household_id"),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    household_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    full_name: Mapped[str]
    name_pinyin: Mapped[str]
    phone_e164: Mapped[str | None]
    phone_tail: Mapped[str | None] = mapped_column(Text, Computed("right(phone_e164, 4)", persisted=True))
    gender: Mapped[str | None]
    member_no: Mapped[str | None]
    note: Mapped[str]
    last_visit_on: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str]
    state: Mapped[str]
    merged_into: Mapped[UUID | None]
    """The customer as whom this one is known now; one step, never a chain."""
    version: Mapped[int]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class CustomerPhone(TenantRow, Base):
    """One number of a customer; two people may share one."""

    __tablename__ = "customer_phone"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"], ondelete="CASCADE"
        ),
        CheckConstraint("kind IN ('mobile', 'landline', 'foreign')", name="kind"),
        Index(None, "tenant_id", "phone_e164"),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone_e164: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[str]


class CustomerWord(TenantRow, Base):
    """One token by which a customer is found; a cache of names and phones, so no foreign key slows an import."""

    __tablename__ = "customer_word"
    __table_args__ = (
        CheckConstraint("kind IN ('name', 'pet', 'phone', 'code')", name="kind"),
        Index(None, "tenant_id", "customer_id"),
    )

    token: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Subject(TenantRow, Base):
    """A pet, patient or family member; `kind` is the prefixed id of a plugin's subject type."""

    __tablename__ = "subject"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["tenant_id", "merged_into"], ["subject.tenant_id", "subject.subject_id"]),
        CheckConstraint("sex IN ('female', 'male', 'unknown')", name="sex"),
        CheckConstraint("source IN ('import', 'customer', 'staff')", name="source"),
        # Covers what segments count and sum over everybody's pets, in order of customers, without a look at the rows.
        Index(
            None,
            "tenant_id",
            "customer_id",
            postgresql_include=["kind", "species", "birthday", "created_at", "deceased_on", "merged_into"],
        ),
        Index(None, "tenant_id", "chip"),
        Index("subject_merged_idx", "tenant_id", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index(
            "subject_birth_day_idx",
            "tenant_id",
            "birth_day",
            "subject_id",
            postgresql_where=text("birth_day IS NOT NULL AND deceased_on IS NULL AND merged_into IS NULL"),
        ),
    )

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str]
    name: Mapped[str]
    species: Mapped[str | None]
    breed: Mapped[str | None]
    sex: Mapped[str | None]
    birthday: Mapped[date | None] = mapped_column(Date)
    birth_day: Mapped[int | None] = mapped_column(
        Computed("extract(month FROM birthday)::bigint * 100 + extract(day FROM birthday)::bigint", persisted=True)
    )
    """Month and day of the birthday as one number: 229 is 29 February."""
    neutered: Mapped[bool | None]
    chip: Mapped[str | None]
    deceased_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str]
    source: Mapped[str]
    merged_into: Mapped[UUID | None]
    """The subject as which this one is known now; the row itself stays with the customer who was merged."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class CustomValue(TenantRow, Base):
    """The present value of a field that a plugin or the tenant added; one of the three columns is set."""

    __tablename__ = "custom_value"
    __table_args__ = (
        CheckConstraint("entity_type IN ('customer', 'subject')", name="entity_type"),
        CheckConstraint("num_nonnulls(v_text, v_int, v_date) = 1", name="one_value"),
        CheckConstraint("length(v_text) <= 500", name="v_text"),
        Index(None, "tenant_id", "entity_type", "field_key", "v_text"),
        Index(None, "tenant_id", "entity_type", "field_key", "v_int"),
        Index(None, "tenant_id", "entity_type", "field_key", "v_date"),
    )

    entity_type: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[UUID] = mapped_column(primary_key=True)
    field_key: Mapped[str] = mapped_column(primary_key=True)
    v_text: Mapped[str | None]
    v_int: Mapped[int | None]
    v_date: Mapped[date | None] = mapped_column(Date)


class ProfileValue(TenantRow, Base):
    """Who said what about one field, and whether it was taken over; append-only."""

    __tablename__ = "profile_value"
    __table_args__ = (
        CheckConstraint("entity_type IN ('customer', 'subject')", name="entity_type"),
        CheckConstraint("source IN ('import', 'customer', 'staff')", name="source"),
        Index(None, "tenant_id", "entity_id", "field_key", "value_id"),
    )

    value_id: Mapped[UUID] = mapped_column(primary_key=True)
    entity_type: Mapped[str]
    entity_id: Mapped[UUID]
    field_key: Mapped[str]
    value: Mapped[str | None]
    before: Mapped[str | None]
    source: Mapped[str]
    taken: Mapped[bool]
    ref_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    at: Mapped[datetime]


class CustomerEvent(TenantRow, Base):
    """One entry of a customer's timeline; append-only. `ref_id` names what it came from (purchase, import, complaint)."""

    __tablename__ = "customer_event"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        CheckConstraint("length(kind) BETWEEN 1 AND 60", name="kind"),
        Index(None, "tenant_id", "customer_id", text("at DESC"), text("event_id DESC")),
        Index(None, "tenant_id", "ref_id"),
        # Reports of tier movement read these alone.
        Index(None, "tenant_id", "at", postgresql_where=text("kind = 'tier_changed'")),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    kind: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    ref_id: Mapped[UUID | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
