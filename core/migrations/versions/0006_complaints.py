"""Complaints: cases, their history, their clocks with events, filing links and notices."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE complaint_policy (
      tenant_id uuid NOT NULL,
      version text NOT NULL,
      severity text NOT NULL,
      definition jsonb NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, version),
      CONSTRAINT complaint_policy_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('complaint_policy', append_only => true)",
    """
    CREATE TABLE complaint_link (
      tenant_id uuid NOT NULL,
      code text NOT NULL,
      branch_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, code),
      CONSTRAINT complaint_link_tenant_id_branch_id_key UNIQUE (tenant_id, branch_id),
      CONSTRAINT complaint_link_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id)
    )
    """,
    "SELECT app.protect('complaint_link')",
    """
    CREATE TABLE complaint (
      tenant_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      number bigint NOT NULL,
      status_code text NOT NULL,
      filing_key text,
      title text NOT NULL,
      text text NOT NULL,
      desired text NOT NULL,
      category text,
      channel text NOT NULL,
      severity text NOT NULL CONSTRAINT complaint_severity_check CHECK (severity IN ('L1', 'L2', 'L3')),
      reasons jsonb NOT NULL,
      policy_version text NOT NULL,
      state text NOT NULL CONSTRAINT complaint_state_check
        CHECK (state IN ('open', 'resolved', 'archived', 'withdrawn')),
      branch_id uuid,
      customer_id uuid,
      subject_id uuid,
      assignee_id uuid,
      contact_name text NOT NULL,
      contact_phone text NOT NULL,
      received_at timestamptz NOT NULL,
      resolved_at timestamptz,
      next_milestone text,
      next_started_at timestamptz,
      next_due_at timestamptz,
      event_seq bigint NOT NULL,
      PRIMARY KEY (tenant_id, complaint_id),
      CONSTRAINT complaint_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT complaint_tenant_id_status_code_key UNIQUE (tenant_id, status_code),
      CONSTRAINT complaint_tenant_id_filing_key_key UNIQUE (tenant_id, filing_key),
      CONSTRAINT complaint_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT complaint_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT complaint_tenant_id_subject_id_fkey FOREIGN KEY (tenant_id, subject_id)
        REFERENCES subject (tenant_id, subject_id),
      CONSTRAINT complaint_tenant_id_assignee_id_fkey FOREIGN KEY (tenant_id, assignee_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT complaint_tenant_id_policy_version_fkey FOREIGN KEY (tenant_id, policy_version)
        REFERENCES complaint_policy (tenant_id, version)
    )
    """,
    "CREATE INDEX complaint_board_idx ON complaint (tenant_id, next_due_at, complaint_id) WHERE state = 'open'",
    "CREATE INDEX complaint_tenant_id_received_at_complaint_id_idx ON complaint (tenant_id, received_at, complaint_id)",
    "CREATE INDEX complaint_tenant_id_customer_id_received_at_idx ON complaint (tenant_id, customer_id, received_at)",
    "CREATE INDEX complaint_tenant_id_subject_id_idx ON complaint (tenant_id, subject_id)",
    "CREATE INDEX complaint_tenant_id_assignee_id_state_idx ON complaint (tenant_id, assignee_id, state)",
    "SELECT app.protect('complaint')",
    """
    CREATE TABLE complaint_event (
      tenant_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      seq bigint NOT NULL,
      at timestamptz NOT NULL,
      kind text NOT NULL,
      actor_kind text NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      data jsonb NOT NULL,
      PRIMARY KEY (tenant_id, complaint_id, seq),
      CONSTRAINT complaint_event_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('complaint_event', append_only => true)",
    """
    CREATE TABLE complaint_clock (
      tenant_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      milestone text NOT NULL,
      cycle bigint NOT NULL,
      position bigint NOT NULL,
      status text NOT NULL CONSTRAINT complaint_clock_status_check
        CHECK (status IN ('waiting', 'running', 'paused', 'met', 'met_late', 'breached', 'cancelled')),
      started_at timestamptz,
      due_at timestamptz,
      completed_at timestamptz,
      breached_at timestamptz,
      PRIMARY KEY (tenant_id, complaint_id, milestone, cycle),
      CONSTRAINT complaint_clock_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "CREATE INDEX complaint_clock_tenant_id_due_at_idx ON complaint_clock (tenant_id, due_at)",
    "SELECT app.protect('complaint_clock')",
    """
    CREATE TABLE clock_event (
      tenant_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      milestone text NOT NULL,
      cycle bigint NOT NULL,
      seq bigint NOT NULL,
      event jsonb NOT NULL,
      PRIMARY KEY (tenant_id, complaint_id, milestone, cycle, seq),
      CONSTRAINT clock_event_tenant_id_complaint_id_milestone_cycle_fkey
        FOREIGN KEY (tenant_id, complaint_id, milestone, cycle)
        REFERENCES complaint_clock (tenant_id, complaint_id, milestone, cycle)
    )
    """,
    "SELECT app.protect('clock_event', append_only => true)",
    """
    CREATE TABLE told_stage (
      tenant_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      milestone text NOT NULL,
      cycle bigint NOT NULL,
      stage text NOT NULL,
      policy_version text NOT NULL,
      at timestamptz NOT NULL,
      acknowledged_at timestamptz,
      PRIMARY KEY (tenant_id, complaint_id, milestone, cycle, stage, policy_version),
      CONSTRAINT told_stage_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('told_stage')",
    """
    CREATE TABLE notice (
      tenant_id uuid NOT NULL,
      notice_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      milestone text NOT NULL,
      cycle bigint NOT NULL,
      stage text NOT NULL,
      policy_version text NOT NULL,
      role text NOT NULL,
      staff_id uuid NOT NULL,
      due_at timestamptz NOT NULL,
      sent_at timestamptz NOT NULL,
      read_at timestamptz,
      PRIMARY KEY (tenant_id, notice_id),
      CONSTRAINT notice_once_key
        UNIQUE (tenant_id, complaint_id, milestone, cycle, stage, policy_version, staff_id),
      CONSTRAINT notice_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT notice_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "CREATE INDEX notice_inbox_idx ON notice (tenant_id, staff_id, notice_id) WHERE read_at IS NULL",
    "SELECT app.protect('notice')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
