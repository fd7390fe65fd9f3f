"""A session knows its tenant or sends nothing, and shows nobody else's rows: by row security, and by the ORM's filter."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database, TenantSession, new_id
from core.errors import NoTenant
from core.isolation import find_violations_at
from core.migrations import sign_contexts
from core.tenancy.actions import create_tenant
from core.tenancy.models import Branch, Tenant
from workers.embedded.postgres import Dsns

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def _branch(tenant_id: UUID, name: str) -> dict[str, object]:
    row = {"tenant_id": tenant_id, "branch_id": new_id(), "name": name, "address": "", "emergency_phone": ""}
    return row | {"created_at": NOW}


@pytest.fixture
async def database(postgres: Dsns) -> AsyncIterator[Database]:
    database = Database(postgres.app, pool_size=2)
    yield database
    await database.dispose()


async def _tenant(database: Database, slug: str) -> UUID:
    tenant_id = new_id()
    async with database.session(tenant_id) as session:
        prefix = tenant_id.hex[-6:]
        await create_tenant(
            session,
            tenant_id=tenant_id,
            slug=f"{slug}-{prefix}",
            code_prefix=prefix,
            name=slug,
            locale="zh_CN",
            timezone="Asia/Shanghai",
            clock=lambda: NOW,
        )
        await session.execute(insert(Branch).values(**_branch(tenant_id, "总院")))
        await session.commit()
    return tenant_id


@pytest.fixture
async def pair(database: Database) -> tuple[UUID, UUID]:
    return await _tenant(database, "a"), await _tenant(database, "b")


async def test_a_session_without_a_tenant_sends_nothing(database: Database) -> None:
    async with AsyncSession(bind=database.engine, sync_session_class=TenantSession) as session:
        with pytest.raises(NoTenant):
            await session.execute(text("SELECT 1"))


async def test_a_tenant_sees_its_own_rows_only(database: Database, pair: tuple[UUID, UUID]) -> None:
    for tenant_id in pair:
        async with database.session(tenant_id) as session:
            assert set(await session.scalars(select(Branch.tenant_id))) == {tenant_id}
            assert set(await session.scalars(text("SELECT tenant_id FROM branch"))) == {tenant_id}
            assert set(await session.scalars(text("SELECT tenant_id FROM tenant"))) == {tenant_id}


async def test_the_orm_filter_alone_keeps_tenants_apart(postgres: Dsns, pair: tuple[UUID, UUID]) -> None:
    superuser = Database(postgres.admin)  # row security does not bind a superuser
    async with superuser.session(pair[0]) as session:
        assert set(await session.scalars(select(Branch.tenant_id))) == {pair[0]}
        await session.execute(update(Branch).values(address="changed"))
        changed = await session.scalars(text("SELECT tenant_id FROM branch WHERE address = 'changed'"))
        assert set(changed) == {pair[0]}
        await session.rollback()
    await superuser.dispose()


async def test_nobody_writes_a_row_for_another_tenant(database: Database, pair: tuple[UUID, UUID]) -> None:
    mine, theirs = pair
    async with database.session(mine) as session:
        with pytest.raises(DBAPIError, match="row-level security"):
            await session.execute(insert(Branch).values(**_branch(theirs, "偷来的店")))
    async with database.session(mine) as session:
        moved = await session.execute(text("UPDATE branch SET address = 'x' WHERE tenant_id = :t"), {"t": theirs})
        assert moved.rowcount == 0  # type: ignore[attr-defined] # a cursor result, typed as a plain one
        with pytest.raises(DBAPIError, match="row-level security"):
            await session.execute(text("UPDATE branch SET tenant_id = :t"), {"t": theirs})


async def test_a_foreign_key_cannot_point_into_another_tenant(database: Database, pair: tuple[UUID, UUID]) -> None:
    mine, theirs = pair
    async with database.session(theirs) as session:
        branch_id = await session.scalar(select(Branch.branch_id))
    async with database.session(mine) as session:
        with pytest.raises(IntegrityError):
            await session.execute(
                text(
                    "INSERT INTO staff (tenant_id, staff_id, full_name, login, password_hash, branch_id, state, created_at)"
                    " VALUES (:t, :s, 'x', 'x', 'x', :b, 'active', now())"
                ),
                {"t": mine, "s": new_id(), "b": branch_id},
            )


async def test_a_pooled_connection_forgets_the_last_tenant(postgres: Dsns, pair: tuple[UUID, UUID]) -> None:
    database = Database(postgres.app, pool_size=1)
    async with database.session(pair[0]) as session:
        await session.execute(select(Branch))
        await session.commit()
    async with database.platform() as session:
        assert (await session.execute(text("SELECT count(*) FROM branch"))).scalar_one() == 0
        bound = await session.scalar(text("SELECT current_setting('app.tenant_id', true)"))
        assert bound in (None, "")
    await database.dispose()


async def test_a_reading_session_cannot_write(database: Database, pair: tuple[UUID, UUID]) -> None:
    async with database.session(pair[0], read_only=True) as session:
        with pytest.raises(DBAPIError, match="read-only"):
            await session.execute(insert(Branch).values(**_branch(pair[0], "x")))
    async with database.session(pair[0]) as session:  # the pool's next user may write again
        await session.execute(insert(Branch).values(**_branch(pair[0], "分院")))


def _rolls() -> list[str]:
    return ["SET ROLE anxin_owner", "SET ROLE postgres", "CREATE TABLE t (x int)", "CREATE TEMP TABLE t (x int)"]


@pytest.mark.parametrize("statement", _rolls())
async def test_the_application_role_can_neither_rise_nor_create(
    database: Database, pair: tuple[UUID, UUID], statement: str
) -> None:
    async with database.session(pair[0]) as session:
        with pytest.raises(DBAPIError, match=r"permission denied|does not exist"):
            await session.execute(text(statement))


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
async def test_history_cannot_be_rewritten(database: Database, pair: tuple[UUID, UUID], statement: str) -> None:
    async with database.session(pair[0]) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text(statement))


async def test_the_workers_extra_sight_is_for_the_outbox_and_for_reading(
    postgres: Dsns, database: Database, pair: tuple[UUID, UUID]
) -> None:
    add = (
        "INSERT INTO outbox (tenant_id, outbox_id, task, payload, run_at, state, attempts, created_at)"
        " VALUES (:t, :o, 'x', '{}', now(), 'pending', 0, now())"
    )
    for tenant_id in pair:
        async with database.session(tenant_id) as session:
            await session.execute(text(add), {"t": tenant_id, "o": new_id()})
            await session.commit()
    worker = Database(postgres.worker)
    async with worker.platform() as session:
        assert set(await session.scalars(text("SELECT tenant_id FROM outbox"))) >= set(pair)
        assert (await session.execute(text("SELECT count(*) FROM tenant"))).scalar_one() == 0
    async with worker.session(pair[0]) as session:
        others = await session.execute(text("UPDATE outbox SET task = 'y' WHERE tenant_id = :t"), {"t": pair[1]})
        assert others.rowcount == 0  # type: ignore[attr-defined] # a cursor result, typed as a plain one
    await worker.dispose()
    async with database.platform() as session:
        assert (await session.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 0


def test_a_tenant_row_is_mapped_with_its_tenant_first() -> None:
    assert [column.name for column in Tenant.__table__.primary_key] == ["tenant_id"]
    assert [column.name for column in Branch.__table__.primary_key] == ["tenant_id", "branch_id"]


async def test_a_signed_context_cannot_be_changed_by_injected_sql(new_database: Callable[[], Dsns]) -> None:
    dsns, key = new_database(), "a-key-of-the-tests-of-more-than-32-characters"
    await sign_contexts(dsns.migrator, key)
    signed = Database(dsns.app, context_key=key)
    mine, theirs = await _tenant(signed, "a"), await _tenant(signed, "b")
    async with signed.session(mine) as session:
        assert set(await session.scalars(text("SELECT tenant_id FROM branch"))) == {mine}
        await session.execute(text("SELECT set_config('app.tenant_id', :t, true)"), {"t": str(theirs)})
        assert (await session.execute(text("SELECT count(*) FROM branch"))).scalar_one() == 0
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text("SELECT key FROM app.context_key"))
    plain = Database(dsns.app)
    async with plain.session(mine) as session:
        assert (await session.execute(text("SELECT count(*) FROM branch"))).scalar_one() == 0
    assert await find_violations_at(dsns.migrator) == []
    await sign_contexts(dsns.migrator, "")
    async with plain.session(mine) as session:
        assert set(await session.scalars(text("SELECT tenant_id FROM branch"))) == {mine}
    await signed.dispose()
    await plain.dispose()
