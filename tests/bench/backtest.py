"""A backtest of 100,000 purchases and 8 rules as the application, beside the bare SQL and the bare loop of the same work: `python -m tests.bench.backtest`."""

import asyncio
import os
import statistics
import time
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import click
from sqlalchemy import text

from core.backtests.actions import run_backtest
from core.bus import Bus
from core.clock import now
from core.db import Database
from core.hooks.host import PluginHost
from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import EarnRate, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import Program
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.uow import Reader
from tenants.work import Workplace
from tests.bench.imports import open_clinic
from tests.bench.servers import own_servers
from workers.embedded.postgres import Dsns

PURCHASES = int(os.environ.get("ANXIN_BENCH_ROWS", "100000"))
ROUNDS = 7

FILL = (
    """
    INSERT INTO customer (tenant_id, customer_id, number, full_name, name_pinyin, phone_e164, gender, note, source,
                          state, version, created_at, changed_at)
    SELECT $1, gen_random_uuid(), i + 10, 'name' || i, 'name' || i, '+86138' || lpad(i::text, 8, '0'), 'female', '',
           'import', 'active', 1, now() - interval '1 year', now()
    FROM generate_series(1, $2::int / 3) i
    """,
    """
    INSERT INTO loyalty_account (tenant_id, customer_id, tier, tier_since, spent_fen, points)
    SELECT tenant_id, customer_id, CASE WHEN number % 20 = 0 THEN 'gold' WHEN number % 3 = 0 THEN 'silver' ELSE 'normal' END,
           now() - interval '1 year', (number % 50) * 5000 + 90000, 0
    FROM customer WHERE tenant_id = $1 AND $2::int > 0
    """,
    """
    INSERT INTO purchase (tenant_id, purchase_id, customer_id, key, list_fen, paid_fen, pay_percent, refunded_fen,
                          description, lines, occurred_at, recorded_at, actor_name)
    SELECT c.tenant_id, gen_random_uuid(), c.customer_id, gen_random_uuid()::text, 30000, 30000 - (i * 97) % 20000, 100, 0,
           'bill', '[]', now() - random() * 89 * interval '1 day', now(), ''
    FROM customer c, generate_series(1, 3) i WHERE c.tenant_id = $1 AND $2::int > 0
    """,
)


def eight_rules(*, silver_fen: int = 500_00, points: int = 1, diamond: bool = False) -> Program:
    """A ladder, five rates with limits, times and tiers, a campaign and a price of points."""
    tiers = [
        Tier(code="normal"),
        Tier(code="silver", min_fen=silver_fen, earn_multiplier="1.5", benefits=(PercentDiscount(pay_percent=90),)),
        Tier(code="gold", min_fen=2000_00, earn_multiplier=2, benefits=(PercentDiscount(pay_percent=80),)),
    ]
    if diamond:
        tiers.append(Tier(code="diamond", min_fen=2500_00, earn_multiplier=3))
    today = now().date()
    return Program(
        id="petclinic.members",
        rules=(
            TierLadder(tiers=tuple(tiers)),
            EarnRate(id="base", per_fen=100, points=points),
            EarnRate(id="gold", per_fen=1000, points=2, tiers=("gold",)),
            EarnRate(id="large", per_fen=100, points=1, min_fen=200_00),
            EarnRate(id="bounded", per_fen=50, points=1, max_points_per_purchase=400),
            EarnRate(id="daily", per_fen=100, points=1, max_points_per_day=150),
            Campaign(
                id="month", earn_multiplier=2, starts_on=today - timedelta(days=40), ends_on=today - timedelta(days=10)
            ),
            Redeem(fen_per_point=1),
        ),
    )


async def bare_sql(reader: Reader, first: date) -> None:
    """The least that a database must do: read the purchases in the order of members, and add up."""
    await reader.session.execute(
        text(
            "SELECT count(*), sum(points) FROM (SELECT customer_id, sum(paid_fen) OVER (PARTITION BY customer_id"
            " ORDER BY occurred_at) / 100 AS points FROM purchase WHERE tenant_id = :t AND occurred_at >= :f) AS one"
        ),
        {"t": reader.tenant_id, "f": first},
    )


async def bare_loop(reader: Reader, first: date) -> None:
    """The same without a product: rows out of the driver, and eight sums per purchase for two programs."""
    rows = await reader.session.execute(
        text(
            "SELECT customer_id, paid_fen FROM purchase WHERE tenant_id = :t AND occurred_at >= :f"
            " ORDER BY customer_id, occurred_at"
        ),
        {"t": reader.tenant_id, "f": first},
    )
    sums = [0] * 16
    for _customer, fen in rows:
        for place in range(16):
            sums[place] += fen // 100 * 3 // 2


async def fill(dsns: Dsns, tenant_id: UUID) -> None:
    """Write the rows as the superuser; the backtest comes later, as the application."""
    connection = await asyncpg.connect(driver_dsn(dsns.admin))
    for statement in FILL:
        await connection.execute(statement, tenant_id, PURCHASES)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def measure(workplace: Workplace, tenant_id: UUID) -> None:
    """Print how long each takes, alternating; a draft that moves many members and one that only gives more points."""
    drafts = {
        "backtest, more points": eight_rules(points=2),
        "backtest, other ladder": eight_rules(silver_fen=1000_00, diamond=True),
    }
    times: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        async with workplace.reading(tenant_id) as reader:
            first = reader.now - timedelta(days=90)
            for name, bare in (("bare SQL", bare_sql), ("bare loop", bare_loop)):
                started = time.perf_counter()
                await bare(reader, first)
                times.setdefault(name, []).append(time.perf_counter() - started)
        for name, program in drafts.items():
            async with workplace.unit(tenant_id) as uow:
                started = time.perf_counter()
                effect = await run_backtest(uow, program=program)
                times.setdefault(name, []).append(time.perf_counter() - started)
                if number == 0:
                    click.echo(f"{name}: {effect.purchases} purchases, {effect.rising} rise, {effect.falling} fall")
    for name, found in times.items():
        said = (min(found), statistics.median(found), max(found))
        words = "  ".join(f"{kind} {one * 1000:6.0f} ms" for kind, one in zip(("min", "p50", "max"), said, strict=True))
        click.echo(f"{name:28} {words}")


async def fill_and_measure(dsns: Dsns, redis_url: str) -> None:
    """Write a chain of this size, publish nothing, and try drafts."""
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        tenant_id, _ = await open_clinic(workplace)
        await fill(dsns, tenant_id)
        await measure(workplace, tenant_id)
    finally:
        await workplace.aclose()


def main() -> None:
    """Start servers of our own and print the table."""
    with own_servers() as (postgres, valkey):
        asyncio.run(upgrade(postgres.dsns.migrator, plugins=PluginHost.load().migrations()))
        asyncio.run(fill_and_measure(postgres.dsns, valkey.url))


if __name__ == "__main__":
    main()
