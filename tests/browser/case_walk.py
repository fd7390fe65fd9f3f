"""One grave case as the people of a clinic and their customer walk it: every step is a page that somebody opens and fills in."""

import io
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.browser.desk import Desk, OpenDesk, OpenPhone, zh
from tests.browser.live_site import LiveSite

HOME: Final = ZoneInfo("Asia/Shanghai")
CUSTOMER: Final = "沈知秋"
PHONE: Final = "13905468821"
DOCTOR: Final = "许医生"
"""Whose work the report is about."""
EXPERTS: Final = (("王振华", "农业大学兽医学院 教授"), ("李淑敏", "市宠物诊疗行业协会 主任医师"))
REPORT: Final = {
    "facts": "14:05 诱导麻醉。\n14:32 起麻醉记录单上没有血氧数值。\n14:41 发现心跳停止，立即抢救。\n15:10 宣告死亡。",
    "finding": "听证会认定：监护记录中断九分钟，监护人员离开手术室。",
    "shortcomings": "监护记录中断九分钟，监护人员离开手术室时没有人接替。",
    "remedy": "退还手术费用，承担安葬费用。",
    "plan": "手术期间监护岗位不得空缺；每五分钟记录一次血氧并签字。",
}


def photo(words: str) -> FilePayload:
    """A small picture as a phone makes it."""
    picture = Image.new("RGB", (640, 480), "#dfe7ee")
    ImageDraw.Draw(picture).text((40, 200), words, fill="#203040")
    content = io.BytesIO()
    picture.save(content, "JPEG")
    return {"name": "IMG_0412.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


class CaseWalk:
    """The case, and who does what with it; each method is one person's part."""

    def __init__(self, desk: OpenDesk, phone: OpenPhone, site: LiveSite, title: str) -> None:
        self._desk, self._phone, self._site = desk, phone, site
        self.title = title
        self.case = ""
        """The path of the case at the desk."""
        self.status = ""
        """The address of the customer's page."""

    @staticmethod
    async def picture(page: Page, name: str) -> None:
        """Keep a picture of the page when somebody wants to look at the walk: ANXIN_PICTURES=folder."""
        if folder := os.environ.get("ANXIN_PICTURES"):
            await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    async def sit_down(self, role: str) -> Desk:
        """Somebody signs in and opens the case from the list."""
        desk = await self._desk(role)
        if not self.case:
            await desk.open("Complaints")
            await desk.page.locator("#complaint-table .row-link", has_text=self.title).click()
            await self.at_case(desk)
            self.case = desk.page.url
        else:
            await self.back(desk)
        return desk

    async def back(self, desk: Desk) -> None:
        await desk.page.goto(self.case)
        await self.at_case(desk)

    async def at_case(self, desk: Desk) -> None:
        await desk.page.get_by_role("heading", level=1, name=self.title).wait_for()

    def local_time(self, ago: timedelta = timedelta(0)) -> str:
        """What somebody types into a field for a time."""
        return (self._site.now() - ago).astimezone(HOME).strftime("%Y-%m-%dT%H:%M")

    # The customer

    async def file(self) -> Page:
        """The poster's page on a phone: what happened, a photo, a way back."""
        page = await self._phone(f"{self._site.url}/c/{self._site.welcome.filing_code}")
        await page.get_by_label(zh("In your words")).fill(
            f"{self.title}。我家布偶猫今天下午做绝育，手术中死亡，没有人出来说明，请给我一个交代。"
        )
        await page.get_by_label(zh("How can we make it right?")).fill("书面说明原因，退还手术费用")
        await page.set_input_files("[name=photos]", files=[photo("surgery record 14:41")])
        await expect(page.locator(".previews li")).to_have_count(1)
        await page.get_by_label(zh("Your name")).fill(CUSTOMER)
        await page.get_by_label(zh("Mobile number")).fill(PHONE)
        await page.get_by_role("button", name=zh("Send"), exact=True).click()
        await page.wait_for_url(re.compile(r"/s/"))
        self.status = page.url
        await expect(page.locator("main")).to_contain_text("10 分钟内负责人到场")
        return page

    # The first hour

    async def confirm_level(self, leader: Desk) -> None:
        page = leader.page
        await expect(page.locator(".page-header")).to_contain_text(zh("L3 major"))
        why = page.locator(".card", has=page.get_by_role("heading", name=zh("Why this level")))
        await expect(why).to_contain_text("应急预案 §3.3")
        await expect(why.locator("mark").filter(has_text="死").first).to_be_visible()
        await page.locator('#origin form[action$="/level/confirm"] button').click()
        await expect(page.locator("#origin")).to_contain_text(self._confirmed())

    @staticmethod
    def _confirmed() -> str:
        return zh("Confirmed %(when)s").partition("%(")[0].strip()

    async def arrive(self, leader: Desk) -> None:
        """Within ten minutes: on site, and what was said with the customer."""
        await self.complete(leader, "leader_on_site")
        page = leader.page
        await page.locator("label[for=compose-call], .compose-tab:has(#compose-call)").click()
        form = page.locator("form#log-call")
        await self.choose(form, "way", "in_person")
        await form.locator("[name=words]").fill("当面致歉，请客户在安静的房间坐下，说明会封存病历并书面答复")
        await form.locator("[name=outcome]").fill("客户同意等待听证会")
        await form.locator("[name=minutes]").fill("12")
        await form.get_by_role("button", name=zh("Log the contact")).click()
        await self.toasted(leader)
        await expect(page.locator("#history")).to_contain_text("客户同意等待听证会")
        await self.done(leader, "组长到达现场")

    async def complete(self, desk: Desk, step: str, **words: str) -> None:
        """Fill in what a step asks and send it: the first option of each choice, and these words."""
        form = desk.page.locator(f"form#form-{step}")
        if not await form.is_visible():
            await desk.page.locator(f"#step-{step} > summary").click()
        for group in await form.locator("fieldset").all():
            await group.locator("input[type=radio], input[type=checkbox]").first.check()
        for box in await form.locator("textarea, input[type=text]").all():
            name = (await box.get_attribute("name") or "").rpartition(".")[2]
            await box.fill(words.get(name, "已按预案办理"))
        async with desk.page.expect_navigation():
            await form.get_by_role("button", name=zh("Mark as done")).click()
        await self.toasted(desk)

    async def done(self, desk: Desk, label: str) -> None:
        step = desk.page.locator(".stepper .step", has_text=label).first
        await expect(step).to_have_attribute("data-state", re.compile("done|late"))

    async def toasted(self, desk: Desk) -> None:
        await desk.page.locator("#toasts > *").first.wait_for()

    @staticmethod
    async def choose(form: Locator, name: str, value: str) -> None:
        """Press a card or a segment as a finger does; the input itself may be hidden."""
        await form.locator(f"label:has(input[name='{name}'][value='{value}'])").first.click()
        await expect(form.locator(f"input[name='{name}'][value='{value}']")).to_be_checked()
