"""Measures creating and listing complaints beside the bare SQL of the same work: `python -m tests.bench.complaints`.

Ours runs everything on: row security, plugin assessment, clocks, history, audit, schedule. The bare limit sends the same
statements by asyncpg in one transaction. Both alternate in one process; CPU is this process and the database, from /proc.
Nothing here decides a test.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import click
import httpx
import msgspec

from core.bus import Bus
from core.clock import now
from core.complaints.actions.filing import file_complaint, give_filing_code
from core.complaints.queries.cases import ComplaintFilter, list_complaints
from core.complaints.rules.filing import Filing
from core.db import Database, new_id
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.settings import Settings
from tenants.passwords import Passwords
from tenants.plugin_settings import enable_plugin
from tenants.signup import SignedUp, sign_up
from tenants.work import Workplace
from tests.bench.jobs import cpu_ms
from tests.bench.servers import own_servers
from tests.webapp import AnyManifest
from web.app import create_app, create_templates
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey

ROUNDS = 5
PER_ROUND = 60
STORED = 2000
FILING = Filing(text="手术中宠物死亡", contact_phone="13800010001")
TABLES = (
    "complaint", "complaint_event", "complaint_clock", "clock_event", "outbox", "audit_entry",
)  # fmt: skip
LIST = (
    "SELECT c.complaint_id, c.number, c.title, c.severity, c.state, c.contact_name, c.branch_id, b.name, c.assignee_id,"
    " c.received_at, c.next_milestone, c.next_started_at, c.next_due_at, c.policy_version FROM complaint c"
    " LEFT JOIN branch b ON b.tenant_id = c.tenant_id AND b.branch_id = c.branch_id"
    " WHERE c.tenant_id = $1 AND c.state = 'open' ORDER BY c.next_due_at, c.complaint_id LIMIT 25"
)
Work = Callable[[], Awaitable[object]]


class Bare:
    """The same rows by asyncpg: what one complaint of ours wrote is the pattern for each bare one."""

    def __init__(self, connection: "asyncpg.Connection[Any]", tenant_id: UUID) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.pattern: dict[str, list[dict[str, Any]]] = {}
        self.statements: dict[str, str] = {}
        self.number = 10_000_000

    async def learn(self, complaint_id: UUID) -> None:
        """Read the rows that one complaint of ours made."""
        async with self.connection.transaction():
            await self._bind()
            for table in TABLES:
                where = "complaint_id = $1"
                if table == "outbox":
                    where = "payload ->> 'complaint_id' = $1::text"
                elif table == "audit_entry":
                    where = "entity_id = $1"
                key: Any = str(complaint_id) if table == "outbox" else complaint_id
                rows = [dict(row) for row in await self.connection.fetch(f"SELECT * FROM {table} WHERE {where}", key)]
                names = list(rows[0])
                marks = ", ".join(f"${n}" for n in range(1, len(names) + 1))
                self.pattern[table] = rows
                self.statements[table] = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"

    async def _bind(self) -> None:
        await self.connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(self.tenant_id))

    async def create(self) -> None:
        """Insert a complaint with its clocks, events, schedule and audit entry in one transaction."""
        complaint_id = new_id()
        self.number += 1
        async with self.connection.transaction():
            await self._bind()
            for table, rows in self.pattern.items():
                values = [self._fresh(table, row, complaint_id) for row in rows]
                await self.connection.executemany(self.statements[table], values)

    def _fresh(self, table: str, row: dict[str, Any], complaint_id: UUID) -> list[Any]:
        changed = dict(row)
        if "complaint_id" in row:
            changed["complaint_id"] = complaint_id
        if table == "complaint":
            changed |= {"number": self.number, "status_code": str(complaint_id), "filing_key": None}
        elif table == "outbox":
            changed |= {"outbox_id": new_id(), "dedupe_key": f"{row['dedupe_key']}{complaint_id}"}
        elif table == "audit_entry":
            changed["seq"] = self.number
        return list(changed.values())

    async def list(self) -> None:
        """Fetch 25 open complaints."""
        async with self.connection.transaction(readonly=True):
            await self._bind()
            await self.connection.fetch(LIST, self.tenant_id)


async def _measure(work: Work, roots: list[int]) -> tuple[float, list[float]]:
    before, times = cpu_ms([os.getpid(), *roots]), []
    for _ in range(PER_ROUND):
        started = time.perf_counter()
        await work()
        times.append((time.perf_counter() - started) * 1000)
    return (cpu_ms([os.getpid(), *roots]) - before) / PER_ROUND, times


async def _open(workplace: Workplace) -> SignedUp:
    passwords = Passwords(memory_kib=8, rounds=1)
    names = {"name": "Bench", "branch_name": "Bench", "admin_name": "Bench", "password": "correct-horse-battery"}
    signed_up = await sign_up(workplace, passwords, slug="bench", login="a@bench.example", **names)
    async with workplace.unit(signed_up.tenant_id) as uow:
        await enable_plugin(uow, host=workplace.host, plugin_id="petclinic")
    return signed_up


async def _works(workplace: Workplace, tenant: SignedUp, bare: Bare, client: httpx.AsyncClient) -> dict[str, Work]:
    async with workplace.unit(tenant.tenant_id) as uow:
        code = await give_filing_code(uow, branch_id=tenant.branch_id)
    page = await client.get("/t/bench/sign-in")
    token = page.text.split('name="_csrf" value="')[1].split('"')[0]
    form = {"_csrf": token, "login": "a@bench.example", "password": "correct-horse-battery", "next": ""}
    await client.post("/t/bench/sign-in", data=form)

    async def create() -> None:
        async with workplace.unit(tenant.tenant_id) as uow:
            await file_complaint(uow, filing=FILING)

    async def rows() -> None:
        async with workplace.reading(tenant.tenant_id) as reader:
            msgspec.json.encode(await list_complaints(reader, wanted=ComplaintFilter()))

    async def list_page() -> None:
        answer = await client.get("/t/bench/complaints")
        assert answer.status_code == 200

    async def post() -> None:
        form = {"text": FILING.text, "contact_phone": FILING.contact_phone, "key": str(new_id())}
        answer = await client.post(f"/c/{code}", data=form)
        assert answer.status_code == 303

    return {
        "create: bare SQL": bare.create,
        "create: unit of work": create,
        "create: phone page, HTTP": post,
        "list 25: bare SQL": bare.list,
        "list 25: query as JSON": rows,
        "list 25: page, HTTP": list_page,
    }


async def _run(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> dict[str, list[tuple[float, list[float]]]]:
    dsns = postgres.dsns
    await upgrade(dsns.migrator, plugins=PluginHost.load().migrations())
    workplace = Workplace(Database(dsns.app), Bus(valkey.url), PluginHost.load(), now)
    settings = Settings(
        database_url=dsns.app, worker_database_url=dsns.worker, redis_url=valkey.url, secret_key="b" * 40
    )
    app = create_app(settings, workplace=workplace, templates=create_templates(AnyManifest()))
    tenant = await _open(workplace)
    connection = await asyncpg.connect(driver_dsn(dsns.app))
    bare = Bare(connection, tenant.tenant_id)
    async with workplace.unit(tenant.tenant_id) as uow:
        filed = await file_complaint(uow, filing=FILING)
    await bare.learn(filed.complaint_id)
    for _ in range(STORED):
        await bare.create()
    roots = [process.pid for part in (postgres, valkey) if (process := part.process) is not None]
    base = "https://bench.test"
    measured: dict[str, list[tuple[float, list[float]]]] = {}
    async with app.lifespan():
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # both sides type ASGI their own way
        async with httpx.AsyncClient(transport=transport, base_url=base, headers={"origin": base}) as client:
            works = await _works(workplace, tenant, bare, client)
            for _ in range(ROUNDS):
                for name, work in works.items():
                    measured.setdefault(name, []).append(await _measure(work, roots))
    await connection.close()
    await workplace.aclose()
    return measured


def main() -> None:
    """Print a table: medians over the rounds, and the bare limit's share."""
    with own_servers() as (postgres, valkey):
        measured = asyncio.run(_run(postgres, valkey))
    click.echo(f"{STORED} stored complaints; median of {ROUNDS} alternating rounds of {PER_ROUND}")
    limits = {
        name.partition(":")[0]: statistics.median(cpu for cpu, _ in r) for name, r in measured.items() if "bare" in name
    }
    for name, rounds in measured.items():
        cost = statistics.median(cpu for cpu, _ in rounds)
        times = sorted(one for _, each in rounds for one in each)
        p50, p95, p99 = (times[int(len(times) * part)] for part in (0.5, 0.95, 0.99))
        share = limits[name.partition(":")[0]] / cost
        click.echo(
            f"{name:26} {cost:6.2f} CPU ms  p50 {p50:6.2f}  p95 {p95:6.2f}  p99 {p99:6.2f} ms  {share:5.2f} of bare"
        )


if __name__ == "__main__":
    main()
