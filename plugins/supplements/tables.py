"""The shop's own tables, as its migrations make them."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Double, Integer, MetaData, Table, Text, Uuid

_METADATA = MetaData()


def _key(name: str) -> Column[Any]:
    return Column(name, Uuid, primary_key=True)


def _instant(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=null, primary_key=key)


ORDER = Table(
    "x_supplements_order",
    _METADATA,
    _key("tenant_id"),
    _key("order_id"),
    _text("number"),
    Column("customer_id", Uuid, nullable=False),
    Column("subject_id", Uuid),
    _text("product"),
    Column("bottles", Integer, nullable=False),
    Column("fen", BigInteger, nullable=False),
    _text("state"),
    _instant("placed_at"),
)
SHIPMENT = Table(
    "x_supplements_shipment",
    _METADATA,
    _key("tenant_id"),
    _key("shipment_id"),
    Column("order_id", Uuid, nullable=False),
    _text("carrier"),
    _text("tracking_no"),
    Column("resent", Boolean, nullable=False),
    _text("status"),
    _instant("sent_at"),
    _instant("news_at"),
    _instant("delivered_at", null=True),
    _instant("handled_at", null=True),
)
CARRIER_EVENT = Table(
    "x_supplements_carrier_event",
    _METADATA,
    _key("tenant_id"),
    _text("carrier", key=True),
    _text("event_id", key=True),
    _text("tracking_no"),
    _text("kind"),
    _instant("at"),
    _text("place"),
    _instant("received_at"),
)
TROUBLE = Table(
    "x_supplements_trouble",
    _METADATA,
    _key("tenant_id"),
    _key("trouble_id"),
    Column("shipment_id", Uuid, nullable=False),
    _text("kind"),
    _instant("found_at"),
    _instant("due_at"),
    _instant("closed_at", null=True),
    _text("remedy", null=True),
)
SETTLEMENT = Table(
    "x_supplements_settlement",
    _METADATA,
    _key("tenant_id"),
    _key("settlement_id"),
    Column("order_id", Uuid, nullable=False),
    _text("kind"),
    Column("fen", BigInteger, nullable=False),
    _text("reason"),
    _text("state"),
    Column("asked_by", Uuid),
    _text("asked_name"),
    _instant("asked_at"),
    _text("decided_name", null=True),
    _instant("decided_at", null=True),
)
READING = Table(
    "x_supplements_reading",
    _METADATA,
    _key("tenant_id"),
    _key("reading_id"),
    Column("customer_id", Uuid, nullable=False),
    Column("subject_id", Uuid),
    _text("kind"),
    Column("value", Double, nullable=False),
    _instant("measured_at"),
    _text("device"),
)
FOLLOWUP = Table(
    "x_supplements_followup",
    _METADATA,
    _key("tenant_id"),
    _key("order_id"),
    Column("day", Integer, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    _instant("due_at"),
    _instant("sent_at", null=True),
)
NAMES = tuple(sorted(table.name for table in (ORDER, SHIPMENT, CARRIER_EVENT, TROUBLE, SETTLEMENT, READING, FOLLOWUP)))
