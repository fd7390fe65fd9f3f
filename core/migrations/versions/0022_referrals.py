"""Adds referrals, rewarded reviews and birthday gifts."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    # A column of its own, for row security lets no index on an expression be used that is not leakproof.
    """
    ALTER TABLE subject ADD COLUMN birth_day bigint
      GENERATED ALWAYS AS (extract(month FROM birthday)::bigint * 100 + extract(day FROM birthday)::bigint) STORED
    """,
    """
    CREATE INDEX subject_birth_day_idx ON subject (tenant_id, birth_day, subject_id)
      WHERE birth_day IS NOT NULL AND deceased_on IS NULL AND merged_into IS NULL
    """,
    """
    CREATE TABLE referral_code (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      code text NOT NULL,
      short text NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, customer_id),
      CONSTRAINT referral_code_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT referral_code_tenant_id_short_key UNIQUE (tenant_id, short),
      CONSTRAINT referral_code_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "SELECT app.protect('referral_code')",
    """
    CREATE TABLE referral_case (
      tenant_id uuid NOT NULL,
      case_id uuid NOT NULL,
      number bigint NOT NULL,
      referrer_id uuid NOT NULL,
      referee_id uuid,
      slip text,
      via text NOT NULL CONSTRAINT referral_case_via_check CHECK (via IN ('page', 'desk')),
      device_hash text,
      rule_id text NOT NULL,
      rule_version text NOT NULL,
      terms jsonb NOT NULL,
      min_fen bigint NOT NULL,
      state text NOT NULL CONSTRAINT referral_case_state_check CHECK (state IN
        ('invited', 'registered', 'qualified', 'held', 'rewarded', 'rejected', 'reversed', 'expired')),
      resumes text CONSTRAINT referral_case_resumes_check CHECK (resumes IN ('registered', 'qualified')),
      failed jsonb NOT NULL,
      cleared jsonb NOT NULL,
      given jsonb NOT NULL,
      purchase_id uuid,
      invited_at timestamptz NOT NULL,
      registered_at timestamptz,
      qualified_at timestamptz,
      hold_until timestamptz,
      held_at timestamptz,
      rewarded_at timestamptz,
      ended_at timestamptz,
      ended_code text NOT NULL,
      decided_at timestamptz,
      decided_by uuid,
      decided_by_name text NOT NULL,
      reason text NOT NULL CONSTRAINT referral_case_reason_check CHECK (length(reason) <= 500),
      entered_by_name text NOT NULL,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, case_id),
      CONSTRAINT referral_case_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT referral_case_tenant_id_referee_id_key UNIQUE (tenant_id, referee_id),
      CONSTRAINT referral_case_tenant_id_slip_key UNIQUE (tenant_id, slip),
      CONSTRAINT referral_case_registered_check CHECK (state IN ('invited', 'expired') OR referee_id IS NOT NULL),
      CONSTRAINT referral_case_tenant_id_referrer_id_fkey FOREIGN KEY (tenant_id, referrer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT referral_case_tenant_id_referee_id_fkey FOREIGN KEY (tenant_id, referee_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT referral_case_tenant_id_purchase_id_fkey FOREIGN KEY (tenant_id, purchase_id)
        REFERENCES purchase (tenant_id, purchase_id)
    )
    """,
    "SELECT app.protect('referral_case')",
    "CREATE INDEX referral_case_tenant_id_state_case_id_idx ON referral_case (tenant_id, state, case_id)",
    "CREATE INDEX referral_case_tenant_id_referrer_id_rewarded_at_idx ON referral_case (tenant_id, referrer_id, rewarded_at)",
    "CREATE INDEX referral_case_tenant_id_device_hash_idx ON referral_case (tenant_id, device_hash)",
    "CREATE INDEX referral_case_tenant_id_purchase_id_idx ON referral_case (tenant_id, purchase_id)",
    """
    CREATE TABLE review_link (
      tenant_id uuid NOT NULL,
      link_id uuid NOT NULL,
      code text NOT NULL,
      customer_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      expires_at timestamptz NOT NULL,
      revoked_at timestamptz,
      PRIMARY KEY (tenant_id, link_id),
      CONSTRAINT review_link_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT review_link_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "SELECT app.protect('review_link')",
    "CREATE INDEX review_link_tenant_id_customer_id_idx ON review_link (tenant_id, customer_id)",
    """
    CREATE TABLE review_claim (
      tenant_id uuid NOT NULL,
      claim_id uuid NOT NULL,
      number bigint NOT NULL,
      customer_id uuid NOT NULL,
      visit_id uuid,
      platform text NOT NULL CONSTRAINT review_claim_platform_check CHECK (length(platform) BETWEEN 1 AND 40),
      link text NOT NULL CONSTRAINT review_claim_link_check CHECK (length(link) <= 500),
      link_key text NOT NULL,
      file_id uuid,
      sha256 text,
      look bigint,
      about_staff_id uuid,
      source text NOT NULL CONSTRAINT review_claim_source_check CHECK (source IN ('customer', 'desk')),
      filed_by uuid,
      filed_by_name text NOT NULL,
      filed_at timestamptz NOT NULL,
      choice bigint,
      rule_id text NOT NULL,
      rule_version text NOT NULL,
      terms jsonb NOT NULL,
      state text NOT NULL CONSTRAINT review_claim_state_check CHECK (state IN ('waiting', 'approved', 'rejected')),
      failed jsonb NOT NULL,
      given jsonb NOT NULL,
      decided_at timestamptz,
      decided_by uuid,
      decided_by_name text NOT NULL,
      reason text NOT NULL CONSTRAINT review_claim_reason_check CHECK (length(reason) <= 500),
      PRIMARY KEY (tenant_id, claim_id),
      CONSTRAINT review_claim_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT review_claim_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT review_claim_tenant_id_visit_id_fkey FOREIGN KEY (tenant_id, visit_id)
        REFERENCES visit (tenant_id, visit_id),
      CONSTRAINT review_claim_tenant_id_file_id_fkey FOREIGN KEY (tenant_id, file_id)
        REFERENCES stored_file (tenant_id, file_id),
      CONSTRAINT review_claim_tenant_id_about_staff_id_fkey FOREIGN KEY (tenant_id, about_staff_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "SELECT app.protect('review_claim')",
    """
    CREATE UNIQUE INDEX review_claim_one_per_visit_idx ON review_claim (tenant_id, visit_id)
      WHERE state <> 'rejected' AND visit_id IS NOT NULL
    """,
    "CREATE INDEX review_claim_tenant_id_state_claim_id_idx ON review_claim (tenant_id, state, claim_id)",
    "CREATE INDEX review_claim_tenant_id_customer_id_filed_at_idx ON review_claim (tenant_id, customer_id, filed_at)",
    "CREATE INDEX review_claim_tenant_id_sha256_idx ON review_claim (tenant_id, sha256)",
    "CREATE INDEX review_claim_tenant_id_link_key_idx ON review_claim (tenant_id, link_key)",
    """
    CREATE TABLE birthday_gift (
      tenant_id uuid NOT NULL,
      gift_id uuid NOT NULL,
      key text NOT NULL,
      customer_id uuid NOT NULL,
      subject_id uuid,
      birthday_on date NOT NULL,
      opens_on date NOT NULL,
      closes_on date NOT NULL,
      rule_id text NOT NULL,
      rule_version text NOT NULL,
      terms jsonb NOT NULL,
      pickup_code text NOT NULL,
      state text NOT NULL CONSTRAINT birthday_gift_state_check CHECK (state IN ('open', 'handed', 'dropped')),
      choice bigint,
      given jsonb NOT NULL,
      handed_at timestamptz,
      handed_by uuid,
      handed_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, gift_id),
      CONSTRAINT birthday_gift_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT birthday_gift_days_check CHECK (opens_on <= birthday_on AND birthday_on <= closes_on),
      CONSTRAINT birthday_gift_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT birthday_gift_tenant_id_subject_id_fkey FOREIGN KEY (tenant_id, subject_id)
        REFERENCES subject (tenant_id, subject_id)
    )
    """,
    "SELECT app.protect('birthday_gift')",
    "CREATE INDEX birthday_gift_open_idx ON birthday_gift (tenant_id, closes_on, birthday_on, gift_id) WHERE state = 'open'",
    "CREATE INDEX birthday_gift_tenant_id_customer_id_closes_on_idx ON birthday_gift (tenant_id, customer_id, closes_on)",
    "CREATE INDEX birthday_gift_tenant_id_subject_id_idx ON birthday_gift (tenant_id, subject_id)",
    "CREATE INDEX birthday_gift_tenant_id_pickup_code_idx ON birthday_gift (tenant_id, pickup_code)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
