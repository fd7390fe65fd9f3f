"""What the attack tests fill loyalty's addresses with; `tests/web/factories.py` joins it to the others."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from core.churn.actions.cases import open_by_hand
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from tenants.churn_team import TEAM
from tests.workplaces import TestTenant

Factory = Callable[[TestTenant], Awaitable[object]]

LOYALTY_WORDS: Final[dict[str, str]] = {}


async def _case(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="赵久违"))
        return await open_by_hand(uow, customer_id=customer_id, words="说要换一家医院", team=TEAM)


LOYALTY_FACTORIES: Final[dict[str, Factory]] = {
    "case_id": _case,
}

LOYALTY_BODIES: Final[dict[str, Mapping[str, object]]] = {
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/call": {"reached": "no"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/note": {"words": "下班后再打"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/owner": {"owner_id": "00000000-0000-7000-8000-000000000001"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/close": {"outcome": "promised"},
    "POST /t/{slug:str}/at-risk/{case_id:uuid}/offer": {"choice": "0"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/at-risk": {"words": "说要换一家医院"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/planned-visit": {"planned_on": ""},
}
