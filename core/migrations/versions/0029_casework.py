"""Tables of tasks, calls, replies and macros of a case, and the stage that each open case is in."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    ALTER TABLE complaint ADD COLUMN stage text NOT NULL DEFAULT 'receive'
      CONSTRAINT complaint_stage_check CHECK (stage IN ('receive', 'investigate', 'respond', 'resolve', 'follow_up'))
    """,
    """
    CREATE INDEX complaint_stage_idx ON complaint (tenant_id, stage, next_due_at, complaint_id)
      WHERE state = 'open'
    """,
    """
    CREATE TABLE case_task (
      tenant_id uuid NOT NULL,
      task_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      words text NOT NULL,
      milestone text,
      assignee_id uuid NOT NULL,
      due_at timestamptz NOT NULL,
      state text NOT NULL CONSTRAINT case_task_state_check CHECK (state IN ('open', 'done', 'dropped')),
      added_by_name text NOT NULL,
      added_at timestamptz NOT NULL,
      ended_by_name text NOT NULL,
      ended_at timestamptz,
      PRIMARY KEY (tenant_id, task_id),
      CONSTRAINT case_task_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT case_task_tenant_id_assignee_id_fkey FOREIGN KEY (tenant_id, assignee_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "SELECT app.protect('case_task')",
    "CREATE INDEX case_task_tenant_id_complaint_id_task_id_idx ON case_task (tenant_id, complaint_id, task_id)",
    "CREATE INDEX case_task_inbox_idx ON case_task (tenant_id, assignee_id, due_at) WHERE state = 'open'",
    """
    CREATE TABLE case_call (
      tenant_id uuid NOT NULL,
      call_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      way text NOT NULL CONSTRAINT case_call_way_check CHECK (way IN ('phone', 'in_person')),
      direction text NOT NULL CONSTRAINT case_call_direction_check CHECK (direction IN ('out', 'in')),
      number text NOT NULL,
      minutes bigint NOT NULL CONSTRAINT case_call_minutes_check CHECK (minutes BETWEEN 0 AND 1440),
      reached boolean NOT NULL,
      outcome text NOT NULL,
      words text NOT NULL,
      at timestamptz NOT NULL,
      by_id uuid,
      by_name text NOT NULL,
      logged_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, call_id),
      CONSTRAINT case_call_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('case_call')",
    "CREATE INDEX case_call_tenant_id_complaint_id_at_idx ON case_call (tenant_id, complaint_id, at)",
    """
    CREATE TABLE case_reply (
      tenant_id uuid NOT NULL,
      reply_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      words text NOT NULL,
      findings jsonb NOT NULL,
      reason text NOT NULL,
      urgent boolean NOT NULL,
      sent_by_name text NOT NULL,
      sent_at timestamptz NOT NULL,
      taken_back_by_name text NOT NULL,
      taken_back_at timestamptz,
      PRIMARY KEY (tenant_id, reply_id),
      CONSTRAINT case_reply_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('case_reply')",
    "CREATE INDEX case_reply_tenant_id_complaint_id_sent_at_idx ON case_reply (tenant_id, complaint_id, sent_at)",
    """
    CREATE TABLE case_macro (
      tenant_id uuid NOT NULL,
      macro_id uuid NOT NULL,
      name text NOT NULL,
      words text NOT NULL,
      note text NOT NULL,
      task text NOT NULL,
      task_hours bigint NOT NULL CONSTRAINT case_macro_hours_check CHECK (task_hours BETWEEN 1 AND 1440),
      pause text NOT NULL,
      changed_by_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, macro_id),
      CONSTRAINT case_macro_tenant_id_name_key UNIQUE (tenant_id, name),
      CONSTRAINT case_macro_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('case_macro')",
    """
    CREATE TABLE case_macro_use (
      tenant_id uuid NOT NULL,
      use_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      name text NOT NULL,
      reply_id uuid,
      task_id uuid,
      paused text NOT NULL,
      used_by_name text NOT NULL,
      used_at timestamptz NOT NULL,
      undone_by_name text NOT NULL,
      undone_at timestamptz,
      PRIMARY KEY (tenant_id, use_id),
      CONSTRAINT case_macro_use_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT case_macro_use_tenant_id_reply_id_fkey FOREIGN KEY (tenant_id, reply_id)
        REFERENCES case_reply (tenant_id, reply_id),
      CONSTRAINT case_macro_use_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id)
        REFERENCES case_task (tenant_id, task_id)
    )
    """,
    "SELECT app.protect('case_macro_use')",
    "CREATE INDEX case_macro_use_tenant_id_complaint_id_use_id_idx ON case_macro_use (tenant_id, complaint_id, use_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
