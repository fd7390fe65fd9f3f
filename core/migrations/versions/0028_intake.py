"""Sources, causes, confirmed levels, merging and splitting of complaints, their e-mails, and notices of drifting shares."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE complaint DROP CONSTRAINT complaint_state_check",
    """
    ALTER TABLE complaint ADD CONSTRAINT complaint_state_check
      CHECK (state IN ('open', 'resolved', 'archived', 'withdrawn', 'merged'))
    """,
    "ALTER TABLE complaint ADD COLUMN source jsonb",
    "ALTER TABLE complaint ADD COLUMN source_key text",
    "ALTER TABLE complaint ADD COLUMN cause text",
    "ALTER TABLE complaint ADD COLUMN level_confirmed_by uuid",
    "ALTER TABLE complaint ADD COLUMN level_confirmed_at timestamptz",
    "ALTER TABLE complaint ADD COLUMN merged_into uuid",
    "ALTER TABLE complaint ADD COLUMN split_from uuid",
    """
    ALTER TABLE complaint ADD CONSTRAINT complaint_tenant_id_level_confirmed_by_fkey
      FOREIGN KEY (tenant_id, level_confirmed_by) REFERENCES staff (tenant_id, staff_id)
    """,
    """
    ALTER TABLE complaint ADD CONSTRAINT complaint_tenant_id_merged_into_fkey
      FOREIGN KEY (tenant_id, merged_into) REFERENCES complaint (tenant_id, complaint_id)
    """,
    """
    ALTER TABLE complaint ADD CONSTRAINT complaint_tenant_id_split_from_fkey
      FOREIGN KEY (tenant_id, split_from) REFERENCES complaint (tenant_id, complaint_id)
    """,
    """
    ALTER TABLE complaint ADD CONSTRAINT complaint_merged_check
      CHECK ((state = 'merged') = (merged_into IS NOT NULL))
    """,
    "CREATE INDEX complaint_merged_idx ON complaint (tenant_id, merged_into) WHERE merged_into IS NOT NULL",
    "CREATE INDEX complaint_split_idx ON complaint (tenant_id, split_from) WHERE split_from IS NOT NULL",
    "CREATE INDEX complaint_source_idx ON complaint (tenant_id, source_key) WHERE source_key IS NOT NULL",
    "CREATE INDEX complaint_phone_idx ON complaint (tenant_id, contact_phone, received_at) WHERE contact_phone <> ''",
    """
    CREATE TABLE complaint_merge (
      tenant_id uuid NOT NULL,
      merge_id uuid NOT NULL,
      survivor_id uuid NOT NULL,
      loser_id uuid NOT NULL,
      reason text NOT NULL,
      before jsonb NOT NULL,
      merged_at timestamptz NOT NULL,
      merged_by_name text NOT NULL,
      undone_at timestamptz,
      undone_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, merge_id),
      CONSTRAINT complaint_merge_tenant_id_survivor_id_fkey FOREIGN KEY (tenant_id, survivor_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT complaint_merge_tenant_id_loser_id_fkey FOREIGN KEY (tenant_id, loser_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT complaint_merge_pair_check CHECK (survivor_id <> loser_id)
    )
    """,
    "CREATE UNIQUE INDEX complaint_merge_standing_idx ON complaint_merge (tenant_id, loser_id) WHERE undone_at IS NULL",
    "CREATE INDEX complaint_merge_tenant_id_survivor_id_idx ON complaint_merge (tenant_id, survivor_id)",
    "SELECT app.protect('complaint_merge')",
    """
    CREATE TABLE complaint_mail (
      tenant_id uuid NOT NULL,
      message_id text COLLATE "C" NOT NULL,
      complaint_id uuid NOT NULL,
      sent boolean NOT NULL,
      subject text NOT NULL,
      correspondent text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, message_id),
      CONSTRAINT complaint_mail_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "CREATE INDEX complaint_mail_tenant_id_complaint_id_at_idx ON complaint_mail (tenant_id, complaint_id, at)",
    "SELECT app.protect('complaint_mail')",
    """
    CREATE TABLE share_notice (
      tenant_id uuid NOT NULL,
      month text NOT NULL,
      staff_id uuid NOT NULL,
      shares jsonb NOT NULL,
      sent_at timestamptz NOT NULL,
      read_at timestamptz,
      PRIMARY KEY (tenant_id, month, staff_id),
      CONSTRAINT share_notice_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "CREATE INDEX share_notice_tenant_id_staff_id_idx ON share_notice (tenant_id, staff_id) WHERE read_at IS NULL",
    "SELECT app.protect('share_notice')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
