"""Requests about a person's own data, and receipts; and how rows that nobody may change are erased all the same."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    # An append-only table stays so by privilege. Erasing a person from it is one narrow deed: a function per table,
    # owned by the owner of the tables, which blanks fixed columns (or deletes) of the rows of named owners, of the bound
    # tenant only: row security is forced for the owner too. Only the worker may call it. See docs/decisions/0014.
    """
    CREATE FUNCTION app.make_erasable(tbl regclass, owner_column text, assignments text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql AS $make$
    DECLARE
      bare text := (SELECT relname FROM pg_class WHERE oid = tbl);
      deed text := CASE WHEN assignments IS NULL THEN format('DELETE FROM public.%I', bare)
                        ELSE format('UPDATE public.%I SET %s', bare, assignments) END;
    BEGIN
      EXECUTE format($f$
        CREATE FUNCTION app.%I(p_tenant uuid, p_owners uuid[]) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
        DECLARE done bigint;
        BEGIN
          IF p_tenant IS DISTINCT FROM app.tenant_id() THEN
            RAISE EXCEPTION 'this transaction is bound to another tenant' USING ERRCODE = 'insufficient_privilege';
          END IF;
          %s WHERE tenant_id = p_tenant AND %I = ANY (p_owners);
          GET DIAGNOSTICS done = ROW_COUNT;
          RETURN done;
        END $body$
      $f$, 'erase_' || bare, deed, owner_column);
      EXECUTE format('REVOKE ALL ON FUNCTION app.%I(uuid, uuid[]) FROM PUBLIC', 'erase_' || bare);
      EXECUTE format('GRANT EXECUTE ON FUNCTION app.%I(uuid, uuid[]) TO anxin_worker', 'erase_' || bare);
    END $make$
    """,
    "REVOKE ALL ON FUNCTION app.make_erasable(regclass, text, text) FROM PUBLIC",
    "SELECT app.make_erasable('customer_event', 'customer_id')",
    "SELECT app.make_erasable('profile_value', 'entity_id')",
    "SELECT app.make_erasable('consent_seal', 'submission_id')",
    """
    SELECT app.make_erasable('contact_consent', 'customer_id',
      $$actor_name = CASE WHEN actor_kind = 'customer' THEN '' ELSE actor_name END$$)
    """,
    # What a person wrote goes; which step was done when, and by whom of the staff, stays.
    """
    SELECT app.make_erasable('complaint_event', 'complaint_id',
      $$actor_name = CASE WHEN actor_kind = 'customer' THEN '' ELSE actor_name END,
        data = (SELECT coalesce(jsonb_object_agg(k, v), '{}'::jsonb) FROM jsonb_each(data) AS e(k, v)
                WHERE k IN ('milestone', 'severity', 'late', 'role', 'role_label', 'stage', 'from', 'to', 'cycle'))$$)
    """,
    """
    CREATE TABLE privacy_link (
      tenant_id uuid NOT NULL,
      link_id uuid NOT NULL,
      code text NOT NULL,
      customer_id uuid NOT NULL,
      created_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      revoked_at timestamptz,
      wrong bigint NOT NULL,
      tried_at timestamptz,
      locked_at timestamptz,
      opened_at timestamptz,
      PRIMARY KEY (tenant_id, link_id),
      CONSTRAINT privacy_link_tenant_id_code_key UNIQUE (tenant_id, code),
      CONSTRAINT privacy_link_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "CREATE INDEX privacy_link_tenant_id_customer_id_idx ON privacy_link (tenant_id, customer_id)",
    "SELECT app.protect('privacy_link')",
    """
    CREATE TABLE privacy_request (
      tenant_id uuid NOT NULL,
      request_id uuid NOT NULL,
      number bigint NOT NULL,
      customer_id uuid NOT NULL,
      kind text NOT NULL CONSTRAINT privacy_request_kind_check CHECK (kind IN ('correction', 'export', 'erasure')),
      state text NOT NULL CONSTRAINT privacy_request_state_check
        CHECK (state IN ('open', 'running', 'done', 'refused', 'withdrawn')),
      source text NOT NULL CONSTRAINT privacy_request_source_check CHECK (source IN ('staff', 'customer_page')),
      text text NOT NULL CONSTRAINT privacy_request_text_check CHECK (length(text) <= 2000),
      answer text NOT NULL CONSTRAINT privacy_request_answer_check CHECK (length(answer) <= 2000),
      override_reason text NOT NULL,
      receipt_id uuid,
      created_at timestamptz NOT NULL,
      created_by_name text NOT NULL,
      due_at timestamptz NOT NULL,
      ended_at timestamptz,
      ended_by_name text NOT NULL,
      PRIMARY KEY (tenant_id, request_id),
      CONSTRAINT privacy_request_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT privacy_request_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "CREATE INDEX privacy_request_tenant_id_state_due_at_idx ON privacy_request (tenant_id, state, due_at)",
    "CREATE INDEX privacy_request_tenant_id_customer_id_idx ON privacy_request (tenant_id, customer_id)",
    "SELECT app.protect('privacy_request')",
    """
    CREATE TABLE privacy_receipt (
      tenant_id uuid NOT NULL,
      receipt_id uuid NOT NULL,
      number bigint NOT NULL,
      customer_id uuid NOT NULL,
      body jsonb NOT NULL,
      hash text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, receipt_id),
      CONSTRAINT privacy_receipt_tenant_id_number_key UNIQUE (tenant_id, number),
      CONSTRAINT privacy_receipt_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id)
    )
    """,
    "CREATE INDEX privacy_receipt_tenant_id_customer_id_idx ON privacy_receipt (tenant_id, customer_id)",
    "SELECT app.protect('privacy_receipt', append_only => true)",
    # No foreign key: after a backup was restored the list may know people whom the database no longer does.
    """
    CREATE TABLE privacy_tombstone (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      erased_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, customer_id)
    )
    """,
    "SELECT app.protect('privacy_tombstone')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
