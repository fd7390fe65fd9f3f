"""Keys of programmes; what a draft keeps where two devices disagree or its form has changed."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE api_key (
      tenant_id uuid NOT NULL,
      key_id uuid NOT NULL,
      name text NOT NULL,
      prefix text NOT NULL,
      key_hash text NOT NULL,
      scopes jsonb NOT NULL,
      created_by uuid,
      created_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz,
      last_used_on date,
      revoked_at timestamptz,
      CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, key_id),
      CONSTRAINT api_key_tenant_id_key_hash_key UNIQUE (tenant_id, key_hash),
      CONSTRAINT api_key_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('api_key')",
    """
    ALTER TABLE form_draft ADD COLUMN set_aside jsonb,
      ADD COLUMN leftovers jsonb NOT NULL DEFAULT '[]', ADD COLUMN writer text NOT NULL DEFAULT ''
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
