"""Adds backtests with who would move, and what the reports of loyalty read quickly."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    # Tier movement: a twentieth of the timeline or less.
    """
    CREATE INDEX customer_event_tenant_id_at_idx ON customer_event (tenant_id, at) WHERE kind = 'tier_changed'
    """,
    """
    CREATE TABLE backtest (
      tenant_id uuid NOT NULL,
      backtest_id uuid NOT NULL,
      program_id text NOT NULL,
      digest text NOT NULL,
      base_digest text NOT NULL,
      body jsonb NOT NULL,
      base jsonb,
      days bigint NOT NULL,
      first_day date NOT NULL,
      last_day date NOT NULL,
      state text NOT NULL,
      members_total bigint NOT NULL,
      members_done bigint NOT NULL,
      done_up_to uuid,
      partial jsonb,
      started_at timestamptz NOT NULL,
      started_by uuid,
      started_by_name text NOT NULL,
      finished_at timestamptz,
      PRIMARY KEY (tenant_id, backtest_id),
      CONSTRAINT backtest_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT backtest_state_check CHECK (state IN ('running', 'done', 'stale')),
      CONSTRAINT backtest_members_check CHECK (members_done BETWEEN 0 AND members_total)
    )
    """,
    "CREATE INDEX backtest_tenant_id_program_id_digest_idx ON backtest (tenant_id, program_id, digest)",
    "SELECT app.protect('backtest')",
    """
    CREATE TABLE backtest_mover (
      tenant_id uuid NOT NULL,
      backtest_id uuid NOT NULL,
      whence text NOT NULL,
      customer_id uuid NOT NULL,
      tier_before text,
      tier_after text NOT NULL,
      is_up boolean NOT NULL,
      total bigint NOT NULL,
      PRIMARY KEY (tenant_id, backtest_id, whence, customer_id),
      CONSTRAINT backtest_mover_tenant_id_backtest_id_fkey FOREIGN KEY (tenant_id, backtest_id)
        REFERENCES backtest (tenant_id, backtest_id) ON DELETE CASCADE,
      CONSTRAINT backtest_mover_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id) ON DELETE CASCADE,
      CONSTRAINT backtest_mover_whence_check CHECK (whence IN ('publish', 'review'))
    )
    """,
    "CREATE INDEX backtest_mover_tenant_id_customer_id_idx ON backtest_mover (tenant_id, customer_id)",
    "SELECT app.protect('backtest_mover')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
