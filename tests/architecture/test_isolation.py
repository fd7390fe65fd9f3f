"""The isolation lint is silent on our schema, and each wall that is taken out turns it red."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.isolation import Violation, find_violations, find_violations_at
from workers.embedded.postgres import Dsns

MUTATIONS = [
    ("ALTER TABLE branch DISABLE ROW LEVEL SECURITY", "row-security-off", "branch"),
    ("ALTER TABLE branch NO FORCE ROW LEVEL SECURITY", "row-security-not-forced", "branch"),
    ("DROP POLICY tenant_isolation ON branch", "no-policy", "branch"),
    ("CREATE POLICY wide ON branch USING (true)", "open-policy", "branch.wide"),
    ("CREATE POLICY wide ON outbox FOR UPDATE TO anxin_worker USING (true)", "open-policy", "outbox.wide"),
    ("CREATE POLICY wide ON branch FOR INSERT WITH CHECK (true)", "open-policy", "branch.wide"),
    ("CREATE INDEX branch_name_idx ON branch (name)", "key-order", "branch.branch_name_idx"),
    ("CREATE TABLE loose (tenant_id uuid, note text)", "no-primary-key", "loose"),
    (
        (
            "CREATE TABLE child (tenant_id uuid, staff_id uuid, child_id uuid, PRIMARY KEY (tenant_id, child_id));;"
            "CREATE UNIQUE INDEX staff_alone_idx ON staff (staff_id);;"
            "ALTER TABLE child ADD CONSTRAINT child_fkey FOREIGN KEY (staff_id) REFERENCES staff (staff_id)"
        ),
        "foreign-key-without-tenant",
        "child.child_fkey",
    ),
    (
        (
            "ALTER TABLE staff ADD CONSTRAINT nuller FOREIGN KEY (tenant_id, branch_id)"
            " REFERENCES branch (tenant_id, branch_id) ON DELETE SET NULL"
        ),
        "foreign-key-sets-null",
        "staff.nuller",
    ),
    (
        (
            "CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';;"
            "CREATE TRIGGER tick BEFORE INSERT ON branch FOR EACH ROW EXECUTE FUNCTION public.noop()"
        ),
        "trigger",
        "branch.tick",
    ),
    ("CREATE VIEW all_branches AS SELECT * FROM branch", "owner-right-view", "all_branches"),
    ("CREATE MATERIALIZED VIEW branches AS SELECT * FROM branch", "materialized-view", "branches"),
    (
        "CREATE FUNCTION public.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint'",
        "definer-function",
        "leak",
    ),
    ("ALTER ROLE anxin_app BYPASSRLS", "bypass-role", "anxin_app"),
    ("ALTER TABLE branch OWNER TO anxin_app", "table-owned-by-login", "branch"),
    (
        "CREATE INDEX branch_lower_idx ON branch (tenant_id, lower(name))",
        "not-leakproof-index",
        "branch.branch_lower_idx",
    ),
    (
        "CREATE INDEX outbox_json_idx ON outbox (tenant_id, payload)",
        "not-leakproof-index",
        "outbox.outbox_json_idx",
    ),
    ("GRANT DELETE ON audit_entry TO anxin_app", "writable-history", "audit_entry DELETE"),
]


async def test_the_lint_is_silent_on_our_own_schema(postgres: Dsns) -> None:
    assert await find_violations_at(postgres.migrator) == []


@pytest.mark.parametrize(
    ("mutation", "rule", "where"), MUTATIONS, ids=[rule + ":" + where for _, rule, where in MUTATIONS]
)
async def test_a_wall_that_is_taken_out_is_named(postgres: Dsns, mutation: str, rule: str, where: str) -> None:
    engine = create_async_engine(postgres.admin, poolclass=NullPool)
    async with engine.connect() as connection:  # rolled back: DDL is transactional, roles included
        for statement in mutation.split(";;"):
            await connection.execute(text(statement))
        found = await find_violations(connection)
        await connection.rollback()
    await engine.dispose()
    assert Violation(rule, where) in found
