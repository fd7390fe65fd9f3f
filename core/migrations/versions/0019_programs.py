"""Stores programs as the tenant changed them, version by version."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE program_choice (
      tenant_id uuid NOT NULL,
      program_id text,
      second_approver boolean NOT NULL,
      changed_at timestamptz NOT NULL,
      changed_by uuid,
      changed_by_name text NOT NULL,
      PRIMARY KEY (tenant_id),
      CONSTRAINT program_choice_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('program_choice')",
    """
    CREATE TABLE program_draft (
      tenant_id uuid NOT NULL,
      program_id text NOT NULL,
      revision bigint NOT NULL,
      state text NOT NULL CONSTRAINT program_draft_state_check CHECK (state IN ('draft', 'pending', 'rejected')),
      body jsonb NOT NULL,
      digest text NOT NULL,
      base_number bigint NOT NULL,
      base_digest text NOT NULL,
      author uuid,
      author_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      effective_from timestamptz,
      effect_digest text NOT NULL,
      accept_lowering boolean NOT NULL,
      note text NOT NULL,
      asked_by uuid,
      asked_by_name text NOT NULL,
      asked_at timestamptz,
      answer text NOT NULL,
      answered_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, program_id),
      CONSTRAINT program_draft_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT program_draft_revision_check CHECK (revision > 0 AND base_number >= 0),
      CONSTRAINT program_draft_asked_check CHECK (state <> 'pending' OR asked_at IS NOT NULL)
    )
    """,
    "SELECT app.protect('program_draft')",
    """
    CREATE TABLE program_effect (
      tenant_id uuid NOT NULL,
      program_id text NOT NULL,
      digest text NOT NULL,
      base_digest text NOT NULL,
      effect jsonb NOT NULL,
      effect_digest text NOT NULL,
      lowered bigint NOT NULL,
      made_at timestamptz NOT NULL,
      made_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, program_id, digest, base_digest),
      CONSTRAINT program_effect_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('program_effect')",
    """
    CREATE TABLE program_version (
      tenant_id uuid NOT NULL,
      program_id text NOT NULL,
      number bigint NOT NULL CONSTRAINT program_version_number_check CHECK (number > 0),
      body jsonb NOT NULL,
      digest text NOT NULL,
      effective_from timestamptz NOT NULL,
      base_number bigint NOT NULL,
      restored_from bigint,
      plugin_digest text NOT NULL,
      plugin_body jsonb NOT NULL,
      note text NOT NULL,
      effect jsonb NOT NULL,
      effect_digest text NOT NULL,
      author uuid,
      author_name text NOT NULL,
      approver uuid,
      approver_name text NOT NULL,
      published_at timestamptz NOT NULL,
      withdrawn_at timestamptz,
      withdrawn_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, program_id, number),
      CONSTRAINT program_version_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    # Published rules never change: no UPDATE and no DELETE, but that a version may be called back before it begins.
    "SELECT app.protect('program_version', true)",
    "GRANT UPDATE (withdrawn_at, withdrawn_by_name) ON program_version TO anxin_app, anxin_worker",
    # Clinics and shops sell goods too: offers are about them ("宠物用品折扣"), so a price list can tell them from drugs.
    "ALTER TABLE price_item DROP CONSTRAINT price_item_category_check",
    """
    ALTER TABLE price_item ADD CONSTRAINT price_item_category_check
      CHECK (category IN ('consultation', 'examination', 'drug', 'surgery', 'goods'))
    """,
    "ALTER TABLE bill_line DROP CONSTRAINT bill_line_category_check",
    """
    ALTER TABLE bill_line ADD CONSTRAINT bill_line_category_check
      CHECK (category IN ('consultation', 'examination', 'drug', 'surgery', 'goods'))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
