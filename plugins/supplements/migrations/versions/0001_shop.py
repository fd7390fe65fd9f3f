"""Orders, parcels with the carrier's events, troubles, settlements, readings of devices, and the series of questionnaires."""

from alembic import op

revision = "supplements_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("order", "shipment", "carrier_event", "trouble", "settlement", "reading", "followup")
STATEMENTS = (
    """
    CREATE TABLE x_supplements_order (
      tenant_id uuid NOT NULL,
      order_id uuid NOT NULL,
      number text NOT NULL,
      customer_id uuid NOT NULL,
      subject_id uuid,
      product text NOT NULL,
      bottles integer NOT NULL CONSTRAINT x_supplements_order_bottles_check CHECK (bottles BETWEEN 1 AND 999),
      fen bigint NOT NULL CONSTRAINT x_supplements_order_fen_check CHECK (fen >= 0),
      state text NOT NULL CONSTRAINT x_supplements_order_state_check CHECK (state IN ('open', 'delivered', 'refunded')),
      placed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, order_id),
      CONSTRAINT x_supplements_order_number_key UNIQUE (tenant_id, number)
    )
    """,
    "CREATE INDEX x_supplements_order_placed_idx ON x_supplements_order (tenant_id, placed_at DESC)",
    "CREATE INDEX x_supplements_order_customer_idx ON x_supplements_order (tenant_id, customer_id)",
    "SELECT app.protect('x_supplements_order')",
    """
    CREATE TABLE x_supplements_shipment (
      tenant_id uuid NOT NULL,
      shipment_id uuid NOT NULL,
      order_id uuid NOT NULL,
      carrier text NOT NULL,
      tracking_no text NOT NULL,
      resent boolean NOT NULL,
      status text NOT NULL CONSTRAINT x_supplements_shipment_status_check CHECK (status IN (
        'sent', 'picked_up', 'moving', 'out_for_delivery', 'delivered', 'refused', 'address_wrong', 'returned')),
      sent_at timestamptz NOT NULL,
      news_at timestamptz NOT NULL,
      delivered_at timestamptz,
      handled_at timestamptz,
      PRIMARY KEY (tenant_id, shipment_id),
      CONSTRAINT x_supplements_shipment_tracking_key UNIQUE (tenant_id, carrier, tracking_no),
      CONSTRAINT x_supplements_shipment_order_fkey FOREIGN KEY (tenant_id, order_id)
        REFERENCES x_supplements_order (tenant_id, order_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX x_supplements_shipment_order_idx ON x_supplements_shipment (tenant_id, order_id)",
    "CREATE INDEX x_supplements_shipment_news_idx ON x_supplements_shipment (tenant_id, status, news_at)",
    "SELECT app.protect('x_supplements_shipment')",
    # Kept by tracking number: an event may come before the parcel is entered here.
    """
    CREATE TABLE x_supplements_carrier_event (
      tenant_id uuid NOT NULL,
      carrier text NOT NULL,
      event_id text NOT NULL,
      tracking_no text NOT NULL,
      kind text NOT NULL CONSTRAINT x_supplements_carrier_event_kind_check CHECK (kind IN (
        'picked_up', 'moving', 'out_for_delivery', 'delivered', 'refused', 'address_wrong', 'returned')),
      at timestamptz NOT NULL,
      place text NOT NULL,
      received_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, carrier, event_id)
    )
    """,
    "CREATE INDEX x_supplements_carrier_event_tracking_idx ON x_supplements_carrier_event (tenant_id, carrier, tracking_no, at)",
    "SELECT app.protect('x_supplements_carrier_event')",
    """
    CREATE TABLE x_supplements_trouble (
      tenant_id uuid NOT NULL,
      trouble_id uuid NOT NULL,
      shipment_id uuid NOT NULL,
      kind text NOT NULL CONSTRAINT x_supplements_trouble_kind_check CHECK (kind IN ('stuck', 'refused', 'address_wrong')),
      found_at timestamptz NOT NULL,
      due_at timestamptz NOT NULL,
      closed_at timestamptz,
      remedy text,
      PRIMARY KEY (tenant_id, trouble_id),
      CONSTRAINT x_supplements_trouble_shipment_fkey FOREIGN KEY (tenant_id, shipment_id)
        REFERENCES x_supplements_shipment (tenant_id, shipment_id) ON DELETE CASCADE
    )
    """,
    # One open trouble of a parcel at a time: two jobs at once find one.
    "CREATE UNIQUE INDEX x_supplements_trouble_open_key ON x_supplements_trouble (tenant_id, shipment_id) WHERE closed_at IS NULL",
    "CREATE INDEX x_supplements_trouble_found_idx ON x_supplements_trouble (tenant_id, found_at)",
    "SELECT app.protect('x_supplements_trouble')",
    """
    CREATE TABLE x_supplements_settlement (
      tenant_id uuid NOT NULL,
      settlement_id uuid NOT NULL,
      order_id uuid NOT NULL,
      kind text NOT NULL CONSTRAINT x_supplements_settlement_kind_check CHECK (kind IN ('refund', 'resend')),
      fen bigint NOT NULL CONSTRAINT x_supplements_settlement_fen_check CHECK (fen >= 0),
      reason text NOT NULL,
      state text NOT NULL CONSTRAINT x_supplements_settlement_state_check CHECK (state IN ('waiting', 'done', 'refused')),
      asked_by uuid,
      asked_name text NOT NULL,
      asked_at timestamptz NOT NULL,
      decided_name text,
      decided_at timestamptz,
      PRIMARY KEY (tenant_id, settlement_id),
      CONSTRAINT x_supplements_settlement_order_fkey FOREIGN KEY (tenant_id, order_id)
        REFERENCES x_supplements_order (tenant_id, order_id) ON DELETE CASCADE
    )
    """,
    # An order is refunded once, and one wish waits at a time.
    "CREATE UNIQUE INDEX x_supplements_settlement_refund_key ON x_supplements_settlement (tenant_id, order_id) WHERE kind = 'refund' AND state = 'done'",
    "CREATE UNIQUE INDEX x_supplements_settlement_waiting_key ON x_supplements_settlement (tenant_id, order_id) WHERE state = 'waiting'",
    "CREATE INDEX x_supplements_settlement_order_idx ON x_supplements_settlement (tenant_id, order_id)",
    "SELECT app.protect('x_supplements_settlement')",
    """
    CREATE TABLE x_supplements_reading (
      tenant_id uuid NOT NULL,
      reading_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      subject_id uuid,
      kind text NOT NULL CONSTRAINT x_supplements_reading_kind_check CHECK (kind IN ('bone_density', 'activity')),
      value double precision NOT NULL,
      measured_at timestamptz NOT NULL,
      device text NOT NULL,
      PRIMARY KEY (tenant_id, reading_id),
      CONSTRAINT x_supplements_reading_once_key UNIQUE NULLS NOT DISTINCT (tenant_id, customer_id, subject_id, kind, device, measured_at)
    )
    """,
    "SELECT app.protect('x_supplements_reading')",
    """
    CREATE TABLE x_supplements_followup (
      tenant_id uuid NOT NULL,
      order_id uuid NOT NULL,
      day integer NOT NULL,
      customer_id uuid NOT NULL,
      due_at timestamptz NOT NULL,
      sent_at timestamptz,
      PRIMARY KEY (tenant_id, order_id, day),
      CONSTRAINT x_supplements_followup_order_fkey FOREIGN KEY (tenant_id, order_id)
        REFERENCES x_supplements_order (tenant_id, order_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX x_supplements_followup_due_idx ON x_supplements_followup (tenant_id, due_at)",
    "SELECT app.protect('x_supplements_followup')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE x_supplements_{name}")
