"""A pet died in surgery: from the customer's phone to the entry in the case library, each step by who does it."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Page

from tests.browser.case_end import Amends, Closing
from tests.browser.case_proof import Hearing, Locker, Report
from tests.browser.case_tamper import Tamperer
from tests.browser.case_walk import CaseWalk
from tests.browser.desk import Desk, OpenDesk, OpenPhone, Windows
from tests.browser.live_site import LiveSite, open_site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_site(valkey: str) -> Iterator[LiveSite]:
    """A site of its own: a month passes here, after which links and calls of the others would be over."""
    with open_site(valkey, place=1) as site:
        yield site


async def _first_hour(walk: CaseWalk, leader: Desk) -> Locker:
    """On site within ten minutes, the evidence sealed within the hour and held, the director told."""
    await walk.confirm_level(leader)
    await walk.arrive(leader)
    await walk.picture(leader.page, "03-arrived")
    officer = await walk.sit_down("admin_officer")
    locker = Locker(walk)
    await locker.secure(officer)
    await walk.picture(officer.page, "04-locker")
    await walk.back(officer)
    await walk.done(officer, "证据固定")
    director = await walk.sit_down("director")
    await locker.hold(director)
    await walk.back(leader)
    await walk.complete(leader, "report_to_director_and_counsel")
    for one in (officer, director):
        await one.page.close()
    return locker


async def _hearing(walk: CaseWalk, hearing: Hearing, leader: Desk, site: LiveSite, windows: Windows) -> None:
    """Within a day, with two experts from outside; one of them dissents."""
    await hearing.plan(leader)
    await hearing.invite(leader)
    await walk.picture(leader.page, "05-hearing")
    await hearing.refuse_another()
    windows.forget("403 (Forbidden)")
    await hearing.look(hearing.experts[0])
    await walk.picture(hearing.experts[0], "06-expert")
    site.move_clock(timedelta(hours=2, minutes=45))
    await hearing.write_minutes(leader)
    await hearing.sign(leader.page, "高组长")
    await walk.picture(leader.page, "07-minutes")
    for expert, name, dissent in zip(hearing.experts, ("王振华", "李淑敏"), ("", "认定比例偏低"), strict=True):
        await expert.reload()
        await hearing.sign(expert, name, dissent=dissent)
    await walk.picture(hearing.experts[1], "08-signed")
    await walk.back(leader)
    await walk.done(leader, "内部听证会")
    await walk.complete(leader, "formal_communication", outcome="当面说明听证结论，客户要求书面报告")


async def _report(walk: CaseWalk, report: Report, leader: Desk, customer: Page) -> None:
    """Sent back once, approved, received by the customer, entered in a file whose owner replies."""
    await report.write(leader)
    await walk.picture(leader.page, "09-report")
    director = await walk.sit_down("director")
    await report.send_back(director, "请写明何时告知主人")
    await walk.back(leader)
    await report.submit_again(leader)
    await report.approve(director)
    await report.receive(customer)
    await walk.picture(customer, "10-report-received")
    await walk.back(leader)
    await walk.done(leader, "报告送达客户")
    await report.enter_record(leader)
    doctor = await walk.sit_down("doctor")
    await report.reply(doctor)
    await walk.picture(doctor.page, "11-reply")
    for one in (director, doctor):
        await one.page.close()


async def _amends(walk: CaseWalk, leader: Desk, customer: Page) -> None:
    """One remedy within the leader's limit, one above the supervisor's, which somebody else approves."""
    amends = Amends(walk)
    await walk.back(leader)
    await amends.offer(leader, "gift", "承担安葬费用", "800")
    supervisor = await walk.sit_down("service_supervisor")
    await amends.offer(supervisor, "fee_reduction", "退还手术费用", "2600")
    director = await walk.sit_down("director")
    await amends.approve(director, "退还手术费用")
    for label in ("承担安葬费用", "退还手术费用"):
        await amends.accept(customer, label)
        await walk.back(leader)
        await amends.give(leader, label)
    await walk.picture(leader.page, "12-remedies")
    for one in (supervisor, director):
        await one.page.close()


async def _close(walk: CaseWalk, closing: Closing, leader: Desk, customer: Page, site: LiveSite) -> Desk:
    """The cause, an action with owner and date, the customer's word, and a month later whether it works."""
    await closing.name_cause(leader)
    await closing.add_action(leader)
    await walk.picture(leader.page, "13-closing")
    nurse = await walk.sit_down("head_nurse")
    await closing.finish_action(nurse)
    await closing.answer(customer)
    await walk.picture(customer, "14-answered")
    for one in (leader, nurse):
        await one.page.close()
    site.move_clock(timedelta(days=31))
    director = await walk.sit_down("director")
    await closing.check_action(director)
    await walk.back(director)
    await walk.picture(director.page, "15-before-archive")
    await closing.archive(director)
    return director


async def _tamper(site: LiveSite, complaint_id: UUID) -> None:
    """The locker holds; one bit of a file or one word of a row, changed by whoever owns the server, is named."""
    tamperer = Tamperer(site, complaint_id)
    status, said = await tamperer.verify()
    assert status == 0, said
    await tamperer.turn_a_bit("手术室监控 14:00-15:20")
    status, said = await tamperer.verify()
    assert status == 1
    assert "手术室监控" in said
    assert "the file is not the one that was sealed" in said
    await tamperer.turn_a_bit("手术室监控 14:00-15:20")
    await tamperer.rename("麻醉记录单照片", "麻醉记录单")
    status, said = await tamperer.verify()
    assert status == 1
    assert "the record shows something else than what was sealed" in said
    await tamperer.rename("麻醉记录单", "麻醉记录单照片")
    status, said = await tamperer.verify()
    assert status == 0, said


async def test_a_grave_case_is_walked_from_the_phone_to_the_library(
    desk: OpenDesk, phone: OpenPhone, windows: Windows, live_site: LiveSite
) -> None:
    walk = CaseWalk(desk, phone, live_site, f"手术中宠物死亡，单号{uuid4().hex[:6]}")
    customer = await walk.file()
    await walk.picture(customer, "01-status")
    leader = await walk.sit_down("team_leader")
    await walk.picture(leader.page, "02-case")
    await _first_hour(walk, leader)
    await _hearing(walk, Hearing(walk, phone, live_site), leader, live_site, windows)
    await _report(walk, Report(walk), leader, customer)
    await _amends(walk, leader, customer)
    closing = Closing(walk, live_site)
    director = await _close(walk, closing, leader, customer, live_site)
    await closing.make_entry(director)
    await walk.picture(director.page, "16-entry")
    await customer.reload()
    await walk.picture(customer, "17-closed")
    await _tamper(live_site, UUID(walk.case.rpartition("/")[2]))
    colleague = await desk(login=await closing.hire_elsewhere("西城分院"))
    await closing.find_entry(colleague)
    await walk.picture(colleague.page, "18-library")
