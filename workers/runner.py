"""Runs the rows of one job: each in a unit of its own, done in the transaction that does the work."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NoReturn, TypeVar, cast
from uuid import UUID

from arq.constants import in_progress_key_prefix

from core.errors import NotFound
from core.outbox.claims import (
    bury_work,
    extend_lease,
    give_back,
    read_payloads,
    rest_work,
    run_again,
    start_work,
    take_work,
)
from core.outbox.rules import DueKey, rest_after
from core.tenancy.queries import find_tenant
from core.uow import UnitOfWork
from tenants.work import Workplace
from workers.faults import describe_error, is_database_lost
from workers.jobs import BatchHandler, Errand, Handler, Task
from workers.queue import Pace
from workers.schedule import Crons, tick_again

logger = logging.getLogger(__name__)

T = TypeVar("T")
CLOSED: Final = "the tenant is closed"
MOST_IDS: Final = 500
UNKNOWN_RETRIES: Final = 6
"""About two minutes: while a release is rolled out, an old worker may meet tasks that only the new one knows."""


class UnknownTask(Exception):
    """A row asks for a task that this release does not know."""


async def _unknown(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> NoReturn:
    del uow, payload, outbox_id
    raise UnknownTask("no release that runs here knows this task")


class DatabaseAway(Exception):
    """PostgreSQL did not come back while the lease ran; the rows come again by themselves."""


class Runner:
    """What arq calls; `stopping` lets running rows end and gives the others back."""

    def __init__(self, workplace: Workplace, tasks: Mapping[str, Task], crons: Crons, pace: Pace) -> None:
        self._workplace = workplace
        self._tasks = tasks
        self._crons = crons
        self._pace = pace
        self.stopping = False

    async def run_rows(self, ctx: dict[str, Any], tenant: str, task: str, ids: list[str]) -> None:
        """Run rows of one tenant and task. A job is only a wake-up: what to do, and whether, stands in the rows."""
        try:
            tenant_id, outbox_ids = UUID(tenant), [UUID(text) for text in ids[:MOST_IDS]]
        except (ValueError, AttributeError, TypeError):
            logger.warning("a job carried something else than ids; nothing was run")
            return
        waiting = set(outbox_ids)
        # The heartbeat locks waiting rows for a moment, and a row that is locked is not taken: without this gate a
        # beat could make the runner step over a row, which then came again only when its lease had run out.
        gate = asyncio.Lock()
        try:
            async with self._alive(ctx, tenant_id, waiting, gate):
                keys = await self._steadily(partial(self._start, tenant_id, task, outbox_ids))
                waiting.intersection_update(key.outbox_id for key in keys)
                known = self._tasks.get(task) or Task(name=task, handle=_unknown, retries=UNKNOWN_RETRIES)
                for start in range(0, len(keys), known.together):
                    if self.stopping:
                        await self._give_back(tenant_id, keys[start:])
                        return
                    await self._run_some(known, tenant_id, keys[start : start + known.together], waiting, gate)
        except NotFound:
            logger.warning("a job named a tenant that does not exist; nothing was run")
        except DatabaseAway:
            logger.warning("the database stayed away; %d rows of task %s come again later", len(waiting), task)

    async def _start(self, tenant_id: UUID, task: str, outbox_ids: Sequence[UUID]) -> list[DueKey]:
        async with self._workplace.unit(tenant_id) as uow:
            keys = await start_work(uow, task=task, outbox_ids=outbox_ids, lease_until=self._lease(uow.now))
            if not keys:
                return []
            tenant = await find_tenant(uow.session)
            if tenant is None or tenant.state != "closed":
                return keys
            await bury_work(uow, outbox_ids=[key.outbox_id for key in keys], error=CLOSED)
        logger.info("%d rows of task %s were not run: tenant %s is closed", len(keys), task, tenant_id)
        return []

    async def _run_some(
        self, task: Task, tenant_id: UUID, keys: Sequence[DueKey], waiting: set[UUID], gate: asyncio.Lock
    ) -> None:
        """Run rows in one transaction; when it fails and they were several, run each in one of its own."""
        try:
            await self._steadily(partial(self._run_rows, task, tenant_id, keys, gate))
        except DatabaseAway:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a task raises is noted in its row
            if len(keys) == 1:
                await self._steadily(partial(self._fail, task, tenant_id, keys[0], error))
            else:
                logger.info("task %s failed for %d rows together: %s", task.name, len(keys), describe_error(error))
                for key in keys:
                    await self._run_some(task, tenant_id, (key,), waiting, gate)
        waiting.difference_update(key.outbox_id for key in keys)

    async def _run_rows(self, task: Task, tenant_id: UUID, keys: Sequence[DueKey], gate: asyncio.Lock) -> None:
        """Do the work of rows and mark them done, in one transaction."""
        async with asyncio.timeout(task.timeout):
            ids = [key.outbox_id for key in keys]
            found = {} if task.errand is None else await self._run_errand(task.errand, tenant_id, ids)
            await self._run_unit(task, tenant_id, ids, gate, found)

    async def _run_errand(self, errand: Errand, tenant_id: UUID, ids: Sequence[UUID]) -> dict[str, Any]:
        async with self._workplace.reading(tenant_id) as reader:
            payloads = await read_payloads(reader, outbox_ids=ids)
        return {"found": await errand(self._workplace, tenant_id, payloads[0])} if payloads else {}

    async def _run_unit(
        self, task: Task, tenant_id: UUID, ids: Sequence[UUID], gate: asyncio.Lock, found: dict[str, Any]
    ) -> None:
        async with self._workplace.unit(tenant_id) as uow:
            if task.hold is not None:
                await task.hold(uow, await read_payloads(uow, outbox_ids=ids))
            async with gate:
                works = await take_work(uow, outbox_ids=ids)
            if task.batch and works:
                await cast("BatchHandler", task.handle)(uow, works)
            for work in works:
                given = work.payload | found
                again = None if task.batch else await cast("Handler", task.handle)(uow, given, work.outbox_id)
                if again is not None:
                    await run_again(uow, work.outbox_id, run_at=again)
                else:
                    await tick_again(uow, self._crons, work)

    async def _fail(self, task: Task, tenant_id: UUID, key: DueKey, error: Exception) -> None:
        """Note a failure: the row rests, or it is dead; a tick that died does not stop its cron."""
        text = describe_error(error)
        if isinstance(error, TimeoutError) and not error.args:
            text = f"timeout: not done within {task.timeout:g} s"
        async with self._workplace.unit(tenant_id) as uow:
            if key.attempts <= task.retries:
                run_at = uow.now + rest_after(key.attempts, random.random())  # noqa: S311 - only spreads load
                await rest_work(uow, key.outbox_id, error=text, run_at=run_at)
                logger.warning("task %s, row %s, attempt %d: %s", task.name, key.outbox_id, key.attempts, text)
                return
            for work in await bury_work(uow, outbox_ids=[key.outbox_id], error=text):
                await tick_again(uow, self._crons, work)
        logger.error("task %s, row %s of tenant %s is dead: %s", task.name, key.outbox_id, tenant_id, text)

    async def _give_back(self, tenant_id: UUID, keys: Sequence[DueKey]) -> None:
        async with self._workplace.unit(tenant_id) as uow:
            await give_back(uow, outbox_ids=[key.outbox_id for key in keys], started=True)

    async def _steadily(self, work: Callable[[], Awaitable[T]]) -> T:
        """Wait for a database that restarts; its absence is nobody's failed attempt.

        Raises:
            DatabaseAway: it did not come back while the lease ran.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + self._pace.lease
        rest = 0.1
        while True:
            try:
                return await work()
            except Exception as error:
                if not is_database_lost(error):
                    raise
                if loop.time() + rest > end:
                    raise DatabaseAway from error
            await asyncio.sleep(rest)
            rest = min(rest * 2, 2.0)

    def _lease(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._pace.lease)

    @contextlib.asynccontextmanager
    async def _alive(
        self, ctx: dict[str, Any], tenant_id: UUID, waiting: set[UUID], gate: asyncio.Lock
    ) -> AsyncIterator[None]:
        """Renew the lease in both places while the job runs, so that a dead worker's rows come back soon."""
        beat = asyncio.create_task(self._beat(ctx, tenant_id, waiting, gate))
        try:
            yield
        finally:
            beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beat

    async def _beat(self, ctx: dict[str, Any], tenant_id: UUID, waiting: set[UUID], gate: asyncio.Lock) -> None:
        while True:
            await asyncio.sleep(self._pace.lease / 3)
            try:
                await ctx["redis"].pexpire(in_progress_key_prefix + ctx["job_id"], int(self._pace.lease * 1000))
                async with gate, self._workplace.unit(tenant_id) as uow:
                    await extend_lease(uow, outbox_ids=waiting, lease_until=self._lease(uow.now))
            except Exception as error:  # noqa: BLE001 - the next beat may succeed; if none does, the rows come again
                logger.warning("a running job could not show life: %s", describe_error(error))
