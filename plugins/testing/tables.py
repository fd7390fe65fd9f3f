"""Silver M and E: tables behind walls, data that can be taken out and erased, events that may come twice and in any order."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.hooks.dispatch import PluginFault
from core.hooks.records.events import ComplaintResolved, Event, StaffRef
from core.hooks.specs.events import on_event
from core.hooks.specs.upkeep import erase_customer, export_customer
from core.scope import SYSTEM
from plugins.testing.asking import NOW
from plugins.testing.findings import Finding
from plugins.testing.subject import A, Subject

_CREATED: Final = re.compile(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(\w+)\"?", re.IGNORECASE)
_ID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def check_migrations(subject: Subject) -> Iterator[Finding]:
    """Yield tables that a migration makes and does not protect, and data of people that nobody can have or erase."""
    folder = subject.folder / "migrations" / "versions"
    personal = False
    made: set[str] = set()
    for file in sorted(folder.glob("*.py")):
        source = file.read_text(encoding="utf-8")
        where = str(file.relative_to(subject.folder.parent))
        personal |= "customer_id" in source
        loops = "app.protect('{" in source or 'app.protect("{' in source or "app.protect(:" in source
        for found in _CREATED.finditer(source):
            table = found.group(1)
            made.add(table)
            line = source.count("\n", 0, found.start()) + 1
            if f"app.protect('{table}'" not in source and not loops:
                yield Finding("M1", f"{table} is made without SELECT app.protect('{table}')", f"{where}:{line}")
    for table in sorted(set(subject.plugin.tables) - made):
        yield Finding("M2", f"{table} stands in the manifest and no migration makes it")
    for table in sorted(made - set(subject.plugin.tables)):
        yield Finding("M2", f"{table} is made by a migration and not named in the manifest")
    if personal:
        for hook in ("export_customer", "erase_customer"):
            if not subject.implements(hook):
                yield Finding("M3", f"its tables know customers, and it has no {hook}")


async def check_tables(subject: Subject, database: Database) -> tuple[Finding, ...]:
    """Check the tables of a migrated database, and what the plugin's react hooks leave in them; nothing is kept."""
    found = list(await _walls(subject, database))
    if subject.implements("on_event"):
        found += await _events(subject, database)
    if subject.implements("export_customer") and subject.implements("erase_customer"):
        found += await _erasure(subject, database)
    return tuple(found)


async def _walls(subject: Subject, database: Database) -> list[Finding]:
    found = []
    async with database.session(A, read_only=True) as session:
        for table in subject.plugin.tables:
            row = (
                await session.execute(
                    text(
                        "SELECT c.relrowsecurity AND c.relforcerowsecurity, a.attname FROM pg_class c "
                        "LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
                        "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] "
                        "WHERE c.relname = :table AND c.relkind = 'r'"
                    ),
                    {"table": table},
                )
            ).first()
            if row is None:
                found.append(Finding("M2", f"{table} does not exist after the migrations"))
            elif not row[0]:
                found.append(Finding("M2", f"{table} is not protected: every tenant reads every row"))
            elif row[1] != "tenant_id":
                found.append(Finding("M2", f"the key of {table} does not begin with tenant_id"))
    return found


async def _rows(session: AsyncSession, subject: Subject, keep: frozenset[str]) -> list[str]:
    """All rows of the plugin's tables as texts; ids that the events did not bring are masked: they are new each time."""
    rows: list[str] = []
    for table in subject.plugin.tables:
        found = await session.execute(text(f'SELECT to_jsonb(t)::text FROM "{table}" t'))  # noqa: S608 - names were checked at load
        rows += [f"{table}: {_ID.sub(lambda m: m[0] if m[0] in keep else '*', row)}" for (row,) in found]
    return sorted(rows)


def _sample_events() -> tuple[Event, ...]:
    staff = (StaffRef(staff_id=UUID(int=11), name="张医生"),)
    return tuple(
        ComplaintResolved(
            event_id=UUID(int=number),
            occurred_at=NOW,
            complaint_id=UUID(int=number + 50),
            number=f"C-{number}",
            severity="L3",
            staff=staff,
        )
        for number in (21, 22)
    )


async def _events(subject: Subject, database: Database) -> list[Finding]:
    one, two = _sample_events()
    keep = frozenset(_ID.findall(str(msgspec.to_builtins((one, two)))))

    async def after(*events: Event) -> list[str]:
        async with database.session(A) as session:
            for event in events:
                await subject.fresh().react(
                    on_event, plugin=subject.plugin.id, session=session, now=NOW, actor=SYSTEM, event=event
                )
            rows = await _rows(session, subject, keep)
            await session.rollback()
        return rows

    found = []
    try:
        once = await after(one)
    except PluginFault as fault:
        return [Finding("F1", f"on_event: {fault.params.get('error')}", str(fault.params.get("where", "")))]
    try:
        if await after(one, one) != once:
            found.append(Finding("E1", "on_event leaves other rows when an event comes twice"))
    except PluginFault as fault:
        found.append(Finding("E1", f"on_event fails when an event comes twice: {fault.params.get('error')}"))
    if await after(one, two) != await after(two, one):
        found.append(Finding("E2", "on_event leaves other rows when two events come in the other order"))
    return found


async def _erasure(subject: Subject, database: Database) -> list[Finding]:
    """Plant the rows of a sample, take them out, erase them, and look again."""
    customer = uuid4()
    async with database.session(A) as session:
        planted = await _plant(session, subject, customer)
        plugins = subject.fresh()
        asked: dict[str, Any] = {
            "plugin": subject.plugin.id, "session": session, "now": NOW, "actor": SYSTEM, "customer_id": customer
        }  # fmt: skip
        try:
            before = await plugins.react(export_customer, **asked)
            await plugins.react(erase_customer, **asked)
            after = await plugins.react(export_customer, **asked)
        except PluginFault as fault:
            return [Finding("M3", f"{fault.params.get('hook')} fails: {fault.params.get('error')}")]
        finally:
            await session.rollback()
    found = []
    if planted and not any(part.rows for part in before):
        found.append(Finding("M3", "export_customer does not hand out the rows of its own sample"))
    if any(part.rows for part in after):
        found.append(Finding("M4", "export_customer still hands out rows after erase_customer"))
    return found


async def _plant(session: AsyncSession, subject: Subject, customer: UUID) -> int:
    seed = next((seed for seed in subject.records("demo_data") if seed.rows), None)
    if seed is None:
        return 0
    subjects = {f"$subject:{one.name}": str(uuid4()) for one in seed.subjects}
    for row in seed.rows:
        values: dict[str, Any] = {"tenant_id": str(A)}
        for name, value in row.values.items():
            known = {"$customer": str(customer), **subjects}
            values[name] = _instant(value) if str(value).startswith("$now") else known.get(str(value), value)
        columns = ", ".join(f'"{name}"' for name in values)
        await session.execute(
            text(
                f'INSERT INTO "{row.table}" ({columns}) '  # noqa: S608 - names were checked at load
                f'SELECT {columns} FROM jsonb_populate_record(NULL::"{row.table}", CAST(:values AS jsonb))'
            ),
            {"values": msgspec.json.encode(values).decode()},
        )
    return len(seed.rows)


def _instant(value: str) -> str:
    """`$now-3h` as a time."""
    amount, unit = value.removeprefix("$now").lstrip("-")[:-1], value[-1]
    step = timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[unit]: int(amount)}) if amount else timedelta()
    return (NOW - step).isoformat()
