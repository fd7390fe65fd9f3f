"""Purchases, loyalty accounts, the append-only ledger, and imports with their rows."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE purchase (
      tenant_id uuid NOT NULL,
      purchase_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      branch_id uuid,
      key text NOT NULL,
      list_fen bigint NOT NULL,
      paid_fen bigint NOT NULL,
      pay_percent bigint NOT NULL,
      refunded_fen bigint NOT NULL,
      description text NOT NULL,
      lines jsonb NOT NULL,
      occurred_at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      PRIMARY KEY (tenant_id, purchase_id),
      CONSTRAINT purchase_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT purchase_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT purchase_tenant_id_branch_id_fkey FOREIGN KEY(tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT purchase_fen_check CHECK (list_fen >= paid_fen AND paid_fen >= 0 AND refunded_fen BETWEEN 0 AND paid_fen)
    )
    """,
    "CREATE INDEX purchase_tenant_id_customer_id_idx ON purchase (tenant_id, customer_id, occurred_at DESC)",
    "SELECT app.protect('purchase')",
    """
    CREATE TABLE loyalty_account (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      tier text,
      tier_since timestamptz,
      spent_fen bigint NOT NULL,
      points bigint NOT NULL,
      PRIMARY KEY (tenant_id, customer_id),
      CONSTRAINT loyalty_account_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "CREATE INDEX loyalty_account_tenant_id_tier_idx ON loyalty_account (tenant_id, tier, customer_id DESC)",
    "SELECT app.protect('loyalty_account')",
    """
    CREATE TABLE ledger_entry (
      tenant_id uuid NOT NULL,
      entry_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      kind text NOT NULL,
      fen bigint NOT NULL,
      points bigint NOT NULL,
      key text NOT NULL,
      ref_id uuid,
      rule_version text NOT NULL,
      occurred_at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      PRIMARY KEY (tenant_id, entry_id),
      CONSTRAINT ledger_entry_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT ledger_entry_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT ledger_entry_kind_check CHECK (kind IN ('spend', 'reversal', 'opening'))
    )
    """,
    "CREATE INDEX ledger_entry_tenant_id_customer_id_idx ON ledger_entry (tenant_id, customer_id, entry_id DESC)",
    "CREATE INDEX ledger_entry_tenant_id_ref_id_idx ON ledger_entry (tenant_id, ref_id)",
    "SELECT app.protect('ledger_entry', append_only => true)",
    """
    CREATE TABLE import_batch (
      tenant_id uuid NOT NULL,
      batch_id uuid NOT NULL,
      number bigint NOT NULL,
      filename text NOT NULL,
      content bytea NOT NULL,
      state text NOT NULL,
      settings jsonb NOT NULL,
      counts jsonb NOT NULL,
      rows_total bigint NOT NULL,
      rows_done bigint NOT NULL,
      next_row bigint NOT NULL,
      fault text,
      created_at timestamptz NOT NULL,
      created_by uuid,
      created_by_name text NOT NULL,
      started_at timestamptz,
      finished_at timestamptz,
      PRIMARY KEY (tenant_id, batch_id),
      CONSTRAINT import_batch_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT import_batch_state_check CHECK (state IN ('uploaded', 'checking', 'checked', 'running', 'done', 'undoing', 'undone', 'failed'))
    )
    """,
    "CREATE INDEX import_batch_tenant_id_created_at_idx ON import_batch (tenant_id, created_at)",
    "SELECT app.protect('import_batch')",
    """
    CREATE TABLE import_row (
      tenant_id uuid NOT NULL,
      batch_id uuid NOT NULL,
      row_no bigint NOT NULL,
      cells jsonb NOT NULL,
      problems jsonb NOT NULL,
      reading jsonb,
      same_as bigint,
      opening_fen bigint,
      outcome text NOT NULL,
      state text NOT NULL,
      customer_id uuid,
      subject_id uuid,
      made_customer boolean NOT NULL,
      made_subject boolean NOT NULL,
      before jsonb,
      after_version bigint,
      kept_reason text,
      PRIMARY KEY (tenant_id, batch_id, row_no),
      CONSTRAINT import_row_tenant_id_batch_id_fkey FOREIGN KEY(tenant_id, batch_id)
        REFERENCES import_batch (tenant_id, batch_id) ON DELETE CASCADE,
      CONSTRAINT import_row_outcome_check CHECK (outcome IN ('new', 'pet', 'update', 'duplicate', 'error', 'skipped')),
      CONSTRAINT import_row_state_check CHECK (state IN ('waiting', 'done', 'undone', 'kept'))
    )
    """,
    "CREATE INDEX import_row_tenant_id_batch_id_outcome_row_no_idx ON import_row (tenant_id, batch_id, outcome, row_no)",
    "SELECT app.protect('import_row')",
    """
    CREATE TABLE import_mapping (
      tenant_id uuid NOT NULL,
      header text NOT NULL,
      target text NOT NULL,
      used_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, header),
      CONSTRAINT import_mapping_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('import_mapping')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
