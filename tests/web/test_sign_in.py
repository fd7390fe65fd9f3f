"""Signing in, staying signed in, and signing out."""

from collections.abc import Awaitable, Callable

from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


async def test_a_person_signs_in_and_sees_their_work(client: Client, tenant_a: TestTenant) -> None:
    browser = await client("front_desk")
    page = await browser.get(f"/t/{tenant_a.slug}")
    assert page.status_code == 200, page.text
    assert "My work" in page.text
