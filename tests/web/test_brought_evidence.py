"""What people bring with a complaint stands in the locker of the case once the job has run."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from core.complaints.actions.brought import TAKE_IN
from core.complaints.actions.filing import give_filing_code
from core.complaints.queries.cases import find_by_status_code
from core.evidence.intake import take_in
from core.evidence.queries import list_evidence
from core.outbox.models import Outbox
from tests.reports import open_clinic
from tests.rules.pictures import jpeg
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def test_a_phones_photo_stands_in_the_locker_after_the_job_and_a_later_one_follows(
    browser: Callable[[], Browser], clinic: TestTenant
) -> None:
    async with clinic.unit() as uow:
        poster = await give_filing_code(uow, branch_id=clinic.signed_up.branch_id)
    visitor = browser()
    fields = form_fields((await visitor.get(f"/c/{poster}")).text, "complain")
    said = fields | {"text": "笼子边缘割伤了爪子", "contact_phone": "13988123001"}
    sent = await visitor.post(f"/c/{poster}", data=said, files=[("photos", ("爪子.jpg", jpeg(), "image/jpeg"))])
    assert sent.status_code == 303, sent.text
    status = sent.headers["location"]
    assert await _taken_in(clinic, status) == ["photo"]
    more = [("photos", ("伤口.jpg", jpeg((60, 20)), "image/jpeg"))]
    assert (await visitor.post(f"{status}/add", data={"text": "今天的伤口"}, files=more)).status_code == 303
    assert await _taken_in(clinic, status) == ["photo", "photo"]


async def _taken_in(clinic: TestTenant, status: str) -> list[str]:
    async with clinic.unit() as uow:
        case = await find_by_status_code(uow, code=status.rpartition("/")[2])
        assert case is not None
        query = select(Outbox.payload).where(Outbox.task == TAKE_IN).order_by(Outbox.outbox_id)
        for payload in await uow.session.scalars(query):
            await take_in(uow, complaint_id=UUID(payload["complaint_id"]))
        return [one.kind for one in await list_evidence(uow, case.complaint_id)]
