"""What proves the steps of a walked case: the locker, the hearing with its experts, the written report, the staff record."""

import re
from datetime import timedelta

from playwright.async_api import FilePayload, Page, expect

from tests.browser.case_walk import CaseWalk, photo
from tests.browser.desk import Desk, OpenPhone, zh
from tests.browser.live_site import LiveSite

DOCTOR = "许医生"
"""Whose work the report is about."""
EXPERTS = (("王振华", "农业大学兽医学院 教授"), ("李淑敏", "市宠物诊疗行业协会 主任医师"))
MINUTES = "15:00 开始。核对麻醉记录单与监控录像，询问当班人员。14:32 至 14:41 无血氧记录，监护人员不在手术室。"
FINDING = "监护中断与死亡有关，医院承担主要责任"
REPORT = {
    "facts": "14:05 诱导麻醉。\n14:32 起麻醉记录单上没有血氧数值。\n14:41 心跳停止，立即抢救。\n15:10 宣告死亡。",
    "finding": "听证会认定：监护记录中断九分钟，监护人员离开手术室。",
    "shortcomings": "监护记录中断九分钟，监护人员离开手术室时没有人接替。",
    "remedy": "退还手术费用，承担安葬费用。",
    "plan": "手术期间监护岗位不得空缺；每五分钟记录一次血氧并签字。",
}


class Locker:
    """The evidence of the case, by the administrative officer and who may hold it."""

    def __init__(self, walk: CaseWalk) -> None:
        self.walk = walk

    async def secure(self, desk: Desk) -> None:
        """Records, video and messages: kept byte for byte, then sealed."""
        page = desk.page
        await page.get_by_role("link", name=zh("Open the locker")).click()
        await expect(page.locator("#pieces")).to_contain_text("IMG_0412")
        for kind, label, name, content in (
            ("video", "手术室监控 14:00-15:20", "room2.mp4", b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 4000),
            ("medical_record", "麻醉记录单照片", "record.jpg", photo("anaesthesia 14:32")["buffer"]),
        ):
            form = page.locator("form#add-files")
            await form.locator("[name=kind]").select_option(kind)
            await form.locator("[name=label]").fill(label)
            file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            await form.locator("[name=files]").set_input_files(files=[file])
            await form.get_by_role("button", name=zh("Secure it")).click()
            await expect(page.locator("#pieces")).to_contain_text(label)
        await self.write_down(
            page, "chat_record", "与主人的微信记录", "主人：手术顺利吗？\n医院：正在抢救，请您马上到院。"
        )
        await page.locator("form#seal-form [name=reason]").fill("三级投诉，一小时内固定初步证据")
        await page.locator("form#seal-form button").click()
        await expect(page.locator(".page-header")).to_contain_text(zh("Sealed"))

    async def write_down(self, page: Page, kind: str, label: str, words: str) -> None:
        await page.get_by_text(zh("Write it down instead")).click()
        form = page.locator("form#add-text")
        await form.locator("[name=kind]").select_option(kind)
        await form.locator("[name=label]").fill(label)
        await form.locator("[name=words]").fill(words)
        await form.get_by_role("button", name=zh("Secure it")).click()
        await expect(page.locator("#pieces")).to_contain_text(label)

    async def hold(self, desk: Desk) -> None:
        """Nobody erases anything of it until the hold is lifted."""
        await desk.page.get_by_role("link", name=zh("Open the locker")).click()
        await desk.page.locator("form#hold-form [name=reason]").fill("可能诉讼")
        await desk.page.locator("form#hold-form button").click()
        await expect(desk.page.locator(".page-header")).to_contain_text(zh("Legal hold"))


class Hearing:
    """The hearing: planned and written at the desk, read and signed by experts behind their links."""

    def __init__(self, walk: CaseWalk, phone: OpenPhone, site: LiveSite) -> None:
        self.walk, self._phone, self._site = walk, phone, site
        self.path = ""
        self.experts: list[Page] = []

    async def plan(self, leader: Desk) -> None:
        page = leader.page
        await page.get_by_role("link", name=zh("Plan a hearing")).click()
        form = page.locator("form#plan-form")
        await form.locator("[name=starts_at]").fill(self.walk.local_time(-timedelta(hours=2)))
        await form.locator("[name=place]").fill("二楼会议室")
        await form.locator("[name=agenda]").fill("核对麻醉过程与监护记录，形成初步责任认定")
        await form.get_by_role("button", name=zh("Plan the hearing")).click()
        await page.wait_for_url(re.compile(r"/hearings/[0-9a-f-]{36}"))
        self.path = page.url

    async def invite(self, leader: Desk) -> None:
        """Each expert gets a link by message and the word by phone; a colleague of the house comes too."""
        page = leader.page
        for name, standing in EXPERTS:
            form = page.locator("form#expert-form")
            await form.locator("[name=full_name]").fill(name)
            await form.locator("[name=standing]").fill(standing)
            await form.get_by_role("button", name=zh("Invite")).click()
            await expect(page.locator("#told")).to_contain_text(name)
            word = await page.locator("#word").inner_text()
            link = await page.locator("#link").inner_text()
            self.experts.append(await self._enter(link, word))
        await page.locator("form#staff-form [name=staff_id]").select_option(label="高组长")
        await page.locator("form#staff-form button").click()
        await expect(page.locator("#house")).to_contain_text("高组长")
        record = page.locator("#released li", has_text="麻醉记录单照片")
        await record.get_by_role("button", name=zh("Release"), exact=True).click()
        await expect(record).to_contain_text(zh("Released"))

    async def _enter(self, link: str, word: str) -> Page:
        page = await self._phone(link)
        await page.locator("[name=word]").fill("AAAAAA")
        await page.locator("form#word button").click()
        await expect(page.locator("main")).to_contain_text(
            zh("This is not the word, or it was used already. Wait a moment before you try again.")
        )
        await page.goto(page.url)
        await expect(page).to_have_url(link)  # the address of a refused form leads back to its page
        self._site.move_clock(timedelta(seconds=3))  # a second try at once would not count
        await page.locator("[name=word]").fill(word)
        await page.locator("form#word button").click()
        await page.locator("#case").wait_for()
        return page

    async def refuse_another(self, link_of: int = 0) -> None:
        """A link that somebody else got hold of opens nothing."""
        stranger = await self._phone(self.experts[link_of].url)
        await expect(stranger.locator("main")).to_contain_text(zh("This link belongs to another browser"))
        await stranger.close()

    async def look(self, expert: Page) -> None:
        await expert.goto(expert.url.partition("#")[0])
        await expect(expert.locator("#case")).to_contain_text("手术中死亡")
        text = await expert.locator("main").inner_text()
        assert "沈知秋" not in text, "experts read no name of the customer"
        assert "13905468821" not in text.replace(" ", "")
        await expert.get_by_role("button", name=zh("Look at it")).first.click()
        await expect(expert.locator("main img")).to_be_visible()
        await expert.go_back()

    async def write_minutes(self, leader: Desk) -> None:
        page = leader.page
        await page.goto(self.path)
        form = page.locator("form#minutes-form")
        await form.locator("[name=held_at]").fill(self.walk.local_time(timedelta(minutes=40)))
        await form.locator("[name=minutes]").fill(MINUTES)
        await form.locator("[name=finding]").fill(FINDING)
        await form.locator("[name=shares]").fill("医院 80\n不可预见的麻醉风险 20")
        await form.get_by_role("button", name=zh("Finish and seal the minutes")).click()
        await expect(page.locator("#finding")).to_contain_text(FINDING)

    async def sign(self, page: Page, name: str, *, dissent: str = "") -> None:
        form = page.locator("form#sign-form")
        await CaseWalk.choose(form, "stance", "dissents" if dissent else "agrees")
        if dissent:
            await form.locator("[name=words]").fill(dissent)
        await form.get_by_text(zh("Type your name instead")).click()
        await form.locator("[name=signature__typed]").fill(name)
        await form.get_by_role("button", name=zh("Sign"), exact=True).click()
        await expect(page.locator("form#sign-form")).to_have_count(0)


class Report:
    """The written report: drafted, sent back, approved, delivered with a receipt, entered in a file."""

    def __init__(self, walk: CaseWalk) -> None:
        self.walk = walk

    async def write(self, leader: Desk) -> None:
        page = leader.page
        await page.get_by_role("button", name=zh("Begin the report")).click()
        form = page.locator("form#write")
        for part, words in REPORT.items():
            await form.locator(f"[name={part}]").fill(words)
        await form.locator("label:has(input[name=options])").last.click()
        await form.get_by_role("button", name=zh("Submit for approval")).click()
        await expect(page.locator("#waiting")).to_contain_text("监护记录中断九分钟")

    async def send_back(self, director: Desk, why: str) -> None:
        """From the director's own list."""
        page = director.page
        await director.open("Written reports")
        await page.get_by_role("link", name=self.walk.title).click()
        await page.locator("form#decide [name=reason]").fill(why)
        await page.get_by_role("button", name=zh("Send back")).click()
        await self.walk.toasted(director)

    async def submit_again(self, leader: Desk) -> None:
        page = leader.page
        await page.get_by_role("link", name=zh("Open the report")).click()
        await page.locator("form#write [name=facts]").fill(REPORT["facts"] + "\n15:20 告知主人。")
        await page.get_by_role("button", name=zh("Submit for approval")).click()
        await expect(page.locator("#waiting")).to_contain_text("15:20 告知主人")

    async def approve(self, director: Desk) -> None:
        page = director.page
        await director.open("Written reports")
        await page.get_by_role("link", name=self.walk.title).click()
        await page.get_by_role("button", name=zh("Approve"), exact=True).click()
        await page.get_by_role("button", name=zh("Put it on the customer's page")).click()
        await self.walk.toasted(director)

    async def receive(self, customer: Page) -> None:
        """The customer opens it, which is the receipt, reads the PDF and signs."""
        await customer.goto(self.walk.status)
        await customer.get_by_role("link", name=zh("Read the report")).click()
        await customer.get_by_role("button", name=zh("Open the report")).click()
        await expect(customer.locator("main")).to_contain_text(REPORT["shortcomings"])
        pdf = await customer.request.get(f"{self.walk.status}/report.pdf")
        assert pdf.status == 200
        assert (await pdf.body()).startswith(b"%PDF-")
        form = customer.locator("form#answer")
        await CaseWalk.choose(form, "answer", "signed")
        await form.get_by_text(zh("Type your name instead")).click()
        await form.locator("[name=signature__typed]").fill("沈知秋")
        await form.get_by_role("button", name=zh("Send"), exact=True).click()
        await expect(customer.locator("#answered")).to_contain_text("沈知秋")

    async def enter_record(self, leader: Desk) -> None:
        page = leader.page
        await page.get_by_role("link", name=re.compile(zh("Staff records"))).last.click()
        form = page.locator("form#enter")
        await form.locator("[name=staff_id]").select_option(label=DOCTOR)
        await form.locator("[name=involvement]").fill("当班麻醉监护")
        await form.locator("[name=finding]").fill("14:32 至 14:41 不在手术室")
        await form.locator("[name=learned]").fill("离开前必须有人接替并签字")
        await CaseWalk.choose(form, "measure", "training")
        await form.get_by_role("button", name=zh("Enter the record")).click()
        await self.walk.toasted(leader)

    async def reply(self, doctor: Desk) -> None:
        """The person reads it and says their own words to it, from the start page."""
        page = doctor.page
        await page.goto(doctor.root)
        await page.locator("#home-records").get_by_role("link", name=self.walk.title).click()
        await page.get_by_role("button", name=zh("I have read it")).click()
        await self.walk.toasted(doctor)
        await page.locator("form#reply [name=text]").fill("当时隔壁手术需要协助，已建议增加一名监护人员。")
        await page.get_by_role("button", name=zh("Reply"), exact=True).click()
        await expect(page.locator("main")).to_contain_text("已建议增加一名监护人员")
