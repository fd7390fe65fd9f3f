"""Suspected duplicates and merges of customers."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE customer DROP CONSTRAINT customer_state_check",
    "ALTER TABLE customer ADD CONSTRAINT customer_state_check CHECK (state IN ('active', 'removed', 'merged'))",
    "ALTER TABLE customer ADD COLUMN merged_into uuid",
    """
    ALTER TABLE customer ADD CONSTRAINT customer_tenant_id_merged_into_fkey FOREIGN KEY (tenant_id, merged_into)
      REFERENCES customer (tenant_id, customer_id)
    """,
    "ALTER TABLE customer ADD CONSTRAINT customer_merged_check CHECK (state <> 'merged' OR merged_into IS NOT NULL)",
    "CREATE INDEX customer_merged_idx ON customer (tenant_id, merged_into) WHERE merged_into IS NOT NULL",
    "ALTER TABLE subject ADD COLUMN merged_into uuid",
    """
    ALTER TABLE subject ADD CONSTRAINT subject_tenant_id_merged_into_fkey FOREIGN KEY (tenant_id, merged_into)
      REFERENCES subject (tenant_id, subject_id)
    """,
    "CREATE INDEX subject_merged_idx ON subject (tenant_id, merged_into) WHERE merged_into IS NOT NULL",
    "ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_kind_check",
    """
    ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_kind_check
      CHECK (kind IN ('spend', 'reversal', 'opening', 'transfer'))
    """,
    """
    CREATE TABLE duplicate_key (
      tenant_id uuid NOT NULL,
      key text COLLATE "C" NOT NULL,
      customer_id uuid NOT NULL,
      PRIMARY KEY (tenant_id, key, customer_id)
    )
    """,
    "CREATE INDEX duplicate_key_tenant_id_customer_id_idx ON duplicate_key (tenant_id, customer_id)",
    "SELECT app.protect('duplicate_key')",
    """
    CREATE TABLE duplicate_look (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      rules_version bigint NOT NULL,
      looked_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, customer_id)
    )
    """,
    "SELECT app.protect('duplicate_look')",
    """
    CREATE TABLE duplicate_suspect (
      tenant_id uuid NOT NULL,
      a_id uuid NOT NULL,
      b_id uuid NOT NULL,
      score bigint NOT NULL,
      level text NOT NULL,
      reasons jsonb NOT NULL,
      state text NOT NULL,
      found_at timestamptz NOT NULL,
      judged_at timestamptz,
      judged_by uuid,
      judged_by_name text NOT NULL,
      note text NOT NULL,
      PRIMARY KEY (tenant_id, a_id, b_id),
      CONSTRAINT duplicate_suspect_tenant_id_a_id_fkey FOREIGN KEY(tenant_id, a_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT duplicate_suspect_tenant_id_b_id_fkey FOREIGN KEY(tenant_id, b_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT duplicate_suspect_pair_check CHECK (a_id < b_id),
      CONSTRAINT duplicate_suspect_level_check CHECK (level IN ('strong', 'likely', 'possible')),
      CONSTRAINT duplicate_suspect_state_check CHECK (state IN ('open', 'dismissed', 'merged'))
    )
    """,
    """
    CREATE INDEX duplicate_suspect_open_idx ON duplicate_suspect (tenant_id, score DESC, a_id, b_id)
      WHERE state = 'open'
    """,
    "CREATE INDEX duplicate_suspect_tenant_id_b_id_idx ON duplicate_suspect (tenant_id, b_id)",
    "SELECT app.protect('duplicate_suspect')",
    """
    CREATE TABLE customer_merge (
      tenant_id uuid NOT NULL,
      merge_id uuid NOT NULL,
      winner_id uuid NOT NULL,
      loser_id uuid NOT NULL,
      state text NOT NULL,
      fields jsonb NOT NULL,
      pets jsonb NOT NULL,
      moved jsonb NOT NULL,
      account jsonb NOT NULL,
      merged_at timestamptz NOT NULL,
      merged_by uuid,
      merged_by_name text NOT NULL,
      undone_at timestamptz,
      undone_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, merge_id),
      CONSTRAINT customer_merge_tenant_id_winner_id_fkey FOREIGN KEY(tenant_id, winner_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT customer_merge_tenant_id_loser_id_fkey FOREIGN KEY(tenant_id, loser_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT customer_merge_state_check CHECK (state IN ('done', 'undone'))
    )
    """,
    "CREATE INDEX customer_merge_tenant_id_winner_id_idx ON customer_merge (tenant_id, winner_id, merge_id DESC)",
    "CREATE INDEX customer_merge_tenant_id_loser_id_idx ON customer_merge (tenant_id, loser_id, merge_id DESC)",
    "SELECT app.protect('customer_merge')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
