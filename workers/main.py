"""`python -m workers.main`: the relay and both lanes of arq in one process, until SIGTERM or until one of them ends."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

import uvloop
from arq.worker import Worker, func
from redis.exceptions import RedisError

from core.bus import Bus
from core.clock import Clock, now
from core.complaints.cases.storing import CLOCK_TASK
from core.db import Database
from core.driver import DriverPool
from core.forms.rules import refuse_bad_form, refuse_bad_patch
from core.garbage import keep_what_stands
from core.hooks.host import PluginHost
from core.isolation import find_violations_at
from core.outbox.queries import find_sweep_right
from core.settings import Settings, settings_from_env
from core.webhooks.outward import outward_of
from tenants.work import Workplace
from workers.deadlines import Deadlines
from workers.faults import describe_error, is_database_lost
from workers.jobs import Task, find_tasks
from workers.jobs.complaints import ROSTER
from workers.queue import NORMAL, RUN_ROWS, URGENT, Pace, connect_queue, deserialize, pace_from_env, serialize
from workers.relay import Relay
from workers.runner import Runner
from workers.schedule import CRONS, Crons, ensure_crons

logger = logging.getLogger("workers.main")

# arq counts a job whose worker died as tried; it may come again as often as it likes, the rows know what is left.
MAX_TRIES = 100


DIRECT = frozenset({CLOCK_TASK})
"""Tasks with a lane of their own."""


class WrongRole(Exception):
    """The database login may not look for due work over all tenants."""


class OpenWalls(Exception):
    """In production nothing starts while one tenant could see another."""


async def serve(
    settings: Settings,
    *,
    pace: Pace,
    tasks: Mapping[str, Task],
    crons: Crons = CRONS,
    clock: Clock = now,
) -> int:
    """Work until a signal asks to stop (0) or a part ends by itself (1): whoever supervises starts a fresh process.

    Raises:
        WrongRole: WORKER_DATABASE_URL is missing or names another login than anxin_worker.
        OpenWalls: production, and the isolation lint found something.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    database = Database(settings.worker_database_url, pool_size=settings.pool_size, context_key=settings.context_key)
    workplace = Workplace(
        database,
        Bus(settings.redis_url),
        PluginHost.load(checks={"intake_forms": refuse_bad_form, "intake_extensions": refuse_bad_patch}),
        clock,
        outward=outward_of(settings),
    )
    runner = Runner(workplace, tasks, crons, pace)
    queue = connect_queue(settings.redis_url)
    relay = Relay(workplace, queue, tasks=tasks, crons=crons, pace=pace, direct=DIRECT)
    pool = DriverPool(settings.worker_database_url, context_key=settings.context_key)
    deadlines = Deadlines(workplace, pool, queue, send=relay.send_alone, roster=ROSTER, pace=pace)
    relay.heard.append(deadlines.call)
    lanes = _make_lanes(settings, runner, pace)
    try:
        await _prepare(settings, workplace, stop)
        giving = asyncio.create_task(_give_ticks(workplace, crons), name="crons")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        parts = [
            asyncio.create_task(relay.run(), name="relay"),
            asyncio.create_task(deadlines.run(), name="deadlines"),
            *(asyncio.create_task(lane.async_run(), name=lane.queue_name) for lane in lanes),
        ]
        logger.info("working: %d tasks, %d crons", len(tasks), len(crons))
        await asyncio.wait({stopping, *parts}, return_when=asyncio.FIRST_COMPLETED)
        failed = [part for part in parts if part.done()]
        for part in failed:
            error = part.exception()
            logger.error("%s ended: %s", part.get_name(), describe_error(error) if error else "without a reason")
        relay.stop()
        deadlines.stop()
        runner.stopping = True
        await _end(lanes, parts, pace.grace if not failed else 1.0)
        stopping.cancel()
        giving.cancel()
        return 1 if failed else 0
    finally:
        await queue.aclose(close_connection_pool=True)
        await pool.aclose()
        await workplace.aclose()


def _make_lanes(settings: Settings, runner: Runner, pace: Pace) -> list[Worker]:
    return [
        make_lane(settings, runner, pace, name=URGENT, jobs=pace.urgent_jobs, delay=pace.urgent_delay),
        make_lane(settings, runner, pace, name=NORMAL, jobs=pace.normal_jobs, delay=pace.normal_delay),
    ]


async def _prepare(settings: Settings, workplace: Workplace, stop: asyncio.Event) -> None:
    """Check the login and, in production, the walls, as soon as the database answers."""
    while not stop.is_set():
        try:
            await _check_login(workplace)
            if settings.production:
                await _check_walls(settings)
        except Exception as error:
            if not is_database_lost(error):
                raise
            logger.info("waiting for the database: %s", describe_error(error))
            await asyncio.sleep(0.3)
        else:
            return


async def _give_ticks(workplace: Workplace, crons: Crons) -> None:
    """Give every tenant the ticks it lacks, beside the work: with many tenants it takes a while."""
    while True:
        try:
            await ensure_crons(workplace, crons)
        except Exception as error:
            if not is_database_lost(error):
                logger.exception("tenants without their ticks keep waiting for the next start of a worker")
                raise
            await asyncio.sleep(1.0)
        else:
            return


async def _check_login(workplace: Workplace) -> None:
    async with workplace.database.platform() as platform:
        if not await find_sweep_right(platform):
            raise WrongRole("WORKER_DATABASE_URL must sign in as anxin_worker: no other role sees due work.")


async def _check_walls(settings: Settings) -> None:
    found = await find_violations_at(settings.worker_database_url)
    if found:
        places = ", ".join(f"{violation.rule}: {violation.where}" for violation in found)
        raise OpenWalls(f"one tenant could see another ({places}); run: anxin db check")


def make_lane(settings: Settings, runner: Runner, pace: Pace, *, name: str, jobs: int, delay: float) -> Worker:
    """Make one lane: arq's worker with everything switched off that the outbox does better."""
    lane = Worker(
        functions=[func(_coroutine(runner), name=RUN_ROWS, max_tries=MAX_TRIES)],
        queue_name=name,
        redis_pool=connect_queue(settings.redis_url),
        max_jobs=jobs,
        poll_delay=delay,
        job_timeout=24 * 3600,  # each row has its task's timeout
        keep_result=0,
        log_results=False,
        handle_signals=False,
        job_serializer=serialize,
        job_deserializer=deserialize,
        health_check_interval=60,
    )
    # The runner renews this mark while a job lives; arq's own would keep a dead worker's jobs blocked for a day.
    lane.in_progress_timeout_s = pace.lease
    return lane


def _coroutine(runner: Runner) -> Any:
    async def run_rows(ctx: dict[str, Any], tenant: str, task: str, ids: list[str]) -> None:
        await runner.run_rows(ctx, tenant, task, ids)

    return run_rows


async def _end(lanes: list[Worker], parts: "list[asyncio.Task[None]]", grace: float) -> None:
    """Let what runs come to its end, then end the rest; their rows come again by their lease."""
    for lane in lanes:
        lane.allow_pick_jobs = False
    running = [task for lane in lanes for task in lane.tasks.values()]
    if running:
        await asyncio.wait(running, timeout=grace)
    for task in [*running, *parts]:
        task.cancel()
    await asyncio.gather(*running, *parts, return_exceptions=True)
    for lane in lanes:
        try:
            await lane.pool.delete(lane.health_check_key)
            await lane.pool.aclose(close_connection_pool=True)
        except (RedisError, OSError):
            logger.info("valkey is away; %s ends without saying so", lane.queue_name)


def main(*, tasks: Mapping[str, Task] | None = None, crons: Crons = CRONS, clock: Clock = now) -> None:
    """Run a worker with the settings of the environment."""
    logging.basicConfig(
        level=os.environ.get("ANXIN_LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("arq").setLevel(logging.WARNING)  # it would write two lines for every job
    try:
        settings = settings_from_env(os.environ)
    except LookupError as error:
        sys.exit(f"anxin worker: {error.args[0]}")
    try:
        pace = pace_from_env(os.environ)
        served = serve(settings, pace=pace, tasks=tasks or find_tasks(), crons=crons, clock=clock)
        keep_what_stands()
        sys.exit(uvloop.run(served))
    except (WrongRole, OpenWalls) as error:
        sys.exit(f"anxin worker: {error}")


if __name__ == "__main__":
    main()
