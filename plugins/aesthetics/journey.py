"""The 23 points of contact as the tenant has them, what was reached at each, and the stage where most are lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.aesthetics.settings import Settings
from plugins.aesthetics.standard import STAGES, TOUCH_CODES, TOUCH_COUNT, TOUCHPOINTS
from plugins.aesthetics.tables import ALERT, CONSULT, TOUCH, TOUCHPOINT, ZONE
from plugins.api import OpenTask, ReactContext, Text, both, localized

Context = ReactContext[Settings]
_T, _P, _C = TOUCH.c, TOUCHPOINT.c, CONSULT.c
ALERT_HOURS: Final = 24
"""Own design: by when the supervisor looks into an alert."""


class Point(msgspec.Struct, frozen=True):
    """One point of contact, in the tenant's order and words."""

    code: str
    stage: str
    name: Text


class Loss(NamedTuple):
    """How many came into a stage, and how many of them did not come on to the next."""

    stage: str
    came: int
    lost: int

    @property
    def percent(self) -> float:
        """The share that was lost, with one decimal."""
        return round(100 * self.lost / self.came, 1) if self.came else 0.0


SHIPPED: Final = tuple(Point(code, stage, both(zh, en)) for code, stage, zh, en in TOUCHPOINTS)


async def points_of(session: AsyncSession, tenant_id: UUID) -> tuple[Point, ...]:
    """Return the tenant's map, or the shipped one."""
    rows = await session.execute(select(TOUCHPOINT).where(_P.tenant_id == tenant_id).order_by(_P.place))
    shipped = {one.code: one for one in SHIPPED}
    return tuple(Point(row.code, row.stage, _words(row.name, shipped[row.code])) for row in rows) or SHIPPED


def _words(name: str, shipped: Point) -> Text:
    """A name that was not changed stays in two languages."""
    return shipped.name if name == localized(shipped.name, "zh-CN") else name


def read_map(lines: Sequence[tuple[str, str, str]]) -> tuple[Point, ...] | Text:
    """Return the map that was typed as (code, stage, name) in order, or what is wrong with it."""
    if len(lines) != TOUCH_COUNT or {code for code, *_ in lines} != set(TOUCH_CODES):
        return both(f"地图固定为 {TOUCH_COUNT} 个触点", f"The map has {TOUCH_COUNT} points, no more and no fewer")
    order = list(STAGES)
    places = [order.index(stage) if stage in STAGES else -1 for _, stage, _ in lines]
    if -1 in places or places != sorted(places) or set(places) != set(range(len(order))):
        return both("阶段要按顺序排列，每个阶段至少一个触点", "Stages follow one another, each with at least one point")
    if any(not name.strip() or len(name) > 60 for *_, name in lines):
        return both("每个触点要有名称，最多 60 个字", "Every point has a name of at most 60 characters")
    names = [name.strip() for *_, name in lines]
    if len(set(names)) != len(names):
        return both("触点名称不能重复", "No two points have one name")
    return tuple(Point(code, stage, name.strip()) for code, stage, name in lines)


async def save_map(ctx: Context, points: Sequence[Point]) -> None:
    """Put the tenant's map in place of what was there."""
    await ctx.session.execute(delete(TOUCHPOINT).where(_P.tenant_id == ctx.tenant_id))
    values = [
        {"tenant_id": ctx.tenant_id, "code": one.code, "place": place, "stage": one.stage, "name": localized(one.name, "zh-CN")}
        for place, one in enumerate(points, 1)
    ]  # fmt: skip
    await ctx.session.execute(insert(TOUCHPOINT), values)


async def reset_map(ctx: Context) -> None:
    """Go back to the shipped map."""
    await ctx.session.execute(delete(TOUCHPOINT).where(_P.tenant_id == ctx.tenant_id))


async def touch(ctx: Context, consult_id: UUID, *codes: str) -> None:
    """Note that a consult reached points; the first time counts."""
    values = [{"tenant_id": ctx.tenant_id, "consult_id": consult_id, "code": code, "at": ctx.now} for code in codes]
    await ctx.session.execute(upsert(TOUCH).values(values).on_conflict_do_nothing())


async def reached_by(session: AsyncSession, tenant_id: UUID, consult_id: UUID) -> dict[str, datetime]:
    """Return what one consult reached, and when."""
    rows = await session.execute(select(_T.code, _T.at).where(_T.tenant_id == tenant_id, _T.consult_id == consult_id))
    return {row.code: row.at for row in rows}


async def funnel(
    session: AsyncSession, tenant_id: UUID, *, points: Sequence[Point], since: datetime
) -> tuple[int, ...]:
    """Return for each point how many consults since then came as far: whoever reached a later one was here."""
    rows: Any = await session.execute(
        select(_T.consult_id, _T.code)
        .join(CONSULT, (_C.tenant_id == _T.tenant_id) & (_C.consult_id == _T.consult_id))
        .where(_T.tenant_id == tenant_id, _C.asked_at >= since)
    )
    return count_reached([one.code for one in points], [(row.consult_id, row.code) for row in rows])


def count_reached(codes: Sequence[str], touches: Sequence[tuple[object, str]]) -> tuple[int, ...]:
    """Count for each code the consults whose furthest point stands there or behind it."""
    place = {code: at for at, code in enumerate(codes)}
    furthest: dict[object, int] = {}
    for consult, code in touches:
        if code in place:
            furthest[consult] = max(furthest.get(consult, -1), place[code])
    return tuple(sum(far >= at for far in furthest.values()) for at in range(len(codes)))


def losses(points: Sequence[Point], reached: Sequence[int]) -> tuple[Loss, ...]:
    """Return each stage's loss: of those who came into it, how many did not come into the next; the last loses nobody."""
    came: dict[str, int] = {}
    for point, count in zip(points, reached, strict=True):
        came.setdefault(point.stage, count)
    stages = [stage for stage in STAGES if stage in came]
    after = [*(came[stage] for stage in stages[1:]), None]
    return tuple(
        Loss(stage, came[stage], 0 if following is None else came[stage] - following)
        for stage, following in zip(stages, after, strict=True)
    )


def worst_of(found: Sequence[Loss], settings: Settings) -> Loss | None:
    """Return the stage that loses the largest share, if enough came into it for a judgement and the share is large enough."""
    judged = [one for one in found if one.came >= settings.drop_least and one.percent >= settings.drop_percent]
    return max(judged, key=lambda one: one.percent, default=None)


async def tell_once(ctx: Context, key: str) -> bool:
    """Tell whether an alert is told for the first time."""
    values = {"tenant_id": ctx.tenant_id, "key": key, "told_at": ctx.now}
    made = await ctx.session.execute(upsert(ALERT).values(**values).on_conflict_do_nothing().returning(ALERT.c.key))
    return made.first() is not None


async def warn_of_loss(ctx: Context) -> tuple[OpenTask, ...]:
    """Open a task for the supervisor about the worst stage, once a month and stage."""
    points = await points_of(ctx.session, ctx.tenant_id)
    since = ctx.now - timedelta(days=ctx.settings.funnel_days)
    reached = await funnel(ctx.session, ctx.tenant_id, points=points, since=since)
    worst = worst_of(losses(points, reached), ctx.settings)
    key = f"drop:{worst.stage}:{ctx.now.astimezone(ZONE):%Y-%m}" if worst else ""
    if worst is None or not await tell_once(ctx, key):
        return ()
    zh, en = (localized(STAGES[worst.stage], tag) for tag in ("zh-CN", "en"))
    title = both(
        f"“{zh}”环节流失 {worst.percent:g}%，请查找原因", f"{worst.percent:g}% are lost at “{en}”: find out why"
    )
    due = ctx.now + timedelta(hours=ALERT_HOURS)
    return (OpenTask(key=key, title=title, due=due, role="service_supervisor", page="journey"),)
