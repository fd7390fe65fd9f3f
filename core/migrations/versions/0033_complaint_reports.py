"""Adds what open promises are judged by, the months kept on paper, and trials of complaint policies."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE complaint_risk (
      tenant_id uuid NOT NULL,
      milestone text NOT NULL,
      severity text NOT NULL,
      branch text NOT NULL,
      clocks bigint NOT NULL,
      known jsonb NOT NULL,
      survival jsonb NOT NULL,
      counted_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, milestone, severity, branch),
      CONSTRAINT complaint_risk_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('complaint_risk')",
    """
    CREATE TABLE complaint_month (
      tenant_id uuid NOT NULL,
      month date NOT NULL,
      file_id uuid NOT NULL,
      cases bigint NOT NULL,
      made_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, month),
      CONSTRAINT complaint_month_tenant_id_file_id_fkey FOREIGN KEY (tenant_id, file_id)
        REFERENCES stored_file (tenant_id, file_id)
    )
    """,
    "SELECT app.protect('complaint_month')",
    """
    CREATE TABLE policy_trial (
      tenant_id uuid NOT NULL,
      trial_id uuid NOT NULL,
      label text NOT NULL,
      candidate jsonb NOT NULL,
      as_of timestamptz NOT NULL,
      state text NOT NULL,
      cases_total bigint NOT NULL,
      cases_done bigint NOT NULL,
      done_up_to uuid,
      sums jsonb NOT NULL,
      moves_kept bigint NOT NULL,
      started_by uuid,
      started_by_name text NOT NULL,
      finished_at timestamptz,
      PRIMARY KEY (tenant_id, trial_id),
      CONSTRAINT policy_trial_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT policy_trial_state_check CHECK (state IN ('running', 'done', 'stopped')),
      CONSTRAINT policy_trial_cases_check CHECK (cases_done BETWEEN 0 AND cases_total)
    )
    """,
    "SELECT app.protect('policy_trial')",
    """
    CREATE TABLE policy_trial_move (
      tenant_id uuid NOT NULL,
      trial_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      milestone text NOT NULL,
      cycle bigint NOT NULL,
      severity text NOT NULL,
      is_lost boolean NOT NULL,
      due_before timestamptz,
      due_after timestamptz,
      completed_at timestamptz,
      PRIMARY KEY (tenant_id, trial_id, complaint_id, milestone, cycle),
      CONSTRAINT policy_trial_move_tenant_id_trial_id_fkey FOREIGN KEY (tenant_id, trial_id)
        REFERENCES policy_trial (tenant_id, trial_id) ON DELETE CASCADE,
      CONSTRAINT policy_trial_move_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX policy_trial_move_tenant_id_complaint_id_idx ON policy_trial_move (tenant_id, complaint_id)",
    "SELECT app.protect('policy_trial_move')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
