"""Links a credit that waits to the complaint that it makes up for."""

from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE held_credit ADD COLUMN complaint_id uuid",
    """
    ALTER TABLE held_credit ADD CONSTRAINT held_credit_tenant_id_complaint_id_fkey
      FOREIGN KEY (tenant_id, complaint_id) REFERENCES complaint (tenant_id, complaint_id)
    """,
    "CREATE INDEX held_credit_tenant_id_complaint_id_idx ON held_credit (tenant_id, complaint_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
