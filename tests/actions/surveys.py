"""Fixtures and shortcuts of the tests of surveys: a clinic with the survey plugin, customers, answers."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.forms.actions import submit_intake
from core.forms.rules import refuse_bad_form
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.surveys.actions import CampaignPlan, open_campaign, plan_campaign
from core.surveys.answers import hear_answer
from core.surveys.asking import fill_campaign
from core.surveys.ports import NoSegments
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tenants.roster import Roster
from tests.workplaces import TestTenant

ASKING = Candidate("asking", "tests.actions.survey_clinic:plugin")
FORM = "asking.satisfaction"
NOBODY = NoSegments()
QUARTER = (date(2026, 10, 1), date(2026, 12, 31))


def survey_host(*more: Candidate) -> PluginHost:
    return PluginHost.load([ASKING, *more], checks={"intake_forms": refuse_bad_form}, strict=True)


async def switch_on(tenant: TestTenant, *plugins: str) -> TestTenant:
    async with tenant.unit("tenant_admin") as uow:
        for plugin in ("asking", *plugins):
            await enable_plugin(uow, host=tenant.workplace.host, plugin_id=plugin)
    return tenant


async def people(tenant: TestTenant, count: int, *, phones: bool = True, start: int = 0) -> list[UUID]:
    """Write down customers of the tenant's branch, named by number."""
    ids = []
    async with tenant.unit() as uow:
        for number in range(start, start + count):
            draft = CustomerDraft(full_name=f"客户{number}", phones=(f"+86139{number:08d}",) if phones else ())
            ids.append(await add_customer(uow, draft=draft, branch_id=tenant.signed_up.branch_id))
    return ids


def plan(**more: Any) -> CampaignPlan:
    values = {"title": "四季度", "form_id": FORM, "channel": "wechat", "first_day": QUARTER[0], "last_day": QUARTER[1]}
    return CampaignPlan(**(values | more))


async def run_campaign(tenant: TestTenant, **more: Any) -> UUID:
    """Plan, open and fill a campaign."""
    async with tenant.unit() as uow:
        campaign_id = await plan_campaign(uow, plan=plan(**more), segments=NOBODY)
        await open_campaign(uow, campaign_id=campaign_id)
        while await fill_campaign(uow, campaign_id=campaign_id, segments=NOBODY):
            pass
    return campaign_id


async def codes_of(uow: UnitOfWork, campaign_id: UUID) -> Sequence[Any]:
    """(customer, code) of everybody's own link."""
    query = (
        "SELECT a.customer_id, l.code FROM survey_ask a JOIN form_link l USING (tenant_id, link_id)"
        " WHERE a.campaign_id = :campaign ORDER BY a.ask_id"
    )
    return (await uow.session.execute(text(query), {"campaign": campaign_id})).all()


async def answer(tenant: TestTenant, code: str, key: str, **answers: Any) -> UUID:
    """Send the survey behind a code and let it be counted."""
    async with tenant.unit() as uow:
        filled = await submit_intake(uow, code=code, answers=answers, once_key=key)
        await hear_answer(uow, submission_id=filled.submission_id, roster=Roster())
    return filled.submission_id


def later(days: float) -> timedelta:
    return timedelta(days=days)
