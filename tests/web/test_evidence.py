"""The locker's pages: files go in as they are, a look is logged, and who may not see evidence does not."""

from collections.abc import Awaitable, Callable

import pytest

from tests.evidence import secured
from tests.reports import open_clinic
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def test_looking_at_evidence_shows_a_safe_picture_and_is_logged(client: Client, clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    root = f"/t/{clinic.slug}/complaints/{complaint_id}"
    officer = await client("admin_officer")
    assert f'href="{root}/evidence"' in (await officer.get(root)).text
    page = await officer.get(f"{root}/evidence")
    assert "手术病历" in page.text
    assert "Looked at" not in page.text
    look = page.text.split('/look"')[0].rsplit('action="', 1)[1] + "/look"
    seen = await officer.send_form(look)
    assert seen.status_code in {200, 201}
    assert "data:image/jpeg;base64," in seen.text
    assert "Looked at" in (await officer.get(f"{root}/evidence")).text
    assert (await officer.send_form(look.replace("/look", "/take"), {"reason": ""})).status_code == 422
    taken = await officer.send_form(look.replace("/look", "/take"), {"reason": "移交法院"})
    assert taken.headers["content-type"] == "application/octet-stream"


async def test_who_may_not_see_evidence_sees_neither_section_nor_page(client: Client, clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    root = f"/t/{clinic.slug}/complaints/{complaint_id}"
    desk = await client("front_desk")
    assert f"{root}/evidence" not in (await desk.get(root)).text
    assert (await desk.get(f"{root}/evidence")).status_code == 403


async def test_a_hold_and_a_dossier_are_asked_for_with_a_reason(client: Client, clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    root = f"/t/{clinic.slug}/complaints/{complaint_id}"
    director = await client("director")
    assert (await director.send_form(f"{root}/evidence/hold", {"reason": ""})).status_code == 422
    assert (await director.send_form(f"{root}/evidence/hold", {"reason": "法院通知"})).status_code == 303
    assert (await director.send_form(f"{root}/dossiers", {"reason": "移交法院"})).status_code == 303
    page = (await director.get(f"{root}/evidence")).text
    assert "Being written" in page
    assert "Lift the hold" in page
