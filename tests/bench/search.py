"""Search and pages of the list at 100,000 customers, through the queries with row security on: `python -m tests.bench.search`."""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import click

from core.bus import Bus
from core.clock import now
from core.customers.queries import find_customers, list_customers
from core.db import Database
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.uow import Reader
from tenants.work import Workplace
from tests.bench.imports import open_clinic
from tests.bench.people import HEADER, csv_of, lines
from tests.bench.servers import own_servers
from tests.imports import check, run
from tests.workplaces import TestTenant
from workers.embedded.postgres import Dsns

ROWS = int(os.environ.get("ANXIN_BENCH_ROWS", "100000"))
ROUNDS = 200
_FIELDS = HEADER.split(",")


def typed_words(kind: str, dice: random.Random, people: list[dict[str, str]]) -> str:
    """What somebody at the desk types who looks for one of these people."""
    one = dice.choice(people)
    phone = one["手机"].replace(" ", "")
    said = {
        "whole name": one["姓名"],
        "given name": one["姓名"][1:],
        "surname": one["姓名"][0],
        "pinyin": dice.choice(["wang", "li", "zhang", "wangzi", "lijing", "chenyu", "zhangwei", "liu"]),
        "initials": dice.choice(["wzx", "lxm", "zw", "cy", "lj"]),
        "phone tail": phone[-4:],
        "whole phone": phone,
        "phone's beginning": phone[:7],
        "pet": one["宠物名"],
        "chip number": one["芯片号"] or "985112000000123",
        "member number": one["会员号"],
        "name and pet": f"{one['姓名'][0]} {one['宠物名']}",
        "pet and tail": f"{one['宠物名']} {phone[-4:]}",
        "two common words": dice.choice(["王 豆豆", "li doudou", "wang wangcai", "张 咪咪"]),
    }
    return said[kind]


KINDS = (
    *("whole name", "given name", "surname", "pinyin", "initials", "phone tail", "whole phone", "phone's beginning"),
    *("pet", "chip number", "member number", "name and pet", "pet and tail", "two common words"),
)


async def measure(workplace: Workplace, tenant_id: UUID) -> None:
    """Print p50, p95 and p99 of each kind of search and of pages."""
    dice = random.Random(11)
    people = [dict(zip(_FIELDS, line.split(","), strict=True)) for line in lines(2_000)]

    async def page(reader: Reader) -> object:
        return await list_customers(reader, limit=25)

    async def deep(reader: Reader) -> object:
        return await list_customers(
            reader, sort="name", after=(dice.choice(["li", "wang", "zhao"]), tenant_id), limit=25
        )

    for kind in KINDS:

        async def search(reader: Reader, kind: str = kind) -> object:
            return await find_customers(reader, typed_words(kind, dice, people), limit=20)

        await say(workplace, tenant_id, f"search by {kind}", search)
    await say(workplace, tenant_id, "first page, newest first", page)
    await say(workplace, tenant_id, "a page deep in the list by name", deep)


async def say(workplace: Workplace, tenant_id: UUID, name: str, work: Callable[[Reader], Awaitable[object]]) -> None:
    times = []
    for _ in range(ROUNDS):
        async with workplace.reading(tenant_id) as reader:
            started = time.perf_counter()
            await work(reader)
            times.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(times, n=100)
    click.echo(f"{name:36} p50 {cuts[49]:6.1f} ms  p95 {cuts[94]:6.1f} ms  p99 {cuts[98]:6.1f} ms")


async def fill_and_measure(dsns: Dsns, redis_url: str) -> None:
    """Take the list in, then search."""
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        tenant_id, actor = await open_clinic(workplace)
        tenant = TestTenant(signed_up=_Known(tenant_id), logins={}, staff={"director": actor}, workplace=workplace)  # type: ignore[arg-type] # only its id is asked for
        await run(tenant, await check(tenant, csv_of(ROWS)))
        await measure(workplace, tenant_id)
    finally:
        await workplace.aclose()


class _Known:
    """A tenant by its id alone."""

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id


def main() -> None:
    """Start servers of our own and print the table."""
    with own_servers() as (postgres, valkey):
        asyncio.run(upgrade(postgres.dsns.migrator))
        asyncio.run(fill_and_measure(postgres.dsns, valkey.url))


if __name__ == "__main__":
    main()
