"""Finds due work over all tenants, claims it inside each, and wakes arq with it; losing arq costs only time."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from arq.connections import ArqRedis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from core.bus import WAKE_CHANNEL
from core.outbox.claims import bury_work, claim_work, give_back, return_expired
from core.outbox.queries import count_in_flight, list_due, list_expired
from core.outbox.rules import DueKey
from tenants.work import Workplace
from workers.fairness import Batch, share_out
from workers.faults import describe_error, is_database_lost
from workers.jobs import Task
from workers.queue import NORMAL, RUN_ROWS, URGENT, Pace, job_id
from workers.schedule import Crons, tick_again

logger = logging.getLogger(__name__)

WORKER_LOST: Final = "its worker ended while it ran, every time it was tried"
CROWD_ROUNDS: Final = 3
SOON: Final = 0.03
"""Seconds until the next look when due work had to stay behind for want of room."""
GATHER: Final = 0.003
"""Seconds between a wake-up and the look, so that many commits make one sweep."""
AT_ONCE: Final = 4
"""Tenants that are claimed at the same time."""


class Relay:
    """One per worker process; any number of them share the work."""

    def __init__(
        self,
        workplace: Workplace,
        queue: ArqRedis,
        *,
        tasks: Mapping[str, Task],
        crons: Crons,
        pace: Pace,
        direct: Collection[str] = (),
    ) -> None:
        """Of the tasks that are `direct` it sends only what was tried before: a lane of their own fires the rest."""
        self._workplace = workplace
        self._queue = queue
        self._tasks = tasks
        self._crons = crons
        self._pace = pace
        self._direct = frozenset(direct)
        self.heard: list[Callable[[], None]] = []
        """Called when a commit made work due."""
        self._urgent = frozenset(name for name, task in tasks.items() if task.urgent)
        self._wake = asyncio.Event()
        self._expired_at = 0.0
        self.stopping = False

    async def run(self) -> None:
        """Sweep whenever something is due or somebody calls, until `stop()`; a server that is away is waited for."""
        listener = asyncio.create_task(self._listen())
        rest = 0.1
        try:
            while not self.stopping:
                try:
                    pause = await self.sweep()
                    rest = 0.1
                except Exception as error:
                    if not isinstance(error, RedisError) and not is_database_lost(error):
                        raise
                    logger.warning("the relay waits %.1f s for its servers: %s", rest, describe_error(error))
                    pause = rest
                    rest = min(rest * 2, 5.0)
                await self._sleep(pause)
        finally:
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener

    def stop(self) -> None:
        """Claim nothing more."""
        self.stopping = True
        self._wake.set()

    async def sweep(self) -> float:
        """Send what is due now and return the seconds until the next look."""
        now = self._workplace.clock()
        await self._return_expired(now)
        async with self._workplace.database.platform() as platform:
            due, ahead = await self._find_due(platform, now)
            if not due:
                return self._until(ahead, now)
            in_flight = await count_in_flight(platform)
        sent = 0
        for lane in (URGENT, NORMAL):
            waiting = int(await self._queue.zcard(lane))
            batches = share_out(
                [key for key in due if (key.task in self._urgent) == (lane == URGENT)],
                tasks=self._tasks,
                in_flight=in_flight,
                room=self._pace.waiting - waiting,
            )
            sent += await self._send(lane, batches)
        return SOON if sent < len(due) else self._until(ahead, now)

    def _until(self, ahead: datetime | None, now: datetime) -> float:
        return self._pace.poll if ahead is None else min((ahead - now).total_seconds(), self._pace.poll)

    async def _find_due(self, platform: AsyncSession, now: datetime) -> tuple[list[DueKey], datetime | None]:
        """Return what is due, in due order, and the next instant within the poll at which more will be."""
        horizon = now + timedelta(seconds=self._pace.poll)
        page = await list_due(platform, until=horizon, limit=self._pace.page, direct=self._direct)
        due = [key for key in page if key.run_at <= now]
        if len(page) < self._pace.page:
            return due, next((key.run_at for key in page if key.run_at > now), None)
        # A crowd: look past those who fill the page, so that the others' work and every deadline are seen too.
        found = {key.outbox_id: key for key in due}
        if self._urgent:
            urgent = await list_due(platform, until=now, limit=self._pace.page, tasks=self._urgent, direct=self._direct)
            found.update((key.outbox_id, key) for key in urgent)
        heavy: set[UUID] = set()
        for _ in range(CROWD_ROUNDS):
            heavy |= _heavy(page, self._pace.page // 4)
            page = await list_due(platform, until=now, limit=self._pace.page, except_tenants=heavy, direct=self._direct)
            found.update((key.outbox_id, key) for key in page)
            if len(page) < self._pace.page:
                break
        return sorted(found.values(), key=lambda key: (key.run_at, key.outbox_id)), None

    async def send_alone(self, keys: Sequence[DueKey]) -> int:
        """Send rows the ordinary way, each by itself, and count those that were won."""
        return await self._send(URGENT, [Batch(key.tenant_id, key.task, (key,)) for key in keys])

    async def _send(self, lane: str, batches: Sequence[Batch]) -> int:
        """Claim the batches' rows tenant by tenant, hand what was won to arq in the batches' order, count it."""
        wanted: dict[UUID, list[DueKey]] = {}
        for batch in batches:
            wanted.setdefault(batch.tenant_id, []).extend(batch.keys)
        gate = asyncio.Semaphore(AT_ONCE)
        claims = await asyncio.gather(
            *(_gated(gate, self._claim(tenant_id, keys)) for tenant_id, keys in wanted.items()),
            return_exceptions=True,
        )
        won: set[UUID] = set()
        faults: list[BaseException] = []
        for claim in claims:
            if isinstance(claim, BaseException):
                faults.append(claim)
            else:
                won |= claim
        ready = [
            Batch(batch.tenant_id, batch.task, keys)
            for batch in batches
            if (keys := tuple(key for key in batch.keys if key.outbox_id in won))
        ]
        await self._hand_over(lane, ready)
        if faults:
            raise faults[0]
        return len(won)

    async def _claim(self, tenant_id: UUID, keys: Sequence[DueKey]) -> set[UUID]:
        async with self._workplace.unit(tenant_id) as uow:
            lease_until = uow.now + timedelta(seconds=self._pace.lease)
            won = await claim_work(uow, outbox_ids=[key.outbox_id for key in keys], lease_until=lease_until)
        return {key.outbox_id for key in won}

    async def _hand_over(self, lane: str, batches: Sequence[Batch]) -> None:
        for index, batch in enumerate(batches):
            ids = [str(key.outbox_id) for key in batch.keys]
            try:
                await self._queue.enqueue_job(
                    *(RUN_ROWS, str(batch.tenant_id), batch.task, ids),
                    _job_id=job_id(batch.keys),
                    _queue_name=lane,
                )
            except RedisError:
                # Their lease would bring them back too, only later.
                for left in batches[index:]:
                    async with self._workplace.unit(left.tenant_id) as uow:
                        await give_back(uow, outbox_ids=[key.outbox_id for key in left.keys], started=False)
                raise

    async def _return_expired(self, now: datetime) -> None:
        """Put rows whose job shows no life back into the schedule; those that had all their tries are dead."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._expired_at < self._pace.poll:
            return
        self._expired_at = loop.time()
        async with self._workplace.database.platform() as platform:
            expired = await list_expired(platform, now=now, limit=self._pace.page)
        by_tenant: dict[UUID, list[DueKey]] = {}
        for key in expired:
            by_tenant.setdefault(key.tenant_id, []).append(key)
        for tenant_id, keys in by_tenant.items():
            spent = [key.outbox_id for key in keys if key.attempts > self._retries(key.task)]
            async with self._workplace.unit(tenant_id) as uow:
                for work in await bury_work(uow, outbox_ids=spent, error=WORKER_LOST, only_expired=True):
                    logger.error(
                        "task %s, row %s of tenant %s is dead: %s", work.task, work.outbox_id, tenant_id, WORKER_LOST
                    )
                    await tick_again(uow, self._crons, work)
                alive = [key.outbox_id for key in keys if key.outbox_id not in spent]
                returned = await return_expired(uow, outbox_ids=alive)
            if returned:
                logger.warning("%d rows of tenant %s come again: their job showed no life", len(returned), tenant_id)

    def _retries(self, task: str) -> int:
        known = self._tasks.get(task)
        return known.retries if known is not None else Task.retries

    async def _listen(self) -> None:
        """Hear the commits that made work due; without it the relay still looks every poll."""
        rest = 0.1
        while True:
            try:
                async with self._workplace.bus.listen(WAKE_CHANNEL) as calls:
                    self._wake.set()
                    rest = 0.1
                    while True:
                        if await calls.get_message(timeout=None) is not None:
                            self._wake.set()
                            for call in self.heard:
                                call()
            except (RedisError, OSError):
                await asyncio.sleep(rest)
                rest = min(rest * 2, 5.0)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout=max(seconds, GATHER))
            await asyncio.sleep(GATHER)
        self._wake.clear()


async def _gated(gate: asyncio.Semaphore, work: Awaitable[set[UUID]]) -> set[UUID]:
    async with gate:
        return await work


def _heavy(page: Sequence[DueKey], many: int) -> set[UUID]:
    """Return the tenants that fill a quarter of the page or more; when it is many small ones, those in it."""
    counts: dict[UUID, int] = {}
    for key in page:
        counts[key.tenant_id] = counts.get(key.tenant_id, 0) + 1
    return {tenant_id for tenant_id, count in counts.items() if count >= many} or set(counts)
