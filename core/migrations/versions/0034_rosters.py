"""Tables of shift patterns with their versions and people, of changes to single days, and of swaps that are asked for."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE shift_pattern (
      tenant_id uuid NOT NULL,
      pattern_id uuid NOT NULL,
      role text NOT NULL,
      branch_id uuid,
      made_by_name text NOT NULL,
      made_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, pattern_id),
      CONSTRAINT shift_pattern_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT shift_pattern_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id)
    )
    """,
    "SELECT app.protect('shift_pattern')",
    "CREATE INDEX shift_pattern_tenant_id_role_idx ON shift_pattern (tenant_id, role)",
    """
    CREATE TABLE shift_version (
      tenant_id uuid NOT NULL,
      pattern_id uuid NOT NULL,
      number bigint NOT NULL CONSTRAINT shift_version_number_check CHECK (number >= 1),
      effective_from date NOT NULL,
      hours jsonb NOT NULL,
      made_by_name text NOT NULL,
      made_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, pattern_id, number),
      CONSTRAINT shift_version_tenant_id_pattern_id_fkey FOREIGN KEY (tenant_id, pattern_id)
        REFERENCES shift_pattern (tenant_id, pattern_id)
    )
    """,
    "SELECT app.protect('shift_version')",
    "REVOKE UPDATE, DELETE ON shift_version FROM anxin_app, anxin_worker",
    """
    CREATE TABLE shift_member (
      tenant_id uuid NOT NULL,
      pattern_id uuid NOT NULL,
      number bigint NOT NULL,
      team bigint NOT NULL,
      staff_id uuid NOT NULL,
      PRIMARY KEY (tenant_id, pattern_id, number, team, staff_id),
      CONSTRAINT shift_member_tenant_id_pattern_id_number_fkey FOREIGN KEY (tenant_id, pattern_id, number)
        REFERENCES shift_version (tenant_id, pattern_id, number),
      CONSTRAINT shift_member_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "SELECT app.protect('shift_member')",
    "CREATE INDEX shift_member_tenant_id_staff_id_idx ON shift_member (tenant_id, staff_id)",
    "REVOKE UPDATE, DELETE ON shift_member FROM anxin_app, anxin_worker",
    """
    CREATE TABLE shift_change (
      tenant_id uuid NOT NULL,
      change_id uuid NOT NULL,
      staff_id uuid NOT NULL,
      stand_in_id uuid,
      pattern_id uuid,
      first_on date NOT NULL,
      last_on date NOT NULL,
      words text NOT NULL,
      made_by_name text NOT NULL,
      made_at timestamptz NOT NULL,
      undone_by_name text NOT NULL,
      undone_at timestamptz,
      PRIMARY KEY (tenant_id, change_id),
      CONSTRAINT shift_change_span_check CHECK (last_on >= first_on),
      CONSTRAINT shift_change_swap_check CHECK (stand_in_id IS NULL
        OR (stand_in_id <> staff_id AND pattern_id IS NOT NULL)),
      CONSTRAINT shift_change_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT shift_change_tenant_id_stand_in_id_fkey FOREIGN KEY (tenant_id, stand_in_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT shift_change_tenant_id_pattern_id_fkey FOREIGN KEY (tenant_id, pattern_id)
        REFERENCES shift_pattern (tenant_id, pattern_id)
    )
    """,
    "SELECT app.protect('shift_change')",
    """
    CREATE INDEX shift_change_standing_idx ON shift_change (tenant_id, last_on, change_id)
      WHERE undone_at IS NULL
    """,
    """
    CREATE TABLE swap_request (
      tenant_id uuid NOT NULL,
      request_id uuid NOT NULL,
      pattern_id uuid NOT NULL,
      on_date date NOT NULL,
      staff_id uuid NOT NULL,
      colleague_id uuid,
      state text NOT NULL CONSTRAINT swap_request_state_check
        CHECK (state IN ('open', 'accepted', 'declined', 'withdrawn')),
      words text NOT NULL,
      asked_at timestamptz NOT NULL,
      answered_by uuid,
      answered_at timestamptz,
      change_id uuid,
      PRIMARY KEY (tenant_id, request_id),
      CONSTRAINT swap_request_answer_check CHECK ((state = 'accepted') = (change_id IS NOT NULL)),
      CONSTRAINT swap_request_tenant_id_pattern_id_fkey FOREIGN KEY (tenant_id, pattern_id)
        REFERENCES shift_pattern (tenant_id, pattern_id),
      CONSTRAINT swap_request_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT swap_request_tenant_id_colleague_id_fkey FOREIGN KEY (tenant_id, colleague_id)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT swap_request_tenant_id_answered_by_fkey FOREIGN KEY (tenant_id, answered_by)
        REFERENCES staff (tenant_id, staff_id),
      CONSTRAINT swap_request_tenant_id_change_id_fkey FOREIGN KEY (tenant_id, change_id)
        REFERENCES shift_change (tenant_id, change_id)
    )
    """,
    "SELECT app.protect('swap_request')",
    """
    CREATE UNIQUE INDEX swap_request_open_idx ON swap_request (tenant_id, pattern_id, on_date, staff_id)
      WHERE state = 'open'
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
