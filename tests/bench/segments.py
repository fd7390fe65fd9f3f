"""Counting segments over 100,000 customers as the application, with row security on: `python -m tests.bench.segments [--explain]`."""

import asyncio
import os
import statistics
import sys
import time
from uuid import UUID

import asyncpg
import click
from sqlalchemy import func, text

from core.bus import Bus
from core.clock import now
from core.conditions.statements import select_matching
from core.db import Database
from core.hooks.host import PluginHost
from core.hooks.records.conditions import All, AnyOf, Between, Cmp, Has, In, Not, Relative, Tree
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.segments.fields import get_fields
from core.segments.queries import count_matching, list_matching, list_segments
from core.uow import Reader
from tenants.work import Workplace
from tests.bench.imports import open_clinic
from tests.bench.servers import own_servers
from workers.embedded.postgres import Dsns

ROWS = int(os.environ.get("ANXIN_BENCH_ROWS", "100000"))
ROUNDS = 7

# Ids as in life: by time of writing, so a customer's own rows lie near each other but not in one order.
FILL = (
    """
    INSERT INTO customer (tenant_id, customer_id, number, full_name, name_pinyin, phone_e164, gender, note,
                          last_visit_on, source, state, version, created_at, changed_at)
    SELECT $1, gen_random_uuid(), i + 10, 'name' || i, 'name' || i, '+86138' || lpad(i::text, 8, '0'),
           CASE WHEN i % 3 = 0 THEN 'male' ELSE 'female' END, '', CURRENT_DATE - (i % 700)::int, 'import', 'active', 1,
           now() - (i % 2000) * interval '1 day', now()
    FROM generate_series(1, $2::bigint) i
    """,
    """
    INSERT INTO subject (tenant_id, subject_id, customer_id, kind, name, species, breed, sex, birthday, note, source,
                         created_at, changed_at, deceased_on)
    SELECT c.tenant_id, gen_random_uuid(), c.customer_id, 'petclinic.pet', 'pet', CASE WHEN c.number % 2 = 0 THEN 'cat'
           WHEN c.number % 50 = 1 THEN 'exotic' ELSE 'dog' END, 'breed', 'male', CURRENT_DATE - (c.number % 4000)::int,
           '', 'import', now(), now(), CASE WHEN c.number % 30 = 0 THEN CURRENT_DATE END
    FROM customer c, generate_series(1, 1 + (c.number % 4 = 0)::int) WHERE c.tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO purchase (tenant_id, purchase_id, customer_id, key, list_fen, paid_fen, pay_percent, refunded_fen,
                          description, lines, occurred_at, recorded_at, actor_name)
    SELECT c.tenant_id, gen_random_uuid(), c.customer_id, gen_random_uuid()::text, 30000, 30000, 100, 0, 'bill', '[]',
           now() - random() * 730 * interval '1 day', now(), ''
    FROM customer c, generate_series(1, (c.number % 5)::int) WHERE c.tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO loyalty_account (tenant_id, customer_id, tier, spent_fen, points)
    SELECT tenant_id, customer_id, CASE WHEN number % 20 = 0 THEN 'gold' ELSE 'silver' END, (number % 5) * 30000, 0
    FROM customer WHERE tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO custom_value (tenant_id, entity_type, entity_id, field_key, v_text)
    SELECT tenant_id, 'customer', customer_id, 'spending', (ARRAY['budget', 'balanced', 'quality'])[1 + number % 3]
    FROM customer WHERE tenant_id = $1 AND number % 2 = 0 AND $2::bigint > 0
    """,
    """
    INSERT INTO custom_value (tenant_id, entity_type, entity_id, field_key, v_int)
    SELECT tenant_id, 'subject', subject_id, 'weight_kg', 1 + (random() * 30)::int
    FROM subject WHERE tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO visit (tenant_id, visit_id, number, customer_id, reason, state, started_at, end_note, opened_by_name)
    SELECT c.tenant_id, gen_random_uuid(), row_number() OVER () + 1000000, c.customer_id, '', 'discharged',
           now() - random() * 730 * interval '1 day', '', ''
    FROM customer c, generate_series(1, (c.number % 3)::int) WHERE c.tenant_id = $1 AND $2::bigint > 0
    """,
    """
    INSERT INTO contact_consent (tenant_id, consent_id, customer_id, purpose, channel, decision, source, text_shown,
                                 actor_kind, actor_name, at)
    SELECT tenant_id, gen_random_uuid(), customer_id, 'marketing', 'all', CASE WHEN number % 4 = 0 THEN 'granted'
           ELSE 'withdrawn' END, 'import', '', 'staff', '', now()
    FROM customer WHERE tenant_id = $1 AND number % 2 = 0 AND $2::bigint > 0
    """,
    """
    INSERT INTO customer_tag (tenant_id, tag_id, name, folded, colour, created_at)
    SELECT $1, gen_random_uuid(), 'tag' || i, 'tag' || i, 'red', now() FROM generate_series(1, 5) i WHERE $2::bigint > 0
    """,
    """
    INSERT INTO customer_tagging (tenant_id, tag_id, customer_id, actor_name, at)
    SELECT c.tenant_id, t.tag_id, c.customer_id, '', now() FROM customer c JOIN customer_tag t USING (tenant_id)
    WHERE tenant_id = $1 AND right(t.name, 1)::int = c.number % 20 AND $2::bigint > 0
    """,
)

_CATS = Has(field="pet", where=Cmp(field="pet.species", op="eq", value="cat"))
TREES: dict[str, Tree] = {
    "gender": Cmp(field="gender", op="eq", value="male"),
    "last visit": Relative(field="last_visit_on", when="before_last", amount=6, unit="months"),
    "customer since": Relative(field="since", when="within_last", amount=1, unit="years"),
    "own field": Cmp(field="own.spending", op="eq", value="quality"),
    "tier": Cmp(field="tier", op="eq", value="gold"),
    "spent in 365 days": Cmp(field="spent_365d", op="gte", value=50_000),
    "spent less": Cmp(field="spent_365d", op="lt", value=50_000),
    "last purchase": Relative(field="last_purchase_on", when="before_last", amount=90),
    "visits": Cmp(field="visits_365d", op="gte", value=1),
    "permission": Cmp(field="allows_marketing", op="eq", value=True),
    "tag": Has(field="tag", where=Cmp(field="tag.name", op="eq", value="tag3")),
    "a cat": _CATS,
    "two pets": Has(field="pet", at_least=2),
    "pets since": Relative(field="pets_since", when="within_last", amount=3, unit="years"),
    "a heavy pet": Has(field="pet", where=Cmp(field="pet.weight_kg", op="gt", value=20)),
    "cat and spent": All(of=(_CATS, Cmp(field="spent_365d", op="gte", value=50_000))),
    "tag or tier": AnyOf(
        of=(Has(field="tag", where=In(field="tag.name", values=("tag1",))), Cmp(field="tier", op="eq", value="gold"))
    ),
    "cat, no dog, spends": All(
        of=(
            _CATS,
            Not(of=Has(field="pet", where=Cmp(field="pet.species", op="eq", value="dog"))),
            Between(field="purchases_365d", low=1, high=3),
        )
    ),
}


async def fill(dsns: Dsns, tenant_id: UUID) -> None:
    """Write the rows as the superuser; the questions come later, as the application."""
    connection = await asyncpg.connect(driver_dsn(dsns.admin))
    for statement in FILL:
        await connection.execute(statement, tenant_id, ROWS)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def measure(workplace: Workplace, tenant_id: UUID, *, explained: bool) -> None:
    """Print how long each count and each first page takes, and the plan of each count when it is asked for."""
    async with workplace.reading(tenant_id) as reader:
        shipped = {one.id: one.tree for one in await list_segments(reader)}
    for name, tree in (TREES | shipped).items():
        counts, pages, members = [], [], 0
        for _ in range(ROUNDS):
            async with workplace.reading(tenant_id) as reader:
                started = time.perf_counter()
                members = await count_matching(reader, tree)
                counts.append(time.perf_counter() - started)
                started = time.perf_counter()
                await list_matching(reader, tree)
                pages.append(time.perf_counter() - started)
        said = [min(counts), statistics.median(counts), max(counts), statistics.median(pages)]
        figures = "  ".join(
            f"{kind} {one * 1000:6.0f} ms" for kind, one in zip(("min", "p50", "max", "page"), said, strict=True)
        )
        click.echo(f"{name:24} {members:7}  {figures}")
        if explained:
            async with workplace.reading(tenant_id) as reader:
                click.echo(await explain(reader, tree))


async def explain(reader: Reader, tree: Tree) -> str:
    """Return the plan of a count as it was carried out."""
    catalogue, bindings = await get_fields(reader)
    statement = select_matching(
        tree, catalogue=catalogue, bindings=bindings, today=reader.today, columns=[func.count()]
    )
    compiled = statement.compile(reader.session.get_bind(), compile_kwargs={"literal_binds": True})
    rows = await reader.session.execute(text(f"EXPLAIN (ANALYZE, BUFFERS) {compiled}".replace(":", "\\:")))
    return f"{compiled}\n" + "\n".join(row[0] for row in rows)


async def fill_and_measure(dsns: Dsns, redis_url: str) -> None:
    """Write a clinic of this size, then count."""
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
