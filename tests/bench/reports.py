"""The reports of loyalty over 500,000 purchases and visits as the application, with row security on, beside a bare count of the same rows: `python -m tests.bench.reports [--explain]`."""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import click
from sqlalchemy import event, text

from core.bus import Bus
from core.clock import now
from core.db import Database
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.reports.queries.cohorts import get_retention
from core.reports.queries.liability import get_liability
from core.reports.queries.movement import get_movement, get_tier_counts
from core.reports.queries.rfm import get_rfm, list_band
from core.reports.queries.shares import get_referral_share, get_repeat
from core.reports.rules.spans import ReportFilter, span_back
from core.uow import Reader
from tenants.work import Workplace
from tests.bench.imports import open_clinic
from tests.bench.servers import own_servers
from workers.embedded.postgres import Dsns

CUSTOMERS = int(os.environ.get("ANXIN_BENCH_ROWS", "100000"))
EACH = 5
ROUNDS = 7

FILL = (
    """
    INSERT INTO customer (tenant_id, customer_id, number, full_name, name_pinyin, phone_e164, gender, note, source,
                          state, version, created_at, changed_at)
    SELECT $1, gen_random_uuid(), i + 10, 'name' || i, 'name' || i, '+86138' || lpad(i::text, 8, '0'), 'female', '',
           'import', 'active', 1, now() - (i % 1000) * interval '1 day', now()
    FROM generate_series(1, $2::bigint) i WHERE $3::int > 0
    """,
    """
    INSERT INTO purchase (tenant_id, purchase_id, customer_id, key, list_fen, paid_fen, pay_percent, refunded_fen,
                          description, lines, occurred_at, recorded_at, actor_name)
    SELECT c.tenant_id, gen_random_uuid(), c.customer_id, gen_random_uuid()::text, 30000, 1000 + (random() * 29000)::int,
           100, 0, 'bill', '[]', now() - random() * 900 * interval '1 day', now(), ''
    FROM customer c, generate_series(1, (c.number % (2 * $3::int - 1) + 1)::int) WHERE c.tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO visit (tenant_id, visit_id, number, customer_id, reason, state, started_at, end_note, opened_by_name)
    SELECT c.tenant_id, gen_random_uuid(), row_number() OVER () + 1000000, c.customer_id, '', 'discharged',
           now() - random() * 900 * interval '1 day', '', ''
    FROM customer c, generate_series(1, $3::int) WHERE c.tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO loyalty_account (tenant_id, customer_id, tier, spent_fen, points)
    SELECT tenant_id, customer_id, CASE WHEN number % 20 = 0 THEN 'gold' ELSE 'silver' END, (number % 5) * 30000, 0
    FROM customer WHERE tenant_id = $1 AND $2::bigint > 0 AND $3::int > 0
    """,
    """
    INSERT INTO customer_event (tenant_id, event_id, customer_id, kind, at, recorded_at, data, actor_kind, actor_name)
    SELECT tenant_id, gen_random_uuid(), customer_id, CASE WHEN random() < 0.05 THEN 'tier_changed' ELSE 'purchase' END,
           occurred_at, now(), '{"from": "normal", "to": "silver"}', 'staff', ''
    FROM purchase WHERE tenant_id = $1 AND $2::bigint > 0 AND $3::int > 0
    """,
)

LOTS = (
    """
    INSERT INTO ledger_entry (tenant_id, entry_id, customer_id, kind, fen, points, key, rule_version, occurred_at,
                              recorded_at, actor_name)
    SELECT tenant_id, purchase_id, customer_id, 'earn', 0, 300, 'l:' || purchase_id, '', occurred_at, now(), ''
    FROM purchase WHERE tenant_id = $1 AND $2::bigint > 0 AND $3::int > 0
    """,
    """
    INSERT INTO lot (tenant_id, lot_id, customer_id, root_id, earned, remaining, reversed, expired, expires_at, state)
    SELECT tenant_id, entry_id, customer_id, entry_id, 300, CASE WHEN ends < now() THEN 0 ELSE 200 END, 0,
           CASE WHEN ends < now() THEN 200 ELSE 0 END, ends, CASE WHEN ends < now() THEN 'closed' ELSE 'open' END
    FROM (SELECT *, occurred_at + interval '2 years' AS ends FROM ledger_entry) e
    WHERE tenant_id = $1 AND $2::bigint > 0 AND $3::int > 0
    """,
)

Report = Callable[[Reader, ReportFilter], Awaitable[object]]
REPORTS: dict[str, Report] = {
    "retention, purchases": get_retention,
    "retention, visits": lambda reader, wanted: get_retention(reader, wanted, what="visits"),
    "rfm": get_rfm,
    "rfm, members": lambda reader, wanted: list_band(reader, wanted, recency=3, frequency=2),
    "tier movement": get_movement,
    "tiers today": get_tier_counts,
    "liability": get_liability,
    "referral share": get_referral_share,
    "repeat rate": get_repeat,
}


async def bare(reader: Reader, wanted: ReportFilter) -> object:
    """The least that any report of purchases must do: touch each row once and group it by customer."""
    del wanted
    return await reader.session.scalar(
        text(
            "SELECT count(*) FROM (SELECT customer_id, count(*) FROM purchase WHERE tenant_id = :t GROUP BY 1) AS one"
        ),
        {"t": reader.tenant_id},
    )


async def fill(dsns: Dsns, tenant_id: UUID) -> None:
    """Write the rows as the superuser; the questions come later, as the application."""
    connection = await asyncpg.connect(driver_dsn(dsns.admin))
    for statement in (*FILL, *LOTS):
        await connection.execute(statement, tenant_id, CUSTOMERS, EACH)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def measure(workplace: Workplace, tenant_id: UUID, *, explained: bool) -> None:
    """Print how long each report takes, alternating with the bare count."""
    reports: dict[str, Report] = {"bare: group by customer": bare, **REPORTS}
    times: dict[str, list[float]] = {name: [] for name in reports}
    for _ in range(ROUNDS):
        for name, report in reports.items():
            async with workplace.reading(tenant_id) as reader:
                today = reader.today
                wanted = ReportFilter(span=span_back(today, 12, reader.scope.timezone))
                started = time.perf_counter()
                await report(reader, wanted)
                times[name].append(time.perf_counter() - started)
    for name, found in times.items():
        said = [min(found), statistics.median(found), max(found)]
        words = "  ".join(f"{kind} {one * 1000:6.0f} ms" for kind, one in zip(("min", "p50", "max"), said, strict=True))
        click.echo(f"{name:28} {words}")
    if explained:
        await explain(workplace, tenant_id)


async def explain(workplace: Workplace, tenant_id: UUID) -> None:
    """Print the plan of every statement of every report as it was carried out."""
    for name, report in REPORTS.items():
        async with workplace.reading(tenant_id) as reader:
            said: list[tuple[str, object]] = []
            engine = workplace.database.engine.sync_engine

            def note(_c: object, _k: object, statement: str, parameters: object, *_: object, said: list[tuple[str, object]] = said) -> None:  # fmt: skip
                said.append((statement, parameters))

            event.listen(engine, "before_cursor_execute", note)
            today = reader.today
            await report(reader, ReportFilter(span=span_back(today, 12, reader.scope.timezone)))
            event.remove(engine, "before_cursor_execute", note)
            connection = await reader.session.connection()
            for statement, parameters in said:
                rows = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)  # type: ignore[arg-type] # as it was sent
                click.echo(f"\n== {name}\n{statement}\n" + "\n".join(row[0] for row in rows))


async def fill_and_measure(dsns: Dsns, redis_url: str) -> None:
    """Write a chain of this size, then ask for its reports."""
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        tenant_id, _ = await open_clinic(workplace)
        await fill(dsns, tenant_id)
        await measure(workplace, tenant_id, explained="--explain" in sys.argv)
    finally:
        await workplace.aclose()


def main() -> None:
    """Start servers of our own and print the table."""
    with own_servers() as (postgres, valkey):
        asyncio.run(upgrade(postgres.dsns.migrator, plugins=PluginHost.load().migrations()))
        asyncio.run(fill_and_measure(postgres.dsns, valkey.url))


if __name__ == "__main__":
    main()
