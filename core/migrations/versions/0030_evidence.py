"""Tables of the evidence locker and hearings."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE file_hold (
      tenant_id uuid NOT NULL,
      hold_id uuid NOT NULL,
      owner_kind text NOT NULL,
      owner_id uuid NOT NULL,
      PRIMARY KEY (tenant_id, hold_id, owner_kind, owner_id),
      CONSTRAINT file_hold_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('file_hold')",
    "CREATE INDEX file_hold_tenant_id_owner_kind_owner_id_idx ON file_hold (tenant_id, owner_kind, owner_id)",
    """
    CREATE TABLE evidence_locker (
      tenant_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      links bigint NOT NULL,
      seal text NOT NULL,
      custody bigint NOT NULL,
      custody_seal text NOT NULL,
      sealed_at timestamptz,
      PRIMARY KEY (tenant_id, complaint_id),
      CONSTRAINT evidence_locker_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('evidence_locker')",
    "REVOKE DELETE ON evidence_locker FROM anxin_app, anxin_worker",
    """
    CREATE TABLE evidence_link (
      tenant_id uuid NOT NULL,
      evidence_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      seq bigint NOT NULL CONSTRAINT evidence_link_seq_check CHECK (seq > 0),
      act text NOT NULL CONSTRAINT evidence_link_act_check CHECK (act IN ('added', 'sealed')),
      kind text NOT NULL,
      label text NOT NULL,
      file_id uuid,
      sha256 text NOT NULL,
      at timestamptz NOT NULL,
      by_name text NOT NULL,
      body text NOT NULL,
      prev text NOT NULL,
      seal text NOT NULL,
      PRIMARY KEY (tenant_id, evidence_id),
      CONSTRAINT evidence_link_tenant_id_complaint_id_seq_key UNIQUE (tenant_id, complaint_id, seq),
      CONSTRAINT evidence_link_tenant_id_complaint_id_prev_key UNIQUE (tenant_id, complaint_id, prev),
      CONSTRAINT evidence_link_tenant_id_file_id_key UNIQUE (tenant_id, file_id),
      CONSTRAINT evidence_link_file_check CHECK ((act = 'added') = (file_id IS NOT NULL)),
      CONSTRAINT evidence_link_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT evidence_link_tenant_id_file_id_fkey FOREIGN KEY (tenant_id, file_id)
        REFERENCES stored_file (tenant_id, file_id)
    )
    """,
    "SELECT app.protect('evidence_link', append_only => true)",
    "SELECT app.make_erasable('evidence_link', 'complaint_id', $$label = '', body = '{}'$$)",
    """
    CREATE TABLE evidence_custody (
      tenant_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      seq bigint NOT NULL CONSTRAINT evidence_custody_seq_check CHECK (seq > 0),
      act text NOT NULL,
      evidence_id uuid,
      reason text NOT NULL,
      at timestamptz NOT NULL,
      by_name text NOT NULL,
      body text NOT NULL,
      prev text NOT NULL,
      seal text NOT NULL,
      PRIMARY KEY (tenant_id, complaint_id, seq),
      CONSTRAINT evidence_custody_tenant_id_complaint_id_prev_key UNIQUE (tenant_id, complaint_id, prev),
      CONSTRAINT evidence_custody_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('evidence_custody', append_only => true)",
    "SELECT app.make_erasable('evidence_custody', 'complaint_id', $$reason = '', body = '{}'$$)",
    """
    CREATE TABLE legal_hold (
      tenant_id uuid NOT NULL,
      hold_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      reason text NOT NULL,
      placed_by_name text NOT NULL,
      placed_at timestamptz NOT NULL,
      lift_reason text NOT NULL,
      lifted_by_name text NOT NULL,
      lifted_at timestamptz,
      PRIMARY KEY (tenant_id, hold_id),
      CONSTRAINT legal_hold_lifted_check CHECK ((lifted_at IS NULL) = (lifted_by_name = '')),
      CONSTRAINT legal_hold_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('legal_hold')",
    "REVOKE DELETE ON legal_hold FROM anxin_app, anxin_worker",
    "CREATE INDEX legal_hold_tenant_id_complaint_id_idx ON legal_hold (tenant_id, complaint_id)",
    """
    CREATE TABLE dossier (
      tenant_id uuid NOT NULL,
      dossier_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      reason text NOT NULL,
      state text NOT NULL CONSTRAINT dossier_state_check CHECK (state IN ('running', 'done', 'failed', 'expired')),
      paper bytea NOT NULL,
      links bigint NOT NULL,
      custody bigint NOT NULL,
      files_total bigint NOT NULL,
      files_done bigint NOT NULL,
      size_bytes bigint NOT NULL,
      sha256 text NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, dossier_id),
      CONSTRAINT dossier_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('dossier')",
    "CREATE INDEX dossier_tenant_id_complaint_id_dossier_id_idx ON dossier (tenant_id, complaint_id, dossier_id)",
    """
    CREATE TABLE dossier_piece (
      tenant_id uuid NOT NULL,
      dossier_id uuid NOT NULL,
      piece_no bigint NOT NULL,
      content bytea NOT NULL,
      PRIMARY KEY (tenant_id, dossier_id, piece_no),
      CONSTRAINT dossier_piece_tenant_id_dossier_id_fkey FOREIGN KEY (tenant_id, dossier_id)
        REFERENCES dossier (tenant_id, dossier_id)
    )
    """,
    "SELECT app.protect('dossier_piece')",
    """
    CREATE TABLE hearing (
      tenant_id uuid NOT NULL,
      hearing_id uuid NOT NULL,
      complaint_id uuid NOT NULL,
      state text NOT NULL CONSTRAINT hearing_state_check CHECK (state IN ('planned', 'held', 'cancelled')),
      starts_at timestamptz NOT NULL,
      place text NOT NULL,
      agenda text NOT NULL,
      minutes text NOT NULL,
      finding text NOT NULL,
      shares jsonb NOT NULL,
      body text NOT NULL,
      seal text NOT NULL,
      held_at timestamptz,
      finished_at timestamptz,
      finished_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, hearing_id),
      CONSTRAINT hearing_seal_check CHECK ((state = 'held') = (seal <> '')),
      CONSTRAINT hearing_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id)
    )
    """,
    "SELECT app.protect('hearing')",
    "CREATE INDEX hearing_tenant_id_complaint_id_hearing_id_idx ON hearing (tenant_id, complaint_id, hearing_id)",
    """
    CREATE TABLE hearing_member (
      tenant_id uuid NOT NULL,
      member_id uuid NOT NULL,
      hearing_id uuid NOT NULL,
      kind text NOT NULL CONSTRAINT hearing_member_kind_check CHECK (kind IN ('expert', 'staff')),
      staff_id uuid,
      full_name text NOT NULL,
      standing text NOT NULL,
      code text,
      word_hash text NOT NULL,
      device_hash text NOT NULL,
      wrong bigint NOT NULL,
      tried_at timestamptz,
      expires_at timestamptz,
      revoked_at timestamptz,
      opened_at timestamptz,
      attended boolean,
      stance text NOT NULL CONSTRAINT hearing_member_stance_check CHECK (stance IN ('', 'agrees', 'dissents')),
      words text NOT NULL,
      signature_id uuid,
      signed_seal text NOT NULL,
      signed_at timestamptz,
      PRIMARY KEY (tenant_id, member_id),
      CONSTRAINT hearing_member_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT hearing_member_code_check CHECK ((kind = 'expert') = (code IS NOT NULL)),
      CONSTRAINT hearing_member_tenant_id_hearing_id_fkey FOREIGN KEY (tenant_id, hearing_id)
        REFERENCES hearing (tenant_id, hearing_id) ON DELETE CASCADE,
      CONSTRAINT hearing_member_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT hearing_member_tenant_id_signature_id_fkey FOREIGN KEY (tenant_id, signature_id)
        REFERENCES stored_file (tenant_id, file_id)
    )
    """,
    "SELECT app.protect('hearing_member')",
    "CREATE INDEX hearing_member_tenant_id_hearing_id_idx ON hearing_member (tenant_id, hearing_id)",
    """
    CREATE TABLE hearing_release (
      tenant_id uuid NOT NULL,
      hearing_id uuid NOT NULL,
      evidence_id uuid NOT NULL,
      released_by_name text NOT NULL,
      released_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, hearing_id, evidence_id),
      CONSTRAINT hearing_release_tenant_id_hearing_id_fkey FOREIGN KEY (tenant_id, hearing_id)
        REFERENCES hearing (tenant_id, hearing_id) ON DELETE CASCADE,
      CONSTRAINT hearing_release_tenant_id_evidence_id_fkey FOREIGN KEY (tenant_id, evidence_id)
        REFERENCES evidence_link (tenant_id, evidence_id)
    )
    """,
    "SELECT app.protect('hearing_release')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
