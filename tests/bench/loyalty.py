"""Burns on spread accounts by 16 clients, beside the bare SQL of the same work: `python -m tests.bench.loyalty`."""

import asyncio
import json
import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import click
import uvloop

from core.bus import Bus
from core.clock import now
from core.db import Database, new_id
from core.hooks.host import PluginHost
from core.loyalty.actions import redeem_points
from core.loyalty.verifying import find_wrong
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from tenants.work import Workplace
from tests.bench.imports import open_clinic
from tests.bench.servers import own_servers

ACCOUNTS = int(os.environ.get("ANXIN_BENCH_ACCOUNTS", "4000"))
CLIENTS = 16
PROCESSES = int(os.environ.get("ANXIN_BENCH_PROCESSES", "2"))
SECONDS = float(os.environ.get("ANXIN_BENCH_SECONDS", "8"))

FILL = (
    """
    INSERT INTO customer (tenant_id, customer_id, number, full_name, name_pinyin, note, source, state, version,
                          created_at, changed_at)
    SELECT $1, gen_random_uuid(), i + 10, 'name' || i, 'name' || i, '', 'import', 'active', 1, now(), now()
    FROM generate_series(1, $2::bigint) i
    """,
    """
    INSERT INTO loyalty_account (tenant_id, customer_id, spent_fen, points)
    SELECT tenant_id, customer_id, 0, 3000000 FROM customer WHERE tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO ledger_entry (tenant_id, entry_id, customer_id, kind, fen, points, key, rule_version, expires_at,
                              occurred_at, recorded_at, actor_name)
    SELECT c.tenant_id, gen_random_uuid(), c.customer_id, 'grant', 0, 1000000, gen_random_uuid()::text, '',
           now() + i * interval '90 days', now(), now(), ''
    FROM customer c, generate_series(1, 3) i WHERE c.tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO lot (tenant_id, lot_id, customer_id, root_id, earned, remaining, reversed, expired, expires_at, due_at, state)
    SELECT tenant_id, entry_id, customer_id, entry_id, points, points, 0, 0, expires_at, expires_at, 'open'
    FROM ledger_entry WHERE tenant_id = $1 AND $2::bigint > 0
    """,
)
# The least that a burn of this schema is: lock, read, write; planned once per connection.
LOCK = """
    SELECT a.points, a.version FROM customer c
      JOIN loyalty_account a ON a.tenant_id = c.tenant_id AND a.customer_id = c.customer_id
     WHERE c.tenant_id = $1 AND c.customer_id = $2 FOR KEY SHARE OF c FOR NO KEY UPDATE OF a
"""
LOTS = """
    SELECT lot_id, remaining FROM lot WHERE tenant_id = $1 AND customer_id = $2 AND state <> 'closed'
     ORDER BY expires_at, lot_id
"""
BURN = """
    WITH entry AS (
      INSERT INTO ledger_entry (tenant_id, entry_id, customer_id, kind, fen, points, key, rule_version, occurred_at,
                                recorded_at, actor_name)
      VALUES ($1, $3, $2, 'burn', 0, -$5::bigint, $6, '', now(), now(), '')),
    alloc AS (INSERT INTO lot_alloc (tenant_id, entry_id, lot_id, points) VALUES ($1, $3, $4, $5::bigint)),
    changed AS (UPDATE lot SET remaining = remaining - $5::bigint WHERE tenant_id = $1 AND lot_id = $4)
    UPDATE loyalty_account SET points = points - $5::bigint, version = version + 1 WHERE tenant_id = $1 AND customer_id = $2
"""


async def run_clients(clients: int, burn: Callable[[int], Awaitable[None]]) -> list[float]:
    """Let clients burn as fast as they can, and return how long each burn took."""
    for client in range(clients):
        for _ in range(6):
            await burn(client)
    took: list[float] = []
    ends = time.perf_counter() + SECONDS

    async def one(client: int) -> None:
        while (started := time.perf_counter()) < ends:
            await burn(client)
            took.append(time.perf_counter() - started)

    await asyncio.gather(*(one(client) for client in range(clients)))
    return took


async def ours(dsn: str, redis_url: str, tenant: str, ids: list[str], clients: int) -> list[float]:
    """Burn as the product does: a unit of work each, with everything that belongs to it."""
    workplace = Workplace(Database(dsn, pool_size=clients), Bus(redis_url), PluginHost.load(), now)
    people, tenant_id = [UUID(one) for one in ids], UUID(tenant)

    async def burn(_: int) -> None:
        async with workplace.unit(tenant_id) as uow:
            await redeem_points(uow, customer_id=random.choice(people), points=7, key=str(new_id()))

    try:
        return await run_clients(clients, burn)
    finally:
        await workplace.aclose()


async def bare(dsn: str, redis_url: str, tenant: str, ids: list[str], clients: int) -> list[float]:
    """Burn with the driver alone: the same locks and rows."""
    del redis_url
    people, tenant_id = [UUID(one) for one in ids], UUID(tenant)
    connections = [await asyncpg.connect(driver_dsn(dsn)) for _ in range(clients)]

    async def burn(client: int) -> None:
        connection, who = connections[client], random.choice(people)
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", tenant)
            await connection.fetchrow(LOCK, tenant_id, who)
            lots = await connection.fetch(LOTS, tenant_id, who)
            await connection.execute(BURN, tenant_id, who, new_id(), lots[0]["lot_id"], 7, str(new_id()))

    try:
        return await run_clients(clients, burn)
    finally:
        for connection in connections:
            await connection.close()


def run_process(kind: str, values: dict[str, Any], answers: Any) -> None:
    """One process of clients, on the loop that web and worker run on; what it measured goes back as text."""
    work = {"ours": ours, "bare": bare}[kind]
    answers.put(json.dumps(uvloop.run(work(**values))))


def measure(kind: str, values: dict[str, Any]) -> float:
    """Run the clients in processes of their own, print what came of it, and return burns per second."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    jobs = [context.Process(target=run_process, args=(kind, values, answers)) for _ in range(PROCESSES)]
    for job in jobs:
        job.start()
    took = [one for _ in jobs for one in json.loads(answers.get())]
    for job in jobs:
        job.join()
    rate, p99 = len(took) / SECONDS, statistics.quantiles(took, n=100)[98]
    click.echo(
        f"burns, {kind:5} {rate:8.0f}/s   p50 {statistics.median(took) * 1000:5.1f} ms   p99 {p99 * 1000:5.1f} ms"
    )
    return rate


async def prepare(app: str, admin: str, redis_url: str) -> tuple[str, list[str]]:
    """Write a clinic with accounts that have points to spend."""
    workplace = Workplace(Database(app), Bus(redis_url), PluginHost.load(), now)
    try:
        tenant_id, _ = await open_clinic(workplace)
    finally:
        await workplace.aclose()
    connection = await asyncpg.connect(driver_dsn(admin))
    for statement in FILL:
        await connection.execute(statement, tenant_id, ACCOUNTS)
    await connection.execute("VACUUM ANALYZE")
    rows = await connection.fetch("SELECT customer_id FROM loyalty_account")
    await connection.close()
    return str(tenant_id), [str(row["customer_id"]) for row in rows]


async def check(app: str, redis_url: str, tenant: str) -> int:
    """Count what the burns of the product left that does not agree."""
    workplace = Workplace(Database(app), Bus(redis_url), PluginHost.load(), now)
    try:
        async with workplace.reading(UUID(tenant)) as reader:
            return len(await find_wrong(reader))
    finally:
        await workplace.aclose()


def main() -> None:
    """Start servers of our own and print the table."""
    with own_servers() as (postgres, valkey):
        asyncio.run(upgrade(postgres.dsns.migrator, plugins=PluginHost.load().migrations()))
        tenant, ids = asyncio.run(prepare(postgres.dsns.app, postgres.dsns.admin, valkey.url))
        values: dict[str, Any] = {"dsn": postgres.dsns.app, "redis_url": valkey.url, "tenant": tenant, "ids": ids}
        values["clients"] = CLIENTS // PROCESSES
        rates = {kind: measure(kind, values) for kind in ("ours", "bare")}
        wrong = asyncio.run(check(postgres.dsns.app, valkey.url, tenant))
        click.echo(f"burns of the product  {rates['ours'] / rates['bare']:.2f} of bare")
        click.echo(
            f"{ACCOUNTS} accounts, {CLIENTS} clients in {PROCESSES} processes; {wrong} accounts or lots disagree"
        )


if __name__ == "__main__":
    main()
