"""Tables of written reports and staff records."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE case_report (
      tenant_id uuid NOT NULL,
      report_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      number bigint NOT NULL,
      state text NOT NULL CONSTRAINT case_report_state_check
        CHECK (state IN ('draft', 'submitted', 'returned', 'approved')),
      content jsonb NOT NULL,
      revision bigint NOT NULL,
      version bigint NOT NULL,
      edition bigint NOT NULL,
      approver text NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      updated_at timestamptz NOT NULL,
      updated_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, report_id),
      CONSTRAINT case_report_tenant_id_complaint_id_key UNIQUE (tenant_id, complaint_id),
      CONSTRAINT case_report_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT case_report_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('case_report')",
    "CREATE INDEX case_report_waiting_idx ON case_report (tenant_id, report_id) WHERE state = 'submitted'",
    """
    CREATE TABLE case_report_version (
      tenant_id uuid NOT NULL,
      report_id uuid NOT NULL,
      version bigint NOT NULL,
      complaint_id uuid NOT NULL,
      body text NOT NULL,
      hash text NOT NULL,
      submitted_at timestamptz NOT NULL,
      submitted_by uuid,
      submitted_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, report_id, version),
      CONSTRAINT case_report_version_tenant_id_report_id_fkey FOREIGN KEY (tenant_id, report_id)
        REFERENCES case_report (tenant_id, report_id),
      CONSTRAINT case_report_version_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "CREATE INDEX case_report_version_tenant_id_complaint_id_idx ON case_report_version (tenant_id, complaint_id)",
    "SELECT app.protect('case_report_version', append_only => true)",
    "SELECT app.make_erasable('case_report_version', 'complaint_id', $$body = '{}'$$)",
    """
    CREATE TABLE case_report_decision (
      tenant_id uuid NOT NULL,
      report_id uuid NOT NULL,
      version bigint NOT NULL,
      complaint_id uuid NOT NULL,
      verdict text NOT NULL CONSTRAINT case_report_decision_verdict_check CHECK (verdict IN ('approved', 'returned')),
      edition bigint,
      hash text NOT NULL,
      reason text NOT NULL,
      decided_at timestamptz NOT NULL,
      decided_by uuid,
      decided_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, report_id, version),
      CONSTRAINT case_report_decision_tenant_id_report_id_edition_key UNIQUE (tenant_id, report_id, edition),
      CONSTRAINT case_report_decision_edition_check CHECK ((verdict = 'approved') = (edition IS NOT NULL)),
      CONSTRAINT case_report_decision_tenant_id_report_id_version_fkey FOREIGN KEY (tenant_id, report_id, version)
        REFERENCES case_report_version (tenant_id, report_id, version),
      CONSTRAINT case_report_decision_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "CREATE INDEX case_report_decision_tenant_id_complaint_id_idx ON case_report_decision (tenant_id, complaint_id)",
    "SELECT app.protect('case_report_decision', append_only => true)",
    "SELECT app.make_erasable('case_report_decision', 'complaint_id', $$reason = ''$$)",
    """
    CREATE TABLE case_report_delivery (
      tenant_id uuid NOT NULL,
      delivery_id uuid NOT NULL,
      report_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      edition bigint NOT NULL,
      way text NOT NULL CONSTRAINT case_report_delivery_way_check CHECK (way IN ('online', 'in_person', 'post')),
      post_number text NOT NULL,
      sent_at timestamptz NOT NULL,
      sent_by_name text NOT NULL,
      received_at timestamptz,
      receipt text NOT NULL CONSTRAINT case_report_delivery_receipt_check
        CHECK (receipt IN ('', 'opened', 'handed_over', 'arrived')),
      ip text NOT NULL,
      user_agent text NOT NULL,
      answer text NOT NULL CONSTRAINT case_report_delivery_answer_check
        CHECK (answer IN ('', 'signed', 'declined', 'not_agreed')),
      answered_at timestamptz,
      signer text NOT NULL,
      signature text NOT NULL,
      words text NOT NULL,
      reminded_at timestamptz,
      superseded_at timestamptz,
      PRIMARY KEY (tenant_id, delivery_id),
      CONSTRAINT case_report_delivery_received_check CHECK ((received_at IS NULL) = (receipt = '')),
      CONSTRAINT case_report_delivery_answered_check CHECK ((answered_at IS NULL) = (answer = '')),
      CONSTRAINT case_report_delivery_tenant_id_report_id_edition_fkey FOREIGN KEY (tenant_id, report_id, edition)
        REFERENCES case_report_decision (tenant_id, report_id, edition),
      CONSTRAINT case_report_delivery_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('case_report_delivery')",
    "CREATE INDEX case_report_delivery_tenant_id_report_id_idx ON case_report_delivery (tenant_id, report_id)",
    "CREATE INDEX case_report_delivery_tenant_id_complaint_id_idx ON case_report_delivery (tenant_id, complaint_id)",
    """
    CREATE INDEX case_report_delivery_open_idx ON case_report_delivery (tenant_id, reminded_at)
      WHERE received_at IS NULL AND superseded_at IS NULL
    """,
    """
    CREATE TABLE staff_record (
      tenant_id uuid NOT NULL,
      record_id uuid NOT NULL,
      staff_id uuid NOT NULL,
      staff_name text NOT NULL,
      complaint_id uuid NOT NULL,
      report_id uuid NOT NULL,
      edition bigint NOT NULL,
      involvement text NOT NULL,
      finding text NOT NULL,
      learned text NOT NULL,
      measure text NOT NULL CONSTRAINT staff_record_measure_check
        CHECK (measure IN ('coaching', 'training', 'rotation', 'reminder', 'none')),
      recorded_at timestamptz NOT NULL,
      recorded_by uuid,
      recorded_by_name text NOT NULL,
      retain_until date NOT NULL,
      PRIMARY KEY (tenant_id, record_id),
      CONSTRAINT staff_record_tenant_id_staff_id_complaint_id_edition_key
        UNIQUE (tenant_id, staff_id, complaint_id, edition),
      CONSTRAINT staff_record_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT staff_record_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT staff_record_tenant_id_report_id_edition_fkey FOREIGN KEY (tenant_id, report_id, edition)
        REFERENCES case_report_decision (tenant_id, report_id, edition)
    )
    """,
    "CREATE INDEX staff_record_tenant_id_complaint_id_idx ON staff_record (tenant_id, complaint_id)",
    "CREATE INDEX staff_record_tenant_id_retain_until_idx ON staff_record (tenant_id, retain_until)",
    "SELECT app.protect('staff_record', append_only => true)",
    "SELECT app.make_erasable('staff_record', 'record_id')",
    """
    CREATE TABLE staff_record_word (
      tenant_id uuid NOT NULL,
      record_id uuid NOT NULL,
      kind text NOT NULL CONSTRAINT staff_record_word_kind_check
        CHECK (kind IN ('seen', 'reply', 'objection', 'kept', 'withdrawn')),
      text text NOT NULL,
      at timestamptz NOT NULL,
      by_id uuid,
      by_name text NOT NULL,
      PRIMARY KEY (tenant_id, record_id, kind),
      CONSTRAINT staff_record_word_tenant_id_record_id_fkey FOREIGN KEY (tenant_id, record_id)
        REFERENCES staff_record (tenant_id, record_id)
    )
    """,
    "SELECT app.protect('staff_record_word', append_only => true)",
    "SELECT app.make_erasable('staff_record_word', 'record_id')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
