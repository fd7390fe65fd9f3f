"""Tables of addresses that are told what happened, of what they are told, and of every attempt; answers kept by key."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    # Read with the tenant by every unit: chains without an address pay nothing for webhooks.
    "ALTER TABLE tenant ADD COLUMN has_webhooks boolean NOT NULL DEFAULT false",
    """
    CREATE TABLE webhook_endpoint (
      tenant_id uuid NOT NULL,
      endpoint_id uuid NOT NULL,
      name text NOT NULL,
      url text NOT NULL,
      kinds jsonb NOT NULL,
      state text NOT NULL CONSTRAINT webhook_endpoint_state_check
        CHECK (state IN ('on', 'paused', 'silent', 'removed')),
      secret_number bigint NOT NULL CONSTRAINT webhook_endpoint_secret_number_check CHECK (secret_number >= 1),
      secret_mark text NOT NULL,
      before_until timestamptz,
      failing_since timestamptz,
      last_error text NOT NULL,
      heard_at timestamptz,
      made_by_name text NOT NULL,
      made_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, endpoint_id),
      CONSTRAINT webhook_endpoint_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('webhook_endpoint')",
    """
    CREATE TABLE webhook_message (
      tenant_id uuid NOT NULL,
      message_id uuid NOT NULL,
      kind text NOT NULL,
      body text NOT NULL,
      happened_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, message_id),
      CONSTRAINT webhook_message_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('webhook_message')",
    "REVOKE UPDATE ON webhook_message FROM anxin_app, anxin_worker",
    """
    CREATE TABLE webhook_delivery (
      tenant_id uuid NOT NULL,
      delivery_id uuid NOT NULL,
      message_id uuid NOT NULL,
      endpoint_id uuid NOT NULL,
      kind text NOT NULL,
      state text NOT NULL CONSTRAINT webhook_delivery_state_check
        CHECK (state IN ('waiting', 'held', 'heard', 'failed')),
      attempts bigint NOT NULL,
      made_at timestamptz NOT NULL,
      tried_at timestamptz,
      next_at timestamptz,
      PRIMARY KEY (tenant_id, delivery_id),
      CONSTRAINT webhook_delivery_tenant_id_message_id_fkey FOREIGN KEY (tenant_id, message_id)
        REFERENCES webhook_message (tenant_id, message_id) ON DELETE CASCADE,
      CONSTRAINT webhook_delivery_tenant_id_endpoint_id_fkey FOREIGN KEY (tenant_id, endpoint_id)
        REFERENCES webhook_endpoint (tenant_id, endpoint_id)
    )
    """,
    "SELECT app.protect('webhook_delivery')",
    "CREATE INDEX webhook_delivery_tenant_id_message_id_idx ON webhook_delivery (tenant_id, message_id)",
    "CREATE INDEX webhook_delivery_endpoint_idx ON webhook_delivery (tenant_id, endpoint_id, delivery_id)",
    """
    CREATE TABLE webhook_attempt (
      tenant_id uuid NOT NULL,
      delivery_id uuid NOT NULL,
      attempt_id uuid NOT NULL,
      at timestamptz NOT NULL,
      status bigint,
      error text NOT NULL,
      millis bigint NOT NULL,
      answer text NOT NULL,
      PRIMARY KEY (tenant_id, delivery_id, attempt_id),
      CONSTRAINT webhook_attempt_tenant_id_delivery_id_fkey FOREIGN KEY (tenant_id, delivery_id)
        REFERENCES webhook_delivery (tenant_id, delivery_id) ON DELETE CASCADE
    )
    """,
    "SELECT app.protect('webhook_attempt')",
    "REVOKE UPDATE ON webhook_attempt FROM anxin_app, anxin_worker",
    """
    CREATE TABLE kept_answer (
      tenant_id uuid NOT NULL,
      key_id uuid NOT NULL,
      once_key text NOT NULL,
      route text NOT NULL,
      body_hash text NOT NULL,
      status bigint NOT NULL,
      headers jsonb NOT NULL,
      body bytea NOT NULL,
      made_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, key_id, once_key, route),
      CONSTRAINT kept_answer_tenant_id_key_id_fkey FOREIGN KEY (tenant_id, key_id)
        REFERENCES api_key (tenant_id, key_id)
    )
    """,
    "SELECT app.protect('kept_answer')",
    "CREATE INDEX kept_answer_tenant_id_made_at_idx ON kept_answer (tenant_id, made_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
