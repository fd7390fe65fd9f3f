"""Consults against the clock: entered, answered within five minutes, marked as custom service within the month's share."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.aesthetics.journey import ALERT_HOURS, tell_once, touch
from plugins.aesthetics.settings import Settings
from plugins.aesthetics.standard import ANSWERED, ENQUIRY
from plugins.aesthetics.tables import CONSULT, PLAN, ZONE, plain
from plugins.api import CloseTask, Effect, OpenTask, ReactContext, RecordEvent, both

Context = ReactContext[Settings]
_C = CONSULT.c
PAGE: Final = 50
MONTH: Final = "YYYY-MM"


def key_of(consult_id: UUID) -> str:
    """Name the task of a consult's first answer."""
    return f"consult:{consult_id}"


async def add_consult(
    ctx: Context, *, customer_id: UUID, project: str, wish: str, vip: bool, asked_at: datetime
) -> tuple[UUID, tuple[Effect, ...]]:
    """Enter a consult and start its clock: 咨询响应≤5分钟, counted from when the customer asked."""
    consult_id = uuid4()
    due = asked_at + timedelta(minutes=ctx.settings.response_minutes)
    await ctx.session.execute(
        insert(CONSULT).values(
            tenant_id=ctx.tenant_id,
            consult_id=consult_id,
            customer_id=customer_id,
            project=project,
            wish=wish,
            vip=vip,
            custom=False,
            custom_words="",
            asked_at=asked_at,
            due_at=due,
            state="open",
        )
    )
    await touch(ctx, consult_id, ENQUIRY)
    page = f"consults/{consult_id}"
    task = OpenTask(
        key=key_of(consult_id),
        title=both(f"首次响应咨询：{project}", f"Answer the consult: {project}"),
        due=due,
        role="front_desk",
        customer_id=customer_id,
        page=page,
    )
    event = RecordEvent(
        customer_id=customer_id,
        kind="consult",
        text=both(f"咨询：{project}", f"Consult: {project}"),
        data={"consult": str(consult_id), "vip": vip},
    )
    return consult_id, (task, event)


async def lock_consult(ctx: Context, consult_id: UUID) -> Any:
    """Return the consult's row, locked, or None."""
    mine = (_C.tenant_id == ctx.tenant_id, _C.consult_id == consult_id)
    return (await ctx.session.execute(select(CONSULT).where(*mine).with_for_update())).first()


async def _change(ctx: Context, consult_id: UUID, **values: Any) -> None:
    mine = (_C.tenant_id == ctx.tenant_id, _C.consult_id == consult_id)
    await ctx.session.execute(update(CONSULT).where(*mine).values(**values))


async def answer(ctx: Context, consult: Any) -> tuple[Effect, ...]:
    """Stop the clock; a second answer changes nothing."""
    if consult.answered_at is not None:
        return ()
    await _change(ctx, consult.consult_id, answered_at=ctx.now, answered_name=ctx.actor.name)
    await touch(ctx, consult.consult_id, ANSWERED)
    return (CloseTask(key=key_of(consult.consult_id), note=both("已响应", "Answered")),)


async def close(ctx: Context, consult: Any, *, agreed: bool) -> tuple[Effect, ...]:
    """End a consult; one that was never answered needs no answer any more."""
    await _change(ctx, consult.consult_id, state="agreed" if agreed else "lost")
    return (CloseTask(key=key_of(consult.consult_id)),)


async def mark_custom(ctx: Context, consult: Any, *, words: str) -> tuple[bool, tuple[Effect, ...]]:
    """Mark a consult as custom service, or take the mark away with no words; returns whether the month is over its share.

    允许10%的定制化服务: facts booking.vip_room say "alert above", so nobody is stopped.
    """
    await _change(ctx, consult.consult_id, custom=bool(words), custom_words=words)
    month = f"{consult.asked_at.astimezone(ZONE):%Y-%m}"
    custom, total = (await shares(ctx.session, ctx.tenant_id)).get(month, (0, 0))
    if not words or not is_over(custom, total, ctx.settings):
        return False, ()
    if not await tell_once(ctx, f"custom:{month}"):
        return True, ()
    limit = ctx.settings.custom_percent
    title = both(
        f"{month} 定制化服务 {custom}/{total}，超过 {limit}%",
        f"{month}: {custom} of {total} consults are custom service, over {limit}%",
    )
    due = ctx.now + timedelta(hours=ALERT_HOURS)
    return True, (OpenTask(key=f"custom:{month}", title=title, due=due, role="service_supervisor", page="journey"),)


def is_over(custom: int, total: int, settings: Settings) -> bool:
    """Tell whether a month's share lies above the limit; exactly the limit is allowed."""
    return custom * 100 > settings.custom_percent * total


async def shares(session: AsyncSession, tenant_id: UUID) -> dict[str, tuple[int, int]]:
    """Return custom and all consults by month."""
    month = func.to_char(func.timezone(ZONE.key, _C.asked_at), MONTH).label("month")
    rows: Any = await session.execute(
        select(month, func.count().filter(_C.custom).label("custom"), func.count().label("total"))
        .where(_C.tenant_id == tenant_id)
        .group_by(month)
        .order_by(month)
    )
    return {row.month: (row.custom, row.total) for row in rows}


async def list_consults(
    session: AsyncSession, tenant_id: UUID, *, view: str, page: int
) -> tuple[list[dict[str, Any]], bool]:
    """Return consults, those without an answer first by when it is due, then the newest."""
    wanted = [_C.tenant_id == tenant_id]
    if view == "waiting":
        wanted += [_C.answered_at.is_(None), _C.state == "open"]
    elif view:
        wanted.append(_C.state == view)
    rows = await session.execute(
        select(CONSULT)
        .where(*wanted)
        .order_by(_C.answered_at.is_not(None), _C.asked_at.desc(), _C.consult_id)
        .limit(PAGE + 1)
        .offset(page * PAGE)
    )
    found = [plain(row) for row in rows]
    return found[:PAGE], len(found) > PAGE


async def find_consult(session: AsyncSession, tenant_id: UUID, consult_id: UUID) -> dict[str, Any] | None:
    """Return one consult with its plans."""
    row = (await session.execute(select(CONSULT).where(_C.tenant_id == tenant_id, _C.consult_id == consult_id))).first()
    if row is None:
        return None
    mine = (PLAN.c.tenant_id == tenant_id, PLAN.c.consult_id == consult_id)
    plans = await session.execute(select(PLAN).where(*mine).order_by(PLAN.c.made_at, PLAN.c.plan_id))
    return plain(row) | {"plans": [plain(one) for one in plans]}


async def count_waiting(session: AsyncSession, tenant_id: UUID) -> int:
    """Return how many wait for their first answer."""
    waiting = (_C.tenant_id == tenant_id, _C.answered_at.is_(None), _C.state == "open")
    return await session.scalar(select(func.count()).select_from(CONSULT).where(*waiting)) or 0
