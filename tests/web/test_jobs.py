"""The page of failed work: read why, run it again, or give it up by typing a word; for those who may."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from core.outbox.claims import bury_work, claim_work
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


async def bury(tenant: TestTenant, task: str = "imports.run", error: str = "ValueError: no such column") -> UUID:
    async with tenant.unit() as uow:
        outbox_id = await uow.enqueue(task, {"batch_id": "x"})
        assert outbox_id is not None
        await claim_work(uow, outbox_ids=[outbox_id], lease_until=uow.now)
        await bury_work(uow, outbox_ids=[outbox_id], error=error)
    return outbox_id


async def test_without_failures_the_page_says_so(client: Client, tenant_a: TestTenant) -> None:
    page = await (await client("tenant_admin")).get(f"/t/{tenant_a.slug}/jobs")
    assert page.status_code == 200
    assert "Nothing failed" in page.text


async def test_a_failure_is_shown_with_its_reason_and_escaped(client: Client, tenant_a: TestTenant) -> None:
    await bury(tenant_a, error="ValueError: <script>alert(1)</script>")
    page = await (await client("tenant_admin")).get(f"/t/{tenant_a.slug}/jobs")
    assert "Import of customers" in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text


async def test_one_piece_of_work_runs_again(client: Client, tenant_a: TestTenant) -> None:
    first, second = await bury(tenant_a), await bury(tenant_a)
    admin = await client("tenant_admin")
    answer = await admin.send_form(f"/t/{tenant_a.slug}/jobs/{first}/retry")
    assert answer.status_code == 303
    page = await admin.get(f"/t/{tenant_a.slug}/jobs")
    assert "It runs again now" in page.text
    assert f"job-{first}" not in page.text
    assert f"job-{second}" in page.text
    assert (await admin.send_form(f"/t/{tenant_a.slug}/jobs/{first}/retry")).status_code == 404, (
        "it is not dead any more"
    )


async def test_all_run_again_at_once(client: Client, tenant_a: TestTenant) -> None:
    for _ in range(3):
        await bury(tenant_a)
    admin = await client("tenant_admin")
    await admin.send_form(f"/t/{tenant_a.slug}/jobs/retry")
    page = await admin.get(f"/t/{tenant_a.slug}/jobs")
    assert "3 pieces of work run again" in page.text
    assert "Nothing failed" in page.text


async def test_giving_up_needs_the_typed_word(client: Client, tenant_a: TestTenant) -> None:
    outbox_id = await bury(tenant_a)
    admin = await client("tenant_admin")
    path = f"/t/{tenant_a.slug}/jobs/{outbox_id}/discard"
    for wrong in ({}, {"confirm": ""}, {"confirm": "yes"}):
        assert (await admin.send_form(path, wrong)).status_code == 422
    assert f"job-{outbox_id}" in (await admin.get(f"/t/{tenant_a.slug}/jobs")).text
    assert (await admin.send_form(path, {"confirm": "discard"})).status_code == 303
    assert "Nothing failed" in (await admin.get(f"/t/{tenant_a.slug}/jobs")).text


async def test_many_failures_are_paged_without_losing_any(client: Client, tenant_a: TestTenant) -> None:
    wanted = {f"job-{await bury(tenant_a)}" for _ in range(35)}
    admin = await client("tenant_admin")
    first = await admin.get(f"/t/{tenant_a.slug}/jobs")
    (following,) = {part.split('"')[0] for part in first.text.split('href="')[1:] if "?before=" in part.split('"')[0]}
    second = await admin.get(following)
    shown = {f"job-{part[:36]}" for page in (first, second) for part in page.text.split('id="job-')[1:]}
    assert shown == wanted
    assert (await admin.get(f"/t/{tenant_a.slug}/jobs?before=nonsense")).status_code == 404


async def test_another_tenants_work_does_not_exist_here(
    client: Client, tenant_a: TestTenant, tenant_b: TestTenant
) -> None:
    theirs = await bury(tenant_b)
    admin = await client("tenant_admin")
    assert str(theirs) not in (await admin.get(f"/t/{tenant_a.slug}/jobs")).text
    for verb, data in (("retry", {}), ("discard", {"confirm": "discard"})):
        assert (await admin.send_form(f"/t/{tenant_a.slug}/jobs/{theirs}/{verb}", data)).status_code == 404


@pytest.mark.parametrize("role", ["front_desk", "doctor", "team_leader"])
async def test_only_administrators_see_failed_work(client: Client, tenant_a: TestTenant, role: str) -> None:
    other = await client(role)
    assert (await other.get(f"/t/{tenant_a.slug}/jobs")).status_code == 403
    assert "/jobs" not in (await other.get(f"/t/{tenant_a.slug}")).text
