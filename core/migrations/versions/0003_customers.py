"""Customers, their phones and words, households, subjects, custom values with their history, and the timeline."""

from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE household (
      tenant_id uuid NOT NULL,
      household_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, household_id),
      CONSTRAINT household_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('household')",
    """
    CREATE TABLE customer (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      number bigint NOT NULL,
      household_id uuid,
      branch_id uuid,
      full_name text NOT NULL,
      name_pinyin text NOT NULL,
      phone_e164 text,
      phone_tail text GENERATED ALWAYS AS (right(phone_e164, 4)) STORED,
      gender text,
      member_no text,
      note text NOT NULL,
      last_visit_on date,
      source text NOT NULL,
      state text NOT NULL,
      version bigint NOT NULL,
      created_at timestamptz NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, customer_id),
      CONSTRAINT customer_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT customer_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT customer_tenant_id_household_id_fkey FOREIGN KEY(tenant_id, household_id)
        REFERENCES household (tenant_id, household_id),
      CONSTRAINT customer_tenant_id_branch_id_fkey FOREIGN KEY(tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT customer_state_check CHECK (state IN ('active', 'removed')),
      CONSTRAINT customer_gender_check CHECK (gender IN ('female', 'male')),
      CONSTRAINT customer_source_check CHECK (source IN ('import', 'customer', 'staff'))
    )
    """,
    "CREATE INDEX customer_by_name_idx ON customer (tenant_id, name_pinyin, customer_id) WHERE state = 'active'",
    "CREATE INDEX customer_newest_idx ON customer (tenant_id, customer_id) WHERE state = 'active'",
    "CREATE INDEX customer_tenant_id_household_id_idx ON customer (tenant_id, household_id)",
    "CREATE INDEX customer_tenant_id_member_no_idx ON customer (tenant_id, member_no)",
    "CREATE INDEX customer_tenant_id_phone_tail_idx ON customer (tenant_id, phone_tail)",
    "SELECT app.protect('customer')",
    """
    CREATE TABLE customer_phone (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      phone_e164 text NOT NULL,
      position bigint NOT NULL,
      kind text NOT NULL,
      PRIMARY KEY (tenant_id, customer_id, phone_e164),
      CONSTRAINT customer_phone_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id) ON DELETE CASCADE,
      CONSTRAINT customer_phone_kind_check CHECK (kind IN ('mobile', 'landline', 'foreign'))
    )
    """,
    "CREATE INDEX customer_phone_tenant_id_phone_e164_idx ON customer_phone (tenant_id, phone_e164)",
    "SELECT app.protect('customer_phone')",
    """
    CREATE TABLE customer_word (
      tenant_id uuid NOT NULL,
      token text COLLATE "C" NOT NULL,
      customer_id uuid NOT NULL,
      kind text NOT NULL,
      PRIMARY KEY (tenant_id, token, customer_id),
      CONSTRAINT customer_word_kind_check CHECK (kind IN ('name', 'pet', 'phone', 'code'))
    )
    """,
    "CREATE INDEX customer_word_tenant_id_customer_id_idx ON customer_word (tenant_id, customer_id)",
    "SELECT app.protect('customer_word')",
    """
    CREATE TABLE subject (
      tenant_id uuid NOT NULL,
      subject_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      kind text NOT NULL,
      name text NOT NULL,
      species text,
      breed text,
      sex text,
      birthday date,
      neutered boolean,
      chip text,
      deceased_on date,
      note text NOT NULL,
      source text NOT NULL,
      created_at timestamptz NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, subject_id),
      CONSTRAINT subject_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id) ON DELETE CASCADE,
      CONSTRAINT subject_sex_check CHECK (sex IN ('female', 'male', 'unknown')),
      CONSTRAINT subject_source_check CHECK (source IN ('import', 'customer', 'staff'))
    )
    """,
    "CREATE INDEX subject_tenant_id_chip_idx ON subject (tenant_id, chip)",
    "CREATE INDEX subject_tenant_id_customer_id_idx ON subject (tenant_id, customer_id)",
    "SELECT app.protect('subject')",
    """
    CREATE TABLE custom_value (
      tenant_id uuid NOT NULL,
      entity_type text NOT NULL,
      entity_id uuid NOT NULL,
      field_key text NOT NULL,
      v_text text,
      v_int bigint,
      v_date date,
      PRIMARY KEY (tenant_id, entity_type, entity_id, field_key),
      CONSTRAINT custom_value_entity_type_check CHECK (entity_type IN ('customer', 'subject')),
      CONSTRAINT custom_value_one_value_check CHECK (num_nonnulls(v_text, v_int, v_date) = 1),
      CONSTRAINT custom_value_v_text_check CHECK (length(v_text) <= 500)
    )
    """,
    "CREATE INDEX custom_value_tenant_id_entity_type_field_key_v_date_idx ON custom_value (tenant_id, entity_type, field_key, v_date)",
    "CREATE INDEX custom_value_tenant_id_entity_type_field_key_v_int_idx ON custom_value (tenant_id, entity_type, field_key, v_int)",
    "CREATE INDEX custom_value_tenant_id_entity_type_field_key_v_text_idx ON custom_value (tenant_id, entity_type, field_key, v_text)",
    "SELECT app.protect('custom_value')",
    """
    CREATE TABLE profile_value (
      tenant_id uuid NOT NULL,
      value_id uuid NOT NULL,
      entity_type text NOT NULL,
      entity_id uuid NOT NULL,
      field_key text NOT NULL,
      value text,
      before text,
      source text NOT NULL,
      taken boolean NOT NULL,
      ref_id uuid,
      actor_name text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, value_id),
      CONSTRAINT profile_value_entity_type_check CHECK (entity_type IN ('customer', 'subject')),
      CONSTRAINT profile_value_source_check CHECK (source IN ('import', 'customer', 'staff'))
    )
    """,
    "CREATE INDEX profile_value_tenant_id_entity_id_field_key_value_id_idx ON profile_value (tenant_id, entity_id, field_key, value_id)",
    "SELECT app.protect('profile_value', append_only => true)",
    """
    CREATE TABLE customer_event (
      tenant_id uuid NOT NULL,
      event_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      subject_id uuid,
      kind text NOT NULL,
      at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL,
      data jsonb NOT NULL,
      ref_id uuid,
      actor_kind text NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      PRIMARY KEY (tenant_id, event_id),
      CONSTRAINT customer_event_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT customer_event_kind_check CHECK (length(kind) BETWEEN 1 AND 60)
    )
    """,
    "CREATE INDEX customer_event_tenant_id_customer_id_idx ON customer_event (tenant_id, customer_id, at DESC, event_id DESC)",
    "CREATE INDEX customer_event_tenant_id_ref_id_idx ON customer_event (tenant_id, ref_id)",
    "SELECT app.protect('customer_event', append_only => true)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
