"""Rows of what a chain does as our customer: its people, their sessions and duties, and its plugins."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Staff(TenantRow, Base):
    """Somebody who works for the tenant; `login` is an E.164 phone or a lower-case mail address."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("tenant_id", "login"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        CheckConstraint("state IN ('active', 'left')", name="state"),
    )

    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    full_name: Mapped[str]
    login: Mapped[str]
    password_hash: Mapped[str]
    branch_id: Mapped[UUID | None]
    locale: Mapped[str | None]
    state: Mapped[str]
    created_at: Mapped[datetime]


class StaffRole(TenantRow, Base):
    """One role that somebody holds; what it allows stands in tenants/roles.py."""

    __tablename__ = "staff_role"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "role"),
    )

    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class DutyShift(TenantRow, Base):
    """Who stands in for a role at a branch, from one instant to another; no branch means all of them."""

    __tablename__ = "duty_shift"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        CheckConstraint("ends_at > starts_at", name="span"),
        Index(None, "tenant_id", "role", "ends_at"),
    )

    shift_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    branch_id: Mapped[UUID | None]
    staff_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class ShiftPattern(TenantRow, Base):
    """A shift that comes again: its role and branch never change, all else is in its versions."""

    __tablename__ = "shift_pattern"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        Index(None, "tenant_id", "role"),
    )

    pattern_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    branch_id: Mapped[UUID | None]
    made_by_name: Mapped[str]
    made_at: Mapped[datetime]


class ShiftVersion(TenantRow, Base):
    """What a pattern says from a date on, append-only; `hours` is `tenants.shifts.rules.patterns.Hours`."""

    __tablename__ = "shift_version"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "pattern_id"], ["shift_pattern.tenant_id", "shift_pattern.pattern_id"]),
        CheckConstraint("number >= 1", name="number"),
    )

    pattern_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    effective_from: Mapped[date]
    hours: Mapped[dict[str, Any]]
    made_by_name: Mapped[str]
    made_at: Mapped[datetime]


class ShiftMember(TenantRow, Base):
    """Who is in which team of a version, append-only as it is; teams take turns."""

    __tablename__ = "shift_member"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "pattern_id", "number"],
            ["shift_version.tenant_id", "shift_version.pattern_id", "shift_version.number"],
        ),
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        Index(None, "tenant_id", "staff_id"),
    )

    pattern_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    team: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(primary_key=True)


class ShiftChange(TenantRow, Base):
    """Somebody is away for some days, or another has their shift; what is undone stays on the record."""

    __tablename__ = "shift_change"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "stand_in_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "pattern_id"], ["shift_pattern.tenant_id", "shift_pattern.pattern_id"]),
        CheckConstraint("last_on >= first_on", name="span"),
        CheckConstraint(
            "stand_in_id IS NULL OR (stand_in_id <> staff_id AND pattern_id IS NOT NULL)",
            name="swap",
        ),
        Index(
            "shift_change_standing_idx", "tenant_id", "last_on", "change_id", postgresql_where=text("undone_at IS NULL")
        ),
    )

    change_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID]
    stand_in_id: Mapped[UUID | None]
    pattern_id: Mapped[UUID | None]
    first_on: Mapped[date]
    last_on: Mapped[date]
    words: Mapped[str]
    made_by_name: Mapped[str]
    made_at: Mapped[datetime]
    undone_by_name: Mapped[str]
    undone_at: Mapped[datetime | None]


class SwapRequest(TenantRow, Base):
    """Somebody asks a colleague (or whoever may) to take one of their shifts; accepted, it has made a change."""

    __tablename__ = "swap_request"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "pattern_id"], ["shift_pattern.tenant_id", "shift_pattern.pattern_id"]),
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "colleague_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "answered_by"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "change_id"], ["shift_change.tenant_id", "shift_change.change_id"]),
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'accepted') = (change_id IS NOT NULL)", name="answer"),
        Index(
            "swap_request_open_idx",
            "tenant_id",
            "pattern_id",
            "on_date",
            "staff_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    pattern_id: Mapped[UUID]
    on_date: Mapped[date]
    staff_id: Mapped[UUID]
    colleague_id: Mapped[UUID | None]
    state: Mapped[str]
    words: Mapped[str]
    asked_at: Mapped[datetime]
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
    change_id: Mapped[UUID | None]


class StaffSession(TenantRow, Base):
    """A signed-in browser: only the hash of its token is kept."""

    __tablename__ = "staff_session"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "staff_id"),
    )

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str]


class SignInAttempt(TenantRow, Base):
    """Failed sign-ins counted per login and per address, to slow down guessing."""

    __tablename__ = "sign_in_attempt"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    window_started_at: Mapped[datetime]


class ApiKey(TenantRow, Base):
    """What a programme shows to be let in: only the hash of it is kept, and the head that people know it by."""

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key_hash"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
    )

    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[str]
    scopes: Mapped[list[Any]]
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_on: Mapped[date | None]
    revoked_at: Mapped[datetime | None]


class KeptAnswer(TenantRow, Base):
    """What the API answered to a key of idempotency, for a day: sent again, nothing is done again."""

    __tablename__ = "kept_answer"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "key_id"], ["api_key.tenant_id", "api_key.key_id"]),
        Index(None, "tenant_id", "made_at"),
    )

    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    once_key: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes]
    made_at: Mapped[datetime]


class PluginState(TenantRow, Base):
    """Whether a plugin is on for the tenant, its place in the order, and its settings in force."""

    __tablename__ = "plugin_state"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("state IN ('installed', 'offered', 'trial', 'on', 'paused', 'off', 'removed')", name="state"),
        CheckConstraint("held_by IN ('', 'tenant', 'operator')", name="held_by"),
    )

    plugin: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    position: Mapped[int]
    settings: Mapped[dict[str, Any]]
    settings_version: Mapped[int]
    changed_at: Mapped[datetime]
    held_by: Mapped[str] = mapped_column(server_default="")
    """Who paused it: the tenant or the operator."""
    kept_until: Mapped[datetime | None]
    """While it is off: until when its data are kept."""
    switching: Mapped[bool] = mapped_column(server_default=text("false"))
    """The plugin still prepares after being switched on, or winds up after being switched off."""


class PluginStateChange(TenantRow, Base):
    """Every change of a plugin's state at a tenant: who, when and why."""

    __tablename__ = "plugin_state_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "plugin"], ["plugin_state.tenant_id", "plugin_state.plugin"], ondelete="CASCADE"
        ),
    )

    plugin: Mapped[str] = mapped_column(primary_key=True)
    change_id: Mapped[UUID] = mapped_column(primary_key=True)
    verb: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    why: Mapped[str]
    changed_by: Mapped[UUID | None]
    changed_by_name: Mapped[str]
    changed_at: Mapped[datetime]


class PluginSettingVersion(TenantRow, Base):
    """Every change of a plugin's settings: who, when, before and after."""

    __tablename__ = "plugin_setting_version"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "plugin"], ["plugin_state.tenant_id", "plugin_state.plugin"], ondelete="CASCADE"
        ),
    )

    plugin: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    changed_by: Mapped[UUID | None]
    changed_by_name: Mapped[str]
    changed_at: Mapped[datetime]
