"""Price lists in versions, visits with procedures, estimates with answers, bills with lines, payments and credit notes."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE price_version (
      tenant_id uuid NOT NULL,
      version_id uuid NOT NULL,
      number bigint NOT NULL,
      state text NOT NULL,
      note text NOT NULL,
      copied_from bigint,
      effective_from timestamptz,
      published_at timestamptz,
      published_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, version_id),
      CONSTRAINT price_version_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT price_version_tenant_id_fkey FOREIGN KEY(tenant_id)
        REFERENCES tenant (tenant_id),
      CONSTRAINT price_version_state_check CHECK (state IN ('draft', 'published', 'withdrawn')),
      CONSTRAINT price_version_effective_check CHECK (state <> 'published' OR effective_from IS NOT NULL)
    )
    """,
    "CREATE INDEX price_version_tenant_id_state_effective_from_idx ON price_version (tenant_id, state, effective_from)",
    "SELECT app.protect('price_version')",
    """
    CREATE TABLE price_item (
      tenant_id uuid NOT NULL,
      version_id uuid NOT NULL,
      code text NOT NULL,
      name_zh text NOT NULL,
      name_en text NOT NULL,
      category text NOT NULL,
      unit text NOT NULL,
      price_fen bigint NOT NULL,
      member_price_fen bigint,
      branch_prices jsonb NOT NULL,
      consent_form text NOT NULL,
      check_form text NOT NULL,
      active boolean NOT NULL,
      PRIMARY KEY (tenant_id, version_id, code),
      CONSTRAINT price_item_tenant_id_version_id_fkey FOREIGN KEY(tenant_id, version_id)
        REFERENCES price_version (tenant_id, version_id),
      CONSTRAINT price_item_category_check CHECK (category IN ('consultation', 'examination', 'drug', 'surgery')),
      CONSTRAINT price_item_fen_check CHECK (price_fen >= 0 AND member_price_fen BETWEEN 0 AND price_fen)
    )
    """,
    "SELECT app.protect('price_item')",
    """
    CREATE TABLE price_link (
      tenant_id uuid NOT NULL,
      place text NOT NULL,
      code text NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, place),
      CONSTRAINT price_link_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT price_link_tenant_id_fkey FOREIGN KEY(tenant_id)
        REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('price_link')",
    """
    CREATE TABLE visit (
      tenant_id uuid NOT NULL,
      visit_id uuid NOT NULL,
      number bigint NOT NULL,
      customer_id uuid NOT NULL,
      subject_id uuid,
      branch_id uuid,
      clinician_id uuid,
      reason text NOT NULL,
      state text NOT NULL,
      started_at timestamptz NOT NULL,
      ended_at timestamptz,
      end_note text NOT NULL,
      key text,
      opened_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, visit_id),
      CONSTRAINT visit_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT visit_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT visit_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT visit_tenant_id_subject_id_fkey FOREIGN KEY(tenant_id, subject_id)
        REFERENCES subject (tenant_id, subject_id),
      CONSTRAINT visit_tenant_id_branch_id_fkey FOREIGN KEY(tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT visit_tenant_id_clinician_id_fkey FOREIGN KEY(tenant_id, clinician_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT visit_state_check CHECK (state IN ('open', 'in_treatment', 'discharged', 'cancelled'))
    )
    """,
    "CREATE INDEX visit_tenant_id_customer_id_started_at_idx ON visit (tenant_id, customer_id, started_at)",
    "CREATE INDEX visit_tenant_id_started_at_visit_id_idx ON visit (tenant_id, started_at, visit_id)",
    "CREATE INDEX visit_tenant_id_subject_id_idx ON visit (tenant_id, subject_id)",
    "SELECT app.protect('visit')",
    """
    CREATE TABLE visit_procedure (
      tenant_id uuid NOT NULL,
      procedure_id uuid NOT NULL,
      visit_id uuid NOT NULL,
      item_code text,
      name_zh text NOT NULL,
      name_en text NOT NULL,
      needs jsonb NOT NULL,
      papers jsonb NOT NULL,
      state text NOT NULL,
      planned_at timestamptz NOT NULL,
      planned_by_name text NOT NULL,
      started_at timestamptz,
      started_by_name text NOT NULL,
      ended_at timestamptz,
      note text NOT NULL,
      PRIMARY KEY (tenant_id, procedure_id),
      CONSTRAINT visit_procedure_tenant_id_visit_id_fkey FOREIGN KEY(tenant_id, visit_id)
        REFERENCES visit (tenant_id, visit_id),
      CONSTRAINT visit_procedure_state_check CHECK (state IN ('planned', 'started', 'done', 'cancelled'))
    )
    """,
    "CREATE INDEX visit_procedure_tenant_id_visit_id_procedure_id_idx ON visit_procedure (tenant_id, visit_id, procedure_id)",
    "SELECT app.protect('visit_procedure')",
    """
    CREATE TABLE estimate (
      tenant_id uuid NOT NULL,
      estimate_id uuid NOT NULL,
      visit_id uuid NOT NULL,
      version bigint NOT NULL,
      lines jsonb NOT NULL,
      pay_percent bigint NOT NULL,
      total_fen bigint NOT NULL,
      note text NOT NULL,
      given_at timestamptz NOT NULL,
      given_by uuid,
      given_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, estimate_id),
      CONSTRAINT estimate_tenant_id_visit_id_version_key UNIQUE (tenant_id, visit_id, version),
      CONSTRAINT estimate_tenant_id_visit_id_fkey FOREIGN KEY(tenant_id, visit_id)
        REFERENCES visit (tenant_id, visit_id),
      CONSTRAINT estimate_fen_check CHECK (total_fen >= 0)
    )
    """,
    "SELECT app.protect('estimate', append_only => true)",
    """
    CREATE TABLE estimate_answer (
      tenant_id uuid NOT NULL,
      estimate_id uuid NOT NULL,
      answer text NOT NULL,
      place text NOT NULL,
      name text NOT NULL,
      signature text NOT NULL,
      words text NOT NULL,
      at timestamptz NOT NULL,
      actor_kind text NOT NULL,
      actor_name text NOT NULL,
      PRIMARY KEY (tenant_id, estimate_id),
      CONSTRAINT estimate_answer_tenant_id_estimate_id_fkey FOREIGN KEY(tenant_id, estimate_id)
        REFERENCES estimate (tenant_id, estimate_id),
      CONSTRAINT estimate_answer_answer_check CHECK (answer IN ('accepted', 'declined')),
      CONSTRAINT estimate_answer_place_check CHECK (place IN ('phone', 'desk'))
    )
    """,
    "SELECT app.protect('estimate_answer', append_only => true)",
    """
    CREATE TABLE bill (
      tenant_id uuid NOT NULL,
      bill_id uuid NOT NULL,
      visit_id uuid NOT NULL,
      number bigint,
      state text NOT NULL,
      with_discount boolean NOT NULL,
      pay_percent bigint NOT NULL,
      total_fen bigint NOT NULL,
      paid_fen bigint NOT NULL,
      refunded_fen bigint NOT NULL,
      estimate_id uuid,
      over boolean NOT NULL,
      warned_for uuid,
      override_reason text NOT NULL,
      override_by_name text NOT NULL,
      explained_at timestamptz,
      explained_by_name text NOT NULL,
      opened_at timestamptz NOT NULL,
      finalised_at timestamptz,
      finalised_by_name text NOT NULL,
      paid_at timestamptz,
      purchase_id uuid,
      voided_at timestamptz,
      void_reason text NOT NULL,
      PRIMARY KEY (tenant_id, bill_id),
      CONSTRAINT bill_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT bill_tenant_id_visit_id_fkey FOREIGN KEY(tenant_id, visit_id)
        REFERENCES visit (tenant_id, visit_id),
      CONSTRAINT bill_tenant_id_estimate_id_fkey FOREIGN KEY(tenant_id, estimate_id)
        REFERENCES estimate (tenant_id, estimate_id),
      CONSTRAINT bill_tenant_id_purchase_id_fkey FOREIGN KEY(tenant_id, purchase_id)
        REFERENCES purchase (tenant_id, purchase_id),
      CONSTRAINT bill_state_check CHECK (state IN ('open', 'final', 'paid', 'void')),
      CONSTRAINT bill_numbered_check CHECK (state NOT IN ('final', 'paid') OR number IS NOT NULL),
      CONSTRAINT bill_fen_check CHECK (paid_fen BETWEEN 0 AND total_fen AND refunded_fen BETWEEN 0 AND paid_fen)
    )
    """,
    "CREATE UNIQUE INDEX bill_one_per_visit_idx ON bill (tenant_id, visit_id) WHERE state <> 'void'",
    "CREATE INDEX bill_tenant_id_visit_id_idx ON bill (tenant_id, visit_id)",
    "SELECT app.protect('bill')",
    """
    CREATE TABLE bill_line (
      tenant_id uuid NOT NULL,
      line_id uuid NOT NULL,
      bill_id uuid NOT NULL,
      item_code text NOT NULL,
      name_zh text NOT NULL,
      name_en text NOT NULL,
      category text NOT NULL,
      unit text NOT NULL,
      quantity_milli bigint NOT NULL,
      unit_fen bigint NOT NULL,
      member_fen bigint,
      discount_fen bigint NOT NULL,
      share_fen bigint NOT NULL,
      amount_fen bigint NOT NULL,
      refunded_fen bigint NOT NULL,
      added_at timestamptz NOT NULL,
      added_by_name text NOT NULL,
      removed_at timestamptz,
      removed_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, line_id),
      CONSTRAINT bill_line_tenant_id_bill_id_fkey FOREIGN KEY(tenant_id, bill_id)
        REFERENCES bill (tenant_id, bill_id),
      CONSTRAINT bill_line_category_check CHECK (category IN ('consultation', 'examination', 'drug', 'surgery')),
      CONSTRAINT bill_line_amounts_check CHECK (quantity_milli > 0 AND unit_fen >= 0 AND discount_fen >= 0 AND share_fen >= 0),
      CONSTRAINT bill_line_fen_check CHECK (amount_fen >= 0 AND refunded_fen BETWEEN 0 AND amount_fen)
    )
    """,
    "CREATE INDEX bill_line_tenant_id_bill_id_line_id_idx ON bill_line (tenant_id, bill_id, line_id)",
    "SELECT app.protect('bill_line')",
    """
    CREATE TABLE credit_note (
      tenant_id uuid NOT NULL,
      note_id uuid NOT NULL,
      bill_id uuid NOT NULL,
      number bigint NOT NULL,
      kind text NOT NULL,
      amount_fen bigint NOT NULL,
      lines jsonb NOT NULL,
      reason text NOT NULL,
      key text NOT NULL,
      at timestamptz NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      PRIMARY KEY (tenant_id, note_id),
      CONSTRAINT credit_note_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT credit_note_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT credit_note_tenant_id_bill_id_fkey FOREIGN KEY(tenant_id, bill_id)
        REFERENCES bill (tenant_id, bill_id),
      CONSTRAINT credit_note_kind_check CHECK (kind IN ('refund', 'void')),
      CONSTRAINT credit_note_fen_check CHECK (amount_fen >= 0)
    )
    """,
    "CREATE INDEX credit_note_tenant_id_bill_id_idx ON credit_note (tenant_id, bill_id)",
    "SELECT app.protect('credit_note', append_only => true)",
    """
    CREATE TABLE payment (
      tenant_id uuid NOT NULL,
      payment_id uuid NOT NULL,
      bill_id uuid NOT NULL,
      note_id uuid,
      kind text NOT NULL,
      method text NOT NULL,
      amount_fen bigint NOT NULL,
      detail text NOT NULL,
      key text NOT NULL,
      at timestamptz NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      PRIMARY KEY (tenant_id, payment_id),
      CONSTRAINT payment_tenant_id_key_key UNIQUE (tenant_id, key),
      CONSTRAINT payment_tenant_id_bill_id_fkey FOREIGN KEY(tenant_id, bill_id)
        REFERENCES bill (tenant_id, bill_id),
      CONSTRAINT payment_tenant_id_note_id_fkey FOREIGN KEY(tenant_id, note_id)
        REFERENCES credit_note (tenant_id, note_id),
      CONSTRAINT payment_kind_check CHECK (kind IN ('payment', 'refund')),
      CONSTRAINT payment_method_check CHECK (method IN ('cash', 'card', 'wechat', 'alipay', 'stored_value')),
      CONSTRAINT payment_fen_check CHECK (amount_fen > 0)
    )
    """,
    "CREATE INDEX payment_tenant_id_bill_id_payment_id_idx ON payment (tenant_id, bill_id, payment_id)",
    "SELECT app.protect('payment', append_only => true)",
    """
    CREATE TABLE visit_link (
      tenant_id uuid NOT NULL,
      link_id uuid NOT NULL,
      code text NOT NULL,
      visit_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      expires_at timestamptz NOT NULL,
      revoked_at timestamptz,
      PRIMARY KEY (tenant_id, link_id),
      CONSTRAINT visit_link_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT visit_link_tenant_id_visit_id_fkey FOREIGN KEY(tenant_id, visit_id)
        REFERENCES visit (tenant_id, visit_id)
    )
    """,
    "CREATE INDEX visit_link_tenant_id_visit_id_idx ON visit_link (tenant_id, visit_id)",
    "SELECT app.protect('visit_link')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
