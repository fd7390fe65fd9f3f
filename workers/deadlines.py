"""The lane of deadlines: fires due clocks straight from the schedule, a tenant's together in one short transaction.

A row is not claimed first: it is locked, and what its clock has to say commits with its next instant. Whoever dies
leaves it as it was. What this lane cannot do goes the ordinary way, where attempts are counted.
"""

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from arq.connections import ArqRedis
from asyncpg.exceptions import DeadlockDetectedError, SerializationError
from redis.exceptions import RedisError

from core.bus import Message
from core.complaints.cases.due import fire_held, hold_due
from core.complaints.cases.storing import CLOCK_TASK
from core.complaints.ports import DutyRoster
from core.driver import DriverPool
from core.outbox.queries import list_fresh
from core.outbox.rules import DueKey
from core.scope import SYSTEM
from core.uow import UnitOfWork
from tenants.work import Workplace
from workers.faults import describe_error, is_database_lost
from workers.queue import Pace

logger = logging.getLogger(__name__)

TOGETHER: Final = 100
"""Clocks of one tenant in a transaction."""
SLICE: Final = 400
"""Clocks between two signs of life."""
PATIENCE: Final = 2.0
"""Seconds for which a row that could not be had (somebody works on its case) is left to this lane."""
ALIVE: Final = 5.0
"""Seconds after which a worker that shows no life has no share of the tenants."""
SOON: Final = 0.02
_MEMBERS, _FIRING = "anxin:deadlines:members", "anxin:deadlines:firing"

Send = Callable[[Sequence[DueKey]], Awaitable[int]]
"""Hands rows over to the ordinary way."""


class Group(msgspec.Struct, frozen=True):
    """Due clocks of one tenant, in due order, and until when they may speak: what comes after them comes first."""

    tenant_id: UUID
    keys: tuple[DueKey, ...]
    until: datetime


class Deadlines:
    """One per worker process; the tenants are shared out between those that live."""

    def __init__(
        self,
        workplace: Workplace,
        pool: DriverPool,
        queue: ArqRedis,
        *,
        send: Send,
        roster: DutyRoster,
        pace: Pace,
    ) -> None:
        self._workplace = workplace
        self._pool = pool
        self._queue: Any = queue  # its commands are typed for both kinds of client at once
        self._send = send
        self._roster = roster
        self._pace = pace
        self._me = uuid.uuid4().hex
        self._share = (0, 1)
        self._seen_at = float("-inf")
        self._missed: dict[UUID, float] = {}
        self._wake = asyncio.Event()
        self.stopping = False

    def call(self) -> None:
        """Look now: somebody committed due work."""
        self._wake.set()

    def stop(self) -> None:
        """Begin nothing more."""
        self.stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Sweep whenever a clock is due, until `stop()`; a server that is away is waited for."""
        rest = 0.1
        while not self.stopping:
            try:
                pause = await self.sweep()
                rest = 0.1
            except Exception as error:
                if not isinstance(error, RedisError) and not is_database_lost(error):
                    raise
                logger.warning("deadlines wait %.1f s for their servers: %s", rest, describe_error(error))
                pause = rest
                rest = min(rest * 2, 5.0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout=max(pause, 0.001))
            self._wake.clear()
        await self._leave()

    async def sweep(self) -> float:
        """Fire what is due now and return the seconds until the next look."""
        now = self._workplace.clock()
        await self._show_life()
        due, ahead = await self._find_due(now)
        groups = share_out([key for key in due if self._is_mine(key.tenant_id)], now)
        fired = 0
        for part in slices(groups):
            if self.stopping:
                break
            await self._show_life()
            fired += await self._fire_marked(part)
        if due:
            return 0.0 if fired else SOON
        return self._pace.poll if ahead is None else min((ahead - now).total_seconds(), self._pace.poll)

    async def _find_due(self, now: datetime) -> tuple[list[DueKey], datetime | None]:
        """Return what is due, longest waiting first, and the next instant within the poll at which more will be."""
        horizon, limit = now + timedelta(seconds=self._pace.poll), self._pace.page
        async with self._pool.platform() as platform:
            page = await list_fresh(platform, task=CLOCK_TASK, until=horizon, limit=limit)
            due = [key for key in page if key.run_at <= now]
            if len(page) < limit:
                return due, next((key.run_at for key in page if key.run_at > now), None)
            # A crowd: look past the tenants that fill the page, so that nobody waits behind another's morning.
            crowd = heavy(page, limit // 4)
            if crowd:
                due += await list_fresh(platform, task=CLOCK_TASK, until=now, limit=limit, except_tenants=crowd)
        return list({key.outbox_id: key for key in due}.values()), None

    def _is_mine(self, tenant_id: UUID) -> bool:
        mine, members = self._share
        return tenant_id.int % members == mine

    async def _fire_marked(self, groups: Sequence[Group]) -> int:
        """Fire groups, with a mark that tells what was begun should this process die of it."""
        keys = [key for group in groups for key in group.keys]
        await self._mark(keys)
        heard: list[Message] = []
        waiting = deque(groups)
        counts = await asyncio.gather(*(self._work_off(waiting, heard) for _ in range(self._pace.deadline_lanes)))
        await self._workplace.bus.send(heard, wake=False)
        await self._mark(())
        return sum(counts)

    async def _work_off(self, waiting: deque[Group], heard: list[Message]) -> int:
        fired = 0
        while waiting and not self.stopping:
            fired += await self._fire(waiting.popleft(), heard)
        return fired

    async def _fire(self, group: Group, heard: list[Message]) -> int:
        """Fire a group; when it fails and they were several, fire each alone; what fails alone goes the ordinary way."""
        try:
            done = await self._fire_together(group, heard)
        except (SerializationError, DeadlockDetectedError):
            done = set()  # somebody changed a case meanwhile: again in a moment
        except Exception as error:
            if is_database_lost(error):
                raise
            if len(group.keys) > 1:
                logger.info("%d deadlines failed together: %s", len(group.keys), describe_error(error))
                alone = [Group(group.tenant_id, (key,), group.until) for key in group.keys]
                return sum([await self._fire(one, heard) for one in alone])
            logger.warning("a deadline goes the ordinary way: %s", describe_error(error))
            return await self._send(group.keys)
        return len(done) + await self._miss([key for key in group.keys if key.outbox_id not in done])

    async def _fire_together(self, group: Group, heard: list[Message]) -> set[UUID]:
        now = self._workplace.clock()
        async with self._pool.session(group.tenant_id) as session:
            held = await hold_due(session, outbox_ids=[key.outbox_id for key in group.keys], now=now)
            if held is None:
                return set()
            scope, plugins = await self._workplace.enter(session.plain, SYSTEM, tenant=held.tenant)
            uow = UnitOfWork(session.plain, scope, now, plugins)
            done = await fire_held(uow, held, until=group.until, roster=self._roster)
            await uow.finish()
        heard += uow.messages
        for outbox_id in done:
            self._missed.pop(outbox_id, None)
        return done

    async def _miss(self, keys: Sequence[DueKey]) -> int:
        """Send on what could not be had for a while: its case is busy, or it is nothing for this lane."""
        now = asyncio.get_running_loop().time()
        spent = [key for key in keys if now - self._missed.setdefault(key.outbox_id, now) > PATIENCE]
        for key in spent:
            del self._missed[key.outbox_id]
        return await self._send(spent) if spent else 0

    async def _mark(self, keys: Sequence[DueKey]) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._queue.hset(_FIRING, self._me, msgspec.msgpack.encode(keys))

    async def _show_life(self) -> None:
        """Show life once a second, learn who else lives, and send on what those who died had begun.

        Without Valkey everybody takes every tenant; the locks keep that harmless.
        """
        loop = asyncio.get_running_loop()
        if loop.time() - self._seen_at < 1.0:
            return
        self._seen_at = loop.time()
        now = self._workplace.clock().timestamp()
        try:
            async with self._queue.pipeline(transaction=True) as pipe:
                pipe.zadd(_MEMBERS, {self._me: now})
                pipe.zremrangebyscore(_MEMBERS, "-inf", now - ALIVE)
                pipe.zrange(_MEMBERS, 0, -1)
                pipe.hgetall(_FIRING)
                *_, members, firing = await pipe.execute()
        except (RedisError, OSError):
            self._share = (0, 1)
            return
        living = sorted(member.decode() for member in members)
        self._share = (living.index(self._me), len(living)) if self._me in living else (0, 1)
        for member, begun in firing.items():
            if member.decode() not in living and await self._queue.hdel(_FIRING, member):
                keys = msgspec.msgpack.decode(begun, type=list[DueKey])
                if keys:
                    logger.warning("a worker ended while it fired %d deadlines; they go the ordinary way", len(keys))
                    await self._send(keys)

    async def _leave(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._queue.hdel(_FIRING, self._me)
            await self._queue.zrem(_MEMBERS, self._me)


def heavy(page: Sequence[DueKey], many: int) -> set[UUID]:
    """Return the tenants that fill a quarter of the page or more."""
    counts: dict[UUID, int] = {}
    for key in page:
        counts[key.tenant_id] = counts.get(key.tenant_id, 0) + 1
    return {tenant_id for tenant_id, count in counts.items() if count >= many}


def share_out(due: Sequence[DueKey], now: datetime) -> list[Group]:
    """Make one group per tenant: its longest waiting clocks, which speak until the first that stayed behind is due."""
    by_tenant: dict[UUID, list[DueKey]] = {}
    for key in due:
        by_tenant.setdefault(key.tenant_id, []).append(key)
    return [
        Group(tenant_id, tuple(keys[:TOGETHER]), keys[TOGETHER].run_at if len(keys) > TOGETHER else now)
        for tenant_id, keys in by_tenant.items()
    ]


def slices(groups: Sequence[Group]) -> list[list[Group]]:
    """Cut groups into parts of some hundred clocks."""
    parts: list[list[Group]] = []
    size = SLICE
    for group in groups:
        if size >= SLICE:
            parts.append([])
            size = 0
        parts[-1].append(group)
        size += len(group.keys)
    return parts
