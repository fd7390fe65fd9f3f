"""Measures the board and the list of a tenant with many complaints beside the bare SQL: `python -m tests.bench.board [complaints]`.

Pages are asked of the application itself, all walls on, by a signed-in director; every card shows how likely its promise is
to be broken. The bare limit reads the same cards and counts by asyncpg. CPU is this process and the servers. Nothing decides.
"""

import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import click
import httpx
import uvloop
from litestar import Litestar

from core.bus import Bus
from core.clock import now
from core.db import Database
from core.garbage import keep_what_stands
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.settings import Settings
from tenants.work import Workplace
from tests.bench.clocks import House
from tests.bench.jobs import cpu_ms
from tests.bench.servers import own_servers
from tests.webapp import AnyManifest
from web.app import create_app, create_templates
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey

ROUNDS, PER_ROUND = 5, 30
COUNTS = (
    "SELECT stage, count(*), min(next_due_at) FROM complaint WHERE tenant_id = $1 AND state = 'open' GROUP BY stage"
)
CARDS = (
    "SELECT complaint_id, number, title, severity, state, contact_name, branch_id, assignee_id, received_at, next_milestone,"
    " next_started_at, next_due_at, policy_version FROM complaint WHERE tenant_id = $1 AND state = 'open' AND stage = $2"
    " ORDER BY next_due_at, complaint_id LIMIT 10"
)
PATH = "/t/bench/complaints"
STAGES = ("receive", "investigate", "respond", "resolve", "follow_up")


async def _fill(house: House, complaints: int) -> None:
    """Most are closed, as in life; of the open ones each stage has its share; and curves of a year behind them."""
    await house.file([(house.first, now() + timedelta(days=2, seconds=n)) for n in range(complaints)])
    await house.admin.execute(
        "UPDATE complaint SET state = CASE WHEN number % 10 = 0 THEN 'open' ELSE 'archived' END,"
        " stage = ($1::text[])[1 + (number / 10) % 5]",
        list(STAGES),
    )
    known = "[" + ", ".join(["900"] * 201) + "]"
    curve = "[" + ", ".join(f"{1 - n / 220:.4f}" for n in range(201)) + "]"
    await house.admin.execute(
        "INSERT INTO complaint_risk (tenant_id, milestone, severity, branch, clocks, known, survival, counted_at)"
        " SELECT DISTINCT tenant_id, milestone, 'L3', '', 1000, $1::jsonb, $2::jsonb, now() FROM complaint_clock",
        known,
        curve,
    )
    await house.tidy()


def _visitor(app: Litestar, cookies: str) -> Callable[..., Awaitable[None]]:
    """Call the application as a server does: what a client costs is not its time."""

    async def ask(query: str = "") -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "scheme": "https",
            "server": ("bench.test", 443),
            "client": ("127.0.0.1", 1),
            "headers": [(b"host", b"bench.test"), (b"cookie", cookies.encode()), (b"accept", b"text/html")],
        }
        said: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await app(scope, receive, send)  # type: ignore[arg-type] # a scope is more than a server needs to say
        assert said[0]["status"] == 200, said[0]

    return ask


async def _run(postgres: EmbeddedPostgres, valkey: EmbeddedValkey, complaints: int) -> None:
    dsns = postgres.dsns
    await upgrade(dsns.migrator, plugins=PluginHost.load().migrations())
    house = House(dsns, valkey.url)
    await house.open(0)
    await _fill(house, complaints)
    workplace = Workplace(Database(dsns.app), Bus(valkey.url), PluginHost.load(), now)
    settings = Settings(
        database_url=dsns.app, worker_database_url=dsns.worker, redis_url=valkey.url, secret_key="b" * 40
    )
    app = create_app(settings, workplace=workplace, templates=create_templates(AnyManifest()))
    roots = [os.getpid(), *(part.process.pid for part in (postgres, valkey) if part.process is not None)]
    bare: Any = await asyncpg.connect(driver_dsn(dsns.app))

    async def read_bare() -> None:
        async with bare.transaction(readonly=True):
            await bare.execute("SELECT set_config('app.tenant_id', $1, true)", str(house.first))
            await bare.fetch(COUNTS, house.first)
            for stage in STAGES:
                await bare.fetch(CARDS, house.first, stage)

    base = "https://bench.test"
    async with app.lifespan():
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # both sides type ASGI their own way
        async with httpx.AsyncClient(transport=transport, base_url=base, headers={"origin": base}) as client:
            page = await client.get("/t/bench/sign-in")
            token = page.text.split('name="_csrf" value="')[1].split('"')[0]
            form = {"_csrf": token, "login": "a@bench.example", "password": "correct-horse-battery", "next": ""}
            await client.post("/t/bench/sign-in", data=form)

            cookies = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)

            ask = _visitor(app, cookies)
            keep_what_stands()  # as the server does
            works = {
                "board: bare SQL": read_bare,
                "board: page": lambda: ask("view=board"),
                "board: list page": ask,
            }
            found: dict[str, list[tuple[float, list[float]]]] = {}
            for _ in range(ROUNDS):
                for name, work in works.items():
                    before, times = cpu_ms(roots), []
                    for _ in range(PER_ROUND):
                        began = time.perf_counter()
                        await work()
                        times.append((time.perf_counter() - began) * 1000)
                    found.setdefault(name, []).append(((cpu_ms(roots) - before) / PER_ROUND, times))
    click.echo(f"{complaints} complaints of one tenant, a tenth of them open; its cards on the board")
    limit = statistics.median(cpu for cpu, _ in found["board: bare SQL"])
    for name, rounds in found.items():
        cost = statistics.median(cpu for cpu, _ in rounds)
        times = sorted(one for _, each in rounds for one in each)
        p50, p95 = (times[int(len(times) * part)] for part in (0.5, 0.95))
        click.echo(f"{name:28} {cost:6.2f} CPU ms  p50 {p50:6.2f}  p95 {p95:6.2f} ms  {limit / cost:5.2f} of bare")
    await bare.close()
    await workplace.aclose()
    await house.aclose()


def main() -> None:
    """Print a table: medians over the rounds."""
    complaints = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with own_servers() as (postgres, valkey):
        uvloop.run(_run(postgres, valkey, complaints))


if __name__ == "__main__":
    main()
