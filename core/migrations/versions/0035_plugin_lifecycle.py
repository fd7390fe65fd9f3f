"""The states of a plugin's life at a tenant, and every change of them: who, when, why."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE plugin_state DROP CONSTRAINT plugin_state_state_check",
    """
    ALTER TABLE plugin_state ADD CONSTRAINT plugin_state_state_check
      CHECK (state IN ('installed', 'offered', 'trial', 'on', 'paused', 'off', 'removed'))
    """,
    """
    ALTER TABLE plugin_state ADD COLUMN held_by text NOT NULL DEFAULT ''
      CONSTRAINT plugin_state_held_by_check CHECK (held_by IN ('', 'tenant', 'operator'))
    """,
    "ALTER TABLE plugin_state ADD COLUMN kept_until timestamptz",
    """
    CREATE TABLE plugin_state_change (
      tenant_id uuid NOT NULL,
      plugin text NOT NULL,
      change_id uuid NOT NULL,
      verb text NOT NULL,
      before text NOT NULL,
      after text NOT NULL,
      why text NOT NULL,
      changed_by uuid,
      changed_by_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, plugin, change_id),
      CONSTRAINT plugin_state_change_tenant_id_plugin_fkey FOREIGN KEY (tenant_id, plugin)
        REFERENCES plugin_state (tenant_id, plugin) ON DELETE CASCADE
    )
    """,
    "SELECT app.protect('plugin_state_change', append_only => true)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
