"""Adds what the reports of loyalty read quickly."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    # Tier movement: a twentieth of the timeline or less.
    """
    CREATE INDEX customer_event_tenant_id_at_idx ON customer_event (tenant_id, at) WHERE kind = 'tier_changed'
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
