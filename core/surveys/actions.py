"""Plans, opens, reminds and closes campaigns, and keeps a tenant's settings and script."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.rules.names import clean_name, clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.forms.actions import create_link, revoke_link
from core.forms.queries import get_form
from core.surveys.models import SurveyAsk, SurveyCampaign, SurveyScript, SurveySetting
from core.surveys.ports import Segments
from core.surveys.queries import SurveySettings, get_settings, list_survey_forms
from core.surveys.rules.quarters import Span, ends_at, last_quarter, next_quarter, quarter_of, starts_at
from core.surveys.rules.script import DEFAULTS, PARTS, Script, script_problems
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork

_S, _T, _G, _K = table_of(SurveySetting), table_of(SurveyScript), table_of(SurveyCampaign), table_of(SurveyAsk)
FILL_TASK: Final = "surveys.fill"
"""The task that makes the links of a campaign that was opened."""
REMIND_TASK: Final = "surveys.remind"
CHANNELS: Final = ("wechat", "link", "qr", "email")
MAX_TITLE: Final = 120
_BOUNDS: Final = {"sample_percent": (0, 100), "fatigue_days": (0, 365), "max_attempts": (1, 10), "remind_days": (0, 60)}


class CampaignMoved(Conflict):
    """The campaign is no longer in the state in which this can be done."""

    code = "campaign-moved"


class CampaignPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a manager decides: which form goes to whom, how, and when (local days, both included)."""

    title: str
    form_id: str
    channel: str
    first_day: date
    last_day: date
    audience: str = "all"
    branch_id: UUID | None = None
    segment_id: str | None = None


async def plan_campaign(
    uow: UnitOfWork,
    *,
    plan: CampaignPlan,
    segments: Segments,
    state: str = "planned",
    previous_id: UUID | None = None,
) -> UUID:
    """Write a campaign down; it opens by itself on its first day, or when somebody says so.

    Raises:
        InvalidInput: every problem at once.
    """
    title = clean_name(plan.title)
    problems = await _plan_problems(uow, msgspec.structs.replace(plan, title=title), segments)
    if problems:
        raise InvalidInput(tuple(problems))
    campaign_id = new_id()
    row = {
        "tenant_id": uow.tenant_id,
        "campaign_id": campaign_id,
        **msgspec.structs.asdict(plan),
        "title": title,
        "branch_id": plan.branch_id if plan.audience == "branch" else None,
        "segment_id": plan.segment_id if plan.audience == "segment" else None,
        "state": state,
        "previous_id": previous_id,
        "audience_size": 0,
        "handled": 0,
        "asked": 0,
        "left_out": {},
        "created_by": uow.actor.id if uow.actor.kind == "staff" else None,
        "created_by_name": uow.actor.name,
        "created_at": uow.now,
    }
    await uow.session.execute(insert(_G).values(row))
    uow.audit("survey.plan", "survey_campaign", campaign_id, {"form": plan.form_id, "state": state})
    return campaign_id


async def _plan_problems(uow: UnitOfWork, plan: CampaignPlan, segments: Segments) -> list[FieldProblem]:
    problems = []
    if not plan.title:
        problems.append(FieldProblem("title", "required"))
    elif len(plan.title) > MAX_TITLE:
        problems.append(FieldProblem("title", "too-long", {"max": MAX_TITLE}))
    if plan.form_id not in {form.id for form in await list_survey_forms(uow)}:
        problems.append(FieldProblem("form_id", "option"))
    if plan.channel not in CHANNELS:
        problems.append(FieldProblem("channel", "option"))
    if plan.last_day < plan.first_day:
        problems.append(FieldProblem("last_day", "before-start"))
    elif plan.last_day < uow.today:
        problems.append(FieldProblem("last_day", "in-the-past"))
    if plan.audience not in {"all", "branch", "segment"}:
        problems.append(FieldProblem("audience", "option"))
    if plan.audience == "branch" and plan.branch_id not in {one.branch_id for one in await list_branches(uow)}:
        problems.append(FieldProblem("branch_id", "option"))
    if plan.audience == "segment" and plan.segment_id not in {key for key, _ in await segments.list_segments(uow)}:
        problems.append(FieldProblem("segment_id", "option"))
    return problems


async def lock_campaign(uow: UnitOfWork, *, campaign_id: UUID) -> Any:
    """Return the row, held until the unit ends; raise NotFound."""
    mine = (_G.c.tenant_id == uow.tenant_id, _G.c.campaign_id == campaign_id)
    row = (await uow.session.execute(select(_G).where(*mine).with_for_update())).first()
    if row is None:
        raise NotFound("no such campaign")
    return row


async def change_campaign(uow: UnitOfWork, *, campaign_id: UUID, **values: Any) -> None:
    """Set columns of one campaign."""
    mine = (_G.c.tenant_id == uow.tenant_id, _G.c.campaign_id == campaign_id)
    await uow.session.execute(update(_G).where(*mine).values(**values))


async def accept_campaign(uow: UnitOfWork, *, campaign_id: UUID) -> None:
    """Turn a proposal into a plan: it opens by itself on its first day."""
    row = await lock_campaign(uow, campaign_id=campaign_id)
    if row.state != "proposed":
        raise CampaignMoved(state=row.state)
    await change_campaign(uow, campaign_id=campaign_id, state="planned")
    uow.audit("survey.accept", "survey_campaign", campaign_id)


async def drop_campaign(uow: UnitOfWork, *, campaign_id: UUID) -> None:
    """Take a proposal or a plan away; what was opened is closed instead."""
    row = await lock_campaign(uow, campaign_id=campaign_id)
    if row.state not in {"proposed", "planned"}:
        raise CampaignMoved(state=row.state)
    await change_campaign(uow, campaign_id=campaign_id, state="dropped")
    uow.audit("survey.drop", "survey_campaign", campaign_id)


async def open_campaign(uow: UnitOfWork, *, campaign_id: UUID) -> None:
    """Open a planned campaign: its group link is there at once, everybody's own link comes piece by piece.

    Raises:
        CampaignMoved: it is open or over.
        FormNotOffered: the plugin of its form is off.
    """
    row = await lock_campaign(uow, campaign_id=campaign_id)
    if row.state not in {"proposed", "planned"}:
        raise CampaignMoved(state=row.state)
    end = ends_at(row.last_day, uow.scope.timezone)
    if end <= uow.now:
        raise CampaignMoved(state="closed")
    await get_form(uow, row.form_id)
    link = await create_link(uow, form_id=row.form_id, branch_id=row.branch_id, expires_at=end)
    await change_campaign(uow, campaign_id=campaign_id, state="open", opened_at=uow.now, group_link_id=link.link_id)
    await uow.enqueue(FILL_TASK, {"campaign_id": str(campaign_id)}, dedupe_key=f"survey-fill:{campaign_id}")
    settings = await get_settings(uow)
    reminder = starts_at(row.first_day + timedelta(days=settings.remind_days), uow.scope.timezone)
    if settings.remind_days and reminder < end:
        await uow.enqueue(
            REMIND_TASK,
            {"campaign_id": str(campaign_id)},
            run_at=max(reminder, uow.now + timedelta(days=1)),
            dedupe_key=f"survey-remind:{campaign_id}",
        )
    uow.audit("survey.open", "survey_campaign", campaign_id)


async def mark_sent(uow: UnitOfWork, *, campaign_id: UUID) -> int:
    """Write down that the links were handed to the people: they count as delivered. Return how many."""
    row = await lock_campaign(uow, campaign_id=campaign_id)
    if row.state != "open" or row.filled_at is None:
        raise CampaignMoved(state=row.state)
    open_asks = (_K.c.tenant_id == uow.tenant_id, _K.c.campaign_id == campaign_id, _K.c.delivered_at.is_(None))
    done = await uow.session.execute(update(_K).where(*open_asks).values(delivered_at=uow.now).returning(_K.c.ask_id))
    count = len(done.all())
    await change_campaign(uow, campaign_id=campaign_id, sent_at=uow.now)
    uow.audit("survey.sent", "survey_campaign", campaign_id, {"people": count})
    return count


async def remind_once(uow: UnitOfWork, *, campaign_id: UUID) -> int:
    """Mark everybody who was reached and has not answered as to be reminded; the second time does nothing."""
    row = await lock_campaign(uow, campaign_id=campaign_id)
    if row.state != "open" or row.reminded_at is not None:
        return 0
    silent = (
        _K.c.tenant_id == uow.tenant_id,
        _K.c.campaign_id == campaign_id,
        _K.c.answered_at.is_(None),
        _K.c.delivered_at.is_not(None),
    )
    done = await uow.session.execute(update(_K).where(*silent).values(reminded_at=uow.now).returning(_K.c.ask_id))
    count = len(done.all())
    await change_campaign(uow, campaign_id=campaign_id, reminded_at=uow.now)
    uow.audit("survey.remind", "survey_campaign", campaign_id, {"people": count})
    return count


async def close_campaign(uow: UnitOfWork, *, campaign_id: UUID) -> None:
    """End an open campaign: the group link is taken back, and no further links are made; own links end by their date."""
    row = await lock_campaign(uow, campaign_id=campaign_id)
    if row.state != "open":
        raise CampaignMoved(state=row.state)
    await change_campaign(uow, campaign_id=campaign_id, state="closed", closed_at=uow.now)
    if row.group_link_id is not None:
        await revoke_link(uow, link_id=row.group_link_id)
    uow.audit("survey.close", "survey_campaign", campaign_id)


async def turn_quarter(uow: UnitOfWork, *, segments: Segments) -> tuple[int, int, int]:
    """Do what the day asks for: open what begins, close what is over, propose the next quarter.

    Returns:
        How many campaigns were opened, closed and proposed.
    """
    today = uow.today
    mine = _G.c.tenant_id == uow.tenant_id
    over = list(
        await uow.session.scalars(select(_G.c.campaign_id).where(mine, _G.c.state == "open", _G.c.last_day < today))
    )
    for campaign_id in over:
        await close_campaign(uow, campaign_id=campaign_id)
    missed = (mine, _G.c.state.in_(["planned", "proposed"]), _G.c.last_day < today)
    await uow.session.execute(update(_G).where(*missed).values(state="dropped"))
    offered = [form.id for form in await list_survey_forms(uow)]
    begins = (mine, _G.c.state == "planned", _G.c.first_day <= today, _G.c.form_id.in_(offered))
    ready = list(await uow.session.scalars(select(_G.c.campaign_id).where(*begins)))
    for campaign_id in ready:
        await open_campaign(uow, campaign_id=campaign_id)
    proposed = await _propose(uow, quarter_of(today), segments) if offered else 0
    return len(ready), len(over), proposed


async def _propose(uow: UnitOfWork, quarter: Span, segments: Segments) -> int:
    """Propose the next quarter after each campaign that ran until the end of this or the last one, once for ever.

    2025东营宠物诊所客户服务策略 §2.1: 每季度通过微信公众号、客户群发放问卷.
    """
    followers = _G.alias()
    has_next = (
        select(followers.c.campaign_id)
        .where(followers.c.tenant_id == _G.c.tenant_id, followers.c.previous_id == _G.c.campaign_id)
        .exists()
    )
    ends = [quarter.last, last_quarter(quarter.first).last]
    query = select(_G).where(
        _G.c.tenant_id == uow.tenant_id, _G.c.state.in_(["open", "closed"]), _G.c.last_day.in_(ends), ~has_next
    )
    made = 0
    for row in (await uow.session.execute(query.order_by(_G.c.campaign_id))).all():
        span = next_quarter(row.last_day)
        plan = CampaignPlan(
            title=row.title,
            form_id=row.form_id,
            channel=row.channel,
            first_day=span.first,
            last_day=span.last,
            audience=row.audience,
            branch_id=row.branch_id,
            segment_id=row.segment_id,
        )
        if await _plan_problems(uow, plan, segments):
            continue
        await plan_campaign(uow, plan=plan, segments=segments, state="proposed", previous_id=row.campaign_id)
        made += 1
    return made


async def save_settings(uow: UnitOfWork, *, settings: SurveySettings) -> None:
    """Replace the tenant's settings.

    Raises:
        InvalidInput: a form that is not on offer, or a number out of bounds.
    """
    problems = [
        FieldProblem(name, "range", {"min": low, "max": high})
        for name, (low, high) in _BOUNDS.items()
        if not low <= getattr(settings, name) <= high
    ]
    offered = {None, *(form.id for form in await list_survey_forms(uow))}
    problems += [
        FieldProblem(name, "option")
        for name in ("interview_form_id", "after_form_id")
        if getattr(settings, name) not in offered
    ]
    if settings.unhappy not in {"alert", "reopen"}:
        problems.append(FieldProblem("unhappy", "option"))
    if problems:
        raise InvalidInput(tuple(problems))
    values = msgspec.structs.asdict(settings) | {"changed_by_name": uow.actor.name, "changed_at": uow.now}
    await uow.session.execute(
        upsert(_S)
        .values(tenant_id=uow.tenant_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )
    uow.audit("survey.settings", "survey_setting", None, msgspec.structs.asdict(settings))


async def save_script(uow: UnitOfWork, *, locale: str, script: Script) -> None:
    """Replace the words of a call in one language.

    Raises:
        NotFound: a language that nobody speaks here.
        InvalidInput: the consent line or the opening is missing, or a part is too long.
    """
    if locale not in DEFAULTS:
        raise NotFound("no such language")
    cleaned = Script(*(clean_text(getattr(script, part)) for part in PARTS))
    problems = script_problems(cleaned)
    if problems:
        raise InvalidInput(problems)
    values = msgspec.structs.asdict(cleaned) | {"changed_by_name": uow.actor.name, "changed_at": uow.now}
    await uow.session.execute(
        upsert(_T)
        .values(tenant_id=uow.tenant_id, locale=locale, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "locale"], set_=values)
    )
    uow.audit("survey.script", "survey_script", None, {"locale": locale})
