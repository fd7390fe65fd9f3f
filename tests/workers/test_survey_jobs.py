"""Surveys as jobs: links piece by piece, the monthly draw by the tenant's calendar, answers counted after the submit."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.complaints.actions.handling import AFTER_RESOLUTION
from core.forms.actions import submit_intake
from core.hooks.host import PluginHost
from core.surveys.actions import FILL_TASK, REMIND_TASK, open_campaign, plan_campaign
from core.surveys.asking import PIECE
from core.surveys.queries import get_campaign, get_progress
from core.surveys.queue import get_counts
from tests.actions.surveys import NOBODY, codes_of, people, plan, run_campaign, survey_host, switch_on
from tests.workplaces import MovableClock, TestTenant
from workers.jobs import find_tasks
from workers.schedule import CRONS


@pytest.fixture(scope="session")
def plugin_host() -> PluginHost:
    return survey_host()


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await switch_on(tenant_a)


async def work(tenant: TestTenant, task: str, **payload: Any) -> int:
    """Run a task as the runner does, each piece in a unit of its own; return how many pieces there were."""
    handle: Any = find_tasks()[task].handle
    pieces, again = 0, True
    while again:
        async with tenant.workplace.unit(tenant.id) as uow:
            again = await handle(uow, payload, uuid4()) is not None
        pieces += 1
    return pieces


async def many(tenant: TestTenant, count: int) -> None:
    """Customers by the thousand, as an import leaves them."""
    async with tenant.unit() as uow:
        connection = await uow.session.connection()
        await connection.exec_driver_sql(
            "INSERT INTO customer (tenant_id, customer_id, number, full_name, name_pinyin, phone_e164, note, source,"
            " state, version, created_at, changed_at)"
            f" SELECT '{tenant.id}', gen_random_uuid(), 100000 + n, 'K' || n, 'k', '+86139' || (10000000 + n), '',"
            f" 'import', 'active', 1, now(), now() FROM generate_series(1, {count}) n"
        )


async def test_a_campaign_fills_itself_piece_by_piece(clinic: TestTenant) -> None:
    await many(clinic, 2 * PIECE + 5)
    async with clinic.unit() as uow:
        campaign_id = await plan_campaign(uow, plan=plan(), segments=NOBODY)
        await open_campaign(uow, campaign_id=campaign_id)
    assert await work(clinic, FILL_TASK, campaign_id=str(campaign_id)) == 3
    assert await work(clinic, FILL_TASK, campaign_id=str(campaign_id)) == 1, "again does nothing"
    async with clinic.unit() as uow:
        campaign = await get_campaign(uow, campaign_id)
        assert campaign.asked == campaign.audience_size == 2 * PIECE + 5
        assert (await get_progress(uow, campaign)).reach.asked == campaign.asked


async def test_a_submit_is_counted_by_the_worker(clinic: TestTenant) -> None:
    await people(clinic, 1)
    campaign_id = await run_campaign(clinic)
    async with clinic.unit() as uow:
        code = (await codes_of(uow, campaign_id))[0].code
        filled = await submit_intake(uow, code=code, answers={"nps": 9}, once_key="k")
    for _ in range(2):
        await work(clinic, "surveys.sent", submission_id=str(filled.submission_id))
    async with clinic.unit() as uow:
        assert (await get_progress(uow, await get_campaign(uow, campaign_id))).reach.answered == 1


@pytest.mark.parametrize(
    ("instant", "drawn"),
    [
        ("2026-11-30T15:59:00", 0),  # still November in Shanghai, and the 30th: too late for a draw
        ("2026-11-30T16:01:00", 2),  # 1 December in Shanghai
        ("2026-12-20T12:00:00", 2),  # no worker ran since: caught up
        ("2026-12-21T12:00:00", 0),
    ],
)
async def test_the_month_is_drawn_by_the_tenants_calendar(
    clinic: TestTenant, clock: MovableClock, instant: str, drawn: int
) -> None:
    await people(clinic, 20)
    clock.instant = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    for _ in range(2):
        await work(clinic, "surveys.sample")
    async with clinic.unit() as uow:
        assert (await get_counts(uow)).ready == drawn


async def test_the_quarter_and_old_calls_end_by_themselves(clinic: TestTenant, clock: MovableClock) -> None:
    await people(clinic, 10)
    await work(clinic, "surveys.sample")
    clock.instant = datetime(2026, 11, 10, tzinfo=UTC)
    await work(clinic, "surveys.sample")
    campaign_id = await run_campaign(clinic)
    clock.instant = datetime(2027, 1, 1, tzinfo=UTC)
    await work(clinic, "surveys.quarters")
    async with clinic.unit() as uow:
        assert (await get_campaign(uow, campaign_id)).state == "closed"
        counts = await get_counts(uow)
        assert (counts.ready, counts.later, counts.calling) == (0, 0, 0)


async def test_a_reminder_and_a_case_that_is_gone_or_over_do_nothing(clinic: TestTenant) -> None:
    await people(clinic, 1)
    campaign_id = await run_campaign(clinic)
    await work(clinic, REMIND_TASK, campaign_id=str(campaign_id))
    await work(clinic, REMIND_TASK, campaign_id=str(campaign_id))
    await work(clinic, AFTER_RESOLUTION, complaint_id=str(UUID(int=5)))
    async with clinic.unit() as uow:
        assert (await get_campaign(uow, campaign_id)).reminded_at is not None


async def test_a_worker_serves_its_own_tenant_only(clinic: TestTenant, tenant_b: TestTenant) -> None:
    """S14: a payload that names another tenant's campaign finds nothing there."""
    await people(clinic, 1)
    campaign_id = await run_campaign(clinic)
    handle: Any = find_tasks()[FILL_TASK].handle
    with pytest.raises(Exception, match="no such campaign"):
        async with tenant_b.workplace.unit(tenant_b.id) as uow:
            await handle(uow, {"campaign_id": str(campaign_id)}, uuid4())


def test_the_crons_of_surveys_come_at_night_on_the_tenants_clock() -> None:
    for name in ("survey-quarters", "survey-sample"):
        cron = CRONS[name]
        assert cron.at is not None
        assert cron.at[0] < 5
        assert cron.task in find_tasks()
