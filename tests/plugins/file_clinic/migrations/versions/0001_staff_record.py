"""A table of the plugin."""

from alembic import op

revision = "fileclinic_0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE x_fileclinic_staff_record (
      tenant_id uuid NOT NULL,
      event_id uuid NOT NULL,
      staff_id uuid NOT NULL,
      staff_name text NOT NULL,
      complaint_id uuid NOT NULL,
      complaint_number text NOT NULL,
      severity text NOT NULL CONSTRAINT x_fileclinic_staff_record_severity_check CHECK (severity IN ('L2', 'L3')),
      category text,
      summary text NOT NULL,
      occurred_at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, event_id, staff_id)
    )
    """,
    "CREATE INDEX x_fileclinic_staff_record_tenant_id_staff_id_occurred_at_idx ON x_fileclinic_staff_record (tenant_id, staff_id, occurred_at)",
    "SELECT app.protect('x_fileclinic_staff_record', append_only => true)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE x_fileclinic_staff_record")
