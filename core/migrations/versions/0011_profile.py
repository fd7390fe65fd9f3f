"""Contacts, permissions to contact, tags, preferences and a tenant's own fields."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE customer_contact (
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      kind text NOT NULL CONSTRAINT customer_contact_kind_check CHECK (kind IN ('email', 'wechat', 'address')),
      value text NOT NULL CONSTRAINT customer_contact_value_check CHECK (length(value) BETWEEN 1 AND 300),
      label text NOT NULL CONSTRAINT customer_contact_label_check CHECK (length(label) <= 40),
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, contact_id),
      CONSTRAINT customer_contact_once_key UNIQUE (tenant_id, customer_id, kind, value),
      CONSTRAINT customer_contact_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX customer_contact_tenant_id_kind_value_idx ON customer_contact (tenant_id, kind, value)",
    "SELECT app.protect('customer_contact')",
    """
    CREATE TABLE contact_consent (
      tenant_id uuid NOT NULL,
      consent_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      purpose text NOT NULL CONSTRAINT contact_consent_purpose_check
        CHECK (purpose IN ('service', 'survey', 'marketing', 'research', 'health_data')),
      channel text NOT NULL CONSTRAINT contact_consent_channel_check
        CHECK (channel IN ('all', 'phone', 'sms', 'wechat', 'email')),
      decision text NOT NULL CONSTRAINT contact_consent_decision_check CHECK (decision IN ('granted', 'withdrawn')),
      source text NOT NULL CONSTRAINT contact_consent_source_check
        CHECK (source IN ('form', 'desk', 'customer_page', 'import')),
      text_shown text NOT NULL CONSTRAINT contact_consent_text_shown_check CHECK (length(text_shown) <= 2000),
      ref_id uuid,
      actor_kind text NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, consent_id),
      CONSTRAINT contact_consent_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "CREATE INDEX contact_consent_latest_idx ON contact_consent (tenant_id, customer_id, purpose, consent_id)",
    "SELECT app.protect('contact_consent', append_only => true)",
    """
    CREATE TABLE customer_tag (
      tenant_id uuid NOT NULL,
      tag_id uuid NOT NULL,
      name text NOT NULL CONSTRAINT customer_tag_name_check CHECK (length(name) BETWEEN 1 AND 30),
      folded text NOT NULL,
      colour text NOT NULL CONSTRAINT customer_tag_colour_check
        CHECK (colour IN ('grey', 'green', 'blue', 'amber', 'red', 'violet')),
      archived_at timestamptz,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, tag_id),
      CONSTRAINT customer_tag_tenant_id_folded_key UNIQUE (tenant_id, folded),
      CONSTRAINT customer_tag_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('customer_tag')",
    """
    CREATE TABLE customer_tagging (
      tenant_id uuid NOT NULL,
      tag_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      actor_name text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, tag_id, customer_id),
      CONSTRAINT customer_tagging_tenant_id_tag_id_fkey FOREIGN KEY (tenant_id, tag_id)
        REFERENCES customer_tag (tenant_id, tag_id) ON DELETE CASCADE,
      CONSTRAINT customer_tagging_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX customer_tagging_tenant_id_customer_id_idx ON customer_tagging (tenant_id, customer_id)",
    "SELECT app.protect('customer_tagging')",
    """
    CREATE TABLE customer_preference (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      clinician_id uuid,
      branch_id uuid,
      channel text CONSTRAINT customer_preference_channel_check CHECK (channel IN ('phone', 'sms', 'wechat', 'email')),
      contact_time text CONSTRAINT customer_preference_contact_time_check
        CHECK (contact_time IN ('morning', 'noon', 'afternoon', 'evening', 'weekend')),
      locale text,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, customer_id),
      CONSTRAINT customer_preference_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id) ON DELETE CASCADE,
      CONSTRAINT customer_preference_tenant_id_clinician_id_fkey FOREIGN KEY (tenant_id, clinician_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT customer_preference_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id)
    )
    """,
    "CREATE INDEX customer_preference_tenant_id_clinician_id_idx ON customer_preference (tenant_id, clinician_id)",
    "SELECT app.protect('customer_preference')",
    """
    CREATE TABLE customer_field (
      tenant_id uuid NOT NULL,
      entity_type text NOT NULL CONSTRAINT customer_field_entity_type_check
        CHECK (entity_type IN ('customer', 'subject')),
      key text NOT NULL CONSTRAINT customer_field_key_check CHECK (key ~ '^x_[a-z0-9_]{1,38}$'),
      label jsonb NOT NULL,
      kind text NOT NULL CONSTRAINT customer_field_kind_check
        CHECK (kind IN ('text', 'number', 'date', 'bool', 'choice')),
      options jsonb NOT NULL,
      position bigint NOT NULL,
      archived_at timestamptz,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, entity_type, key),
      CONSTRAINT customer_field_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('customer_field')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
