"""Measures publishing a calendar over many running clocks: the preview, and the clocks that follow, beside the bare SQL.

`python -m tests.bench.policies [clocks]`; 100,000 by default. A tenth of the clocks has been paused once. The calendar is
edited twice, so that the second edit meets clocks with a history. The bare limit writes the same rows (event, clock,
schedule, case) in single statements by PostgreSQL alone; that of the preview groups them. Nothing here decides a test.
"""

import asyncio
import os
import sys
import time
from datetime import timedelta
from resource import RUSAGE_SELF, getrusage
from typing import Any

import asyncpg
import click
import msgspec

from core.bus import Bus
from core.calendars.holidays.queries import list_holiday_tables
from core.clock import now
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.moving import continue_move
from core.complaints.queries.foreseeing import Foresight, foresee_calendar
from core.complaints.rules.filing import Filing
from core.db import Database
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.policies.actions import publish_rules, save_calendar_draft, save_policy_draft
from core.policies.queries import get_move
from core.policies.rules.calendars import CalendarBody, CalendarVersion, read_calendar, resolve
from core.policies.rules.changes import MilestoneChange, PolicyChanges
from core.policies.rules.versions import POLICIES
from core.scope import Actor
from tenants.passwords import Passwords
from tenants.signup import sign_up
from tenants.work import Workplace
from tests.bench.jobs import cpu_ms
from tests.bench.servers import own_servers
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey

CLOCKS = 100_000
WEEK = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
FILING = Filing(text="结账时未解释费用明细", contact_phone="13800010001")
BOSS = Actor(kind="system", name="bench", permissions=frozenset({"complaints.manage"}))


def _body(*holidays: str) -> CalendarBody:
    calendar: dict[str, Any] = {"tz": "Asia/Shanghai", "hours": WEEK, "holidays": list(holidays)}
    return CalendarBody(name="营业时间", calendar=calendar, mainland=True)


async def _fill(dsn: str, tenant_id: Any, model: Any, cases: int) -> None:
    """Copy the filed case many times, straight in the database."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(driver_dsn(dsn))
    async with connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant_id))
        new_case = (
            "(SELECT CAST(md5('bench' || i) AS uuid) AS id, i, (i % 20000) * interval '1 second' AS back"
            f" FROM generate_series(1, {cases}) i) n"
        )
        for table, changes in (
            (
                "complaint",
                "'complaint_id', n.id, 'number', 100 + n.i, 'status_code', 'bench' || n.i, 'filing_key', NULL",
            ),
            (
                "complaint_clock",
                "'complaint_id', n.id, 'started_at', t.started_at - n.back, 'due_at', t.due_at - n.back",
            ),
        ):
            await connection.execute(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({changes}))).*"
                f" FROM {table} t, {new_case} WHERE t.complaint_id = $1",
                model,
            )
        await connection.execute(
            "INSERT INTO clock_event SELECT t.tenant_id, n.id, t.milestone, t.cycle, t.seq,"
            " jsonb_set(t.event, '{at}', to_jsonb(CAST(t.event ->> 'at' AS timestamptz) - n.back))"
            f" FROM clock_event t, {new_case} WHERE t.complaint_id = $1",
            model,
        )
        await connection.execute(
            "UPDATE complaint_clock SET seconds = NULL FROM generate_series(10, $1, 10) i"
            " WHERE complaint_id = CAST(md5('bench' || i) AS uuid)",
            cases,
        )
        for seq, kind, minutes in ((90, "pause", 5), (91, "resume", 35)):
            await connection.execute(
                "INSERT INTO clock_event SELECT t.tenant_id, n.id, t.milestone, t.cycle, CAST($2 AS bigint), jsonb_build_object('kind',"
                " CAST($3 AS text), 'seq', CAST($2 AS bigint), 'reason', 'customer',"
                " 'at', CAST(t.event ->> 'at' AS timestamptz) - n.back + CAST($4 AS bigint) * interval '1 minute')"
                f" FROM clock_event t, {new_case} WHERE t.complaint_id = $1 AND n.i % 10 = 0",
                model, seq, kind, minutes,
            )  # fmt: skip
        await connection.execute("UPDATE complaint SET event_seq = 99 WHERE complaint_id <> $1", model)
        await connection.execute(
            "INSERT INTO outbox SELECT (jsonb_populate_record(o, jsonb_build_object('outbox_id', gen_random_uuid(),"
            " 'dedupe_key', replace(o.dedupe_key, CAST($1 AS text), CAST(n.id AS text)),"
            " 'run_at', o.run_at - n.back, 'payload', jsonb_set(o.payload, '{complaint_id}', to_jsonb(n.id))))).*"
            f" FROM outbox o, {new_case} WHERE o.dedupe_key LIKE 'clock:' || CAST($1 AS text) || '%'",
            str(model),
        )
    await connection.execute("ANALYZE")
    await connection.close()


async def _publish(workplace: Workplace, tenant_id: Any, body: CalendarBody) -> int:
    async with workplace.unit(tenant_id, actor=BOSS) as uow:
        draft = await save_calendar_draft(uow, calendar_id="office", body=body, revision=0)
        version = await publish_rules(uow, subject="calendar:office", revision=draft.revision, mode="migrate_running")
        return version.number


async def _bare(dsn: str, tenant_id: Any) -> float:
    """Write as many events, clocks, schedule rows and cases as the clocks that follow do, and roll it back."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(driver_dsn(dsn))
    work = connection.transaction()
    await work.start()
    await connection.execute("SET LOCAL statement_timeout = 0")
    await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant_id))
    started = time.perf_counter()
    await connection.execute(
        "INSERT INTO clock_event SELECT tenant_id, complaint_id, milestone, cycle, 1000, event FROM clock_event"
        " WHERE event ->> 'kind' = 'start'"
    )
    await connection.execute("UPDATE complaint_clock SET calendar = 'office@9' WHERE calendar IS NOT NULL")
    await connection.execute("UPDATE outbox SET run_at = run_at + interval '1 hour' WHERE dedupe_key LIKE 'clock:%'")
    await connection.execute("UPDATE complaint SET event_seq = event_seq + 1")
    took = time.perf_counter() - started
    await work.rollback()
    await connection.close()
    return took


async def _bare_preview(dsn: str, tenant_id: Any) -> None:
    """The least that a preview must do: look at each clock's due time."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(driver_dsn(dsn))
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant_id))
        await connection.fetch("SELECT due_at, count(*) FROM complaint_clock WHERE calendar IS NOT NULL GROUP BY 1")
    await connection.close()


async def _preview(workplace: Workplace, tenant_id: Any, number: int, holidays: list[str]) -> Foresight:
    calendar = read_calendar(msgspec.json.encode(resolve(_body(*holidays), list_holiday_tables()).resolved).decode())
    async with workplace.reading(tenant_id, actor=BOSS) as reader:
        version = CalendarVersion(
            calendar_id="office", number=number, effective_from=reader.now, mode="migrate_running", name="x",
            calendar=calendar,
        )  # fmt: skip
        return await foresee_calendar(reader, version=version)


async def _follow(workplace: Workplace, tenant_id: Any, number: int) -> float:
    """Do what the worker does, a piece in a transaction; return how long the longest took."""
    more, longest = True, 0.0
    while more:
        piece = time.perf_counter()
        async with workplace.unit(tenant_id) as uow:
            more = await continue_move(uow, subject="calendar:office", number=number)
        longest = max(longest, time.perf_counter() - piece)
    return longest


async def _run(postgres: EmbeddedPostgres, valkey: EmbeddedValkey, clocks: int) -> None:
    dsns = postgres.dsns
    await upgrade(dsns.migrator, plugins=PluginHost.load().migrations())
    workplace = Workplace(Database(dsns.app), Bus(valkey.url), PluginHost.load(), now)
    names = {"name": "Bench", "branch_name": "Bench", "admin_name": "Bench", "password": "correct-horse-battery"}
    tenant = await sign_up(workplace, Passwords(memory_kib=8, rounds=1), slug="bench", login="a@bench.example", **names)
    await _publish(workplace, tenant.tenant_id, _body())
    async with workplace.unit(tenant.tenant_id, actor=BOSS) as uow:
        while await continue_move(uow, subject="calendar:office", number=1):
            pass
        changes = PolicyChanges()
        for step, minutes in (("ack_contact", 480), ("propose_solution", 2400)):
            changes = changes.put("L1", step, MilestoneChange(minutes=minutes, clock="office", pausable=True))
        draft = await save_policy_draft(uow, changes=changes, revision=0)
        await publish_rules(uow, subject=POLICIES, revision=draft.revision, mode="new_only")
        filed = await file_complaint(uow, filing=FILING)
    await _fill(dsns.app, tenant.tenant_id, filed.complaint_id, clocks // 2 - 1)
    roots = [os.getpid(), *(p.pid for part in (postgres, valkey) if (p := part.process) is not None)]

    def line(name: str, took: float, cpu: float) -> None:
        click.echo(f"{name:34} {took:8.2f} s  {cpu / 1000:8.2f} CPU s  {clocks / max(took, 1e-9):10.0f} clocks/s")

    days = [(now() + timedelta(days=ahead)).date().isoformat() for ahead in (1, 2)]
    for number, holidays in ((2, days[:1]), (3, days)):
        began, used = time.perf_counter(), cpu_ms(roots)
        await _bare_preview(dsns.app, tenant.tenant_id)
        line("bare SQL: group the clocks", limit := time.perf_counter() - began, cpu_ms(roots) - used)
        began, used = time.perf_counter(), cpu_ms(roots)
        foreseen = await _preview(workplace, tenant.tenant_id, number, holidays)
        line(f"preview of edit {number - 1}", took := time.perf_counter() - began, cpu_ms(roots) - used)
        click.echo(f"{f'calendar edit {number - 1}, preview':34} {limit / took:6.2f} of bare")
        used = cpu_ms(roots)
        limit = await _bare(dsns.app, tenant.tenant_id)
        line("bare SQL of the same rows", limit, cpu_ms(roots) - used)
        await _publish(workplace, tenant.tenant_id, _body(*holidays))
        began, used, memory = time.perf_counter(), cpu_ms(roots), getrusage(RUSAGE_SELF).ru_maxrss
        longest = await _follow(workplace, tenant.tenant_id, number)
        line("running clocks followed", took := time.perf_counter() - began, cpu_ms(roots) - used)
        async with workplace.reading(tenant.tenant_id, actor=BOSS) as reader:
            move = await get_move(reader, subject="calendar:office", number=number)
        grown = (getrusage(RUSAGE_SELF).ru_maxrss - memory) / 1024
        click.echo(
            f"  longest piece {longest:.2f} s, memory grew by {grown:.0f} MB; foreseen {foreseen}, moved {move.moved}"
        )
        click.echo(f"{f'calendar edit {number - 1}, followed':34} {limit / took:6.2f} of bare")
    await workplace.aclose()


def main() -> None:
    """Print a table."""
    clocks = int(sys.argv[1]) if len(sys.argv) > 1 else CLOCKS
    with own_servers() as (postgres, valkey):
        asyncio.run(_run(postgres, valkey, clocks))


if __name__ == "__main__":
    main()
