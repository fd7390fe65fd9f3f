"""Files with their content inside the database, and which of them stand in a filled form."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE file_content (
      tenant_id uuid NOT NULL,
      sha256 text NOT NULL,
      chunk_no bigint NOT NULL,
      content bytea NOT NULL,
      CONSTRAINT file_content_pkey PRIMARY KEY (tenant_id, sha256, chunk_no),
      CONSTRAINT file_content_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    # Photos are compressed already: do not try again.
    "ALTER TABLE file_content ALTER COLUMN content SET STORAGE EXTERNAL",
    "SELECT app.protect('file_content')",
    """
    CREATE TABLE stored_file (
      tenant_id uuid NOT NULL,
      file_id uuid NOT NULL,
      sha256 text NOT NULL,
      media_type text NOT NULL,
      size bigint NOT NULL,
      filename text NOT NULL,
      purpose text NOT NULL,
      owner_kind text NOT NULL,
      owner_id uuid,
      state text NOT NULL,
      token_hash text,
      thumbnail bytea,
      retain_until timestamptz,
      removed_at timestamptz,
      created_by uuid,
      created_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      CONSTRAINT stored_file_pkey PRIMARY KEY (tenant_id, file_id),
      CONSTRAINT stored_file_tenant_id_token_hash_key UNIQUE (tenant_id, token_hash),
      CONSTRAINT stored_file_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT stored_file_state_check CHECK (state IN ('quarantine', 'kept', 'erased')),
      CONSTRAINT stored_file_token_check CHECK ((state = 'quarantine') = (token_hash IS NOT NULL))
    )
    """,
    "ALTER TABLE stored_file ALTER COLUMN thumbnail SET STORAGE EXTERNAL",
    "CREATE INDEX stored_file_tenant_id_owner_kind_owner_id_file_id_idx ON stored_file (tenant_id, owner_kind, owner_id, file_id)",
    "CREATE INDEX stored_file_tenant_id_sha256_idx ON stored_file (tenant_id, sha256)",
    "CREATE INDEX stored_file_tenant_id_retain_until_idx ON stored_file (tenant_id, retain_until)",
    "SELECT app.protect('stored_file')",
    """
    CREATE TABLE submission_file (
      tenant_id uuid NOT NULL,
      submission_id uuid NOT NULL,
      file_id uuid NOT NULL,
      path text NOT NULL,
      sha256 text NOT NULL,
      purpose text NOT NULL,
      retain_until timestamptz,
      CONSTRAINT submission_file_pkey PRIMARY KEY (tenant_id, submission_id, file_id),
      CONSTRAINT submission_file_tenant_id_submission_id_fkey FOREIGN KEY(tenant_id, submission_id) REFERENCES submission (tenant_id, submission_id) ON DELETE CASCADE,
      CONSTRAINT submission_file_tenant_id_file_id_fkey FOREIGN KEY(tenant_id, file_id) REFERENCES stored_file (tenant_id, file_id)
    )
    """,
    "CREATE INDEX submission_file_tenant_id_file_id_idx ON submission_file (tenant_id, file_id)",
    "SELECT app.protect('submission_file')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
