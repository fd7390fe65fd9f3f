"""Reads how a tenant surveys, its campaigns with their progress, and what a complaint's survey said."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.customers.models import Customer
from core.db import table_of
from core.errors import NotFound
from core.forms.models import FormLink, Submission
from core.forms.queries import list_forms
from core.hooks.records.forms import Form
from core.surveys.models import SurveyAnswer, SurveyAsk, SurveyCampaign, SurveySample, SurveyScript, SurveySetting
from core.surveys.rules.metrics import Reach, reach
from core.surveys.rules.reading import questions_of
from core.surveys.rules.sampling import DEFAULT_PERCENT
from core.surveys.rules.script import DEFAULTS, Script
from core.tenancy.models import Branch
from core.uow import Reader

_S, _T, _G, _K = table_of(SurveySetting), table_of(SurveyScript), table_of(SurveyCampaign), table_of(SurveyAsk)
_L, _F, _A, _M = table_of(FormLink), table_of(Submission), table_of(SurveyAnswer), table_of(SurveySample)
_C, _B = table_of(Customer), table_of(Branch)


class SurveySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one tenant surveys; these are the defaults."""

    interview_form_id: str | None = None
    """Asked on the phone; None: the first survey form that measures something."""
    after_form_id: str | None = None
    """Asked after a complaint; None: the first survey form with a CSAT question."""
    after_resolution: bool = True
    unhappy: str = "alert"
    """What a CSAT of 1 or 2 after a complaint does: `alert` tells the people in charge, `reopen` also opens the case."""
    sample_percent: int = DEFAULT_PERCENT
    fatigue_days: int = 30
    """Nobody is asked again by another survey within so many days; 0 switches this off."""
    skip_complainants: bool = True
    """Who has an open complaint is not asked how satisfied they are."""
    max_attempts: int = 3
    remind_days: int = 14
    """So many days after its first day a campaign reminds once; 0: never."""


class CampaignRow(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign as its list shows it."""

    campaign_id: UUID
    title: str
    form_id: str
    channel: str
    audience: str
    branch_id: UUID | None
    branch_name: str | None
    segment_id: str | None
    first_day: date
    last_day: date
    state: str
    previous_id: UUID | None
    group_link_id: UUID | None
    group_code: str | None
    audience_size: int
    handled: int
    asked: int
    left_out: dict[str, int]
    filled_at: datetime | None
    sent_at: datetime | None
    reminded_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None
    created_by_name: str
    created_at: datetime


class Progress(msgspec.Struct, frozen=True):
    """How far a campaign has come: its reach among those asked one by one, and answers of the group link beside it."""

    reach: Reach
    group_answers: int
    unanswered: int


class AskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One person's link, as it is handed to the tool that sends it."""

    ask_id: UUID
    customer_id: UUID | None
    full_name: str | None
    phone_e164: str | None
    code: str | None


class SampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """The draw of one month."""

    month: date
    percent: int
    eligible: int
    drawn: int
    cycle: int
    left_out: dict[str, int]


class CaseSurvey(msgspec.Struct, frozen=True, kw_only=True):
    """The survey after a complaint: the way to it while it is open, and its answer when it has one."""

    code: str | None
    submission_id: UUID | None
    answered_at: datetime | None
    nps: int | None
    csat: int | None
    ces: int | None
    comment: str


async def get_settings(reader: Reader) -> SurveySettings:
    """Return the tenant's settings, or the defaults."""
    row = (await reader.session.execute(select(_S).where(_S.c.tenant_id == reader.tenant_id))).first()
    if row is None:
        return SurveySettings()
    return SurveySettings(**{name: getattr(row, name) for name in SurveySettings.__struct_fields__})


async def get_script(reader: Reader, *, locale: str) -> Script:
    """Return the words of a call in a language; the tenant's own, else ours."""
    wanted = locale if locale in DEFAULTS else "zh_CN"
    query = select(_T).where(_T.c.tenant_id == reader.tenant_id, _T.c.locale == wanted)
    row = (await reader.session.execute(query)).first()
    return DEFAULTS[wanted] if row is None else Script(row.consent, row.opening, row.questions, row.closing)


async def list_survey_forms(reader: Reader) -> list[Form]:
    """Return the survey forms on offer, those that measure something first."""
    forms = [form for form in await list_forms(reader) if form.purpose == "survey"]
    return sorted(forms, key=lambda form: not questions_of(form).any)


async def find_interview_form(reader: Reader, settings: SurveySettings) -> Form | None:
    """Return the form that is asked on the phone, or None when no plugin offers one."""
    forms = await list_survey_forms(reader)
    return next((form for form in forms if form.id == settings.interview_form_id), forms[0] if forms else None)


async def find_after_form(reader: Reader, settings: SurveySettings) -> Form | None:
    """Return the form that is asked after a complaint, or None when no form asks how satisfied somebody is."""
    forms = [form for form in await list_survey_forms(reader) if questions_of(form).csat]
    return next((form for form in forms if form.id == settings.after_form_id), forms[0] if forms else None)


_ELSEWHERE = {"branch_name": _B.c.name.label("branch_name"), "group_code": _L.c.code.label("group_code")}
_ROW = tuple(_ELSEWHERE[name] if name in _ELSEWHERE else _G.c[name] for name in CampaignRow.__struct_fields__)
_JOINED = _G.outerjoin(_B, (_B.c.tenant_id == _G.c.tenant_id) & (_B.c.branch_id == _G.c.branch_id)).outerjoin(
    _L, (_L.c.tenant_id == _G.c.tenant_id) & (_L.c.link_id == _G.c.group_link_id)
)


async def list_campaigns(reader: Reader, *, limit: int = 40) -> list[CampaignRow]:
    """Return the newest campaigns, without those that were dropped."""
    query = (
        select(*_ROW)
        .select_from(_JOINED)
        .where(_G.c.tenant_id == reader.tenant_id, _G.c.state != "dropped")
        .order_by(_G.c.first_day.desc(), _G.c.campaign_id.desc())
        .limit(limit)
    )
    return [CampaignRow(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - a public name of SQLAlchemy


async def get_campaign(reader: Reader, campaign_id: UUID) -> CampaignRow:
    """Return one campaign; raise NotFound."""
    query = select(*_ROW).select_from(_JOINED)
    mine = (_G.c.tenant_id == reader.tenant_id, _G.c.campaign_id == campaign_id)
    row = (await reader.session.execute(query.where(*mine))).first()
    if row is None:
        raise NotFound("no such campaign")
    return CampaignRow(**row._mapping)  # noqa: SLF001 - as above


async def get_progress(reader: Reader, campaign: CampaignRow) -> Progress:
    """Count one campaign's asks, deliveries and answers."""
    asks = select(func.count(), func.count(_K.c.delivered_at), func.count(_K.c.answered_at)).where(
        _K.c.tenant_id == reader.tenant_id, _K.c.campaign_id == campaign.campaign_id
    )
    asked, delivered, answered = (await reader.session.execute(asks)).one()
    group = 0
    if campaign.group_link_id is not None:
        found = select(_L.c.uses).where(_L.c.tenant_id == reader.tenant_id, _L.c.link_id == campaign.group_link_id)
        group = await reader.session.scalar(found) or 0
    return Progress(reach(asked=asked, delivered=delivered, answered=answered), group, asked - answered)


async def list_asks(
    reader: Reader, campaign_id: UUID, *, unanswered: bool = False, after: UUID | None = None, limit: int = 1000
) -> list[AskRow]:
    """Return a campaign's people with their links, in pages by id: what a sending tool is given."""
    query = (
        select(_K.c.ask_id, _K.c.customer_id, _C.c.full_name, _C.c.phone_e164, _L.c.code)
        .select_from(
            _K.outerjoin(_C, (_C.c.tenant_id == _K.c.tenant_id) & (_C.c.customer_id == _K.c.customer_id)).outerjoin(
                _L, (_L.c.tenant_id == _K.c.tenant_id) & (_L.c.link_id == _K.c.link_id)
            )
        )
        .where(_K.c.tenant_id == reader.tenant_id, _K.c.campaign_id == campaign_id)
        .order_by(_K.c.ask_id)
        .limit(limit)
    )
    if unanswered:
        query = query.where(_K.c.answered_at.is_(None))
    if after is not None:
        query = query.where(_K.c.ask_id > after)
    return [AskRow(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def find_sample(reader: Reader, month: date) -> SampleRow | None:
    """Return the draw of the month that begins on this day, or None."""
    columns = tuple(_M.c[name] for name in SampleRow.__struct_fields__)
    query = select(*columns).where(_M.c.tenant_id == reader.tenant_id, _M.c.month == month)
    row = (await reader.session.execute(query)).first()
    return None if row is None else SampleRow(**row._mapping)  # noqa: SLF001 - as above


async def find_case_survey(reader: Reader, complaint_id: UUID) -> CaseSurvey | None:
    """Return the newest survey of a complaint, or None when it has not been offered."""
    columns: tuple[Any, ...] = (
        _K.c.answered_at,
        _L.c.code,
        _L.c.expires_at,
        _L.c.revoked_at,
        *(_A.c[name] for name in ("submission_id", "nps", "csat", "ces", "comment_key")),
        _F.c.data,
    )
    joined = (
        _K.outerjoin(_L, (_L.c.tenant_id == _K.c.tenant_id) & (_L.c.link_id == _K.c.link_id))
        .outerjoin(_F, (_F.c.tenant_id == _K.c.tenant_id) & (_F.c.link_id == _K.c.link_id))
        .outerjoin(_A, (_A.c.tenant_id == _F.c.tenant_id) & (_A.c.submission_id == _F.c.submission_id))
    )
    mine = (_K.c.tenant_id == reader.tenant_id, _K.c.complaint_id == complaint_id)
    query = select(*columns).select_from(joined).where(*mine).order_by(_K.c.ask_id.desc()).limit(1)
    row = (await reader.session.execute(query)).first()
    if row is None:
        return None
    over = row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= reader.now)
    said = (row.data or {}).get(row.comment_key, "") if row.comment_key else ""
    return CaseSurvey(
        code=None if over or row.data is not None else row.code,
        submission_id=row.submission_id,
        answered_at=row.answered_at,
        nps=row.nps,
        csat=row.csat,
        ces=row.ces,
        comment=str(said),
    )
