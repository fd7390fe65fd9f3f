"""A plugin's own table: written once per event and person, seen by its own tenant only, protected as ours are."""

from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from core.db import Database, new_id
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.complaints import Severity
from core.hooks.records.events import ComplaintResolved, StaffRef
from core.hooks.specs.events import on_event
from core.migrations import upgrade
from core.scope import SYSTEM
from tests.plugins.conftest import NOW, A, B
from tests.plugins.file_clinic.staff_file import RECORD
from workers.embedded.postgres import Dsns

STAFF = (StaffRef(staff_id=UUID(int=1), name="张医生"), StaffRef(staff_id=UUID(int=2), name="李护士"))


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([Candidate("fileclinic", "tests.plugins.file_clinic:plugin")], strict=True)


@pytest.fixture
def dsns(new_database: Callable[[], Dsns]) -> Dsns:
    return new_database()


@pytest.fixture
async def database(dsns: Dsns, host: PluginHost) -> AsyncIterator[Database]:
    """A database of its own with the branches of all plugins, through the role of the worker."""
    await upgrade(dsns.migrator, plugins=host.migrations())
    await upgrade(dsns.migrator, plugins=host.migrations())  # the second finds nothing to do
    made = Database(dsns.worker)
    yield made
    await made.dispose()


def resolved(severity: Severity = "L2", staff: tuple[StaffRef, ...] = STAFF) -> ComplaintResolved:
    return ComplaintResolved(
        event_id=new_id(),
        occurred_at=NOW,
        complaint_id=new_id(),
        number="C-7",
        severity=severity,
        category="petclinic.medical_outcome",
        summary="术后沟通不足",
        staff=staff,
    )


async def hear(database: Database, host: PluginHost, tenant: UUID, event: ComplaintResolved) -> None:
    plugins = host.for_tenant(tenant, 1, {"fileclinic": {}})
    async with database.session(tenant) as session:
        await plugins.react(on_event, plugin="fileclinic", session=session, now=NOW, actor=SYSTEM, event=event)
        await session.commit()


async def rows(database: Database, tenant: UUID) -> list[tuple[str, str]]:
    async with database.session(tenant, read_only=True) as session:
        found = await session.execute(select(RECORD.c.staff_name, RECORD.c.severity).order_by(RECORD.c.staff_id))
        return [(name, severity) for name, severity in found]


async def test_a_resolved_complaint_is_entered_once_per_person_however_often_it_is_told(
    database: Database, host: PluginHost
) -> None:
    event = resolved("L3")
    for _ in range(3):
        await hear(database, host, A, event)
    assert await rows(database, A) == [("张医生", "L3"), ("李护士", "L3")]


async def test_level_1_and_complaints_about_nobody_are_not_entered(database: Database, host: PluginHost) -> None:
    await hear(database, host, A, resolved("L1"))
    await hear(database, host, A, resolved("L2", ()))
    assert await rows(database, A) == []


async def test_another_tenant_sees_nothing_of_it(database: Database, host: PluginHost) -> None:
    await hear(database, host, A, resolved())
    assert await rows(database, B) == []
    assert len(await rows(database, A)) == 2


async def test_a_record_cannot_be_changed_or_removed_by_the_product(database: Database, host: PluginHost) -> None:
    await hear(database, host, A, resolved())
    for statement in ("UPDATE x_fileclinic_staff_record SET severity = 'L3'", "DELETE FROM x_fileclinic_staff_record"):
        async with database.session(A) as session:
            with pytest.raises(ProgrammingError, match="permission denied"):
                await session.execute(text(statement))


async def test_the_table_is_named_for_its_plugin_protected_and_has_its_own_version_table(
    database: Database, host: PluginHost
) -> None:
    plugin = host.plugin("fileclinic")
    async with database.session(A, read_only=True) as session:
        found = await session.execute(
            text(
                "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class "
                "WHERE relkind = 'r' AND relname LIKE 'x\\_fileclinic\\_%' ORDER BY relname"
            )
        )
        tables = {name: (security, forced) for name, security, forced in found}
    assert tables.pop("x_fileclinic_version")
    assert tables == dict.fromkeys(plugin.tables, (True, True))
    assert next(iter(RECORD.primary_key.columns)).name == "tenant_id"
