"""Tables of policies and calendars, and which calendar version a clock runs on."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE rule_draft (
      tenant_id uuid NOT NULL,
      subject text NOT NULL,
      revision bigint NOT NULL,
      body jsonb NOT NULL,
      base_number bigint NOT NULL,
      author uuid,
      author_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, subject),
      CONSTRAINT rule_draft_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT rule_draft_revision_check CHECK (revision > 0 AND base_number >= 0)
    )
    """,
    "SELECT app.protect('rule_draft')",
    """
    CREATE TABLE rule_version (
      tenant_id uuid NOT NULL,
      subject text NOT NULL,
      number bigint NOT NULL CONSTRAINT rule_version_number_check CHECK (number > 0),
      body jsonb NOT NULL,
      effective_from timestamptz NOT NULL,
      mode text NOT NULL CONSTRAINT rule_version_mode_check CHECK (mode IN ('new_only', 'migrate_running')),
      note text NOT NULL,
      restored_from bigint,
      author uuid,
      author_name text NOT NULL,
      published_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, subject, number),
      CONSTRAINT rule_version_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    # Published rules never change (sla.md, rule 9): no UPDATE and no DELETE.
    "SELECT app.protect('rule_version', true)",
    """
    CREATE TABLE rule_move (
      tenant_id uuid NOT NULL,
      subject text NOT NULL,
      number bigint NOT NULL,
      state text NOT NULL CONSTRAINT rule_move_state_check CHECK (state IN ('planned', 'running', 'done')),
      after uuid,
      total bigint NOT NULL,
      seen bigint NOT NULL,
      moved bigint NOT NULL,
      breached bigint NOT NULL,
      begins_at timestamptz NOT NULL,
      finished_at timestamptz,
      PRIMARY KEY (tenant_id, subject, number),
      CONSTRAINT rule_move_tenant_id_subject_number_fkey FOREIGN KEY (tenant_id, subject, number)
        REFERENCES rule_version (tenant_id, subject, number)
    )
    """,
    "SELECT app.protect('rule_move')",
    # The clocks of a calendar are found without reading their events; on the wall clock it is NULL and costs nothing.
    "ALTER TABLE complaint_clock ADD COLUMN calendar text",
    # The budget of a clock that has only ever run; one that is NULL is previewed from its events.
    "ALTER TABLE complaint_clock ADD COLUMN seconds bigint",
    # Its due time follows from open time alone, so that what is ahead shifts with its calendar without its events.
    "ALTER TABLE complaint_clock ADD COLUMN measured boolean NOT NULL DEFAULT false",
    """
    CREATE INDEX complaint_clock_calendar_idx ON complaint_clock (tenant_id, complaint_id)
      WHERE calendar IS NOT NULL AND status IN ('running', 'paused', 'breached')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
