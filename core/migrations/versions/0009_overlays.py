"""What a tenant changed in a plugin's form: the draft in the editor, and every revision that was published."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE form_overlay (
      tenant_id uuid NOT NULL,
      form_id text NOT NULL,
      revision bigint NOT NULL CONSTRAINT form_overlay_revision_check CHECK (revision >= 0),
      status text NOT NULL CONSTRAINT form_overlay_status_check
        CHECK (status IN ('draft', 'live', 'retired', 'conflict')),
      base_version text NOT NULL,
      version text NOT NULL,
      patch jsonb NOT NULL,
      owners jsonb NOT NULL,
      conflicts jsonb NOT NULL,
      edits bigint NOT NULL,
      undo jsonb NOT NULL,
      restored_from bigint,
      created_by uuid,
      created_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      published_at timestamptz,
      PRIMARY KEY (tenant_id, form_id, revision),
      CONSTRAINT form_overlay_tenant_id_form_id_base_version_fkey FOREIGN KEY (tenant_id, form_id, base_version)
        REFERENCES form_definition (tenant_id, form_id, version),
      CONSTRAINT form_overlay_tenant_id_form_id_version_fkey FOREIGN KEY (tenant_id, form_id, version)
        REFERENCES form_definition (tenant_id, form_id, version),
      CONSTRAINT form_overlay_draft_check CHECK ((revision = 0) = (status = 'draft'))
    )
    """,
    "SELECT app.protect('form_overlay')",
    # One revision of a form is in force; the same index answers "which changes of this tenant are in force".
    """
    CREATE UNIQUE INDEX form_overlay_in_force_idx ON form_overlay (tenant_id, form_id)
      WHERE status IN ('live', 'conflict')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
