"""Adds churn cases, win-backs and campaign budgets."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_SIGNALS = """signal IN ('no_spend', 'planned_date', 'negative_review', 'over_estimate', 'staff_left', 'not_satisfied',
        'by_hand')"""

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE churn_watch (
      tenant_id uuid NOT NULL,
      household uuid NOT NULL,
      last_on date NOT NULL,
      seen_id uuid NOT NULL,
      gap_days bigint,
      told boolean NOT NULL,
      look_again_on date,
      PRIMARY KEY (tenant_id, household),
      CONSTRAINT churn_watch_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('churn_watch')",
    "CREATE INDEX churn_watch_untold_idx ON churn_watch (tenant_id, last_on) WHERE NOT told",
    """
    CREATE TABLE planned_visit (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      planned_on date NOT NULL,
      reason text NOT NULL CONSTRAINT planned_visit_reason_check CHECK (length(reason) <= 200),
      told boolean NOT NULL,
      set_by_name text NOT NULL,
      set_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, customer_id),
      CONSTRAINT planned_visit_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id) ON DELETE CASCADE
    )
    """,
    "SELECT app.protect('planned_visit')",
    "CREATE INDEX planned_visit_untold_idx ON planned_visit (tenant_id, planned_on) WHERE NOT told",
    f"""
    CREATE TABLE churn_case (
      tenant_id uuid NOT NULL,
      case_id uuid NOT NULL,
      number bigint NOT NULL,
      household uuid NOT NULL,
      customer_id uuid NOT NULL,
      branch_id uuid,
      signal text NOT NULL CONSTRAINT churn_case_signal_check CHECK ({_SIGNALS}),
      state text NOT NULL CONSTRAINT churn_case_state_check CHECK (state IN ('open', 'closed')),
      owner_id uuid,
      owner_name text NOT NULL,
      last_on date,
      gap_days bigint,
      opened_at timestamptz NOT NULL,
      due_at timestamptz NOT NULL,
      rule_version text NOT NULL,
      outcome text,
      closed_at timestamptz,
      PRIMARY KEY (tenant_id, case_id),
      CONSTRAINT churn_case_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT churn_case_outcome_check CHECK ((state = 'closed') = (outcome IS NOT NULL)),
      CONSTRAINT churn_case_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT churn_case_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT churn_case_tenant_id_owner_id_fkey FOREIGN KEY (tenant_id, owner_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "SELECT app.protect('churn_case')",
    "CREATE UNIQUE INDEX churn_case_once_idx ON churn_case (tenant_id, household) WHERE state = 'open'",
    "CREATE INDEX churn_case_open_idx ON churn_case (tenant_id, due_at, case_id) WHERE state = 'open'",
    "CREATE INDEX churn_case_tenant_id_household_opened_at_idx ON churn_case (tenant_id, household, opened_at)",
    "CREATE INDEX churn_case_tenant_id_customer_id_idx ON churn_case (tenant_id, customer_id)",
    "CREATE INDEX churn_case_closed_idx ON churn_case (tenant_id, closed_at, case_id) WHERE state = 'closed'",
    f"""
    CREATE TABLE churn_signal (
      tenant_id uuid NOT NULL,
      signal_id uuid NOT NULL,
      key text NOT NULL,
      case_id uuid,
      customer_id uuid NOT NULL,
      signal text NOT NULL CONSTRAINT churn_signal_signal_check CHECK ({_SIGNALS}),
      at timestamptz NOT NULL,
      data jsonb NOT NULL,
      PRIMARY KEY (tenant_id, signal_id),
      CONSTRAINT churn_signal_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT churn_signal_tenant_id_case_id_fkey FOREIGN KEY (tenant_id, case_id)
        REFERENCES churn_case (tenant_id, case_id),
      CONSTRAINT churn_signal_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "SELECT app.protect('churn_signal')",
    "CREATE INDEX churn_signal_tenant_id_case_id_idx ON churn_signal (tenant_id, case_id)",
    "CREATE INDEX churn_signal_tenant_id_customer_id_idx ON churn_signal (tenant_id, customer_id)",
    """
    CREATE TABLE churn_step (
      tenant_id uuid NOT NULL,
      step_id uuid NOT NULL,
      case_id uuid NOT NULL,
      kind text NOT NULL CONSTRAINT churn_step_kind_check
        CHECK (kind IN ('opened', 'call', 'owner', 'later', 'offer', 'closed', 'note')),
      data jsonb NOT NULL,
      words text NOT NULL CONSTRAINT churn_step_words_check CHECK (length(words) <= 1000),
      actor_id uuid,
      actor_name text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, step_id),
      CONSTRAINT churn_step_tenant_id_case_id_fkey FOREIGN KEY (tenant_id, case_id)
        REFERENCES churn_case (tenant_id, case_id)
    )
    """,
    "SELECT app.protect('churn_step')",
    "REVOKE UPDATE, DELETE ON churn_step FROM anxin_app, anxin_worker",
    "SELECT app.make_erasable('churn_step', 'case_id', $$words = ''$$)",
    "CREATE INDEX churn_step_tenant_id_case_id_step_id_idx ON churn_step (tenant_id, case_id, step_id)",
    """
    CREATE TABLE winback (
      tenant_id uuid NOT NULL,
      winback_id uuid NOT NULL,
      case_id uuid NOT NULL,
      household uuid NOT NULL,
      rule_id text NOT NULL,
      rule_version text NOT NULL,
      arm text NOT NULL CONSTRAINT winback_arm_check CHECK (arm IN ('offer', 'hold_out')),
      assigned_at timestamptz NOT NULL,
      measure_until timestamptz NOT NULL,
      reward jsonb,
      given_at timestamptz,
      given_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, winback_id),
      CONSTRAINT winback_tenant_id_case_id_key UNIQUE (tenant_id, case_id),
      CONSTRAINT winback_tenant_id_case_id_fkey FOREIGN KEY (tenant_id, case_id)
        REFERENCES churn_case (tenant_id, case_id)
    )
    """,
    "SELECT app.protect('winback')",
    "CREATE INDEX winback_tenant_id_assigned_at_idx ON winback (tenant_id, assigned_at)",
    "CREATE INDEX winback_tenant_id_household_idx ON winback (tenant_id, household)",
    # A night reads the bills that went over their estimate since the night before, not all bills.
    "CREATE INDEX bill_over_idx ON bill (tenant_id, finalised_at) WHERE over",
    """
    CREATE TABLE campaign_budget (
      tenant_id uuid NOT NULL,
      rule_id text NOT NULL,
      spent_fen bigint NOT NULL,
      spent_points bigint NOT NULL,
      uses bigint NOT NULL,
      PRIMARY KEY (tenant_id, rule_id),
      CONSTRAINT campaign_budget_spent_check CHECK (spent_fen >= 0 AND spent_points >= 0 AND uses >= 0),
      CONSTRAINT campaign_budget_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('campaign_budget')",
    """
    CREATE TABLE campaign_use (
      tenant_id uuid NOT NULL,
      use_id uuid NOT NULL,
      rule_id text NOT NULL,
      key text NOT NULL,
      customer_id uuid NOT NULL,
      fen bigint NOT NULL,
      points bigint NOT NULL,
      ref_id uuid,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, use_id),
      CONSTRAINT campaign_use_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT campaign_use_tenant_id_rule_id_fkey FOREIGN KEY (tenant_id, rule_id)
        REFERENCES campaign_budget (tenant_id, rule_id),
      CONSTRAINT campaign_use_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "SELECT app.protect('campaign_use')",
    "REVOKE UPDATE, DELETE ON campaign_use FROM anxin_app, anxin_worker",
    "CREATE INDEX campaign_use_tenant_id_rule_id_customer_id_idx ON campaign_use (tenant_id, rule_id, customer_id)",
    "CREATE INDEX campaign_use_tenant_id_customer_id_idx ON campaign_use (tenant_id, customer_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
