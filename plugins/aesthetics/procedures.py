"""Procedures: entered with what was told and signed, followed up within 48 hours, a complication worked through step by step."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.aesthetics.consults import lock_consult
from plugins.aesthetics.journey import touch
from plugins.aesthetics.settings import Settings
from plugins.aesthetics.standard import CONSENTED, FOLLOWED, SOP, SOP_CODES, TOLD, TREATED
from plugins.aesthetics.tables import PROCEDURE, SOP_STEP, plain
from plugins.api import CloseTask, Effect, OpenTask, ReactContext, RecordEvent, SendForm, both

Context = ReactContext[Settings]
_P, _S = PROCEDURE.c, SOP_STEP.c
RISK_HOURS: Final = 1
SOP_HOURS: Final = 2
LATE_HOURS: Final = 1
"""Own design: by when the supervisor looks at a skipped disclosure, a doctor at a complication, somebody at a late follow-up."""
AT_ONCE: Final = 200


async def add_procedure(
    ctx: Context,
    *,
    customer_id: UUID,
    consult_id: UUID | None,
    name: str,
    ended_at: datetime,
    risks_told: bool,
    consent_signed: bool,
    minor: bool,
) -> tuple[UUID, tuple[Effect, ...]]:
    """Enter a procedure; 术后48小时必回访 begins, and what was not told or signed is told to the supervisor."""
    procedure_id = uuid4()
    due = ended_at + timedelta(hours=ctx.settings.followup_hours)
    await ctx.session.execute(
        insert(PROCEDURE).values(
            tenant_id=ctx.tenant_id,
            procedure_id=procedure_id,
            customer_id=customer_id,
            consult_id=consult_id,
            name=name,
            ended_at=ended_at,
            due_at=due,
            risks_told=risks_told,
            consent_signed=consent_signed,
            minor=minor,
            signs="",
            note="",
        )
    )
    if consult_id is not None:
        told = (TOLD,) if risks_told else ()
        signed = (CONSENTED,) if consent_signed else ()
        await touch(ctx, consult_id, *told, *signed, TREATED)
    effects = _begin(procedure_id, customer_id, name, due)
    if risks_told and consent_signed:
        return procedure_id, effects
    return procedure_id, (*effects, _alert(ctx, procedure_id, customer_id, name))


def _begin(procedure_id: UUID, customer_id: UUID, name: str, due: datetime) -> tuple[Effect, ...]:
    follow = OpenTask(
        key=f"follow:{procedure_id}",
        title=both(f"术后必回访：{name}", f"Follow-up after: {name}"),
        due=due,
        role="head_nurse",
        customer_id=customer_id,
        page=f"procedures/{procedure_id}",
    )
    event = RecordEvent(
        customer_id=customer_id,
        kind="procedure",
        text=both(f"治疗：{name}", f"Procedure: {name}"),
        data={"procedure": str(procedure_id)},
    )
    return follow, event


def _alert(ctx: Context, procedure_id: UUID, customer_id: UUID, name: str) -> OpenTask:
    """consent.risk_skipped: a procedure without recorded risk disclosure raises an alert."""
    return OpenTask(
        key=f"risk:{procedure_id}",
        title=both(f"跳过风险告知或未签同意书：{name}", f"Risks not told, or consent not signed: {name}"),
        due=ctx.now + timedelta(hours=RISK_HOURS),
        role="service_supervisor",
        customer_id=customer_id,
        page=f"procedures/{procedure_id}",
    )


async def lock_procedure(ctx: Context, procedure_id: UUID) -> Any:
    """Return the procedure's row, locked, or None."""
    mine = (_P.tenant_id == ctx.tenant_id, _P.procedure_id == procedure_id)
    return (await ctx.session.execute(select(PROCEDURE).where(*mine).with_for_update())).first()


async def follow_up(ctx: Context, procedure: Any, *, signs: tuple[str, ...], note: str) -> tuple[Effect, ...]:
    """Write down how the patient is; any sign is a complication and opens the checklist for a doctor."""
    ill = bool(signs)
    mine = (_P.tenant_id == ctx.tenant_id, _P.procedure_id == procedure.procedure_id)
    await ctx.session.execute(
        update(PROCEDURE)
        .where(*mine)
        .values(
            followed_at=ctx.now,
            followed_name=ctx.actor.name,
            outcome="complication" if ill else "well",
            signs=",".join(signs),
            note=note,
        )
    )
    if procedure.consult_id is not None and await lock_consult(ctx, procedure.consult_id) is not None:
        await touch(ctx, procedure.consult_id, FOLLOWED)
    key, customer = procedure.procedure_id, procedure.customer_id
    text = both(f"术后回访：{procedure.name}，恢复正常", f"Follow-up of {procedure.name}: well")
    if ill:
        text = both(f"术后回访：{procedure.name}，疑似并发症", f"Follow-up of {procedure.name}: perhaps a complication")
    effects: tuple[Effect, ...] = (
        CloseTask(key=f"follow:{key}", note=both("已回访", "Followed up")),
        CloseTask(key=f"late:{key}", note=both("已回访", "Followed up")),
        RecordEvent(
            customer_id=customer, kind="followed", text=text, data={"procedure": str(key), "signs": list(signs)}
        ),
    )
    if not ill:
        return effects
    task = OpenTask(
        key=f"sop:{key}",
        title=both(f"并发症处理：{procedure.name}", f"Complication: {procedure.name}"),
        due=ctx.now + timedelta(hours=SOP_HOURS),
        role="senior_doctor",
        customer_id=customer,
        page=f"procedures/{key}",
        remedies=("recheck", "repair"),
    )
    return (*effects, task)


async def tick_step(ctx: Context, procedure: Any, step: str) -> tuple[Effect, ...]:
    """Tick a step of the checklist; the task closes with the last one."""
    await ctx.session.execute(
        upsert(SOP_STEP)
        .values(
            tenant_id=ctx.tenant_id,
            procedure_id=procedure.procedure_id,
            step=step,
            done_at=ctx.now,
            done_name=ctx.actor.name,
        )
        .on_conflict_do_nothing()
    )
    done = {one["step"] for one in await steps_of(ctx.session, ctx.tenant_id, procedure.procedure_id)}
    if not set(SOP_CODES) <= done:
        return ()
    text = both(f"并发症处理流程已完成：{procedure.name}", f"Complication checklist done: {procedure.name}")
    return (
        CloseTask(key=f"sop:{procedure.procedure_id}", note=both("清单已完成", "The checklist is done")),
        RecordEvent(
            customer_id=procedure.customer_id, kind="sop_done", text=text, data={"procedure": str(procedure.procedure_id)}
        ),
    )  # fmt: skip


async def steps_of(session: AsyncSession, tenant_id: UUID, procedure_id: UUID) -> list[dict[str, Any]]:
    """Return the steps that are done."""
    mine = (_S.tenant_id == tenant_id, _S.procedure_id == procedure_id)
    return [plain(row) for row in await session.execute(select(SOP_STEP).where(*mine))]


async def checklist(session: AsyncSession, tenant_id: UUID, procedure_id: UUID) -> list[dict[str, Any]]:
    """Return all steps in order, with who did them and when."""
    done = {one["step"]: one for one in await steps_of(session, tenant_id, procedure_id)}
    return [{"step": code, "words": words, "done": done.get(code)} for code, words in SOP]


async def find_procedure(session: AsyncSession, tenant_id: UUID, procedure_id: UUID) -> dict[str, Any] | None:
    """Return one procedure."""
    mine = (_P.tenant_id == tenant_id, _P.procedure_id == procedure_id)
    row = (await session.execute(select(PROCEDURE).where(*mine))).first()
    return plain(row) if row is not None else None


async def list_procedures(
    session: AsyncSession, tenant_id: UUID, *, view: str, limit: int = 100
) -> list[dict[str, Any]]:
    """Return procedures: those to be followed up by when it is due, the others the newest first."""
    wanted = [_P.tenant_id == tenant_id]
    if view == "due":
        wanted.append(_P.followed_at.is_(None))
    elif view == "complication":
        wanted.append(_P.outcome == "complication")
    order = (_P.due_at,) if view == "due" else (_P.ended_at.desc(),)
    rows = await session.execute(select(PROCEDURE).where(*wanted).order_by(*order, _P.procedure_id).limit(limit))
    return [plain(row) for row in rows]


async def count_due(session: AsyncSession, tenant_id: UUID) -> int:
    """Return how many still have to be followed up."""
    mine = (_P.tenant_id == tenant_id, _P.followed_at.is_(None))
    return await session.scalar(select(func.count()).select_from(PROCEDURE).where(*mine)) or 0


async def ask_outcomes(ctx: Context) -> tuple[Effect, ...]:
    """Send the outcome form when half of the time has passed, and tell the supervisor of a follow-up that is late; each once."""
    half = timedelta(hours=ctx.settings.followup_hours) / 2
    open_ = (_P.tenant_id == ctx.tenant_id, _P.followed_at.is_(None))
    asked = await ctx.session.execute(
        select(PROCEDURE)
        .where(*open_, _P.asked_at.is_(None), _P.ended_at <= ctx.now - half)
        .order_by(_P.ended_at, _P.procedure_id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    effects: list[Effect] = []
    for row in asked.all():
        await _note(ctx, row.procedure_id, asked_at=ctx.now)
        effects.append(SendForm(form="outcome", customer_id=row.customer_id))
    late = await ctx.session.execute(
        select(PROCEDURE)
        .where(*open_, _P.late_told_at.is_(None), _P.due_at < ctx.now)
        .order_by(_P.due_at, _P.procedure_id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    for row in late.all():
        await _note(ctx, row.procedure_id, late_told_at=ctx.now)
        title = both(f"超时未回访：{row.name}", f"Not followed up in time: {row.name}")
        effects.append(
            OpenTask(
                key=f"late:{row.procedure_id}",
                title=title,
                due=ctx.now + timedelta(hours=LATE_HOURS),
                role="service_supervisor",
                customer_id=row.customer_id,
                page=f"procedures/{row.procedure_id}",
            )
        )
    return tuple(effects)


async def _note(ctx: Context, procedure_id: UUID, **values: Any) -> None:
    mine = (_P.tenant_id == ctx.tenant_id, _P.procedure_id == procedure_id)
    await ctx.session.execute(update(PROCEDURE).where(*mine).values(**values))
