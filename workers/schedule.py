"""The work that comes back by itself: every tenant has one row ahead of it per cron."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from core.outbox.actions import add_tick
from core.outbox.queries import list_tenants_with_tick
from core.outbox.rules import Cron, Work, cron_name
from core.tenancy.queries import find_tenant, list_tenant_ids
from core.uow import UnitOfWork
from tenants.work import Workplace
from workers.plugin_jobs import JOB_TASK, job_again

logger = logging.getLogger(__name__)

Crons = Mapping[str, Cron]

CRONS: Crons = MappingProxyType(
    {
        cron.name: cron
        for cron in (
            # At night, and not for all chains at once: each has its own minute between 3 and 5 o'clock.
            Cron(name="purge-sign-ins", task="sign_ins.purge", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="purge-files", task="files.purge", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="purge-drafts", task="forms.purge_drafts", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="sweep-duplicates", task="duplicates.sweep", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="recheck-forms", task="forms.recheck_designs", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="purge-done-work", task="outbox.purge", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="purge-kept-answers", task="api.purge_answers", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="purge-webhooks", task="webhooks.purge", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="purge-staff-records", task="staff_records.purge", at=(3, 0), spread=timedelta(hours=2)),
            # Points begin and end with the local day.
            Cron(name="loyalty-night", task="loyalty.night", at=(0, 5), spread=timedelta(minutes=30)),
            Cron(name="churn-sweep", task="churn.sweep", at=(4, 0), spread=timedelta(hours=2)),
            Cron(name="expire-coupons", task="coupons.expire", at=(0, 10), spread=timedelta(minutes=30)),
            # Daily, and each does nothing unless its day has come: a first of the month without a worker is caught up on.
            Cron(name="survey-quarters", task="surveys.quarters", at=(1, 0), spread=timedelta(hours=1)),
            Cron(name="survey-sample", task="surveys.sample", at=(2, 0), spread=timedelta(hours=1)),
            # A gift's window opens with its day; who was written down today is found tomorrow at the latest.
            Cron(name="birthdays", task="birthdays.open", at=(1, 0), spread=timedelta(hours=1)),
            # Daily, and each leader is told once a month.
            Cron(name="complaint-shares", task="complaints.shares", at=(7, 0), spread=timedelta(hours=1)),
            # A referral is decided after days of waiting, so an hour is soon enough.
            Cron(name="referrals", task="referrals.sweep", every=timedelta(hours=1), spread=timedelta(hours=1)),
            Cron(name="complaint-risks", task="complaints.risks", at=(4, 0), spread=timedelta(hours=2)),
            # What a release added to a plugin, and what a settings change or a lost row left out.
            Cron(name="plugin-jobs", task="plugins.schedule", at=(3, 0), spread=timedelta(hours=2)),
            Cron(name="complaint-month", task="complaints.month", at=(2, 0), spread=timedelta(hours=2)),
        )
    }
)


async def tick_again(uow: UnitOfWork, crons: Crons, work: Work) -> None:
    """When a finished or dead row was a tick, schedule the next one in the same transaction."""
    if work.task == JOB_TASK:
        await job_again(uow, work)
        return
    cron = crons.get(cron_name(work.dedupe_key) or "")
    if cron is not None:
        await add_tick(uow, cron, timezone=uow.scope.timezone)


async def add_ticks(uow: UnitOfWork, crons: Crons) -> None:
    """Give a tenant its next tick of every cron; what is there already stays."""
    for cron in crons.values():
        await add_tick(uow, cron, timezone=uow.scope.timezone)


async def ensure_crons(workplace: Workplace, crons: Crons = CRONS) -> int:
    """Give a tick to every tenant that lacks one, as after a release with a new cron; return how many were given.

    Two workers that do this at once give the same tick, of which the dedupe key keeps one.
    """
    async with workplace.database.platform() as platform:
        tenants = await list_tenant_ids(platform)
        lacking = {
            cron.name: set(tenants) - await list_tenants_with_tick(platform, cron=cron.name, task=cron.task)
            for cron in crons.values()
        }
    given = 0
    for tenant_id in tenants:
        missing = [crons[name] for name, without in lacking.items() if tenant_id in without]
        if not missing:
            continue
        async with workplace.unit(tenant_id) as uow:
            tenant = await find_tenant(uow.session)
            if tenant is None or tenant.state == "closed":
                continue
            for cron in missing:
                await add_tick(uow, cron, timezone=uow.scope.timezone)
                given += 1
    if given:
        logger.info("gave %d ticks to tenants that lacked one", given)
    return given
