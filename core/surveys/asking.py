"""Who may be asked now, and the work of it in pieces: a campaign's links, and the month's draw."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.bulk_insert import insert_many
from core.complaints.models import Complaint
from core.contacts.queries import find_refusing
from core.customers.models import Customer
from core.db import new_id, table_of
from core.forms.bulk import Recipient, create_links
from core.forms.queries import find_form
from core.surveys.actions import change_campaign, lock_campaign
from core.surveys.models import SurveyAsk, SurveyCycle, SurveyInterview, SurveySample
from core.surveys.ports import Segments
from core.surveys.queries import SurveySettings, find_interview_form, get_settings
from core.surveys.rules.quarters import ends_at, month_of
from core.surveys.rules.sampling import Candidate, draw_sample, sample_seed
from core.uow import UnitOfWork

_C, _K, _Q = table_of(Customer), table_of(SurveyAsk), table_of(Complaint)
_M, _Y, _I = table_of(SurveySample), table_of(SurveyCycle), table_of(SurveyInterview)
PIECE: Final = 500
"""People per transaction: memory stays flat, and a killed worker loses less than a second."""
CONTACT_CHANNELS: Final = {"wechat": "wechat", "email": "email", "link": "sms", "qr": "sms"}
"""By which of the channels that a customer allows a campaign's own link travels."""
INTERVIEWS: Final = "interviews"
"""The campaign that the monthly draw belongs to, as its seed names it."""


async def fill_campaign(uow: UnitOfWork, *, campaign_id: UUID, segments: Segments) -> bool:
    """Give the next piece of the audience their links; True while there are more. A campaign that closed gets none."""
    row = await lock_campaign(uow, campaign_id=campaign_id)
    form = await find_form(uow, row.form_id)
    if row.state != "open" or row.filled_at is not None or form is None:
        return False
    audience = [_C.c.tenant_id == uow.tenant_id, _C.c.state == "active"]
    if row.branch_id is not None:
        audience.append(_C.c.branch_id == row.branch_id)
    if row.segment_id is not None:
        audience.append(_C.c.customer_id.in_(await segments.get_members(uow, row.segment_id)))
    size = row.audience_size
    if row.reached_row is None:
        size = await uow.session.scalar(select(func.count()).select_from(_C).where(*audience)) or 0
    query = select(_C.c.customer_id, _C.c.branch_id).where(*audience).order_by(_C.c.customer_id).limit(PIECE)
    if row.reached_row is not None:
        query = query.where(_C.c.customer_id > row.reached_row)
    people = (await uow.session.execute(query)).all()
    ids = [one.customer_id for one in people]
    left_out = await leave_out(
        uow, ids, settings=await get_settings(uow), channel=CONTACT_CHANNELS[row.channel], besides=campaign_id
    )
    chosen = [Recipient(one.customer_id, one.branch_id) for one in people if one.customer_id not in left_out]
    end = ends_at(row.last_day, uow.scope.timezone)
    links = await create_links(uow, form, recipients=chosen, expires_at=end)
    await _ask(uow, "campaign", chosen, links, campaign_id=campaign_id)
    reasons = dict(row.left_out)
    for reason in left_out.values():
        reasons[reason] = reasons.get(reason, 0) + 1
    more = len(people) == PIECE
    await change_campaign(
        uow,
        campaign_id=campaign_id,
        audience_size=size,
        reached_row=ids[-1] if ids else row.reached_row,
        handled=row.handled + len(ids),
        asked=row.asked + len(chosen),
        left_out=reasons,
        filled_at=None if more else uow.now,
    )
    uow.publish("surveys", {"campaign_id": str(campaign_id)})
    return more


async def leave_out(
    uow: UnitOfWork,
    customer_ids: Sequence[UUID],
    *,
    settings: SurveySettings,
    channel: str,
    besides: UUID | None = None,
    interview: bool = False,
) -> dict[UUID, str]:
    """Return who of these is not to be asked now, and why: refused, complaint or tired.

    Tired is who was asked within the last days by another survey; of the monthly calls that is every link, of a
    campaign (`besides`) everything but its own.
    """
    found: dict[UUID, str] = {}
    if not customer_ids:
        return found
    ids = list(customer_ids)
    if settings.fatigue_days:
        since = uow.now - timedelta(days=settings.fatigue_days)
        recent = select(_K.c.customer_id).where(
            _K.c.tenant_id == uow.tenant_id, _K.c.customer_id.in_(ids), _K.c.asked_at > since
        )
        if besides is not None:
            recent = recent.where(_K.c.campaign_id.is_distinct_from(besides))
        if interview:
            recent = recent.where(_K.c.source != "interview")
        found |= dict.fromkeys(await uow.session.scalars(recent), "tired")
    if settings.skip_complainants:
        unhappy = select(_Q.c.customer_id).where(
            _Q.c.tenant_id == uow.tenant_id, _Q.c.customer_id.in_(ids), _Q.c.state == "open"
        )
        found |= dict.fromkeys(await uow.session.scalars(unhappy), "complaint")
    found |= dict.fromkeys(await find_refusing(uow, ids, purpose="survey", channel=channel), "refused")
    return found


async def draw_month(uow: UnitOfWork) -> int | None:
    """Draw this month's people to call and put them into the queue; None when that is done already.

    2025东营宠物诊所客户服务策略 §2.1: 每月选取10%客户进行电话访谈. Somebody without a phone cannot be drawn.
    """
    today = uow.today
    month = month_of(today)
    place = func.hashtextextended(f"{uow.tenant_id}:survey-sample", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.month == month.first)
    settings = await get_settings(uow)
    done = await uow.session.scalar(select(_M.c.month).where(*mine))
    if done is not None or not settings.sample_percent or await find_interview_form(uow, settings) is None:
        return None
    candidates, reasons = await _candidates(uow, settings)
    cycle = await uow.session.scalar(select(func.max(_M.c.cycle)).where(_M.c.tenant_id == uow.tenant_id)) or 1
    seed = sample_seed(uow.tenant_id, month.first, INTERVIEWS)
    sample = draw_sample(candidates, cycle=cycle, percent=settings.sample_percent, seed=seed)
    await insert_many(
        uow.session,
        _M,
        [
            {
                "tenant_id": uow.tenant_id,
                "month": month.first,
                "percent": settings.sample_percent,
                "eligible": sample.eligible,
                "drawn": len(sample.drawn),
                "cycle": sample.cycle,
                "left_out": reasons,
                "created_at": uow.now,
            }
        ],
    )
    due = ends_at(month.last, uow.scope.timezone)
    for start in range(0, len(sample.drawn), PIECE):
        await _queue(uow, sample.drawn[start : start + PIECE], start, month.first, due)
    uow.audit("survey.draw", "survey_sample", None, {"month": month.first.isoformat(), "people": len(sample.drawn)})
    return len(sample.drawn)


async def _candidates(uow: UnitOfWork, settings: SurveySettings) -> tuple[list[Candidate], dict[str, int]]:
    """Everybody who may be called, with the round they were last drawn in; read in pieces, kept as two numbers each."""
    joined = _C.outerjoin(_Y, (_Y.c.tenant_id == _C.c.tenant_id) & (_Y.c.customer_id == _C.c.customer_id))
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.state == "active", _C.c.phone_e164.is_not(None))
    base = select(_C.c.customer_id, func.coalesce(_Y.c.cycle, 0).label("cycle")).select_from(joined).where(*mine)
    candidates: list[Candidate] = []
    reasons: dict[str, int] = {}
    last: UUID | None = None
    while True:
        query = base if last is None else base.where(_C.c.customer_id > last)
        people = (await uow.session.execute(query.order_by(_C.c.customer_id).limit(4 * PIECE))).all()
        out = await leave_out(
            uow, [one.customer_id for one in people], settings=settings, channel="phone", interview=True
        )
        candidates += [Candidate(one.customer_id, one.cycle) for one in people if one.customer_id not in out]
        for reason in out.values():
            reasons[reason] = reasons.get(reason, 0) + 1
        if len(people) < 4 * PIECE:
            return candidates, reasons
        last = people[-1].customer_id


async def _queue(uow: UnitOfWork, drawn: Sequence[tuple[UUID, int]], start: int, month: Any, due: Any) -> None:
    drawn_ids = [customer_id for customer_id, _ in drawn]
    homes = select(_C.c.customer_id, _C.c.branch_id).where(
        _C.c.tenant_id == uow.tenant_id, _C.c.customer_id.in_(drawn_ids)
    )
    branches = {row.customer_id: row.branch_id for row in await uow.session.execute(homes)}
    asks = await _ask(uow, "interview", [Recipient(one, branches[one]) for one, _ in drawn], None)
    await insert_many(
        uow.session,
        _I,
        [
            {
                "tenant_id": uow.tenant_id,
                "interview_id": new_id(),
                "reason": "sample",
                "customer_id": customer_id,
                "ask_id": ask_id,
                "month": month,
                "position": start + number,
                "state": "waiting",
                "due_at": due,
                "attempts": 0,
                "claimed_by_name": "",
                "note": "",
                "created_by_name": uow.actor.name,
                "created_at": uow.now,
            }
            for number, ((customer_id, _), ask_id) in enumerate(zip(drawn, asks, strict=True))
        ],
    )
    rows = [{"tenant_id": uow.tenant_id, "customer_id": one, "cycle": cycle, "month": month} for one, cycle in drawn]
    statement = upsert(_Y)
    await uow.session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "customer_id"],
            set_={"cycle": statement.excluded.cycle, "month": statement.excluded.month},
        ),
        rows,
    )


async def _ask(
    uow: UnitOfWork,
    source: str,
    people: Sequence[Recipient],
    links: Sequence[UUID] | None,
    *,
    campaign_id: UUID | None = None,
) -> list[UUID]:
    ids = [new_id() for _ in people]
    await insert_many(
        uow.session,
        _K,
        [
            {
                "tenant_id": uow.tenant_id,
                "ask_id": ask_id,
                "source": source,
                "campaign_id": campaign_id,
                "customer_id": one.customer_id,
                "link_id": links[number] if links is not None else None,
                "branch_id": one.branch_id,
                "asked_at": uow.now,
            }
            for number, (ask_id, one) in enumerate(zip(ids, people, strict=True))
        ],
    )
    return ids


async def expire_interviews(uow: UnitOfWork) -> int:
    """Take calls whose time is over out of the queue, and return how many."""
    over = (_I.c.tenant_id == uow.tenant_id, _I.c.state == "waiting", _I.c.due_at <= uow.now, _I.c.reason == "sample")
    gone = await uow.session.execute(
        update(_I)
        .where(*over)
        .values(state="expired", finished_at=uow.now, lease_until=None)
        .returning(_I.c.interview_id)
    )
    return len(gone.all())
