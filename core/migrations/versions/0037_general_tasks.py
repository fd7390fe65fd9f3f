"""Tasks that a plugin opens for people of a tenant, and whether a plugin still prepares or winds up."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE general_task (
      tenant_id uuid NOT NULL,
      task_id uuid NOT NULL,
      plugin text NOT NULL,
      key text NOT NULL CONSTRAINT general_task_key_check CHECK (length(key) BETWEEN 1 AND 200),
      title jsonb NOT NULL,
      role text NOT NULL,
      staff_id uuid,
      customer_id uuid,
      complaint_id uuid,
      page text NOT NULL,
      remedies jsonb NOT NULL,
      due_at timestamptz NOT NULL,
      state text NOT NULL CONSTRAINT general_task_state_check CHECK (state IN ('open', 'done', 'dropped')),
      note jsonb NOT NULL,
      opened_at timestamptz NOT NULL,
      ended_by_name text NOT NULL,
      ended_at timestamptz,
      PRIMARY KEY (tenant_id, task_id),
      CONSTRAINT general_task_whose_check CHECK ((role = '') <> (staff_id IS NULL)),
      CONSTRAINT general_task_ended_check CHECK ((state = 'open') = (ended_at IS NULL)),
      CONSTRAINT general_task_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT general_task_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT general_task_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('general_task')",
    "CREATE UNIQUE INDEX general_task_key_idx ON general_task (tenant_id, plugin, key) WHERE state = 'open'",
    "CREATE INDEX general_task_due_idx ON general_task (tenant_id, due_at, task_id) WHERE state = 'open'",
    "CREATE INDEX general_task_ended_idx ON general_task (tenant_id, ended_at DESC, task_id DESC) WHERE state <> 'open'",
    "CREATE INDEX general_task_tenant_id_customer_id_idx ON general_task (tenant_id, customer_id)",
    "CREATE INDEX general_task_tenant_id_complaint_id_idx ON general_task (tenant_id, complaint_id)",
    "ALTER TABLE plugin_state ADD COLUMN switching boolean NOT NULL DEFAULT false",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
