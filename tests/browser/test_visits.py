"""A visit as people live it: the estimate, a bill over 130 % of it, the customer's new word on the phone, checkout, e-bill."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import Desk, OpenDesk, OpenPhone, zh

pytestmark = pytest.mark.browser


async def _start_visit(desk: Desk) -> None:
    """A new customer with a cat, and a visit of both in two taps."""
    await desk.open("Customers")
    await desk.page.get_by_role("link", name=zh("New customer")).click()
    await desk.page.fill("[name=full_name]", f"郑{uuid4().hex[:6]}")
    await desk.page.fill("[name=phone]", f"139{uuid4().int % 10**8:08d}")
    await desk.page.fill("[name=pet_name]", "麻薯")
    await desk.page.select_option("[name=species]", "cat")
    await desk.press("Save")
    await desk.page.wait_for_url(re.compile(r"/customers/[0-9a-f-]{36}$"))
    await desk.press("Start a visit")
    await desk.press("Start", within="dialog#start-visit")
    await desk.page.wait_for_url(re.compile(r"/visits/[0-9a-f-]{36}$"))


async def _give_estimate(desk: Desk, *items: str) -> None:
    rows = desk.page.locator("#give-estimate [name=item]")
    for number, item in enumerate(items):
        await rows.nth(number).fill(item)
    await desk.press("Give it to the customer")
    await desk.page.wait_for_url(re.compile(r"/visits/[0-9a-f-]{36}#?"))


async def _agree(phone: Page, name: str) -> None:
    await phone.get_by_text(zh("Type your name instead")).click()
    await phone.locator("[name=signature__typed]").fill(name)
    await phone.locator("#answer button[value=accepted]").click()
    await expect(phone.locator("#answer")).to_have_count(0)


async def _add_line(desk: Desk, item: str) -> None:
    await desk.page.locator("#add-line [name=item]").fill(item)
    await desk.page.locator("#add-line button").click()


@pytest.mark.parametrize("width", [1366, 390])
async def test_a_bill_over_the_estimate_waits_for_the_customers_new_word(
    desk: OpenDesk, phone: OpenPhone, width: int
) -> None:
    front_desk = await desk("front_desk", "xingfu", width=width)
    page = front_desk.page
    await _start_visit(front_desk)
    await page.locator("#estimate").get_by_role("link", name=zh("Give an estimate")).click()
    await _give_estimate(front_desk, "C02", "E01")
    link = await page.locator("#customer-page a.link").get_attribute("href")
    assert link
    owner = await phone(link)
    await expect(owner.locator("main")).to_contain_text("¥180.00")
    await _agree(owner, "郑先生")

    await page.reload()
    await front_desk.press("Begin the bill")
    await _add_line(front_desk, "D01")
    meter = page.locator("#bill .meter")
    await expect(meter).to_contain_text("¥260.00")
    await expect(meter).to_have_attribute("data-state", "danger")
    await expect(page.get_by_role("button", name=zh("Make the bill final"))).to_have_count(0)
    await page.locator("#bill").get_by_role("link", name=zh("Give a new estimate")).click()
    await _give_estimate(front_desk)

    await owner.reload()
    await expect(owner.locator("main")).to_contain_text("¥260.00")
    await _agree(owner, "郑先生")
    await page.reload()
    await expect(meter).to_have_attribute("data-state", "ok")
    await front_desk.press("Make the bill final")
    await page.locator("#checkout [name=explained]").check()
    await page.locator("#checkout button[type=submit]").click()
    await page.locator("#toasts", has_text="¥260.00").wait_for()

    await owner.reload()
    await expect(owner.locator("main")).to_contain_text(zh("Paid, thank you"))
    for words in ("诊疗费", "检查费", "药品费", "狂犬疫苗"):
        await expect(owner.locator("main")).to_contain_text(words)
    printed = await owner.request.get(f"{link}/bill.pdf")
    assert (await printed.body()).startswith(b"%PDF")
