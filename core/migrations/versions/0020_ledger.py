"""Adds lots, allocations and the rest of the ledger."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    ALTER TABLE loyalty_account
      ADD COLUMN pending bigint NOT NULL DEFAULT 0,
      ADD COLUMN deficit bigint NOT NULL DEFAULT 0,
      ADD COLUMN earned bigint NOT NULL DEFAULT 0,
      ADD COLUMN version bigint NOT NULL DEFAULT 0,
      ADD COLUMN tier_review_on date,
      ADD COLUMN earned_tier text,
      ADD COLUMN pinned_until date,
      ADD CONSTRAINT loyalty_account_points_check CHECK (points >= 0 AND pending >= 0 AND deficit >= 0)
    """,
    # Every burn updates its account and its lots in place: with room on the page no index has to know (HOT).
    "ALTER TABLE loyalty_account SET (fillfactor = 70)",
    """
    CREATE INDEX loyalty_account_review_idx ON loyalty_account (tenant_id, tier_review_on)
      WHERE tier_review_on IS NOT NULL
    """,
    "ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_kind_check",
    """
    ALTER TABLE ledger_entry
      ADD COLUMN activates_at timestamptz,
      ADD COLUMN expires_at timestamptz,
      ADD COLUMN rule_id text NOT NULL DEFAULT '',
      ADD COLUMN reason text NOT NULL DEFAULT '',
      ADD COLUMN of_entry_id uuid,
      ADD COLUMN details jsonb,
      ADD CONSTRAINT ledger_entry_kind_check CHECK (kind IN ('spend', 'reversal', 'opening', 'transfer', 'earn',
        'burn', 'expire', 'give_back', 'grant', 'goodwill', 'adjust')),
      ADD CONSTRAINT ledger_entry_tenant_id_of_entry_id_fkey FOREIGN KEY (tenant_id, of_entry_id)
        REFERENCES ledger_entry (tenant_id, entry_id)
    """,
    """
    CREATE INDEX ledger_entry_of_idx ON ledger_entry (tenant_id, of_entry_id) WHERE of_entry_id IS NOT NULL
    """,
    # What somebody wrote down as a reason goes with the person; the movement stays.
    "SELECT app.make_erasable('ledger_entry', 'customer_id', $$reason = ''$$)",
    """
    CREATE TABLE lot (
      tenant_id uuid NOT NULL,
      lot_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      root_id uuid NOT NULL,
      earned bigint NOT NULL,
      remaining bigint NOT NULL,
      reversed bigint NOT NULL,
      expired bigint NOT NULL,
      activates_at timestamptz,
      expires_at timestamptz,
      due_at timestamptz,
      state text NOT NULL,
      PRIMARY KEY (tenant_id, lot_id),
      CONSTRAINT lot_tenant_id_lot_id_fkey FOREIGN KEY (tenant_id, lot_id)
        REFERENCES ledger_entry (tenant_id, entry_id),
      CONSTRAINT lot_state_check CHECK (state IN ('pending', 'open', 'closed')),
      CONSTRAINT lot_points_check CHECK (remaining >= 0 AND reversed >= 0 AND expired >= 0
        AND remaining + reversed + expired <= earned)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX lot_open_idx ON lot (tenant_id, customer_id) WHERE state <> 'closed'",
    "CREATE INDEX lot_due_idx ON lot (tenant_id, due_at, customer_id) WHERE due_at IS NOT NULL",
    "CREATE INDEX lot_tenant_id_root_id_idx ON lot (tenant_id, root_id)",
    "SELECT app.protect('lot')",
    """
    CREATE TABLE lot_alloc (
      tenant_id uuid NOT NULL,
      entry_id uuid NOT NULL,
      lot_id uuid NOT NULL,
      points bigint NOT NULL,
      PRIMARY KEY (tenant_id, entry_id, lot_id),
      CONSTRAINT lot_alloc_tenant_id_entry_id_fkey FOREIGN KEY (tenant_id, entry_id)
        REFERENCES ledger_entry (tenant_id, entry_id),
      CONSTRAINT lot_alloc_points_check CHECK (points > 0)
    )
    """,
    "CREATE INDEX lot_alloc_tenant_id_lot_id_idx ON lot_alloc (tenant_id, lot_id)",
    "SELECT app.protect('lot_alloc', append_only => true)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
