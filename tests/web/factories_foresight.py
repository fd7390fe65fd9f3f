"""A row of tenant B for the addresses of policy trials."""

from typing import Final

from core.policy_trials.actions import start_trial
from core.policy_trials.rules.candidates import Candidate
from tests.workplaces import TestTenant


async def _trial(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return await start_trial(uow, candidate=Candidate(), label="现行规则")


FORESIGHT_FACTORIES: Final = {"trial_id": _trial}
FORESIGHT_WORDS: Final = {"month": "2026-10"}
