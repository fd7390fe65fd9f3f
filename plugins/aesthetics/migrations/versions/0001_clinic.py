"""Consults, plans with comparison cases, consent to pictures, procedures with their checklist, points of contact, alerts told."""

from alembic import op

revision = "aesthetics_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("consult", "plan", "plan_case", "photo_consent", "procedure", "sop_step", "touchpoint", "touch", "alert")
STATEMENTS = (
    """
    CREATE TABLE x_aesthetics_consult (
      tenant_id uuid NOT NULL,
      consult_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      project text NOT NULL,
      wish text NOT NULL,
      vip boolean NOT NULL,
      custom boolean NOT NULL,
      custom_words text NOT NULL,
      asked_at timestamptz NOT NULL,
      due_at timestamptz NOT NULL,
      answered_at timestamptz,
      answered_name text,
      state text NOT NULL CONSTRAINT x_aesthetics_consult_state_check CHECK (state IN ('open', 'agreed', 'lost')),
      PRIMARY KEY (tenant_id, consult_id)
    )
    """,
    "CREATE INDEX x_aesthetics_consult_asked_idx ON x_aesthetics_consult (tenant_id, asked_at DESC)",
    "CREATE INDEX x_aesthetics_consult_customer_idx ON x_aesthetics_consult (tenant_id, customer_id)",
    "SELECT app.protect('x_aesthetics_consult')",
    """
    CREATE TABLE x_aesthetics_plan (
      tenant_id uuid NOT NULL,
      plan_id uuid NOT NULL,
      consult_id uuid NOT NULL,
      title text NOT NULL,
      body text NOT NULL,
      fen bigint NOT NULL CONSTRAINT x_aesthetics_plan_fen_check CHECK (fen >= 0),
      state text NOT NULL CONSTRAINT x_aesthetics_plan_state_check CHECK (state IN ('draft', 'sent', 'agreed', 'declined')),
      made_at timestamptz NOT NULL,
      made_name text NOT NULL,
      sent_at timestamptz,
      PRIMARY KEY (tenant_id, plan_id),
      CONSTRAINT x_aesthetics_plan_consult_fkey FOREIGN KEY (tenant_id, consult_id)
        REFERENCES x_aesthetics_consult (tenant_id, consult_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX x_aesthetics_plan_consult_idx ON x_aesthetics_plan (tenant_id, consult_id)",
    "SELECT app.protect('x_aesthetics_plan')",
    """
    CREATE TABLE x_aesthetics_plan_case (
      tenant_id uuid NOT NULL,
      case_id uuid NOT NULL,
      plan_id uuid NOT NULL,
      kind text NOT NULL,
      words text NOT NULL,
      picture text,
      shown_customer_id uuid,
      PRIMARY KEY (tenant_id, case_id),
      CONSTRAINT x_aesthetics_plan_case_kind_key UNIQUE (tenant_id, plan_id, kind),
      CONSTRAINT x_aesthetics_plan_case_picture_check CHECK ((picture IS NULL) = (shown_customer_id IS NULL)),
      CONSTRAINT x_aesthetics_plan_case_plan_fkey FOREIGN KEY (tenant_id, plan_id)
        REFERENCES x_aesthetics_plan (tenant_id, plan_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX x_aesthetics_plan_case_shown_idx ON x_aesthetics_plan_case (tenant_id, shown_customer_id)",
    "SELECT app.protect('x_aesthetics_plan_case')",
    """
    CREATE TABLE x_aesthetics_photo_consent (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      comparison boolean NOT NULL,
      paper text NOT NULL,
      signed_at timestamptz NOT NULL,
      kept_name text NOT NULL,
      withdrawn_at timestamptz,
      PRIMARY KEY (tenant_id, customer_id)
    )
    """,
    "SELECT app.protect('x_aesthetics_photo_consent')",
    """
    CREATE TABLE x_aesthetics_procedure (
      tenant_id uuid NOT NULL,
      procedure_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      consult_id uuid,
      name text NOT NULL,
      ended_at timestamptz NOT NULL,
      due_at timestamptz NOT NULL,
      risks_told boolean NOT NULL,
      consent_signed boolean NOT NULL,
      minor boolean NOT NULL,
      asked_at timestamptz,
      late_told_at timestamptz,
      followed_at timestamptz,
      followed_name text,
      outcome text CONSTRAINT x_aesthetics_procedure_outcome_check CHECK (outcome IN ('well', 'complication')),
      signs text NOT NULL,
      note text NOT NULL,
      PRIMARY KEY (tenant_id, procedure_id),
      CONSTRAINT x_aesthetics_procedure_followed_check CHECK ((followed_at IS NULL) = (outcome IS NULL))
    )
    """,
    "CREATE INDEX x_aesthetics_procedure_due_idx ON x_aesthetics_procedure (tenant_id, due_at) WHERE followed_at IS NULL",
    "CREATE INDEX x_aesthetics_procedure_customer_idx ON x_aesthetics_procedure (tenant_id, customer_id)",
    "SELECT app.protect('x_aesthetics_procedure')",
    """
    CREATE TABLE x_aesthetics_sop_step (
      tenant_id uuid NOT NULL,
      procedure_id uuid NOT NULL,
      step text NOT NULL,
      done_at timestamptz NOT NULL,
      done_name text NOT NULL,
      PRIMARY KEY (tenant_id, procedure_id, step),
      CONSTRAINT x_aesthetics_sop_step_procedure_fkey FOREIGN KEY (tenant_id, procedure_id)
        REFERENCES x_aesthetics_procedure (tenant_id, procedure_id) ON DELETE CASCADE
    )
    """,
    "SELECT app.protect('x_aesthetics_sop_step')",
    # The tenant's own map; without rows the shipped one holds.
    """
    CREATE TABLE x_aesthetics_touchpoint (
      tenant_id uuid NOT NULL,
      code text NOT NULL,
      place integer NOT NULL CONSTRAINT x_aesthetics_touchpoint_place_check CHECK (place BETWEEN 1 AND 23),
      stage text NOT NULL,
      name text NOT NULL,
      PRIMARY KEY (tenant_id, code),
      CONSTRAINT x_aesthetics_touchpoint_place_key UNIQUE (tenant_id, place) DEFERRABLE INITIALLY DEFERRED
    )
    """,
    "SELECT app.protect('x_aesthetics_touchpoint')",
    """
    CREATE TABLE x_aesthetics_touch (
      tenant_id uuid NOT NULL,
      consult_id uuid NOT NULL,
      code text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, consult_id, code),
      CONSTRAINT x_aesthetics_touch_consult_fkey FOREIGN KEY (tenant_id, consult_id)
        REFERENCES x_aesthetics_consult (tenant_id, consult_id) ON DELETE CASCADE
    )
    """,
    "SELECT app.protect('x_aesthetics_touch')",
    """
    CREATE TABLE x_aesthetics_alert (
      tenant_id uuid NOT NULL,
      key text NOT NULL,
      told_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, key)
    )
    """,
    "SELECT app.protect('x_aesthetics_alert')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE x_aesthetics_{name}")
