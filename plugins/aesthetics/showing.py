"""Shows the clinic's pages: consults, plans, consents to pictures, procedures, the funnel, the map of 23 points."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from plugins.aesthetics.consults import count_waiting, find_consult, is_over, list_consults, shares
from plugins.aesthetics.forms.aftercare import SIGNS
from plugins.aesthetics.journey import funnel, losses, points_of, reached_by, worst_of
from plugins.aesthetics.plans import cases_of, counted, find_consent
from plugins.aesthetics.procedures import checklist, count_due, find_procedure, list_procedures
from plugins.aesthetics.settings import Settings
from plugins.aesthetics.standard import DONTS, DOS, STAGES
from plugins.aesthetics.tables import PLAN, ZONE, plain
from plugins.api import Actor, DecideContext, Page, PageRequest, ReactContext, both, hookimpl

Context = DecideContext[Settings]
Told = DecideContext[Settings] | ReactContext[Settings]
VIEWS = {
    "": both("全部", "All"),
    "waiting": both("待响应", "To be answered"),
    "open": both("进行中", "Open"),
    "agreed": both("已成交", "Agreed"),
    "lost": both("已流失", "Lost"),
}
CARE_VIEWS = {
    "due": both("待回访", "To be followed up"),
    "complication": both("并发症", "Complications"),
    "all": both("全部", "All"),
}


def read_id(text: str) -> UUID | None:
    """Return an id of an address, or None for what is none; the end of a pasted address is good enough."""
    try:
        return UUID(text.strip().rstrip("/").rpartition("/")[2])
    except ValueError:
        return None


def read_time(text: str) -> datetime | None:
    """Return a typed time; without a zone it is China's."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=ZONE)


def _asked(request: PageRequest, name: str) -> str:
    return request.query.get(name, [""])[-1].strip()


def _may(actor: Actor, permission: str) -> bool:
    return actor.may(f"aesthetics.{permission}")


def _views(words: dict[str, Any], counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"id": one, "words": label, "count": counts.get(one)} for one, label in words.items()]


@hookimpl
async def show_page(ctx: Context, request: PageRequest) -> Page | None:
    """Return the page of a GET route; None where nothing is."""
    if ctx.reader is None:
        return None
    async with ctx.reader() as session:
        return await _PAGES[request.route](session, ctx, request)


async def _consults(session: AsyncSession, ctx: Context, request: PageRequest) -> Page:
    view = _asked(request, "view")
    view = view if view in VIEWS else ""
    number = _asked(request, "page")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0
    rows, more = await list_consults(session, ctx.tenant_id, view=view, page=page)
    for row in rows:
        row["late"] = row["answered_at"] is None and row["state"] == "open" and row["due_at"] < ctx.now
    waiting = await count_waiting(session, ctx.tenant_id)
    custom, total = (await shares(session, ctx.tenant_id)).get(f"{ctx.now.astimezone(ZONE):%Y-%m}", (0, 0))
    data = {
        "rows": rows,
        "views": _views(VIEWS, {"waiting": waiting}),
        "view": view,
        "number": page,
        "more": more,
        "minutes": ctx.settings.response_minutes,
        "custom": custom,
        "total": total,
        "over": is_over(custom, total, ctx.settings),
        "limit": ctx.settings.custom_percent,
    }
    return Page(template="aesthetics:consults.html", title=both("咨询与方案", "Consults and plans"), data=data)


async def _new_consult(session: AsyncSession, ctx: Context, request: PageRequest) -> Page:
    del session, ctx
    return new_consult_page(_asked(request, "customer"), _asked(request, "asked"))


def new_consult_page(customer: str, asked: str) -> Page:
    """The form for a consult of a customer."""
    known = read_id(customer)
    data = {"customer": str(known) if known else "", "asked": asked if read_time(asked) else ""}
    return Page(template="aesthetics:new_consult.html", title=both("登记咨询", "Enter a consult"), data=data)


async def _consult(session: AsyncSession, ctx: Context, request: PageRequest) -> Page | None:
    consult_id = read_id(request.path["consult"])
    return None if consult_id is None else await consult_page(session, ctx, consult_id)


async def consult_page(session: AsyncSession, ctx: Told, consult_id: UUID) -> Page | None:
    """Return the page of one consult, for a look and for a form that is shown again."""
    consult = await find_consult(session, ctx.tenant_id, consult_id)
    if consult is None:
        return None
    reached = await reached_by(session, ctx.tenant_id, consult_id)
    points = [
        {"code": one.code, "stage": STAGES.get(one.stage, one.stage), "name": one.name, "at": reached.get(one.code)}
        for one in await points_of(session, ctx.tenant_id)
    ]
    data = {
        "consult": consult,
        "late": consult["answered_at"] is None and consult["due_at"] < ctx.now,
        "points": points,
        "reached": len(reached),
        "dos": list(DOS),
        "donts": list(DONTS),
        "room": ctx.settings.vip_room,
        "least": ctx.settings.comparison_cases,
        "may_care": _may(ctx.actor, "care"),
    }
    project = consult["project"]
    return Page(template="aesthetics:consult.html", title=both(f"咨询：{project}", f"Consult: {project}"), data=data)


async def _plan(session: AsyncSession, ctx: Context, request: PageRequest) -> Page | None:
    plan_id = read_id(request.path["plan"])
    return None if plan_id is None else await plan_page(session, ctx, plan_id)


async def plan_page(session: AsyncSession, ctx: Told, plan_id: UUID) -> Page | None:
    """Return the page of one plan with its cases; a picture without its owner's consent is not in it."""
    row = (
        await session.execute(PLAN.select().where(PLAN.c.tenant_id == ctx.tenant_id, PLAN.c.plan_id == plan_id))
    ).first()
    if row is None:
        return None
    plan = plain(row)
    consult = await find_consult(session, ctx.tenant_id, row.consult_id)
    cases = await cases_of(session, ctx.tenant_id, plan_id)
    data = {
        "plan": plan,
        "consult": consult,
        "cases": cases,
        "have": counted(cases),
        "least": ctx.settings.comparison_cases,
    }
    return Page(template="aesthetics:plan.html", title=both(f"方案：{row.title}", f"Plan: {row.title}"), data=data)  # fmt: skip


async def _photos(session: AsyncSession, ctx: Context, request: PageRequest) -> Page | None:
    customer = read_id(request.path["customer"])
    return None if customer is None else await photos_page(session, ctx, customer)


async def photos_page(session: AsyncSession, ctx: Told, customer: UUID) -> Page:
    """Return what a customer has signed about pictures."""
    data = {"customer": str(customer), "consent": await find_consent(session, ctx.tenant_id, customer)}
    return Page(template="aesthetics:photos.html", title=both("照片使用同意", "Consent to pictures"), data=data)


async def _procedures(session: AsyncSession, ctx: Context, request: PageRequest) -> Page:
    view = _asked(request, "view")
    view = view if view in CARE_VIEWS else "due"
    rows = await list_procedures(session, ctx.tenant_id, view=view)
    for row in rows:
        row["late"] = row["followed_at"] is None and row["due_at"] < ctx.now
    due = await count_due(session, ctx.tenant_id)
    data = {"rows": rows, "views": _views(CARE_VIEWS, {"due": due}), "view": view, "hours": ctx.settings.followup_hours}
    return Page(template="aesthetics:procedures.html", title=both("术后回访", "Follow-up"), data=data)


async def _new_procedure(session: AsyncSession, ctx: Context, request: PageRequest) -> Page:
    del session, ctx
    return new_procedure_page(_asked(request, "customer"), _asked(request, "consult"))


def new_procedure_page(customer: str, consult: str) -> Page:
    """The form for a procedure."""
    data = {
        "customer": str(read_id(customer) or ""),
        "consult": str(read_id(consult) or ""),
    }
    return Page(template="aesthetics:new_procedure.html", title=both("登记治疗", "Enter a procedure"), data=data)


async def _procedure(session: AsyncSession, ctx: Context, request: PageRequest) -> Page | None:
    procedure_id = read_id(request.path["procedure"])
    return None if procedure_id is None else await procedure_page(session, ctx, procedure_id)


async def procedure_page(session: AsyncSession, ctx: Told, procedure_id: UUID) -> Page | None:
    """Return the page of one procedure with its follow-up, and the checklist after a complication."""
    procedure = await find_procedure(session, ctx.tenant_id, procedure_id)
    if procedure is None:
        return None
    labels = dict(SIGNS)
    ill = procedure["outcome"] == "complication"
    data = {
        "procedure": procedure,
        "late": procedure["followed_at"] is None and procedure["due_at"] < ctx.now,
        "signs": [labels[one] for one in procedure["signs"].split(",") if one in labels],
        "all_signs": list(SIGNS),
        "steps": await checklist(session, ctx.tenant_id, procedure_id) if ill else [],
        "hours": ctx.settings.followup_hours,
    }
    name = procedure["name"]
    return Page(template="aesthetics:procedure.html", title=both(f"治疗：{name}", f"Procedure: {name}"), data=data)


async def _journey(session: AsyncSession, ctx: Context, request: PageRequest) -> Page:
    del request
    points = await points_of(session, ctx.tenant_id)
    since = ctx.now - timedelta(days=ctx.settings.funnel_days)
    reached = await funnel(session, ctx.tenant_id, points=points, since=since)
    found = losses(points, reached)
    worst = worst_of(found, ctx.settings)
    months = (await shares(session, ctx.tenant_id)).items()
    data = {
        "points": [
            {"place": place, "name": one.name, "stage": STAGES[one.stage], "count": count}
            for place, (one, count) in enumerate(zip(points, reached, strict=True), 1)
        ],
        "stages": [
            {"words": STAGES[one.stage], "came": one.came, "lost": one.lost, "percent": one.percent, "worst": one == worst}
            for one in found
        ],
        "worst": {"words": STAGES[worst.stage], "percent": worst.percent} if worst else None,
        "days": ctx.settings.funnel_days,
        "warn": ctx.settings.drop_percent,
        "least": ctx.settings.drop_least,
        "limit": ctx.settings.custom_percent,
        "months": [
            {"month": month, "custom": custom, "total": total, "percent": round(100 * custom / total, 1) if total else 0.0}
            for month, (custom, total) in list(months)[-12:]
        ],
    }  # fmt: skip
    return Page(template="aesthetics:journey.html", title=both("触点漏斗", "Journey"), data=data)


async def _edit_map(session: AsyncSession, ctx: Context, request: PageRequest) -> Page:
    del request
    return await map_page(session, ctx)


async def map_page(session: AsyncSession, ctx: Told) -> Page:
    """Return the form with the 23 points."""
    points = [
        {"place": place, "code": one.code, "stage": one.stage, "name": one.name}
        for place, one in enumerate(await points_of(session, ctx.tenant_id), 1)
    ]
    data = {"points": points, "stages": list(STAGES.items())}
    return Page(template="aesthetics:map.html", title=both("触点地图", "Points of contact"), data=data)


_PAGES: dict[str, Callable[[AsyncSession, Context, PageRequest], Awaitable[Page | None]]] = {
    "first": _consults,
    "consults": _consults,
    "new_consult": _new_consult,
    "consult": _consult,
    "plan": _plan,
    "photos": _photos,
    "procedures": _procedures,
    "new_procedure": _new_procedure,
    "procedure": _procedure,
    "journey": _journey,
    "edit_map": _edit_map,
}
