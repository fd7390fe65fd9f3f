"""The schema `app`, row security, the tenant, its people, its plugins, the outbox and the audit log."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE SCHEMA IF NOT EXISTS app",
    "GRANT USAGE ON SCHEMA app, public TO anxin_app, anxin_worker",
    # Inlinable: one SQL expression, STABLE, no SET clause, not SECURITY DEFINER. Citus refuses a sub-select in a policy.
    """
    CREATE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$
    """,
    """
    CREATE FUNCTION app.protect(tbl regclass, append_only boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tbl);
      EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tbl);
      EXECUTE format('CREATE POLICY tenant_isolation ON %s '
                     'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', tbl);
      IF append_only THEN
        EXECUTE format('GRANT SELECT, INSERT ON %s TO anxin_app, anxin_worker', tbl);
      ELSE
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO anxin_app, anxin_worker', tbl);
      END IF;
      IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') THEN
        EXECUTE format('SELECT create_distributed_table(%L, %L)', tbl::text, 'tenant_id');
      END IF;
    END $$
    """,
    "REVOKE ALL ON FUNCTION app.protect(regclass, boolean) FROM PUBLIC",
    # The signed context: a tenant's id counts only with its keyed hash, so injected SQL cannot change the tenant.
    "CREATE TABLE app.context_key (key bytea NOT NULL)",
    """
    CREATE FUNCTION app.sign_contexts(new_key bytea) RETURNS void LANGUAGE plpgsql AS $outer$
    BEGIN
      DELETE FROM app.context_key;
      IF new_key IS NULL THEN
        CREATE OR REPLACE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
        RETURN;
      END IF;
      INSERT INTO app.context_key VALUES (new_key);
      CREATE OR REPLACE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
      SECURITY DEFINER SET search_path = pg_catalog
      AS $$
        SELECT nullif(current_setting('app.tenant_id', true), '')::uuid
        FROM app.context_key
        WHERE encode(sha256(key || sha256(key || convert_to(current_setting('app.tenant_id', true), 'UTF8'))), 'hex')
          = current_setting('app.tenant_signature', true)
      $$;
      REVOKE ALL ON FUNCTION app.tenant_id() FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION app.tenant_id() TO anxin_app, anxin_worker;
    END $outer$
    """,
    "REVOKE ALL ON FUNCTION app.sign_contexts(bytea) FROM PUBLIC",
    """
    CREATE TABLE tenant_address (
      address text PRIMARY KEY,
      kind text NOT NULL CONSTRAINT tenant_address_kind_check CHECK (kind IN ('slug', 'host', 'code')),
      tenant_id uuid NOT NULL
    )
    """,
    "ALTER TABLE tenant_address ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE tenant_address FORCE ROW LEVEL SECURITY",
    # The one table read before the tenant is known: addresses are public, and nothing else stands in it.
    "CREATE POLICY directory_read ON tenant_address FOR SELECT USING (true)",
    "CREATE POLICY directory_insert ON tenant_address FOR INSERT WITH CHECK (tenant_id = app.tenant_id())",
    "CREATE POLICY directory_delete ON tenant_address FOR DELETE USING (tenant_id = app.tenant_id())",
    "GRANT SELECT, INSERT, DELETE ON tenant_address TO anxin_app, anxin_worker",
    """
    CREATE TABLE tenant (
      tenant_id uuid PRIMARY KEY,
      slug text NOT NULL,
      code_prefix text NOT NULL,
      name text NOT NULL,
      locale text NOT NULL,
      timezone text NOT NULL,
      state text NOT NULL CONSTRAINT tenant_state_check CHECK (state IN ('active', 'restricted', 'suspended', 'closed')),
      plugin_epoch bigint NOT NULL,
      created_at timestamptz NOT NULL
    )
    """,
    "SELECT app.protect('tenant')",
    """
    CREATE TABLE branch (
      tenant_id uuid NOT NULL,
      branch_id uuid NOT NULL,
      name text NOT NULL,
      address text NOT NULL,
      emergency_phone text NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, branch_id),
      CONSTRAINT branch_tenant_id_name_key UNIQUE (tenant_id, name),
      CONSTRAINT branch_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('branch')",
    """
    CREATE TABLE counter (
      tenant_id uuid NOT NULL,
      name text NOT NULL,
      value bigint NOT NULL,
      PRIMARY KEY (tenant_id, name)
    )
    """,
    "SELECT app.protect('counter')",
    """
    CREATE TABLE staff (
      tenant_id uuid NOT NULL,
      staff_id uuid NOT NULL,
      full_name text NOT NULL,
      login text NOT NULL,
      password_hash text NOT NULL,
      branch_id uuid,
      locale text,
      state text NOT NULL CONSTRAINT staff_state_check CHECK (state IN ('active', 'left')),
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, staff_id),
      CONSTRAINT staff_tenant_id_login_key UNIQUE (tenant_id, login),
      CONSTRAINT staff_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT staff_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id)
    )
    """,
    "SELECT app.protect('staff')",
    """
    CREATE TABLE staff_role (
      tenant_id uuid NOT NULL,
      staff_id uuid NOT NULL,
      role text NOT NULL,
      PRIMARY KEY (tenant_id, staff_id, role),
      CONSTRAINT staff_role_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX staff_role_tenant_id_role_idx ON staff_role (tenant_id, role)",
    "SELECT app.protect('staff_role')",
    """
    CREATE TABLE duty_shift (
      tenant_id uuid NOT NULL,
      shift_id uuid NOT NULL,
      role text NOT NULL,
      branch_id uuid,
      staff_id uuid NOT NULL,
      starts_at timestamptz NOT NULL,
      ends_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, shift_id),
      CONSTRAINT duty_shift_span_check CHECK (ends_at > starts_at),
      CONSTRAINT duty_shift_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id) ON DELETE CASCADE,
      CONSTRAINT duty_shift_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id)
    )
    """,
    "CREATE INDEX duty_shift_tenant_id_role_ends_at_idx ON duty_shift (tenant_id, role, ends_at)",
    "SELECT app.protect('duty_shift')",
    """
    CREATE TABLE staff_session (
      tenant_id uuid NOT NULL,
      token_hash text NOT NULL,
      staff_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      seen_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      user_agent text NOT NULL,
      PRIMARY KEY (tenant_id, token_hash),
      CONSTRAINT staff_session_tenant_id_staff_id_fkey FOREIGN KEY (tenant_id, staff_id)
        REFERENCES staff (tenant_id, staff_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX staff_session_tenant_id_staff_id_idx ON staff_session (tenant_id, staff_id)",
    "SELECT app.protect('staff_session')",
    """
    CREATE TABLE sign_in_attempt (
      tenant_id uuid NOT NULL,
      key text NOT NULL,
      failures bigint NOT NULL,
      window_started_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, key)
    )
    """,
    "SELECT app.protect('sign_in_attempt')",
    """
    CREATE TABLE plugin_state (
      tenant_id uuid NOT NULL,
      plugin text NOT NULL,
      state text NOT NULL CONSTRAINT plugin_state_state_check
        CHECK (state IN ('installed', 'on', 'paused', 'off', 'removed')),
      position bigint NOT NULL,
      settings jsonb NOT NULL,
      settings_version bigint NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, plugin),
      CONSTRAINT plugin_state_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('plugin_state')",
    """
    CREATE TABLE plugin_setting_version (
      tenant_id uuid NOT NULL,
      plugin text NOT NULL,
      version bigint NOT NULL,
      before jsonb NOT NULL,
      after jsonb NOT NULL,
      changed_by uuid,
      changed_by_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, plugin, version),
      CONSTRAINT plugin_setting_version_tenant_id_plugin_fkey FOREIGN KEY (tenant_id, plugin)
        REFERENCES plugin_state (tenant_id, plugin) ON DELETE CASCADE
    )
    """,
    "SELECT app.protect('plugin_setting_version', append_only => true)",
    """
    CREATE TABLE outbox (
      tenant_id uuid NOT NULL,
      outbox_id uuid NOT NULL,
      task text NOT NULL,
      payload jsonb NOT NULL,
      dedupe_key text,
      run_at timestamptz NOT NULL,
      state text NOT NULL CONSTRAINT outbox_state_check CHECK (state IN ('pending', 'sent', 'done', 'dead')),
      attempts bigint NOT NULL,
      lease_until timestamptz,
      last_error text,
      created_at timestamptz NOT NULL,
      finished_at timestamptz,
      PRIMARY KEY (tenant_id, outbox_id),
      CONSTRAINT outbox_tenant_id_dedupe_key_key UNIQUE (tenant_id, dedupe_key),
      CONSTRAINT outbox_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "CREATE INDEX outbox_due_idx ON outbox (run_at, tenant_id, task) WHERE state = 'pending'",
    "CREATE INDEX outbox_lease_idx ON outbox (lease_until, tenant_id) WHERE state = 'sent'",
    "CREATE INDEX outbox_dead_idx ON outbox (tenant_id, outbox_id) WHERE state = 'dead'",
    "SELECT app.protect('outbox')",
    # The worker finds due keys over all tenants without a lock; it claims and works inside one tenant only. Once a
    # transaction names a tenant, this policy shows it no other's. It reads the plain setting, not app.tenant_id(): as
    # a filter that one would be asked for every row of a sweep, and with signed contexts each answer costs 70 us.
    """
    CREATE POLICY worker_sweep ON outbox FOR SELECT TO anxin_worker
    USING (tenant_id::text = coalesce(nullif(current_setting('app.tenant_id', true), ''), tenant_id::text))
    """,
    """
    CREATE TABLE audit_head (
      tenant_id uuid NOT NULL,
      seq bigint NOT NULL,
      hash text NOT NULL,
      PRIMARY KEY (tenant_id)
    )
    """,
    "SELECT app.protect('audit_head')",
    """
    CREATE TABLE audit_entry (
      tenant_id uuid NOT NULL,
      seq bigint NOT NULL,
      at timestamptz NOT NULL,
      actor_kind text NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      action text NOT NULL,
      entity text NOT NULL,
      entity_id uuid,
      details jsonb NOT NULL,
      prev_hash text NOT NULL,
      hash text NOT NULL,
      PRIMARY KEY (tenant_id, seq),
      CONSTRAINT audit_entry_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "CREATE INDEX audit_entry_tenant_id_entity_entity_id_idx ON audit_entry (tenant_id, entity, entity_id)",
    "SELECT app.protect('audit_entry', append_only => true)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
