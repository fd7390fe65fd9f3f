"""Orders of the sample shop."""

from alembic import op

revision = "pageshop_0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE x_pageshop_order (
      tenant_id uuid NOT NULL,
      number text NOT NULL,
      customer_id uuid,
      words text NOT NULL,
      ordered_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, number)
    )
    """,
    "SELECT app.protect('x_pageshop_order')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE x_pageshop_order")
