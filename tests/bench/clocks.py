"""Measures the lane of deadlines beside the bare SQL of the same work: `python -m tests.bench.clocks [running] [tenants]`.

A million running clocks over two thousand tenants: what a sweep costs that finds nothing, how many due clocks are fired a
second when each tenant has one and when each has many, and how late people are told. Ours runs everything on (row security,
fold, roster, notices, history, pages told); the bare limit sends the least that such a firing can be, by asyncpg, one
transaction for each clock. CPU is this process and the servers, from /proc. Nothing here decides a test.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import click
import uvloop

from core.bus import Bus
from core.clock import now
from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.db import Database, new_id
from core.driver import DriverPool
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.outbox.rules import DueKey
from tenants.passwords import Passwords
from tenants.plugin_settings import enable_plugin
from tenants.roster import Roster
from tenants.signup import sign_up
from tenants.work import Workplace
from tests.bench.jobs import cpu_ms
from tests.bench.servers import own_servers
from workers.deadlines import Deadlines
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey
from workers.queue import Pace, connect_queue

ROUNDS = 3
MANY = 40
PATTERNS = {"one case due in each tenant": 1, "5 cases due in each tenant": 5, "40 due in each of 50": MANY}
"""A case has two clocks due at once. Five are what an hour without workers leaves."""
LATE_SECONDS, LATE_RATE = 10, 300
FILING = Filing(text="手术中宠物死亡", contact_phone="13800010001")
SHARED = ("branch", "staff", "staff_role", "complaint_policy", "plugin_state", "plugin_setting_version")


class House:
    """One tenant as the product makes it, and copies of it: ids are unique within a tenant, so they stay the same."""

    def __init__(self, dsns: Dsns, redis_url: str) -> None:
        self.dsns = dsns
        self.redis_url = redis_url
        self.workplace = Workplace(Database(dsns.worker), Bus(redis_url), PluginHost.load(), now)
        self.tenants: list[UUID] = []
        self.admin: Any = None
        self.number = 1000

    async def open(self, tenants: int) -> None:
        """Sign one tenant up, file a complaint, and copy the tenant."""
        self.admin = await asyncpg.connect(driver_dsn(self.dsns.admin))
        app = Workplace(Database(self.dsns.app), Bus(self.redis_url), PluginHost.load(), now)
        names = {"name": "Bench", "branch_name": "Bench", "admin_name": "Bench", "password": "correct-horse-battery"}
        passwords = Passwords(memory_kib=8, rounds=1)
        first = await sign_up(app, passwords, slug="bench", login="a@bench.example", **names)
        async with app.unit(first.tenant_id) as uow:
            await enable_plugin(uow, host=app.host, plugin_id="petclinic")
        async with app.unit(first.tenant_id) as uow:
            self.case = (await file_complaint(uow, filing=FILING)).complaint_id
        await app.aclose()
        self.first = first.tenant_id
        self.tenants = [new_id() for _ in range(tenants)]
        await self.admin.execute("DELETE FROM outbox WHERE task <> 'complaints.clock'")
        await self.admin.execute("CREATE TABLE bench_tenant (id uuid)")
        await self.admin.copy_records_to_table("bench_tenant", records=[(one,) for one in self.tenants])
        changes = "jsonb_build_object('tenant_id', b.id, 'slug', 'b' || b.id, 'code_prefix', left(md5(b.id::text), 6))"
        await self._copy("tenant", changes)
        for table in SHARED:
            await self._copy(table, "jsonb_build_object('tenant_id', b.id)")
        self.stage: datetime = await self.admin.fetchval("SELECT min(run_at) FROM outbox")
        await self.admin.execute("UPDATE outbox SET state = 'done'")  # the pattern itself is never due

    async def _copy(self, table: str, changes: str) -> None:
        await self.admin.execute(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(x) || {changes})).*"
            f" FROM {table} x, bench_tenant b WHERE x.tenant_id = '{self.first}'"
        )

    async def file(self, places: Sequence[tuple[UUID, datetime]]) -> None:
        """Copy the complaint with all it has, so that its first clock is due at these instants."""
        rows = [(tenant, new_id(), self.number + n, at - self.stage) for n, (tenant, at) in enumerate(places)]
        self.number += len(places)
        await self.admin.execute("DROP TABLE IF EXISTS bench_case")
        await self.admin.execute("CREATE TABLE bench_case (tenant uuid, id uuid, number bigint, shift interval)")
        await self.admin.copy_records_to_table("bench_case", records=rows)
        key = {"tenant_id": "b.tenant", "complaint_id": "b.id"}
        case = key | {"number": "b.number", "status_code": "b.id::text", "filing_key": "NULL", "source_key": "NULL"}
        await self._copy_rows("complaint", case, f"x.complaint_id = '{self.case}'")
        for table in ("complaint_event", "complaint_clock"):
            await self._copy_rows(table, key, f"x.complaint_id = '{self.case}'")
        event = "jsonb_set(x.event, '{at}', to_jsonb((x.event ->> 'at')::timestamptz + b.shift))"
        await self._copy_rows("clock_event", key | {"event": event}, f"x.complaint_id = '{self.case}'")
        work = {
            "tenant_id": "b.tenant",
            "outbox_id": "gen_random_uuid()",
            "state": "'pending'",
            "payload": "jsonb_set(x.payload, '{complaint_id}', to_jsonb(b.id))",
            "dedupe_key": f"replace(x.dedupe_key, '{self.case}', b.id::text)",
        }
        await self._copy_rows("outbox", work, "true")

    async def _copy_rows(self, table: str, changed: dict[str, str], where: str) -> None:
        columns = await self.admin.fetch(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position",
            table,
        )
        chosen = [
            changed.get(name) or (f"x.{name} + b.shift" if kind == "timestamp with time zone" else f"x.{name}")
            for name, kind in columns
        ]
        await self.admin.execute(
            f"INSERT INTO {table} ({', '.join(name for name, _ in columns)}) SELECT {', '.join(chosen)}"
            f" FROM {table} x, bench_case b WHERE x.tenant_id = '{self.first}' AND {where}",
            timeout=1200,
        )

    async def tidy(self) -> None:
        await self.admin.execute("VACUUM ANALYZE", timeout=1200)
        await self.admin.execute("CHECKPOINT", timeout=600)

    async def aclose(self) -> None:
        await self.admin.close()
        await self.workplace.aclose()


class Lane:
    """Our lane in this process."""

    def __init__(self, house: House) -> None:
        self.pool = DriverPool(house.dsns.worker)
        self.queue = connect_queue(house.redis_url)
        self.sent = 0
        self.deadlines = Deadlines(
            house.workplace, self.pool, self.queue, send=self.refuse, roster=Roster(), pace=Pace(page=2000)
        )

    async def refuse(self, keys: Sequence[DueKey]) -> int:
        self.sent += len(keys)
        return 0

    async def aclose(self) -> None:
        assert not self.sent, f"{self.sent} clocks were not fired"
        await self.pool.aclose()
        await self.queue.aclose(close_connection_pool=True)


DUE = "SELECT tenant_id, outbox_id, payload ->> 'complaint_id', payload ->> 'milestone' FROM outbox WHERE state = 'pending' AND run_at <= $1 ORDER BY run_at LIMIT 4000"


class Bare:
    """The least that firing one clock can be: claim, who is told, what was told, the history, the next instant."""

    STATEMENTS = (
        "SELECT event_seq FROM complaint WHERE tenant_id = $1 AND complaint_id = $2 FOR UPDATE",
        "SELECT event FROM clock_event WHERE tenant_id = $1 AND complaint_id = $2 AND milestone = $3",
        "SELECT stage FROM told_stage WHERE tenant_id = $1 AND complaint_id = $2",
        "SELECT staff_id FROM staff_role WHERE tenant_id = $1",
    )

    def __init__(self, house: House) -> None:
        self.house = house
        self.staff: UUID

    async def fire_all(self, until: datetime, connections: int) -> int:
        admin = self.house.admin
        self.staff = await admin.fetchval("SELECT staff_id FROM staff WHERE tenant_id = $1 LIMIT 1", self.house.first)
        self.version = await admin.fetchval(
            "SELECT version FROM complaint_policy WHERE tenant_id = $1 LIMIT 1", self.house.first
        )
        open_ones = [await asyncpg.connect(driver_dsn(self.house.dsns.worker)) for _ in range(connections)]
        keys = [tuple(row) for row in await open_ones[0].fetch(DUE, until)]
        waiting = list(reversed(keys))

        async def work(connection: Any) -> None:
            while waiting:
                await self.fire(connection, *waiting.pop())

        await asyncio.gather(*(work(one) for one in open_ones))
        for one in open_ones:
            await one.close()
        return len(keys)

    async def fire(self, c: Any, tenant: UUID, outbox_id: UUID, complaint: str, milestone: str) -> None:
        case, at = UUID(complaint), now()
        await c.execute(f"BEGIN; SET LOCAL app.tenant_id = '{tenant}'")
        await c.fetch(
            "SELECT payload FROM outbox WHERE tenant_id = $1 AND outbox_id = $2 FOR UPDATE SKIP LOCKED",
            tenant,
            outbox_id,
        )
        seq = await c.fetchval(self.STATEMENTS[0], tenant, case)
        await c.fetch(self.STATEMENTS[1], tenant, case, milestone)
        await c.fetch(self.STATEMENTS[2], tenant, case)
        await c.fetch(self.STATEMENTS[3], tenant)
        key = (tenant, case, milestone, 1, "warning 50 %", self.version)
        await c.execute("INSERT INTO told_stage VALUES ($1, $2, $3, $4, $5, $6, $7)", *key, at)
        await c.execute(
            "INSERT INTO notice (tenant_id, complaint_id, milestone, cycle, stage, policy_version, notice_id, role, staff_id,"
            " due_at, sent_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'director', $8, $9, $9)",
            *key, new_id(), self.staff, at,
        )  # fmt: skip
        await c.execute(
            "INSERT INTO complaint_event VALUES ($1, $2, $3, $4, 'warned', 'system', NULL, '', '{}')",
            tenant,
            case,
            seq + 1,
            at,
        )
        await c.execute(
            "UPDATE complaint SET event_seq = $3 WHERE tenant_id = $1 AND complaint_id = $2", tenant, case, seq + 1
        )
        await c.execute(
            "UPDATE outbox SET run_at = $3 WHERE tenant_id = $1 AND outbox_id = $2",
            tenant,
            outbox_id,
            at + timedelta(days=3),
        )
        await c.execute("COMMIT")


async def drain(lane: Lane, house: House, until: datetime) -> int:
    """Sweep until nothing is due."""
    count: int = await house.admin.fetchval(
        "SELECT count(*) FROM outbox WHERE state = 'pending' AND run_at <= $1", until
    )
    while await house.admin.fetchval(
        "SELECT EXISTS (SELECT FROM outbox WHERE state = 'pending' AND run_at <= $1)", until
    ):
        await lane.deadlines.sweep()
    return count


async def _run(postgres: EmbeddedPostgres, valkey: EmbeddedValkey, running: int, tenants: int) -> None:
    dsns = postgres.dsns
    roots = [os.getpid(), *(part.process.pid for part in (postgres, valkey) if part.process is not None)]
    await upgrade(dsns.migrator, plugins=PluginHost.load().migrations())
    house = House(dsns, valkey.url)
    await house.open(tenants)
    clocks = await house.admin.fetchval("SELECT count(*) FROM outbox WHERE tenant_id = $1", house.first)
    started = time.perf_counter()
    later = now() + timedelta(days=30)
    cases = running // clocks
    for start in range(0, cases, 50_000):
        await house.file([(house.tenants[n % tenants], later) for n in range(start, min(start + 50_000, cases))])
    await house.tidy()
    click.echo(
        f"{cases * clocks} running clocks over {tenants} tenants, built in {time.perf_counter() - started:.0f} s"
    )
    lane, bare = Lane(house), Bare(house)
    await lane.deadlines.sweep()
    await _empty(lane, roots)
    rates: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        for name, per in PATTERNS.items():
            each = [one for one in house.tenants[: 50 if per == MANY else None] for _n in range(per)]
            for kind in ("bare SQL", "lane"):
                soon = now() - timedelta(minutes=1)
                await house.file([(tenant, soon) for tenant in each])
                before, began = cpu_ms(roots), time.perf_counter()
                count = await (bare.fire_all(now(), 4) if kind == "bare SQL" else drain(lane, house, soon))
                seconds = time.perf_counter() - began
                rates.setdefault(f"{name}: {kind}", []).append((count / seconds, (cpu_ms(roots) - before) / count))
                # What those complaints still have to say is not of this round.
                await house.admin.execute(
                    "UPDATE outbox SET run_at = run_at + interval '30 days' WHERE state = 'pending' AND run_at < $1",
                    later,
                )
    for name, found in rates.items():
        rate, cost = (statistics.median(one[at] for one in found) for at in (0, 1))
        limit = statistics.median(one[1] for one in rates[f"{name.partition(':')[0]}: bare SQL"])
        click.echo(f"{name:38}  {rate:6.0f} a second  {cost:5.2f} CPU ms each  {limit / cost:5.2f} of bare")
    await _lateness(lane, house, tenants)
    await lane.aclose()
    await house.aclose()


async def _empty(lane: Lane, roots: Sequence[int]) -> None:
    count, times = 300, []
    before = cpu_ms(roots)
    for _ in range(count):
        began = time.perf_counter()
        await lane.deadlines.sweep()
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    cost = (cpu_ms(roots) - before) / count
    click.echo(f"empty sweep: {cost:.2f} CPU ms, p50 {times[150]:.2f}, p95 {times[285]:.2f} ms")


async def _lateness(lane: Lane, house: House, tenants: int) -> None:
    """Clocks become due all the time; how long after its instant is each told?"""
    begin = now() + timedelta(seconds=8)
    total = LATE_SECONDS * LATE_RATE
    await house.file([(house.tenants[n % tenants], begin + timedelta(seconds=n / LATE_RATE)) for n in range(total)])
    running = asyncio.create_task(lane.deadlines.run())
    await asyncio.sleep((begin - now()).total_seconds() + LATE_SECONDS + 2)
    lane.deadlines.stop()
    await running
    rows = await house.admin.fetch(
        "SELECT DISTINCT ON (s.tenant_id, s.complaint_id) extract(epoch FROM s.at - e.at)::float8 FROM told_stage s JOIN complaint_event e ON e.tenant_id = s.tenant_id"
        " AND e.complaint_id = s.complaint_id AND e.data ->> 'stage' = s.stage WHERE s.at >= $1",
        begin,
    )
    late = sorted(row[0] * 1000 for row in rows)
    p50, p99 = late[len(late) // 2], late[int(len(late) * 0.99)]
    click.echo(f"told after its instant, {LATE_RATE} a second: {len(late)} of {total}, p50 {p50:.0f}, p99 {p99:.0f} ms")


def main() -> None:
    """Print a table: medians over the rounds."""
    running, tenants = (
        (int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000),
        (int(sys.argv[2]) if len(sys.argv) > 2 else 2000),
    )
    with own_servers() as (postgres, valkey):
        uvloop.run(_run(postgres, valkey, running, tenants))


if __name__ == "__main__":
    main()
