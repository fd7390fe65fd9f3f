"""Forms of a plugin that refuses, asks no name and knows no pets; two that come at the same moment; bad definitions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from core.bus import Bus
from core.customers.queries import get_customer, list_customers
from core.db import Database
from core.errors import FieldProblem, InvalidInput
from core.forms.actions import create_link, record_intake, submit_intake
from core.forms.intake import Filled
from core.forms.queries import FormLinkUsed, get_link, get_submission, list_submissions
from core.forms.rules import refuse_bad_form
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from tenants.passwords import Passwords
from tenants.plugin_settings import enable_plugin
from tenants.work import Workplace
from tests.actions.strict_clinic import forms as strict
from tests.workplaces import MovableClock, TestTenant, open_tenant
from workers.embedded.postgres import Dsns

VISIT, SURVEY = "strict.visit", "strict.survey"
STRICT = Candidate("strict", "tests.actions.strict_clinic:plugin")


@pytest.fixture(scope="session")
def plugin_host() -> PluginHost:
    return PluginHost.load([STRICT], checks={"intake_forms": refuse_bad_form}, strict=True)


@pytest.fixture
async def shop(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="strict")
    return tenant_a


async def record(shop: TestTenant, answers: dict[str, Any], form_id: str = VISIT, key: str = "k") -> Filled:
    async with shop.unit("front_desk") as uow:
        return await record_intake(uow, form_id=form_id, answers=answers, once_key=key)


async def test_what_a_plugin_refuses_is_said_in_its_words_at_its_field(shop: TestTenant) -> None:
    with pytest.raises(InvalidInput) as refused:
        await record(shop, {"word": "refuse"})
    assert refused.value.problems == (FieldProblem("word", "refused", {"text": "不行"}),)
    async with shop.unit() as uow:
        assert await list_submissions(uow) == []


async def test_a_form_that_asks_no_name_belongs_to_nobody(shop: TestTenant) -> None:
    filled = await record(shop, {"stars": 5}, SURVEY)
    assert (filled.customer_id, filled.subject_id, filled.total) == (None, None, 0)
    async with shop.unit() as uow:
        row = (await list_submissions(uow, form_id=SURVEY))[0]
        assert (row.customer_name, row.purpose) == (None, "survey")
        assert await list_customers(uow) == []


async def test_a_pet_of_no_known_kind_is_not_written_down(shop: TestTenant) -> None:
    filled = await record(shop, {"phone": "13800138000", "pet": "年糕", "sex": "female", "story": "长话短说"})
    assert filled.subject_id is None
    assert filled.customer_id is not None
    async with shop.unit() as uow:
        customer = await get_customer(uow, filled.customer_id)
        assert (customer.full_name, customer.gender, customer.custom) == (
            "13800138000",
            "female",
            {"story": "长话短说"},
        )
    filled = await record(shop, {"phone": "13800138000"}, key="k2")
    assert filled.subject_id is None


@pytest.mark.parametrize(("field", "value"), [("story", "长" * 501), ("sex", "x")])
async def test_what_the_record_cannot_hold_is_refused_at_its_field(shop: TestTenant, field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await record(shop, {"phone": "13800138000", field: value})
    assert [problem.path for problem in refused.value.problems] == [field]
    async with shop.unit() as uow:
        assert await list_customers(uow) == []


async def test_a_drawn_signature_and_its_version_come_back_as_they_were(shop: TestTenant) -> None:
    filled = await record(shop, {"word": "fine"})
    async with shop.unit() as uow:
        stored = await get_submission(uow, filled.submission_id)
    assert stored.data == {"word": "fine"}
    assert [field.display for section in stored.view.sections for field in section.fields][-1] == "fine"


def test_a_plugin_with_a_bad_form_does_not_load_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = msgspec.structs.replace(strict.FORM, fields=(msgspec.structs.replace(strict.FORM.fields[0], key="x_phone"),))
    monkeypatch.setattr(strict, "FORM", bad)
    host = PluginHost.load([STRICT], checks={"intake_forms": refuse_bad_form})
    status = host.status()[0]
    assert status.state == "broken"
    assert "x_phone" in status.reason
    assert "belong to the tenant" in status.reason


@pytest.fixture
async def committed(
    new_database: Callable[[], Dsns], bus: Bus, plugin_host: PluginHost, passwords: Passwords
) -> AsyncIterator[TestTenant]:
    """A chain in a database of its own, where transactions really meet."""
    workplace = Workplace(Database(new_database().app, pool_size=12), bus, plugin_host, MovableClock())
    tenant = await open_tenant(workplace, passwords, "meeting", "相遇")
    async with tenant.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=plugin_host, plugin_id="strict")
    yield tenant
    await workplace.database.dispose()


async def _submit(shop: TestTenant, code: str, key: str) -> Filled | FormLinkUsed:
    try:
        async with shop.unit() as uow:
            return await submit_intake(uow, code=code, answers={"phone": "13800138000"}, once_key=key)
    except FormLinkUsed as used:
        return used


async def test_ten_clicks_at_once_are_one_submission(committed: TestTenant) -> None:
    async with committed.unit("tenant_admin") as uow:
        code = (await create_link(uow, form_id=VISIT)).code
    answers = await asyncio.gather(*(_submit(committed, code, "same") for _ in range(10)))
    filled = [answer for answer in answers if isinstance(answer, Filled)]
    assert len(filled) == 10
    assert len({answer.submission_id for answer in filled}) == 1
    assert sum(not answer.replayed for answer in filled) == 1
    async with committed.unit() as uow:
        assert len(await list_submissions(uow)) == 1
        assert (await get_link(uow, code)).uses == 1


async def test_ten_people_on_a_link_for_one_are_one_submission(committed: TestTenant) -> None:
    async with committed.unit("tenant_admin") as uow:
        code = (await create_link(uow, form_id=VISIT, max_uses=1)).code
    answers = await asyncio.gather(*(_submit(committed, code, f"k{number}") for number in range(10)))
    assert sum(isinstance(answer, Filled) for answer in answers) == 1
    async with committed.unit() as uow:
        assert len(await list_submissions(uow)) == 1
        assert len(await list_customers(uow)) == 1
