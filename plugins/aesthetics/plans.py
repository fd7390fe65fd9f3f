"""Plans with comparison cases: not sent with fewer than three, and no picture without its owner's consent."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.aesthetics.consults import close
from plugins.aesthetics.journey import touch
from plugins.aesthetics.settings import Settings
from plugins.aesthetics.standard import AGREED, SENT, SHOWN, TOLD
from plugins.aesthetics.tables import PHOTO, PLAN, PLAN_CASE, plain
from plugins.api import Effect, ReactContext, RecordEvent, SendForm, Text, both

Context = ReactContext[Settings]
_P, _K, _F = PLAN.c, PLAN_CASE.c, PHOTO.c


async def add_plan(ctx: Context, consult_id: UUID, *, title: str, body: str, fen: int) -> UUID:
    """Begin a plan as a draft."""
    plan_id = uuid4()
    await ctx.session.execute(
        insert(PLAN).values(
            tenant_id=ctx.tenant_id,
            plan_id=plan_id,
            consult_id=consult_id,
            title=title,
            body=body,
            fen=fen,
            state="draft",
            made_at=ctx.now,
            made_name=ctx.actor.name,
        )
    )
    return plan_id


async def lock_plan(ctx: Context, plan_id: UUID) -> Any:
    """Return the plan's row, locked, or None."""
    mine = (_P.tenant_id == ctx.tenant_id, _P.plan_id == plan_id)
    return (await ctx.session.execute(select(PLAN).where(*mine).with_for_update())).first()


async def may_show(session: AsyncSession, tenant_id: UUID, customer_id: UUID) -> bool:
    """Tell whether somebody lets their pictures be shown as a comparison case, today."""
    mine = (_F.tenant_id == tenant_id, _F.customer_id == customer_id, _F.comparison, _F.withdrawn_at.is_(None))
    return (await session.execute(select(_F.customer_id).where(*mine))).first() is not None


async def add_case(
    ctx: Context, plan_id: UUID, *, kind: str, words: str, picture: str, owner: UUID | None
) -> Text | None:
    """Add a comparison case; returns why not. 3种对比案例 are three kinds, so a kind counts once."""
    if picture and owner is None:
        return both("带照片的案例要填写照片属于哪位客户", "Say whose pictures they are")
    if picture and owner is not None and not await may_show(ctx.session, ctx.tenant_id, owner):
        return both(
            "照片的主人没有签“对比案例”同意书或已撤回：请去掉照片，或先在其照片同意页登记",
            "Their owner has not agreed to comparison, or has withdrawn: leave the pictures out, or enter the consent first",
        )
    made = await ctx.session.execute(
        upsert(PLAN_CASE)
        .values(
            tenant_id=ctx.tenant_id,
            case_id=uuid4(),
            plan_id=plan_id,
            kind=kind,
            words=words,
            picture=picture or None,
            shown_customer_id=owner if picture else None,
        )
        .on_conflict_do_nothing()
        .returning(_K.case_id)
    )
    return (
        None
        if made.first() is not None
        else both("这种案例已经有了，请换一种", "This kind is there already: add another one")
    )


async def drop_case(ctx: Context, plan_id: UUID, case_id: UUID) -> bool:
    """Take a case out of a plan."""
    mine = (_K.tenant_id == ctx.tenant_id, _K.plan_id == plan_id, _K.case_id == case_id)
    return (await ctx.session.execute(delete(PLAN_CASE).where(*mine).returning(_K.case_id))).first() is not None


async def cases_of(session: AsyncSession, tenant_id: UUID, plan_id: UUID) -> list[dict[str, Any]]:
    """Return the cases; `allowed` tells whether a picture may be shown, and without leave its number is left out."""
    rows = await session.execute(
        select(PLAN_CASE, (_F.comparison & _F.withdrawn_at.is_(None)).label("allowed"))
        .outerjoin(PHOTO, (_F.tenant_id == _K.tenant_id) & (_F.customer_id == _K.shown_customer_id))
        .where(_K.tenant_id == tenant_id, _K.plan_id == plan_id)
        .order_by(_K.kind)
    )
    found = [plain(row) for row in rows]
    for one in found:
        one["held_back"] = one["picture"] is not None and not one["allowed"]
        if one["held_back"]:
            one["picture"] = None
    return found


def counted(cases: Sequence[dict[str, Any]]) -> int:
    """Return how many count: one whose pictures may no longer be shown does not."""
    return sum(not one["held_back"] for one in cases)


async def why_not_sent(ctx: Context, plan: Any, *, risks_told: bool) -> Text | None:
    """Return why the plan is not sent, with what to do; None when nothing stands against it."""
    if plan.state != "draft":
        return both("方案已经发送过", "The plan was sent before")
    least = ctx.settings.comparison_cases
    have = counted(await cases_of(ctx.session, ctx.tenant_id, plan.plan_id))
    if have < least:
        return both(
            f"方案要有至少 {least} 种对比案例才能发送，现在有 {have} 种：请在下面再添加 {least - have} 种",
            f"A plan is sent with at least {least} comparison cases; it has {have}: add {least - have} more below",
        )
    if not risks_told:
        return both("请先向客户说明风险并勾选“已告知风险”", "Tell the risks first, and tick that you did")
    return None


async def send_plan(ctx: Context, plan: Any, consult: Any) -> tuple[Effect, ...]:
    """Send it: the customer gets a form for the answer, the timeline an entry."""
    mine = (_P.tenant_id == ctx.tenant_id, _P.plan_id == plan.plan_id)
    await ctx.session.execute(update(PLAN).where(*mine).values(state="sent", sent_at=ctx.now))
    await touch(ctx, consult.consult_id, SHOWN, TOLD, SENT)
    text = both(f"方案已发送：{plan.title}", f"Plan sent: {plan.title}")
    event = RecordEvent(
        customer_id=consult.customer_id, kind="plan_sent", text=text, data={"plan": str(plan.plan_id), "fen": plan.fen}
    )
    return (event, SendForm(form="plan_reply", customer_id=consult.customer_id))


async def decide_plan(ctx: Context, plan: Any, consult: Any, *, agreed: bool) -> tuple[Effect, ...]:
    """Write down the customer's decision about a plan that was sent."""
    mine = (_P.tenant_id == ctx.tenant_id, _P.plan_id == plan.plan_id)
    await ctx.session.execute(update(PLAN).where(*mine).values(state="agreed" if agreed else "declined"))
    word = both(f"客户同意方案：{plan.title}", f"Plan agreed: {plan.title}")
    if not agreed:
        word = both(f"客户未接受方案：{plan.title}", f"Plan declined: {plan.title}")
    event = RecordEvent(
        customer_id=consult.customer_id, kind="plan_decided", text=word, data={"plan": str(plan.plan_id)}
    )
    if not agreed:
        return (event,)
    await touch(ctx, consult.consult_id, AGREED)
    return (event, *await close(ctx, consult, agreed=True))


async def keep_consent(ctx: Context, customer_id: UUID, *, comparison: bool, paper: str) -> None:
    """Enter a signed consent to pictures; the newest paper holds, also after a withdrawal."""
    values = {
        "comparison": comparison,
        "paper": paper,
        "signed_at": ctx.now,
        "kept_name": ctx.actor.name,
        "withdrawn_at": None,
    }
    await ctx.session.execute(
        upsert(PHOTO)
        .values(tenant_id=ctx.tenant_id, customer_id=customer_id, **values)
        .on_conflict_do_update(index_elements=[_F.tenant_id, _F.customer_id], set_=values)
    )


async def withdraw_consent(ctx: Context, customer_id: UUID) -> bool:
    """End the use of somebody's pictures at once, in every plan; False when there is nothing to withdraw."""
    mine = (_F.tenant_id == ctx.tenant_id, _F.customer_id == customer_id, _F.withdrawn_at.is_(None))
    done = await ctx.session.execute(update(PHOTO).where(*mine).values(withdrawn_at=ctx.now).returning(_F.customer_id))
    return done.first() is not None


async def find_consent(session: AsyncSession, tenant_id: UUID, customer_id: UUID) -> dict[str, Any] | None:
    """Return what somebody has signed about pictures."""
    mine = (_F.tenant_id == tenant_id, _F.customer_id == customer_id)
    row = (await session.execute(select(PHOTO).where(*mine))).first()
    return plain(row) if row is not None else None
