"""Remembered mappings of imports, and exports."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE import_recall (
      tenant_id uuid NOT NULL,
      signature text NOT NULL,
      names jsonb NOT NULL,
      mapping jsonb NOT NULL,
      existing text NOT NULL,
      take_second_phone boolean NOT NULL,
      times bigint NOT NULL,
      used_at timestamptz NOT NULL,
      used_by uuid,
      used_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, signature),
      CONSTRAINT import_recall_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT import_recall_existing_check CHECK (existing IN ('update', 'skip'))
    )
    """,
    "SELECT app.protect('import_recall')",
    "ALTER TABLE import_batch DROP CONSTRAINT import_batch_state_check",
    "ALTER TABLE import_batch ADD CONSTRAINT import_batch_state_check CHECK (state IN ('uploaded', 'checking', 'checked', 'running', 'done', 'cancelled', 'undoing', 'undone', 'failed'))",
    "ALTER TABLE import_row ADD COLUMN more_subjects jsonb",
    # Each row is changed once, when it was worked off: room beside it spares its index a second entry.
    "ALTER TABLE import_row SET (fillfactor = 70)",
    """
    CREATE TABLE export_job (
      tenant_id uuid NOT NULL,
      export_id uuid NOT NULL,
      number bigint NOT NULL,
      kind text NOT NULL,
      settings jsonb NOT NULL,
      state text NOT NULL,
      rows_total bigint NOT NULL,
      rows_done bigint NOT NULL,
      size_bytes bigint NOT NULL,
      after_id uuid,
      created_at timestamptz NOT NULL,
      created_by uuid,
      created_by_name text NOT NULL,
      finished_at timestamptz,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, export_id),
      CONSTRAINT export_job_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT export_job_kind_check CHECK (kind IN ('csv', 'xlsx')),
      CONSTRAINT export_job_state_check CHECK (state IN ('running', 'done', 'cancelled', 'expired'))
    )
    """,
    "SELECT app.protect('export_job')",
    """
    CREATE TABLE export_piece (
      tenant_id uuid NOT NULL,
      export_id uuid NOT NULL,
      piece_no bigint NOT NULL,
      content bytea NOT NULL,
      PRIMARY KEY (tenant_id, export_id, piece_no),
      CONSTRAINT export_piece_tenant_id_export_id_fkey FOREIGN KEY(tenant_id, export_id)
        REFERENCES export_job (tenant_id, export_id) ON DELETE CASCADE
    )
    """,
    "SELECT app.protect('export_piece')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
