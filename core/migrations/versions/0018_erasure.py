"""Lets a person be erased from the append-only tables that came after 0012."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    "SELECT app.make_erasable('estimate', 'visit_id', $$note = ''$$)",
    """
    SELECT app.make_erasable('estimate_answer', 'estimate_id',
      $$name = '', signature = '', words = '',
        actor_name = CASE WHEN actor_kind = 'customer' THEN '' ELSE actor_name END$$)
    """,
    "SELECT app.make_erasable('credit_note', 'bill_id', $$reason = ''$$)",
    "SELECT app.make_erasable('payment', 'bill_id', $$detail = ''$$)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
