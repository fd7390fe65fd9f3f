"""How a walked case ends: what is given, what the customer says to it, what is changed because of it, and what others learn."""

import re
from datetime import timedelta
from typing import Final
from uuid import uuid4

from playwright.async_api import Page, expect

from core.tenancy.queries import list_branches
from tenants.passwords import Passwords
from tenants.staff import add_person
from tests.browser.case_proof import DOCTOR
from tests.browser.case_walk import CUSTOMER, PHONE, CaseWalk
from tests.browser.desk import Desk, zh
from tests.browser.live_site import LiveSite

LESSON: Final = "监护岗位无人接替：手术排班没有写明第二名监护人员"
ACTION: Final = "每台手术排班写明两名监护人员，离开须签字交接"


class Amends:
    """What is offered, within a limit and above it."""

    def __init__(self, walk: CaseWalk) -> None:
        self.walk = walk

    async def offer(self, desk: Desk, kind: str, label: str, yuan: str) -> None:
        page = desk.page
        await page.locator("#remedies").get_by_role("link", name=zh("Offer something")).click()
        form = page.locator("form#remedy")
        await CaseWalk.choose(form, "kind", kind)
        await form.locator("[name=label]").fill(label)
        await form.locator("[name=cost]").fill(yuan)
        await form.get_by_role("button", name=zh("Offer it")).click()
        await self.walk.at_case(desk)
        await expect(page.locator("#remedies")).to_contain_text(label)

    async def approve(self, director: Desk, label: str) -> None:
        """From the list of what waits for a decision."""
        await director.page.goto(f"{director.root}/decide/remedies")
        card = director.page.locator(".card", has_text=label).filter(has_text=self.walk.title)
        await card.get_by_role("button", name=zh("Approve"), exact=True).click()
        await self.walk.toasted(director)
        await expect(card).to_have_count(0)

    async def accept(self, customer: Page, label: str) -> None:
        await customer.goto(self.walk.status)
        card = customer.locator("[id^=proposal-]", has_text=label)
        await CaseWalk.choose(card, "answer", "yes")
        await card.get_by_role("button", name=zh("Send my answer")).click()
        await expect(customer.locator("#remedies")).to_contain_text(label)

    async def give(self, desk: Desk, label: str) -> None:
        line = desk.page.locator("#remedies li", has_text=label)
        await line.get_by_role("button", name=zh("Give it now")).click()
        await expect(desk.page.locator("#remedies li", has_text=label)).to_contain_text(zh("Given"))


class Closing:
    """The customer's answer, the cause, the action and its check, the archive and the library."""

    def __init__(self, walk: CaseWalk, site: LiveSite) -> None:
        self.walk, self._site = walk, site

    async def answer(self, customer: Page) -> None:
        """Satisfied, with a rating."""
        await customer.goto(self.walk.status)
        form = customer.locator("form#answer")
        await CaseWalk.choose(form, "satisfied", "yes")
        await CaseWalk.choose(form, "rating", "4")
        await form.locator("[name=words]").fill("说明清楚，希望真的改")
        await form.get_by_role("button", name=zh("Send"), exact=True).click()
        await expect(customer.locator("form#answer")).to_have_count(0)

    async def name_cause(self, leader: Desk) -> None:
        page = leader.page
        await page.get_by_role("link", name=zh("Cause and actions")).click()
        form = page.locator("form#cause-form")
        await form.locator("[name=cause]").select_option(index=2)
        await form.locator("[name=words]").fill(f"{LESSON}（{DOCTOR}当班，客户{CUSTOMER} {PHONE}）")
        await form.get_by_role("button", name=zh("Save the cause")).click()
        await expect(page.locator("#cause")).to_contain_text(LESSON)

    async def add_action(self, leader: Desk) -> None:
        page = leader.page
        await page.locator("#action-open > summary").click()
        form = page.locator("form#action-form")
        await form.locator("[name=words]").fill(ACTION)
        await form.locator("[name=owner_id]").select_option(label="马护士长")
        await form.locator("[name=due_on]").fill((self._site.now() + timedelta(days=7)).strftime("%Y-%m-%d"))
        await form.get_by_role("button", name=zh("Add the action")).click()
        await expect(page.locator("#actions")).to_contain_text("马护士长")

    async def finish_action(self, nurse: Desk) -> None:
        page = nurse.page
        await page.get_by_role("link", name=zh("Cause and actions")).click()
        await page.locator("#actions summary", has_text=zh("It is done")).click()
        await page.locator("form[id$=-form] [name=words]:visible").fill("排班表已改版，六台手术均有两人签字")
        await page.get_by_role("button", name=zh("Mark as done")).click()
        await expect(page.locator("#actions")).to_contain_text("六台手术均有两人签字")

    async def check_action(self, director: Desk) -> None:
        page = director.page
        await page.get_by_role("link", name=zh("Cause and actions")).click()
        await page.locator("#actions summary", has_text=zh("Does it work?")).click()
        form = page.locator("form[id^=check-]")
        await CaseWalk.choose(form, "effective", "yes")
        await form.locator("[name=words]").fill("抽查三十台手术，监护记录完整，无同类投诉")
        await form.get_by_role("button", name=zh("Save the check")).click()
        await expect(page.locator("#actions")).to_contain_text("抽查三十台手术")

    async def archive(self, director: Desk) -> None:
        await director.press("Archive")
        await self.walk.toasted(director)
        await expect(
            director.page.locator(".page-header").get_by_role("button", name=zh("Archive"), exact=True)
        ).to_have_count(0)

    async def make_entry(self, director: Desk) -> str:
        """Nobody can be known by what is published; returns the address of the entry."""
        page = director.page
        await page.get_by_role("link", name=zh("Cause and actions")).click()
        await page.get_by_role("button", name=zh("Make an entry of it")).click()
        await expect(page.locator("#marked del").first).to_be_visible()
        await page.get_by_label(zh("I have read it whole: it names nobody")).check()
        await page.get_by_role("button", name=zh("Publish"), exact=True).click()
        await self.walk.toasted(director)
        await page.wait_for_url(re.compile(r"/library"))
        return page.url

    async def hire_elsewhere(self, branch: str) -> str:
        """Somebody at the front desk of another branch; returns how they sign in."""
        login = f"desk-{uuid4().hex[:6]}@dongying.example"
        tenant_id = await self._site.tenant_id()
        workplace = self._site.workplace()
        try:
            async with workplace.unit(tenant_id) as uow:
                branch_id = next(one.branch_id for one in await list_branches(uow) if one.name == branch)
                await add_person(
                    uow, Passwords(), full_name="赵前台", login=login, password=self._site.password,
                    roles=("front_desk",), branch_id=branch_id,
                )  # fmt: skip
        finally:
            await workplace.aclose()
        return login

    async def find_entry(self, colleague: Desk) -> None:
        """What another branch reads: the lesson, and nobody's name."""
        page = colleague.page
        await colleague.open("Case library")
        await page.locator("form#search [name=q]").fill("监护岗位")
        await page.locator("form#search button").click()
        await page.locator("#entries .row-link", has_text="手术中宠物死亡").first.click()
        await page.locator("#lesson").wait_for()
        text = "\n".join(await page.locator(".marked-text").all_inner_texts())
        assert "监护岗位无人接替" in text
        for secret in (CUSTOMER, PHONE, DOCTOR, "高组长", "林院长", "李淑敏"):
            assert secret not in text, f"{secret} stands in the library"
