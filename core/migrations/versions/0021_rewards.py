"""Adds coupons, benefit grants and what a bill applied."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE coupon (
      tenant_id uuid NOT NULL,
      coupon_id uuid NOT NULL,
      code text NOT NULL,
      customer_id uuid NOT NULL,
      template_id text NOT NULL,
      rule_version text NOT NULL,
      terms jsonb NOT NULL,
      state text NOT NULL,
      uses bigint NOT NULL,
      used bigint NOT NULL,
      valid_from timestamptz NOT NULL,
      valid_until timestamptz,
      source text NOT NULL,
      key text NOT NULL,
      ref_id uuid,
      reason text NOT NULL,
      issued_at timestamptz NOT NULL,
      issued_by_name text NOT NULL,
      voided_at timestamptz,
      void_reason text NOT NULL,
      PRIMARY KEY (tenant_id, coupon_id),
      CONSTRAINT coupon_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT coupon_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT coupon_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT coupon_state_check CHECK (state IN ('open', 'used', 'expired', 'void')),
      CONSTRAINT coupon_uses_check CHECK (uses >= 1 AND used BETWEEN 0 AND uses),
      CONSTRAINT coupon_used_check CHECK (state <> 'used' OR used = uses)
    )
    """,
    "CREATE INDEX coupon_due_idx ON coupon (tenant_id, valid_until) WHERE state = 'open'",
    "CREATE INDEX coupon_tenant_id_customer_id_coupon_id_idx ON coupon (tenant_id, customer_id, coupon_id)",
    "CREATE INDEX coupon_tenant_id_template_id_customer_id_idx ON coupon (tenant_id, template_id, customer_id)",
    "SELECT app.protect('coupon')",
    """
    CREATE TABLE coupon_redemption (
      tenant_id uuid NOT NULL,
      redemption_id uuid NOT NULL,
      coupon_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      kind text NOT NULL,
      of_id uuid,
      key text NOT NULL,
      ref_id uuid,
      fen bigint NOT NULL,
      at timestamptz NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      PRIMARY KEY (tenant_id, redemption_id),
      CONSTRAINT coupon_redemption_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT coupon_redemption_tenant_id_coupon_id_fkey FOREIGN KEY(tenant_id, coupon_id)
        REFERENCES coupon (tenant_id, coupon_id),
      CONSTRAINT coupon_redemption_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT coupon_redemption_kind_check CHECK (kind IN ('use', 'restore')),
      CONSTRAINT coupon_redemption_fen_check CHECK (fen >= 0)
    )
    """,
    "CREATE INDEX coupon_redemption_tenant_id_coupon_id_idx ON coupon_redemption (tenant_id, coupon_id)",
    "CREATE INDEX coupon_redemption_tenant_id_customer_id_idx ON coupon_redemption (tenant_id, customer_id)",
    "CREATE UNIQUE INDEX coupon_restored_once_idx ON coupon_redemption (tenant_id, of_id) WHERE kind = 'restore'",
    "SELECT app.protect('coupon_redemption')",
    "REVOKE UPDATE, DELETE ON coupon_redemption FROM anxin_app, anxin_worker",
    """
    CREATE TABLE coupon_counter (
      tenant_id uuid NOT NULL,
      template_id text NOT NULL,
      issued bigint NOT NULL,
      PRIMARY KEY (tenant_id, template_id),
      CONSTRAINT coupon_counter_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT coupon_counter_issued_check CHECK (issued >= 0)
    )
    """,
    "SELECT app.protect('coupon_counter')",
    """
    CREATE TABLE benefit_grant (
      tenant_id uuid NOT NULL,
      grant_id uuid NOT NULL,
      benefit text NOT NULL,
      service text NOT NULL,
      label jsonb NOT NULL,
      holder text NOT NULL,
      customer_id uuid NOT NULL,
      subject_id uuid,
      household_id uuid,
      period text NOT NULL,
      first_on date NOT NULL,
      last_on date,
      quota bigint,
      carried bigint NOT NULL,
      used bigint NOT NULL,
      pay_percent bigint NOT NULL,
      source text NOT NULL,
      rule_id text NOT NULL,
      rule_version text NOT NULL,
      key text NOT NULL,
      granted_at timestamptz NOT NULL,
      granted_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, grant_id),
      CONSTRAINT benefit_grant_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT benefit_grant_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT benefit_grant_tenant_id_subject_id_fkey FOREIGN KEY(tenant_id, subject_id)
        REFERENCES subject (tenant_id, subject_id),
      CONSTRAINT benefit_grant_tenant_id_household_id_fkey FOREIGN KEY(tenant_id, household_id)
        REFERENCES household (tenant_id, household_id),
      CONSTRAINT benefit_grant_holder_check CHECK (holder IN ('household', 'person', 'subject')),
      CONSTRAINT benefit_grant_quota_check CHECK (quota >= 0 AND carried >= 0 AND used >= 0 AND used <= quota + carried),
      CONSTRAINT benefit_grant_pay_percent_check CHECK (pay_percent BETWEEN 0 AND 100)
    )
    """,
    "CREATE INDEX benefit_grant_tenant_id_customer_id_benefit_idx ON benefit_grant (tenant_id, customer_id, benefit)",
    "CREATE INDEX benefit_grant_tenant_id_household_id_benefit_idx ON benefit_grant (tenant_id, household_id, benefit)",
    "CREATE INDEX benefit_grant_tenant_id_subject_id_benefit_idx ON benefit_grant (tenant_id, subject_id, benefit)",
    "SELECT app.protect('benefit_grant')",
    """
    CREATE TABLE benefit_use (
      tenant_id uuid NOT NULL,
      use_id uuid NOT NULL,
      grant_id uuid NOT NULL,
      subject_id uuid,
      kind text NOT NULL,
      of_id uuid,
      key text NOT NULL,
      ref_id uuid,
      at timestamptz NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      PRIMARY KEY (tenant_id, use_id),
      CONSTRAINT benefit_use_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT benefit_use_tenant_id_grant_id_fkey FOREIGN KEY(tenant_id, grant_id)
        REFERENCES benefit_grant (tenant_id, grant_id),
      CONSTRAINT benefit_use_tenant_id_subject_id_fkey FOREIGN KEY(tenant_id, subject_id)
        REFERENCES subject (tenant_id, subject_id),
      CONSTRAINT benefit_use_kind_check CHECK (kind IN ('use', 'give_back'))
    )
    """,
    "CREATE UNIQUE INDEX benefit_given_back_once_idx ON benefit_use (tenant_id, of_id) WHERE kind = 'give_back'",
    "CREATE INDEX benefit_use_tenant_id_grant_id_idx ON benefit_use (tenant_id, grant_id)",
    "SELECT app.protect('benefit_use')",
    "REVOKE UPDATE, DELETE ON benefit_use FROM anxin_app, anxin_worker",
    """
    CREATE TABLE named_clinician (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      staff_id uuid NOT NULL,
      named_at timestamptz NOT NULL,
      named_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, customer_id),
      CONSTRAINT named_clinician_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT named_clinician_tenant_id_staff_id_fkey FOREIGN KEY(tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "CREATE INDEX named_clinician_tenant_id_staff_id_idx ON named_clinician (tenant_id, staff_id)",
    "SELECT app.protect('named_clinician')",
    """
    CREATE TABLE bill_choice (
      tenant_id uuid NOT NULL,
      choice_id uuid NOT NULL,
      bill_id uuid NOT NULL,
      kind text NOT NULL,
      line_id uuid,
      coupon_id uuid,
      grant_id uuid,
      points bigint,
      chosen_at timestamptz NOT NULL,
      chosen_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, choice_id),
      CONSTRAINT bill_choice_tenant_id_bill_id_fkey FOREIGN KEY(tenant_id, bill_id)
        REFERENCES bill (tenant_id, bill_id),
      CONSTRAINT bill_choice_tenant_id_line_id_fkey FOREIGN KEY(tenant_id, line_id)
        REFERENCES bill_line (tenant_id, line_id),
      CONSTRAINT bill_choice_tenant_id_coupon_id_fkey FOREIGN KEY(tenant_id, coupon_id)
        REFERENCES coupon (tenant_id, coupon_id),
      CONSTRAINT bill_choice_tenant_id_grant_id_fkey FOREIGN KEY(tenant_id, grant_id)
        REFERENCES benefit_grant (tenant_id, grant_id),
      CONSTRAINT bill_choice_kind_check CHECK (kind = 'coupon' AND coupon_id IS NOT NULL OR kind = 'points' AND points > 0
        OR kind = 'benefit' AND grant_id IS NOT NULL AND line_id IS NOT NULL)
    )
    """,
    "CREATE UNIQUE INDEX bill_choice_coupon_idx ON bill_choice (tenant_id, bill_id, coupon_id)",
    "CREATE UNIQUE INDEX bill_choice_line_idx ON bill_choice (tenant_id, bill_id, line_id)",
    "CREATE UNIQUE INDEX bill_choice_points_idx ON bill_choice (tenant_id, bill_id) WHERE kind = 'points'",
    "SELECT app.protect('bill_choice')",
    """
    CREATE TABLE bill_applied (
      tenant_id uuid NOT NULL,
      applied_id uuid NOT NULL,
      bill_id uuid NOT NULL,
      position bigint NOT NULL,
      step text NOT NULL,
      line_id uuid,
      rule_id text NOT NULL,
      rule_version text NOT NULL,
      label jsonb NOT NULL,
      ref_id uuid,
      points bigint NOT NULL,
      fen bigint NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, applied_id),
      CONSTRAINT bill_applied_tenant_id_bill_id_position_key UNIQUE (tenant_id, bill_id, position),
      CONSTRAINT bill_applied_tenant_id_bill_id_fkey FOREIGN KEY(tenant_id, bill_id)
        REFERENCES bill (tenant_id, bill_id),
      CONSTRAINT bill_applied_tenant_id_line_id_fkey FOREIGN KEY(tenant_id, line_id)
        REFERENCES bill_line (tenant_id, line_id),
      CONSTRAINT bill_applied_step_check CHECK (step IN ('hand', 'tier', 'campaign', 'member_price', 'benefit',
        'order_percent', 'coupon', 'points', 'stored_value')),
      CONSTRAINT bill_applied_fen_check CHECK (fen >= 0)
    )
    """,
    "SELECT app.protect('bill_applied')",
    "REVOKE UPDATE, DELETE ON bill_applied FROM anxin_app, anxin_worker",
    # Bills of before hold nothing here: without coupons and points their total is their basis.
    "ALTER TABLE bill ADD COLUMN basis_fen bigint",
)

# The member card on the customer's phone, and points that wait for a second pair of eyes.
CARDS: tuple[str, ...] = (
    """
    CREATE TABLE member_card (
      tenant_id uuid NOT NULL,
      card_id uuid NOT NULL,
      code text NOT NULL,
      customer_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      revoked_at timestamptz,
      PRIMARY KEY (tenant_id, card_id),
      CONSTRAINT member_card_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT member_card_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "CREATE INDEX member_card_tenant_id_customer_id_idx ON member_card (tenant_id, customer_id)",
    "SELECT app.protect('member_card')",
    """
    CREATE TABLE held_credit (
      tenant_id uuid NOT NULL,
      held_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      points bigint NOT NULL,
      reason text NOT NULL,
      key text NOT NULL,
      state text NOT NULL,
      asked_by uuid,
      asked_by_name text NOT NULL,
      asked_at timestamptz NOT NULL,
      decided_by_name text NOT NULL,
      decided_at timestamptz,
      answer text NOT NULL,
      PRIMARY KEY (tenant_id, held_id),
      CONSTRAINT held_credit_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT held_credit_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT held_credit_points_check CHECK (points > 0),
      CONSTRAINT held_credit_state_check CHECK (state IN ('waiting', 'granted', 'refused')),
      CONSTRAINT held_credit_decided_check CHECK ((state = 'waiting') = (decided_at IS NULL))
    )
    """,
    "CREATE INDEX held_credit_tenant_id_customer_id_idx ON held_credit (tenant_id, customer_id)",
    "CREATE INDEX held_credit_tenant_id_held_id_idx ON held_credit (tenant_id, held_id) WHERE state = 'waiting'",
    "SELECT app.protect('held_credit')",
)


def upgrade() -> None:
    for statement in (*STATEMENTS, *CARDS):
        op.execute(statement)
