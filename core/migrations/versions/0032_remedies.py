"""Tables of remedies, lessons and the case library."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE remedy_limit (
      tenant_id uuid NOT NULL,
      role text NOT NULL,
      remedy_fen bigint,
      case_fen bigint,
      changed_by_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, role),
      CONSTRAINT remedy_limit_fen_check CHECK (remedy_fen >= 0 AND case_fen >= 0),
      CONSTRAINT remedy_limit_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('remedy_limit')",
    """
    CREATE TABLE remedy (
      tenant_id uuid NOT NULL,
      remedy_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      kind text NOT NULL CONSTRAINT remedy_kind_check
        CHECK (kind IN ('points', 'coupon', 'refund', 'redo', 'fee_reduction', 'gift')),
      offer text NOT NULL,
      label jsonb NOT NULL,
      note text NOT NULL,
      cost_fen bigint NOT NULL CONSTRAINT remedy_cost_check CHECK (cost_fen >= 0),
      terms jsonb NOT NULL,
      key text NOT NULL,
      state text NOT NULL CONSTRAINT remedy_state_check CHECK (state IN
        ('waiting', 'refused', 'offered', 'accepted', 'declined', 'held', 'given', 'taken_back')),
      asked_by uuid,
      asked_by_name text NOT NULL,
      asked_at timestamptz NOT NULL,
      decided_by uuid,
      decided_by_name text NOT NULL,
      decided_at timestamptz,
      answered_how text NOT NULL CONSTRAINT remedy_answered_check CHECK (answered_how IN ('', 'status_page', 'staff')),
      answered_by_name text NOT NULL,
      answered_at timestamptz,
      words text NOT NULL,
      ref_id uuid,
      ref_text text NOT NULL,
      given_by_name text NOT NULL,
      given_at timestamptz,
      undone_by_name text NOT NULL,
      undone_at timestamptz,
      PRIMARY KEY (tenant_id, remedy_id),
      CONSTRAINT remedy_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT remedy_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('remedy')",
    "CREATE INDEX remedy_tenant_id_complaint_id_remedy_id_idx ON remedy (tenant_id, complaint_id, remedy_id)",
    "CREATE INDEX remedy_open_idx ON remedy (tenant_id, remedy_id) WHERE state IN ('waiting', 'held')",
    """
    CREATE TABLE closing_rule (
      tenant_id uuid NOT NULL,
      contacts bigint NOT NULL,
      check_days bigint NOT NULL,
      repeat_days bigint NOT NULL,
      changed_by_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id),
      CONSTRAINT closing_rule_numbers_check CHECK (contacts BETWEEN 1 AND 10 AND check_days BETWEEN 1 AND 365
        AND repeat_days BETWEEN 1 AND 1095),
      CONSTRAINT closing_rule_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('closing_rule')",
    """
    CREATE TABLE silence (
      tenant_id uuid NOT NULL,
      silence_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      why text NOT NULL CONSTRAINT silence_why_check CHECK (why IN ('no_answer', 'refuses')),
      reason text NOT NULL,
      contacts jsonb NOT NULL,
      state text NOT NULL CONSTRAINT silence_state_check CHECK (state IN ('waiting', 'confirmed', 'rejected')),
      asked_by uuid,
      asked_by_name text NOT NULL,
      asked_at timestamptz NOT NULL,
      decided_by_name text NOT NULL,
      decided_at timestamptz,
      PRIMARY KEY (tenant_id, silence_id),
      CONSTRAINT silence_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('silence')",
    "CREATE INDEX silence_tenant_id_complaint_id_idx ON silence (tenant_id, complaint_id)",
    "CREATE UNIQUE INDEX silence_waiting_idx ON silence (tenant_id, complaint_id) WHERE state = 'waiting'",
    """
    CREATE TABLE root_cause (
      tenant_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      cause text NOT NULL,
      words text NOT NULL,
      branch_id uuid,
      staff_id uuid,
      received_at timestamptz NOT NULL,
      named_by_name text NOT NULL,
      named_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, complaint_id),
      CONSTRAINT root_cause_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT root_cause_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT root_cause_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "SELECT app.protect('root_cause')",
    "CREATE INDEX root_cause_repeat_idx ON root_cause (tenant_id, cause, received_at)",
    "CREATE INDEX root_cause_received_idx ON root_cause (tenant_id, received_at, complaint_id)",
    """
    CREATE TABLE corrective_action (
      tenant_id uuid NOT NULL,
      action_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      words text NOT NULL,
      owner_id uuid NOT NULL,
      due_on date NOT NULL,
      state text NOT NULL CONSTRAINT corrective_action_state_check
        CHECK (state IN ('open', 'done', 'effective', 'ineffective', 'dropped')),
      done_words text NOT NULL,
      done_by_name text NOT NULL,
      done_at timestamptz,
      check_on date,
      checked_by_name text NOT NULL,
      checked_at timestamptz,
      check_words text NOT NULL,
      follows uuid,
      asked_by_name text NOT NULL,
      asked_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, action_id),
      CONSTRAINT corrective_action_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT corrective_action_tenant_id_owner_id_fkey FOREIGN KEY (tenant_id, owner_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT corrective_action_tenant_id_follows_fkey FOREIGN KEY (tenant_id, follows)
        REFERENCES corrective_action (tenant_id, action_id)
    )
    """,
    "SELECT app.protect('corrective_action')",
    "CREATE INDEX corrective_action_tenant_id_complaint_id_idx ON corrective_action (tenant_id, complaint_id)",
    """
    CREATE INDEX corrective_action_live_idx ON corrective_action (tenant_id, due_on, action_id)
      WHERE state IN ('open', 'done')
    """,
    """
    CREATE TABLE library_entry (
      tenant_id uuid NOT NULL,
      entry_id uuid NOT NULL,
      complaint_id uuid,
      state text NOT NULL CONSTRAINT library_entry_state_check CHECK (state IN ('draft', 'published', 'withdrawn')),
      category text,
      cause text,
      severity text NOT NULL CONSTRAINT library_entry_severity_check CHECK (severity IN ('L1', 'L2', 'L3')),
      situation text NOT NULL,
      done text NOT NULL,
      outcome text NOT NULL,
      lesson text NOT NULL,
      script text NOT NULL,
      search text NOT NULL,
      made_by_name text NOT NULL,
      made_at timestamptz NOT NULL,
      reviewed_by_name text NOT NULL,
      published_at timestamptz,
      withdrawn_by_name text NOT NULL,
      withdrawn_at timestamptz,
      withdrawn_reason text NOT NULL,
      PRIMARY KEY (tenant_id, entry_id),
      CONSTRAINT library_entry_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('library_entry')",
    "CREATE UNIQUE INDEX library_entry_live_idx ON library_entry (tenant_id, complaint_id) WHERE state <> 'withdrawn'",
    "CREATE INDEX library_entry_tenant_id_complaint_id_idx ON library_entry (tenant_id, complaint_id)",
    """
    CREATE INDEX library_entry_published_idx ON library_entry (tenant_id, published_at, entry_id)
      WHERE state = 'published'
    """,
    "CREATE INDEX library_entry_draft_idx ON library_entry (tenant_id, entry_id) WHERE state = 'draft'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
