"""Implants with their lots."""

from alembic import op

revision = "dental_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE x_dental_implant (
          tenant_id uuid NOT NULL,
          implant_id uuid NOT NULL,
          customer_id uuid NOT NULL,
          product text NOT NULL,
          lot text NOT NULL,
          tooth text NOT NULL,
          placed_on date NOT NULL,
          PRIMARY KEY (tenant_id, implant_id)
        )
        """
    )
    op.execute("CREATE INDEX x_dental_implant_customer_idx ON x_dental_implant (tenant_id, customer_id)")
    op.execute("CREATE INDEX x_dental_implant_lot_idx ON x_dental_implant (tenant_id, lot)")
    op.execute("SELECT app.protect('x_dental_implant')")
