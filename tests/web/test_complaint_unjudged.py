"""A plugin that fails to judge hides no complaint: it is treated as gravest, and everybody who looks is told why."""

from collections.abc import Awaitable, Callable

import pytest

from core.complaints.actions.filing import file_complaint, give_filing_code
from core.complaints.rules.filing import Filing
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from tenants.api_keys import create_key
from tenants.plugin_settings import enable_plugin
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
WHY = "The level could not be worked out"
SLIGHT = Filing(text="等了两个小时", contact_name="周文博", contact_phone="13878106871")
MANY = 7
"""More faults than a breaker takes: from then on nobody asks the plugin, which is the same to a customer."""


@pytest.fixture
def plugin_host() -> PluginHost:
    return PluginHost.load([Candidate("failingjudge", "tests.plugins.failing_judge:plugin")], strict=True)


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="failingjudge")
    return tenant_a


async def test_the_desk_and_the_api_say_why_a_complaint_is_treated_as_gravest(
    client: Client, browser: Callable[[], Browser], clinic: TestTenant
) -> None:
    root = f"/t/{clinic.slug}/complaints"
    for _ in range(MANY):
        async with clinic.unit() as uow:
            filed = await file_complaint(uow, filing=SLIGHT)
    page = await (await client("team_leader")).get(f"{root}/{filed.complaint_id}")
    assert WHY in page.text
    assert "L3 major" in page.text
    async with clinic.unit() as uow:
        key = await create_key(uow, name="手机应用", scopes=["complaints.read"])
    head = {"authorization": f"Bearer {key.token}"}
    found = (await browser().get(f"/api/v1/complaints/{filed.complaint_id}", headers=head)).json()
    assert [one["code"] for one in found["reasons"]] == ["core.not_assessed"]
    assert found["level"] == "L3"


async def test_on_the_phone_the_promises_of_the_gravest_level_hold(
    browser: Callable[[], Browser], clinic: TestTenant
) -> None:
    async with clinic.unit() as uow:
        code = await give_filing_code(uow, branch_id=clinic.signed_up.branch_id)
    visitor = browser()
    fields = form_fields((await visitor.get(f"/c/{code}")).text, "complain")
    said = {"text": "等了两个小时", "contact_name": "周文博", "contact_phone": "13878106871"}
    answer = await visitor.post(f"/c/{code}", data=fields | said)
    assert answer.status_code == 303, answer.text
    assert "<sla-timer" in (await visitor.get(answer.headers["location"])).text
