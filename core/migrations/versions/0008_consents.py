"""Sealed consents: one chain per subject, append-only."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE consent_seal (
      tenant_id uuid NOT NULL,
      seal_id uuid NOT NULL,
      chain_id uuid NOT NULL,
      seq bigint NOT NULL,
      kind text NOT NULL,
      submission_id uuid NOT NULL,
      form_id text NOT NULL,
      version text NOT NULL,
      customer_id uuid NOT NULL,
      subject_id uuid,
      signer text NOT NULL,
      role text NOT NULL,
      signed_at timestamptz NOT NULL,
      withdraws uuid,
      reason text NOT NULL,
      actor_kind text NOT NULL,
      actor_name text NOT NULL,
      body text NOT NULL,
      prev text NOT NULL,
      seal text NOT NULL,
      CONSTRAINT consent_seal_pkey PRIMARY KEY (tenant_id, seal_id),
      CONSTRAINT consent_seal_tenant_id_chain_id_seq_key UNIQUE (tenant_id, chain_id, seq),
      CONSTRAINT consent_seal_tenant_id_chain_id_prev_key UNIQUE (tenant_id, chain_id, prev),
      CONSTRAINT consent_seal_tenant_id_withdraws_key UNIQUE (tenant_id, withdraws),
      CONSTRAINT consent_seal_tenant_id_submission_id_fkey FOREIGN KEY(tenant_id, submission_id) REFERENCES submission (tenant_id, submission_id),
      CONSTRAINT consent_seal_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT consent_seal_tenant_id_subject_id_fkey FOREIGN KEY(tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
      CONSTRAINT consent_seal_tenant_id_withdraws_fkey FOREIGN KEY(tenant_id, withdraws) REFERENCES consent_seal (tenant_id, seal_id),
      CONSTRAINT consent_seal_kind_check CHECK (kind IN ('signed', 'withdrawn')),
      CONSTRAINT consent_seal_role_check CHECK (role IN ('self', 'owner', 'guardian')),
      CONSTRAINT consent_seal_withdraws_check CHECK ((kind = 'withdrawn') = (withdraws IS NOT NULL)),
      CONSTRAINT consent_seal_seq_check CHECK (seq > 0)
    )
    """,
    "CREATE INDEX consent_seal_tenant_id_customer_id_form_id_seal_id_idx ON consent_seal (tenant_id, customer_id, form_id, seal_id)",
    "CREATE INDEX consent_seal_tenant_id_subject_id_form_id_seal_id_idx ON consent_seal (tenant_id, subject_id, form_id, seal_id)",
    "CREATE INDEX consent_seal_tenant_id_submission_id_idx ON consent_seal (tenant_id, submission_id)",
    "SELECT app.protect('consent_seal', append_only => true)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
