"""Adds coupons, benefit grants and what a bill applied."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = ()

# The member card on the customer's phone, and points that wait for a second pair of eyes.
CARDS: tuple[str, ...] = (
    """
    CREATE TABLE member_card (
      tenant_id uuid NOT NULL,
      card_id uuid NOT NULL,
      code text NOT NULL,
      customer_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      revoked_at timestamptz,
      PRIMARY KEY (tenant_id, card_id),
      CONSTRAINT member_card_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT member_card_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "CREATE INDEX member_card_tenant_id_customer_id_idx ON member_card (tenant_id, customer_id)",
    "SELECT app.protect('member_card')",
    """
    CREATE TABLE held_credit (
      tenant_id uuid NOT NULL,
      held_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      points bigint NOT NULL,
      reason text NOT NULL,
      key text NOT NULL,
      state text NOT NULL,
      asked_by uuid,
      asked_by_name text NOT NULL,
      asked_at timestamptz NOT NULL,
      decided_by_name text NOT NULL,
      decided_at timestamptz,
      answer text NOT NULL,
      PRIMARY KEY (tenant_id, held_id),
      CONSTRAINT held_credit_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT held_credit_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT held_credit_points_check CHECK (points > 0),
      CONSTRAINT held_credit_state_check CHECK (state IN ('waiting', 'granted', 'refused')),
      CONSTRAINT held_credit_decided_check CHECK ((state = 'waiting') = (decided_at IS NULL))
    )
    """,
    "CREATE INDEX held_credit_tenant_id_customer_id_idx ON held_credit (tenant_id, customer_id)",
    "CREATE INDEX held_credit_tenant_id_held_id_idx ON held_credit (tenant_id, held_id) WHERE state = 'waiting'",
    "SELECT app.protect('held_credit')",
)


def upgrade() -> None:
    for statement in (*STATEMENTS, *CARDS):
        op.execute(statement)
