"""A chain that listens: last quarter's survey from its groups, this quarter's by own links, and calls half made."""

from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from core.clock import now
from core.days import local_date
from core.forms.actions import submit_intake
from core.scope import Actor
from core.surveys.actions import (
    CampaignPlan,
    close_campaign,
    mark_sent,
    open_campaign,
    plan_campaign,
    save_settings,
    turn_quarter,
)
from core.surveys.answers import keep_answer
from core.surveys.asking import draw_month, fill_campaign
from core.surveys.interviewing import call_back, claim_next, record_call, record_interview
from core.surveys.queries import SurveySettings, get_campaign, list_asks, list_campaigns, list_survey_forms
from core.surveys.results import ResultFilter, list_comments
from core.surveys.rules.quarters import Span, last_quarter, month_of, quarter_of, starts_at
from core.uow import UnitOfWork
from tenants.survey_segments import SEGMENTS
from tenants.work import Workplace

# (NPS, CSAT, CES, comment) of people in customer groups; a pattern that comes again, so that figures stay the same.
VOICES: Final[tuple[tuple[int, int, int, str], ...]] = (
    (10, 5, 7, ""),
    (9, 5, 6, "医生讲得很清楚，复查也提醒了"),
    (8, 4, 5, ""),
    (10, 5, 7, "豆豆术后恢复得很好，谢谢护士"),
    (6, 3, 3, "周末排队太久，叫号没人解释"),
    (9, 4, 6, ""),
    (7, 4, 5, "停车不方便"),
    (10, 5, 6, ""),
    (3, 2, 2, "费用比预估高，结账时才知道"),
    (9, 5, 7, "前台态度很好"),
    (8, 4, 4, ""),
    (9, 4, 6, ""),
)
ROUNDS: Final = 4
OWN: Final[tuple[dict[str, Any], ...]] = (
    {"nps": 10, "csat": 5, "ces": 7, "comment": "专属医生很负责，会继续来"},
    {"nps": 4, "csat": 2, "ces": 3, "comment": "电话打了三次才约上，希望能在线预约"},
    {"nps": 9, "csat": 4, "ces": 6},
)
CALLED: Final[dict[str, Any]] = {"nps": 9, "csat": 5, "ces": 6, "comment": "回访很贴心，希望多讲讲饮食"}


class Clock(Protocol):
    """The movable clock of the seed."""

    back: timedelta


async def seed_surveys(workplace: Workplace, clock: Clock, tenant_id: UUID, director: Actor) -> None:
    """Make it once; a chain without a survey form has nothing to ask."""
    async with workplace.reading(tenant_id, actor=director) as reader:
        forms, zone = await list_survey_forms(reader), reader.scope.timezone
        if not forms or await list_campaigns(reader):
            return
    today, seeding = local_date(now(), zone), _Seeding(workplace, clock, tenant_id, director, forms[0].id)
    async with workplace.unit(tenant_id, actor=director) as uow:
        # A tenth of eight guests would be a queue of one.
        await save_settings(uow, settings=SurveySettings(sample_percent=50))
    await seeding.last_quarter(last_quarter(today), zone)
    await seeding.calls(starts_at(month_of(today).first, zone) + timedelta(hours=2))
    await seeding.this_quarter(quarter_of(today), zone)
    clock.back = timedelta(0)


class _Seeding:
    def __init__(self, workplace: Workplace, clock: Clock, tenant_id: UUID, director: Actor, form_id: str) -> None:
        self._workplace = workplace
        self._clock = clock
        self._tenant_id = tenant_id
        self._director = director
        self._form_id = form_id

    def _at(self, instant: datetime) -> Any:
        """A unit as of then; what would lie ahead is now."""
        self._clock.back = max(timedelta(0), now() - instant)
        return self._workplace.unit(self._tenant_id, actor=self._director)

    async def _open(self, uow: UnitOfWork, span: Span, title: str) -> UUID:
        plan = CampaignPlan(
            title=title, form_id=self._form_id, channel="wechat", first_day=span.first, last_day=span.last
        )
        campaign_id = await plan_campaign(uow, plan=plan, segments=SEGMENTS)
        await open_campaign(uow, campaign_id=campaign_id)
        return campaign_id

    async def last_quarter(self, span: Span, zone: str) -> None:
        """Answers of the groups, spread over the quarter."""
        begun = starts_at(span.first, zone) + timedelta(hours=10)
        async with self._at(begun) as uow:
            campaign_id = await self._open(uow, span, "上季度客户满意度调查")
            code = (await get_campaign(uow, campaign_id)).group_code
        assert code is not None
        length = starts_at(span.last, zone) - begun
        voices = VOICES * ROUNDS
        for number, (nps, csat, ces, comment) in enumerate(voices):
            given = {"nps": nps, "csat": csat, "ces": ces} | ({"comment": comment} if comment else {})
            async with self._at(begun + length * (number / len(voices))) as uow:
                await _send(uow, code, given, f"demo-group:{number}")
        async with self._at(starts_at(span.last, zone) + timedelta(hours=20)) as uow:
            await close_campaign(uow, campaign_id=campaign_id)

    async def calls(self, drawn_at: datetime) -> None:
        """The month's sample: one interview made, one who asked to be called later, the others to do."""
        async with self._at(drawn_at) as uow:
            await draw_month(uow)
        async with self._at(now() - timedelta(hours=1)) as uow:
            first = await claim_next(uow)
            if first is not None:
                await record_interview(uow, interview_id=first, answers=CALLED)
            second = await claim_next(uow)
            if second is not None:
                await record_call(uow, interview_id=second, outcome="no_answer", note="上午无人接听")

    async def this_quarter(self, span: Span, zone: str) -> None:
        """Own links for those who are not called this month; one unhappy answer waits for a call back."""
        begun = max(starts_at(span.first, zone), now() - timedelta(days=12))
        async with self._at(begun) as uow:
            campaign_id = await self._open(uow, span, "本季度客户满意度调查")
            while await fill_campaign(uow, campaign_id=campaign_id, segments=SEGMENTS):
                pass
            await mark_sent(uow, campaign_id=campaign_id)
            codes = [one.code for one in await list_asks(uow, campaign_id) if one.code]
        for number, (code, given) in enumerate(zip(codes, OWN, strict=False)):
            async with self._at(min(now(), begun + timedelta(days=3 * number + 1))) as uow:
                await _send(uow, code, given, f"demo-own:{number}")
        async with self._at(now()) as uow:
            today = local_date(uow.now, zone)
            unhappy = await list_comments(uow, ResultFilter(first=span.first, last=today), unhappy=True)
            for one in unhappy[:1]:
                await call_back(uow, submission_id=one.submission_id)
            await turn_quarter(uow, segments=SEGMENTS)


async def _send(uow: UnitOfWork, code: str, given: dict[str, Any], key: str) -> None:
    filled = await submit_intake(uow, code=code, answers=given, once_key=key)
    await keep_answer(uow, submission_id=filled.submission_id)
