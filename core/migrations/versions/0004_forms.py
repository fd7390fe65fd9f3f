"""Form definitions as they were used, links, drafts and submissions."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE form_definition (
      tenant_id uuid NOT NULL,
      form_id text NOT NULL,
      version text NOT NULL,
      definition jsonb NOT NULL,
      created_at timestamptz NOT NULL,
      CONSTRAINT form_definition_pkey PRIMARY KEY (tenant_id, form_id, version),
      CONSTRAINT form_definition_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('form_definition', append_only => true)",
    """
    CREATE TABLE form_link (
      tenant_id uuid NOT NULL,
      link_id uuid NOT NULL,
      code text NOT NULL,
      form_id text NOT NULL,
      purpose text NOT NULL,
      branch_id uuid,
      customer_id uuid,
      subject_id uuid,
      expires_at timestamptz,
      max_uses bigint,
      uses bigint NOT NULL,
      revoked_at timestamptz,
      created_by uuid,
      created_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      CONSTRAINT form_link_pkey PRIMARY KEY (tenant_id, link_id),
      CONSTRAINT form_link_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT form_link_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT form_link_tenant_id_branch_id_fkey FOREIGN KEY(tenant_id, branch_id) REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT form_link_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT form_link_tenant_id_subject_id_fkey FOREIGN KEY(tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
      CONSTRAINT form_link_purpose_check CHECK (purpose IN ('intake', 'complaint', 'consent', 'survey', 'check')),
      CONSTRAINT form_link_max_uses_check CHECK (max_uses > 0)
    )
    """,
    "CREATE INDEX form_link_tenant_id_branch_id_idx ON form_link (tenant_id, branch_id)",
    "CREATE INDEX form_link_tenant_id_customer_id_idx ON form_link (tenant_id, customer_id)",
    "CREATE INDEX form_link_tenant_id_form_id_idx ON form_link (tenant_id, form_id)",
    "CREATE INDEX form_link_tenant_id_subject_id_idx ON form_link (tenant_id, subject_id)",
    "SELECT app.protect('form_link')",
    """
    CREATE TABLE form_draft (
      tenant_id uuid NOT NULL,
      draft_id uuid NOT NULL,
      link_id uuid NOT NULL,
      key_hash text NOT NULL,
      form_id text NOT NULL,
      version text NOT NULL,
      answers jsonb NOT NULL,
      revision bigint NOT NULL,
      saved_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      CONSTRAINT form_draft_pkey PRIMARY KEY (tenant_id, draft_id),
      CONSTRAINT form_draft_tenant_id_key_hash_key UNIQUE (tenant_id, key_hash),
      CONSTRAINT form_draft_tenant_id_link_id_fkey FOREIGN KEY(tenant_id, link_id) REFERENCES form_link (tenant_id, link_id) ON DELETE CASCADE,
      CONSTRAINT form_draft_tenant_id_form_id_version_fkey FOREIGN KEY(tenant_id, form_id, version) REFERENCES form_definition (tenant_id, form_id, version)
    )
    """,
    "CREATE INDEX form_draft_tenant_id_expires_at_idx ON form_draft (tenant_id, expires_at)",
    "CREATE INDEX form_draft_tenant_id_link_id_idx ON form_draft (tenant_id, link_id)",
    "SELECT app.protect('form_draft')",
    """
    CREATE TABLE submission (
      tenant_id uuid NOT NULL,
      submission_id uuid NOT NULL,
      form_id text NOT NULL,
      version text NOT NULL,
      purpose text NOT NULL,
      link_id uuid,
      customer_id uuid,
      subject_id uuid,
      branch_id uuid,
      channel text NOT NULL,
      status text NOT NULL,
      data jsonb NOT NULL,
      answered bigint NOT NULL,
      total bigint NOT NULL,
      flags jsonb NOT NULL,
      notices jsonb NOT NULL,
      once_key text NOT NULL,
      actor_kind text NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      completed_at timestamptz NOT NULL,
      CONSTRAINT submission_pkey PRIMARY KEY (tenant_id, submission_id),
      CONSTRAINT submission_tenant_id_once_key_key UNIQUE (tenant_id, once_key),
      CONSTRAINT submission_tenant_id_form_id_version_fkey FOREIGN KEY(tenant_id, form_id, version) REFERENCES form_definition (tenant_id, form_id, version),
      CONSTRAINT submission_tenant_id_link_id_fkey FOREIGN KEY(tenant_id, link_id) REFERENCES form_link (tenant_id, link_id),
      CONSTRAINT submission_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT submission_tenant_id_subject_id_fkey FOREIGN KEY(tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
      CONSTRAINT submission_tenant_id_branch_id_fkey FOREIGN KEY(tenant_id, branch_id) REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT submission_purpose_check CHECK (purpose IN ('intake', 'complaint', 'consent', 'survey', 'check')),
      CONSTRAINT submission_channel_check CHECK (channel IN ('online', 'interview', 'phone', 'import')),
      CONSTRAINT submission_status_check CHECK (status IN ('complete', 'withdrawn'))
    )
    """,
    "CREATE INDEX submission_tenant_id_branch_id_submission_id_idx ON submission (tenant_id, branch_id, submission_id)",
    "CREATE INDEX submission_tenant_id_customer_id_submission_id_idx ON submission (tenant_id, customer_id, submission_id)",
    "CREATE INDEX submission_tenant_id_form_id_submission_id_idx ON submission (tenant_id, form_id, submission_id)",
    "CREATE INDEX submission_tenant_id_link_id_idx ON submission (tenant_id, link_id)",
    "CREATE INDEX submission_tenant_id_purpose_submission_id_idx ON submission (tenant_id, purpose, submission_id)",
    "CREATE INDEX submission_tenant_id_subject_id_submission_id_idx ON submission (tenant_id, subject_id, submission_id)",
    "SELECT app.protect('submission')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
