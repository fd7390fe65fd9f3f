"""The clinic's own tables, as its migrations make them."""

from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, MetaData, Row, Table, Text, Uuid

_METADATA = MetaData()
ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Months and typed times are China's: a hook is not told a tenant's zone."""


def _key(name: str) -> Column[Any]:
    return Column(name, Uuid, primary_key=True)


def _id(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Uuid, nullable=null)


def _instant(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=null, primary_key=key)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


CONSULT = Table(
    "x_aesthetics_consult",
    _METADATA,
    _key("tenant_id"),
    _key("consult_id"),
    _id("customer_id"),
    _text("project"),
    _text("wish"),
    _flag("vip"),
    _flag("custom"),
    _text("custom_words"),
    _instant("asked_at"),
    _instant("due_at"),
    _instant("answered_at", null=True),
    _text("answered_name", null=True),
    _text("state"),
)
PLAN = Table(
    "x_aesthetics_plan",
    _METADATA,
    _key("tenant_id"),
    _key("plan_id"),
    _id("consult_id"),
    _text("title"),
    _text("body"),
    Column("fen", BigInteger, nullable=False),
    _text("state"),
    _instant("made_at"),
    _text("made_name"),
    _instant("sent_at", null=True),
)
PLAN_CASE = Table(
    "x_aesthetics_plan_case",
    _METADATA,
    _key("tenant_id"),
    _key("case_id"),
    _id("plan_id"),
    _text("kind"),
    _text("words"),
    _text("picture", null=True),
    _id("shown_customer_id", null=True),
)
PHOTO = Table(
    "x_aesthetics_photo_consent",
    _METADATA,
    _key("tenant_id"),
    _key("customer_id"),
    _flag("comparison"),
    _text("paper"),
    _instant("signed_at"),
    _text("kept_name"),
    _instant("withdrawn_at", null=True),
)
PROCEDURE = Table(
    "x_aesthetics_procedure",
    _METADATA,
    _key("tenant_id"),
    _key("procedure_id"),
    _id("customer_id"),
    _id("consult_id", null=True),
    _text("name"),
    _instant("ended_at"),
    _instant("due_at"),
    _flag("risks_told"),
    _flag("consent_signed"),
    _flag("minor"),
    _instant("asked_at", null=True),
    _instant("late_told_at", null=True),
    _instant("followed_at", null=True),
    _text("followed_name", null=True),
    _text("outcome", null=True),
    _text("signs"),
    _text("note"),
)
SOP_STEP = Table(
    "x_aesthetics_sop_step",
    _METADATA,
    _key("tenant_id"),
    _key("procedure_id"),
    _text("step", key=True),
    _instant("done_at"),
    _text("done_name"),
)
TOUCHPOINT = Table(
    "x_aesthetics_touchpoint",
    _METADATA,
    _key("tenant_id"),
    _text("code", key=True),
    Column("place", Integer, nullable=False),
    _text("stage"),
    _text("name"),
)
TOUCH = Table(
    "x_aesthetics_touch",
    _METADATA,
    _key("tenant_id"),
    _key("consult_id"),
    _text("code", key=True),
    _instant("at"),
)
ALERT = Table("x_aesthetics_alert", _METADATA, _key("tenant_id"), _text("key", key=True), _instant("told_at"))
NAMES = tuple(sorted(_METADATA.tables))


def plain(row: Row[Any]) -> dict[str, Any]:
    """Return a row as a template reads it: ids as texts, without the tenant's."""
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in row._mapping.items()  # noqa: SLF001 # SQLAlchemy's public name for it
        if name != "tenant_id"
    }
