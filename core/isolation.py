"""Reads the catalogue and names every place where one tenant could see another; run in CI and at boot."""

from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

# Tables that are read before a tenant is known, or belong to no tenant. Each with its reason.
OPEN_READS: Final = {
    ("tenant_address", "directory_read"): "an address is public; it leads to the tenant",
    ("outbox", "worker_sweep"): "the worker finds due keys over all tenants, for SELECT only",
}
NO_TENANT_KEY_FIRST: Final = {"tenant_address": "looked up by address before the tenant is known"}
# Index operators that PostgreSQL trusts below row security; everything else would turn the index off.
LEAKPROOF_TYPES: Final = (
    "uuid", "text", "varchar", "bpchar", "int2", "int4", "int8", "bool", "date", "timestamptz", "timestamp", "bytea",
)  # fmt: skip
SWEEP_INDEXES: Final = ("outbox_due_idx", "outbox_lease_idx")


class Violation(msgspec.Struct, frozen=True, order=True):
    """One broken rule: its stable name and what breaks it."""

    rule: str
    where: str


_TENANT_TABLES: Final = """
SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'
  AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
"""

# Each check answers rows of one column: what breaks the rule. `tenant_tables` is the relation above.
CHECKS: Final = {
    "row-security-off": "SELECT relname FROM tenant_tables WHERE NOT relrowsecurity",
    "row-security-not-forced": "SELECT relname FROM tenant_tables WHERE NOT relforcerowsecurity",
    "no-policy": """
        SELECT relname FROM tenant_tables t WHERE NOT EXISTS (
          SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid
            AND pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = app.tenant_id())')""",
    "open-policy": """
        SELECT t.relname || '.' || p.polname FROM tenant_tables t JOIN pg_policy p ON p.polrelid = t.oid
        WHERE NOT (t.relname || '.' || p.polname = ANY(:open_reads) AND p.polcmd = 'r')
          AND (coalesce(pg_get_expr(p.polqual, p.polrelid), '(tenant_id = app.tenant_id())')
                 <> '(tenant_id = app.tenant_id())'
            OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '(tenant_id = app.tenant_id())')
                 <> '(tenant_id = app.tenant_id())')""",
    "key-order": """
        SELECT t.relname || '.' || i.relname FROM tenant_tables t
        JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
        LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
        WHERE a.attname IS DISTINCT FROM 'tenant_id'
          AND t.relname <> ALL(:unkeyed) AND i.relname <> ALL(:sweeps)""",
    "no-primary-key": """
        SELECT relname FROM tenant_tables t
        WHERE NOT EXISTS (SELECT 1 FROM pg_index x WHERE x.indrelid = t.oid AND x.indisprimary)""",
    "foreign-key-without-tenant": """
        SELECT t.relname || '.' || k.conname FROM tenant_tables t JOIN pg_constraint k ON k.conrelid = t.oid
        WHERE k.contype = 'f' AND NOT EXISTS (
          SELECT 1 FROM unnest(k.conkey, k.confkey) AS pair(mine, theirs)
          JOIN pg_attribute m ON m.attrelid = k.conrelid AND m.attnum = pair.mine
          JOIN pg_attribute o ON o.attrelid = k.confrelid AND o.attnum = pair.theirs
          WHERE m.attname = 'tenant_id' AND o.attname = 'tenant_id')""",
    "foreign-key-sets-null": """
        SELECT t.relname || '.' || k.conname FROM tenant_tables t JOIN pg_constraint k ON k.conrelid = t.oid
        WHERE k.contype = 'f' AND k.confdeltype IN ('n', 'd')""",
    "trigger": """
        SELECT t.relname || '.' || g.tgname FROM tenant_tables t JOIN pg_trigger g ON g.tgrelid = t.oid
        WHERE NOT g.tgisinternal""",
    "owner-right-view": """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' AND n.nspname IN ('public', 'app')
          AND NOT coalesce(c.reloptions, '{}') @> ARRAY['security_invoker=true']""",
    "materialized-view": """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'm' AND n.nspname IN ('public', 'app')""",
    "definer-function": """
        SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('public', 'app') AND p.prosecdef
          AND (NOT EXISTS (SELECT 1 FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%')
            OR EXISTS (SELECT 1 FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
                       WHERE g.grantee = 0 AND g.privilege_type = 'EXECUTE'))""",
    "bypass-role": """
        SELECT rolname FROM pg_roles WHERE rolname IN ('anxin_owner', 'anxin_app', 'anxin_worker', 'anxin_migrator')
          AND (rolbypassrls OR rolsuper)""",
    "table-owned-by-login": """
        SELECT t.relname FROM tenant_tables t JOIN pg_roles r ON r.oid = t.relowner WHERE r.rolcanlogin""",
    "not-leakproof-index": """
        SELECT t.relname || '.' || i.relname FROM tenant_tables t
        JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
        WHERE x.indexprs IS NOT NULL OR EXISTS (
          SELECT 1 FROM unnest(x.indkey::int2[]) AS k(attnum)
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum JOIN pg_type y ON y.oid = a.atttypid
          WHERE y.typname <> ALL(:leakproof))""",
    "writable-history": """
        SELECT t.relname || ' ' || g.privilege_type FROM tenant_tables t
        JOIN pg_class c ON c.oid = t.oid, aclexplode(c.relacl) g JOIN pg_roles r ON r.oid = g.grantee
        WHERE r.rolname IN ('anxin_app', 'anxin_worker') AND g.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
          AND t.relname = ANY(:append_only)""",
}
APPEND_ONLY: Final = (
    "audit_entry", "customer_event", "ledger_entry", "lot_alloc", "plugin_setting_version", "plugin_state_change",
    "profile_value", "survey_attempt",
)  # fmt: skip


async def find_violations(connection: AsyncConnection) -> list[Violation]:
    """Run every check and return what breaks one, sorted; empty means the walls stand."""
    known = {
        "open_reads": [f"{table}.{policy}" for table, policy in OPEN_READS],
        "unkeyed": list(NO_TENANT_KEY_FIRST),
        "sweeps": list(SWEEP_INDEXES),
        "leakproof": list(LEAKPROOF_TYPES),
        "append_only": list(APPEND_ONLY),
    }
    found: list[Violation] = []
    for rule, query in CHECKS.items():
        statement = text(f"WITH tenant_tables AS ({_TENANT_TABLES}) {query}")
        used = {name: value for name, value in known.items() if f":{name}" in query}
        rows = await connection.execute(statement, used)
        found.extend(Violation(rule, str(row[0])) for row in rows)
    # The directory has policies of its own instead of the common one; they are judged by open-policy.
    return sorted(v for v in found if v != Violation("no-policy", "tenant_address"))


async def find_violations_at(dsn: str) -> list[Violation]:
    """Connect, check, and return the violations."""
    engine = create_async_engine(dsn, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await find_violations(connection)
    finally:
        await engine.dispose()
