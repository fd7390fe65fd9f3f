"""Segments of customers, and the indexes that count them."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE segment (
      tenant_id uuid NOT NULL,
      segment_id uuid NOT NULL,
      name_zh text NOT NULL,
      name_en text NOT NULL,
      plan_zh text NOT NULL,
      plan_en text NOT NULL,
      tree jsonb NOT NULL,
      copied_from text,
      version bigint NOT NULL,
      state text NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      changed_by uuid,
      changed_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, segment_id),
      CONSTRAINT segment_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT segment_state_check CHECK (state IN ('live', 'removed'))
    )
    """,
    "SELECT app.protect('segment')",
    # Segments read everybody's pets and bills: both indexes cover what is counted and summed.
    "DROP INDEX subject_tenant_id_customer_id_idx",
    """
    CREATE INDEX subject_tenant_id_customer_id_idx ON subject (tenant_id, customer_id)
    INCLUDE (kind, species, birthday, created_at, deceased_on, merged_into)
    """,
    """
    CREATE INDEX purchase_tenant_id_occurred_at_customer_id_idx ON purchase (tenant_id, occurred_at, customer_id)
    INCLUDE (paid_fen, refunded_fen)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
