"""A trial over a million past clocks, and every complaint report over 100,000 cases, beside the bare SQL and the bare loop of the same work: `python -m tests.bench.policy_trials`.

`ANXIN_BENCH_ROWS` says how many cases (200,000, five clocks each); reports are asked first when half of them are there.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from resource import RUSAGE_SELF, getrusage
from uuid import UUID

import asyncpg
import click
import msgspec
from sqlalchemy import text

from core.bus import Bus
from core.clock import now
from core.complaint_reports.queries.mix import get_hours, get_mix
from core.complaint_reports.queries.outcomes import list_outcomes
from core.complaint_reports.queries.pace import get_cycle, get_first_response
from core.complaint_reports.queries.promises import list_kept
from core.complaint_reports.queries.risks import get_risks
from core.complaint_reports.risks import count_risks
from core.complaint_reports.rules.figures import CaseFilter
from core.db import Database
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.policy_trials.actions import continue_trial, start_trial
from core.policy_trials.queries import get_trial
from core.policy_trials.rules.candidates import Candidate, Changed
from core.reports.rules.spans import span_back
from core.uow import Reader
from tenants.work import Workplace
from tests.bench.imports import open_clinic
from tests.bench.jobs import cpu_ms
from tests.bench.servers import own_servers
from workers.embedded.postgres import Dsns

CASES = int(os.environ.get("ANXIN_BENCH_ROWS", "200000"))
CLOCKS = 5
ROUNDS = 3

POLICY = """
    INSERT INTO complaint_policy (tenant_id, version, severity, definition, created_at)
    VALUES ($1, 'bench', 'L1', '{"severity": "L1", "label": "x", "milestones": []}', now()) ON CONFLICT DO NOTHING
"""
FILL = (
    """
    INSERT INTO complaint (tenant_id, complaint_id, number, status_code, title, text, desired, category, channel,
                           severity, reasons, policy_version, state, contact_name, contact_phone, received_at,
                           resolved_at, event_seq, branch_id)
    SELECT $1, gen_random_uuid(), i + 1000, 'b' || i, 'x', 'x', '', 'c' || i % 12,
           (ARRAY['phone', 'web', 'in_person'])[1 + i % 3], (ARRAY['L1', 'L1', 'L1', 'L2', 'L3'])[1 + i % 5], '[]',
           'bench', 'archived', '', '', at, at + random() * interval '3 days', 20,
           (SELECT branch_id FROM branch WHERE tenant_id = $1 LIMIT 1)
    FROM (SELECT i, now() - random() * interval '360 days' - interval '4 days' AS at
          FROM generate_series($2::bigint, $3::bigint) i) g
    """,
    """
    INSERT INTO complaint_clock (tenant_id, complaint_id, milestone, cycle, position, status, started_at, due_at, completed_at)
    SELECT tenant_id, complaint_id, 'm' || m, 1, m, CASE WHEN done > received_at + interval '1 day' THEN 'met_late' ELSE 'met' END,
           received_at, received_at + interval '1 day', done
    FROM (SELECT *, received_at + random() * interval '30 hours' AS done
          FROM complaint, generate_series(1, 5) m WHERE tenant_id = $1 AND number BETWEEN $2::bigint + 1000 AND $3::bigint + 1000) c
    """,
    """
    INSERT INTO clock_event (tenant_id, complaint_id, milestone, cycle, seq, event)
    SELECT k.tenant_id, k.complaint_id, k.milestone, k.cycle, 1, jsonb_build_object('kind', 'start', 'seq', 1,
             'at', to_char(k.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'by', 'bench', 'note', '',
             'plan', jsonb_build_object('policy_version', 'bench', 'seconds', 86400, 'pausable', true), 'cycle', 1)
    FROM complaint_clock k JOIN complaint c USING (tenant_id, complaint_id)
    WHERE tenant_id = $1 AND c.number BETWEEN $2::bigint + 1000 AND $3::bigint + 1000
    """,
    """
    INSERT INTO clock_event (tenant_id, complaint_id, milestone, cycle, seq, event)
    SELECT k.tenant_id, k.complaint_id, k.milestone, k.cycle, 9, jsonb_build_object('kind', 'complete', 'seq', 9,
             'at', to_char(k.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'by', 'bench', 'note', '',
             'recorded_at', to_char(k.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'fact', 'm')
    FROM complaint_clock k JOIN complaint c USING (tenant_id, complaint_id)
    WHERE tenant_id = $1 AND c.number BETWEEN $2::bigint + 1000 AND $3::bigint + 1000
    """,
    # One in ten was paused for two hours: those take the long way.
    """
    INSERT INTO clock_event (tenant_id, complaint_id, milestone, cycle, seq, event)
    SELECT k.tenant_id, k.complaint_id, k.milestone, k.cycle, 2 + p, jsonb_build_object('kind',
             CASE p WHEN 0 THEN 'pause' ELSE 'resume' END, 'seq', 2 + p, 'by', 'bench', 'note', '', 'reason', 'customer',
             'at', to_char((k.started_at + (1 + 2 * p) * interval '1 minute') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    FROM complaint_clock k JOIN complaint c USING (tenant_id, complaint_id), generate_series(0, 1) p
    WHERE tenant_id = $1 AND c.number BETWEEN $2::bigint + 1000 AND $3::bigint + 1000 AND c.number % 10 = 0
      AND k.completed_at > k.started_at + interval '1 hour'
    """,
)
Report = Callable[[Reader, CaseFilter], Awaitable[object]]
REPORTS: dict[str, Report] = {
    "promises kept": list_kept,
    "first response": get_first_response,
    "cycle": get_cycle,
    "outcomes": list_outcomes,
    "mix": get_mix,
    "hours": get_hours,
}


async def fill(dsns: Dsns, tenant_id: UUID, first: int, last: int) -> None:
    """Write cases as the superuser; the questions come later, as the application."""
    connection = await asyncpg.connect(driver_dsn(dsns.admin))
    await connection.execute(POLICY, tenant_id)
    for statement in FILL:
        await connection.execute(statement, tenant_id, first, last)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def measure_reports(workplace: Workplace, tenant_id: UUID, cases: int) -> None:
    """Each report beside a bare group over the same clocks."""
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS + 2):
        async with workplace.reading(tenant_id) as reader:
            wanted = CaseFilter(span=span_back(reader.today, 13, reader.scope.timezone))
            started = time.perf_counter()
            await reader.session.execute(
                text("SELECT milestone, status, count(*) FROM complaint_clock WHERE tenant_id = :t GROUP BY 1, 2"),
                {"t": reader.tenant_id},
            )
            times.setdefault("bare: group the clocks", []).append(time.perf_counter() - started)
            for name, report in REPORTS.items():
                started = time.perf_counter()
                await report(reader, wanted)
                times.setdefault(name, []).append(time.perf_counter() - started)
    click.echo(f"reports over {cases} cases")
    for name, found in times.items():
        click.echo(f"{name:28} min {min(found) * 1000:6.0f} ms  p50 {statistics.median(found) * 1000:6.0f} ms  max {max(found) * 1000:6.0f} ms")  # fmt: skip


async def bare_loop(workplace: Workplace, tenant_id: UUID) -> int:
    """The same without a product: event texts out of the driver, decoded, one comparison per clock."""
    async with workplace.reading(tenant_id) as reader:
        query = text(
            "SELECT string_agg(event::text, ',' ORDER BY seq) FROM clock_event WHERE tenant_id = :t"
            " GROUP BY complaint_id, milestone, cycle"
        )
        late = 0
        stream = await reader.session.stream(query, {"t": reader.tenant_id})
        async for rows in stream.partitions(20_000):
            for row in rows:
                events = msgspec.json.decode(f"[{row[0]}]")
                late += events[-1]["at"][:10] > events[0]["at"][:10]
        return late


async def measure_trial(workplace: Workplace, tenant_id: UUID, roots: list[int]) -> None:
    """One trial in the worker's pieces; the bare loop before it."""
    changes = {
        f"{level} m{n}": Changed(seconds=12 * 3600, pausable=True)
        for level in ("L1", "L2", "L3")
        for n in (1, 2, 3, 4, 5)
    }
    for name, candidate in (
        ("trial, nothing changes", Candidate()),
        ("trial, all promises change", Candidate(changes=changes)),
    ):
        started, cpu = time.perf_counter(), cpu_ms(roots)
        await bare_loop(workplace, tenant_id)
        bare, bare_cpu = time.perf_counter() - started, cpu_ms(roots) - cpu
        started, cpu, memory = time.perf_counter(), cpu_ms(roots), getrusage(RUSAGE_SELF).ru_maxrss
        async with workplace.unit(tenant_id) as uow:
            trial_id = await start_trial(uow, candidate=candidate, label="bench", at_once=0)
        more = True
        while more:
            async with workplace.unit(tenant_id) as uow:
                more = await continue_trial(uow, trial_id=trial_id)
        took, used = time.perf_counter() - started, cpu_ms(roots) - cpu
        grown = (getrusage(RUSAGE_SELF).ru_maxrss - memory) / 1024
        async with workplace.reading(tenant_id) as reader:
            trial = await get_trial(reader, trial_id=trial_id)
        clocks = trial.sums.clocks
        click.echo(f"{name:28} {clocks} clocks  {took:6.1f} s  {used / 1000:6.1f} CPU s  bare loop {bare:6.1f} s  {bare_cpu / 1000:6.1f} CPU s")  # fmt: skip
        click.echo(f"  memory grew by {grown:.0f} MB, lost {trial.sums.whole().lost}")
        click.echo(f"{name:28} {bare_cpu / used:6.2f} of bare")


async def measure_risks(workplace: Workplace, tenant_id: UUID) -> None:
    """The nightly count, and the look-up of a page of 25 promises."""
    started = time.perf_counter()
    async with workplace.unit(tenant_id) as uow:
        clocks = await count_risks(uow)
    click.echo(f"{'count of risks':28} {clocks} clocks  {time.perf_counter() - started:6.1f} s")
    async with workplace.reading(tenant_id) as reader:
        rows = await reader.session.execute(text("SELECT complaint_id FROM complaint LIMIT 25"))
        page = [(row.complaint_id, "m1") for row in rows]
        times = []
        for _ in range(20):
            started = time.perf_counter()
            await get_risks(reader, page)
            times.append(time.perf_counter() - started)
    click.echo(f"{'risks of a page':28} p50 {statistics.median(times) * 1000:.1f} ms")


async def fill_and_measure(dsns: Dsns, redis_url: str, roots: list[int]) -> None:
    """Half the cases, the reports; all of them, the trials."""
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        tenant_id, _ = await open_clinic(workplace)
        half = min(100_000, CASES)
        await fill(dsns, tenant_id, 1, half)
        await measure_reports(workplace, tenant_id, half)
        if half < CASES:
            await fill(dsns, tenant_id, half + 1, CASES)
        await measure_trial(workplace, tenant_id, roots)
        await measure_risks(workplace, tenant_id)
    finally:
        await workplace.aclose()


def main() -> None:
    """Start servers of our own and print the table."""
    with own_servers() as (postgres, valkey):
        asyncio.run(upgrade(postgres.dsns.migrator, plugins=PluginHost.load().migrations()))
        roots = [os.getpid(), *(p.pid for part in (postgres, valkey) if (p := part.process) is not None)]
        asyncio.run(fill_and_measure(postgres.dsns, valkey.url, roots))


if __name__ == "__main__":
    main()
