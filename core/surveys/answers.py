"""Turns a survey's submission into figures, links it to what asked for it, and hears unhappy answers after a complaint."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.actions.surveyed import note_survey_answer
from core.complaints.models import Complaint
from core.complaints.ports import DutyRoster
from core.contacts.permission import may_contact
from core.customers.models import Subject
from core.days import local_date
from core.db import new_id, table_of
from core.forms.actions import create_link
from core.forms.models import Submission
from core.forms.queries import get_definition
from core.profiles.models import CustomerPreference
from core.surveys.models import SurveyAnswer, SurveyAsk, SurveyCampaign
from core.surveys.queries import find_after_form, get_settings
from core.surveys.rules.reading import Scores, questions_of, scores_of
from core.uow import UnitOfWork
from core.visits.models import Visit

_F, _A, _K, _G = table_of(Submission), table_of(SurveyAnswer), table_of(SurveyAsk), table_of(SurveyCampaign)
_Q, _P, _V, _W = table_of(Complaint), table_of(Subject), table_of(Visit), table_of(CustomerPreference)
UNHAPPY: Final = 2
"""A CSAT of so much or less after a complaint is heard at once."""
AFTER_DAYS: Final = 30
"""So long the survey after a complaint can be filled in."""


async def keep_answer(uow: UnitOfWork, *, submission_id: UUID, source: str | None = None) -> Scores | None:
    """Write one submission's figures down and return them; None when they are there, or it is no survey.

    `source` names what asked when no link tells it. What was filled in behind a link belongs to the link's campaign,
    complaint or group; a survey that staff typed in without a call counts as `other`.
    """
    query = select(_F).where(
        _F.c.tenant_id == uow.tenant_id, _F.c.submission_id == submission_id, _F.c.purpose == "survey"
    )
    sent = (await uow.session.execute(query)).first()
    if sent is None:
        return None
    questions = questions_of(await get_definition(uow, form_id=sent.form_id, version=sent.version))
    scores = scores_of(questions, sent.data)
    asked = await _asked_by(uow, sent.link_id)
    row = {
        "tenant_id": uow.tenant_id,
        "submission_id": submission_id,
        "form_id": sent.form_id,
        "source": source or asked["source"],
        "campaign_id": asked["campaign_id"],
        "complaint_id": asked["complaint_id"],
        "customer_id": sent.customer_id,
        "branch_id": sent.branch_id,
        "clinician_id": await _clinician(uow, sent.customer_id, sent.completed_at),
        "species": await _species(uow, sent.customer_id, sent.subject_id),
        "answered_on": local_date(sent.completed_at, uow.scope.timezone),
        "answered_at": sent.completed_at,
        "nps": scores.nps,
        "csat": scores.csat,
        "ces": scores.ces,
        "comment_key": questions.comment if scores.comment else None,
    }
    fresh = await uow.session.scalar(upsert(_A).values(row).on_conflict_do_nothing().returning(_A.c.submission_id))
    if fresh is None:
        return None
    if asked["ask_id"] is not None:
        mine = (_K.c.tenant_id == uow.tenant_id, _K.c.ask_id == asked["ask_id"])
        delivered = asked["delivered_at"] or sent.completed_at
        await uow.session.execute(update(_K).where(*mine).values(answered_at=sent.completed_at, delivered_at=delivered))
    uow.publish("surveys", {"submission_id": str(submission_id)})
    return scores


async def hear_answer(uow: UnitOfWork, *, submission_id: UUID, roster: DutyRoster) -> None:
    """Keep the figures of a survey that was sent; one after a complaint is noted in the case, and an unhappy one heard.

    服务业投诉处理培训 (R19): 进行客户满意度调查,获取反馈.
    """
    scores = await keep_answer(uow, submission_id=submission_id)
    if scores is None:
        return
    mine = (_A.c.tenant_id == uow.tenant_id, _A.c.submission_id == submission_id)
    complaint_id = await uow.session.scalar(select(_A.c.complaint_id).where(*mine))
    if complaint_id is None:
        return
    settings = await get_settings(uow)
    unhappy = scores.csat is not None and scores.csat <= UNHAPPY
    await note_survey_answer(
        uow,
        complaint_id=complaint_id,
        submission_id=submission_id,
        csat=scores.csat,
        words=scores.comment,
        unhappy=unhappy,
        reopen=unhappy and settings.unhappy == "reopen",
        roster=roster,
    )


async def offer_after_resolution(uow: UnitOfWork, *, complaint_id: UUID) -> UUID | None:
    """Make the survey of a complaint that was resolved, and return who was asked; None when there is nothing to ask.

    Not asked is who refused surveys, whose case is open again, and who has an offer that is still unanswered. The
    rule about asking too often does not hold here: the question belongs to the case.
    """
    settings = await get_settings(uow)
    form = await find_after_form(uow, settings) if settings.after_resolution else None
    mine = (_Q.c.tenant_id == uow.tenant_id, _Q.c.complaint_id == complaint_id)
    query = select(_Q.c.state, _Q.c.customer_id, _Q.c.branch_id).where(*mine).with_for_update()
    case = (await uow.session.execute(query)).first()
    if form is None or case is None or case.state not in {"resolved", "archived"}:
        return None
    open_offer = select(_K.c.ask_id).where(
        _K.c.tenant_id == uow.tenant_id, _K.c.complaint_id == complaint_id, _K.c.answered_at.is_(None)
    )
    if (await uow.session.execute(open_offer)).first() is not None:
        return None
    if case.customer_id is not None and not await may_contact(
        uow, case.customer_id, purpose="survey", channel="wechat"
    ):
        return None
    link = await create_link(
        uow,
        form_id=form.id,
        branch_id=case.branch_id,
        customer_id=case.customer_id,
        expires_at=uow.now + timedelta(days=AFTER_DAYS),
        max_uses=1,
    )
    ask_id = new_id()
    row = {
        "tenant_id": uow.tenant_id,
        "ask_id": ask_id,
        "source": "complaint",
        "complaint_id": complaint_id,
        "customer_id": case.customer_id,
        "link_id": link.link_id,
        "branch_id": case.branch_id,
        "asked_at": uow.now,
    }
    await uow.session.execute(upsert(_K).values(row))
    return ask_id


async def _asked_by(uow: UnitOfWork, link_id: UUID | None) -> dict[str, Any]:
    """Who asked through this link: one person's ask, or a campaign's group."""
    nobody = {"source": "other", "campaign_id": None, "complaint_id": None, "ask_id": None, "delivered_at": None}
    if link_id is None:
        return nobody
    columns = tuple(_K.c[name] for name in nobody)
    mine = (_K.c.tenant_id == uow.tenant_id, _K.c.link_id == link_id)
    ask = (await uow.session.execute(select(*columns).where(*mine))).first()
    if ask is not None:
        return dict(ask._mapping)  # noqa: SLF001 - a public name of SQLAlchemy
    group = (_G.c.tenant_id == uow.tenant_id, _G.c.group_link_id == link_id)
    campaign_id = await uow.session.scalar(select(_G.c.campaign_id).where(*group))
    return nobody if campaign_id is None else nobody | {"source": "campaign", "campaign_id": campaign_id}


async def _species(uow: UnitOfWork, customer_id: UUID | None, subject_id: UUID | None) -> str | None:
    """The species of the pet that the answer is about; of a customer whose living pets are all of one kind, that one."""
    if customer_id is None:
        return None
    query = select(_P.c.species).where(_P.c.tenant_id == uow.tenant_id, _P.c.customer_id == customer_id)
    if subject_id is not None:
        query = query.where(_P.c.subject_id == subject_id)
    else:
        query = query.where(_P.c.deceased_on.is_(None))
    found = {one for one in await uow.session.scalars(query) if one}
    return found.pop() if len(found) == 1 else None


async def _clinician(uow: UnitOfWork, customer_id: UUID | None, at: datetime) -> UUID | None:
    """Who treated the customer: the clinician of the last visit before the answer, else the one they always want."""
    if customer_id is None:
        return None
    visits = (
        select(_V.c.clinician_id)
        .where(
            _V.c.tenant_id == uow.tenant_id,
            _V.c.customer_id == customer_id,
            _V.c.started_at <= at,
            _V.c.clinician_id.is_not(None),
        )
        .order_by(_V.c.started_at.desc())
        .limit(1)
    )
    named = select(_W.c.clinician_id).where(_W.c.tenant_id == uow.tenant_id, _W.c.customer_id == customer_id)
    return await uow.session.scalar(visits) or await uow.session.scalar(named)
