"""A hearing from the plan to the last signature: two experts by link, one browser each, and nothing of the customer."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from core.complaints.queries.cases import get_complaint
from core.evidence.queries import list_custody
from core.hearings.actions import add_staff, finish_minutes
from core.hearings.queries import list_hearings, list_members
from core.hooks.records.events import StaffRef
from tests.evidence import SHARES, planned, secured
from tests.reports import open_clinic
from tests.webapp import Browser, cookie_flags
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
EXPERTS = (("王教授", "农业大学兽医学院"), ("李医生", "市宠物诊疗协会"))


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _plan(leader: Browser, root: str) -> str:
    case = (await leader.get(root)).text
    assert f'href="{root}/hearings"' in case
    empty = await leader.send_form(f"{root}/hearings", {"starts_at": "", "place": "", "agenda": ""})
    assert empty.status_code == 422
    form: dict[str, object] = {
        "starts_at": "2026-03-02T15:00",
        "place": "二楼会议室",
        "agenda": "周文博的投诉: 麻醉过程",
    }
    made = await leader.send_form(f"{root}/hearings", form)
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


async def _invite(leader: Browser, hearing: str, name: str, standing: str) -> tuple[str, str]:
    page = await leader.send_form(f"{hearing}/experts", {"full_name": name, "standing": standing})
    assert page.status_code == 200, page.text
    word, link = re.search(r'id="word">([^<]+)<', page.text), re.search(r'id="link">[^<]*(/h/[^<]+)<', page.text)
    assert word is not None
    assert link is not None
    assert word[1] not in (await leader.get(hearing)).text, "the word is shown this once"
    return link[1], word[1]


async def _enter(expert: Browser, link: str, word: str, clock: MovableClock) -> Browser:
    assert "周文博" not in (await expert.get(link)).text
    assert (await expert.send_form(f"{link}/open", {"word": "000000"})).status_code == 422
    clock.advance(timedelta(seconds=5))
    opened = await expert.send_form(f"{link}/open", {"word": word})
    assert opened.status_code == 303, opened.text
    flags = cookie_flags(opened, next(one for one in opened.cookies if one.startswith("__Host-anxin-hearing-")))
    assert flags["httponly"]
    assert flags["secure"]
    return expert


async def test_a_hearing_is_walked_from_the_plan_to_the_experts_signatures(
    client: Client, clinic: TestTenant, clock: MovableClock
) -> None:
    complaint_id = await secured(clinic)
    root = f"/t/{clinic.slug}/complaints/{complaint_id}"
    leader = await client("team_leader")
    hearing = await _plan(leader, root)
    invited = [await _invite(leader, hearing, name, standing) for name, standing in EXPERTS]
    me = clinic.staff["team_leader"].id
    assert (await leader.send_form(f"{hearing}/staff", {"staff_id": ""})).status_code == 422
    assert (await leader.send_form(f"{hearing}/staff", {"staff_id": str(me)})).status_code == 303
    page = (await leader.get(hearing)).text
    pieces = re.findall(r'name="evidence_id" value="([^"]+)"', page)
    released: dict[str, object] = {"evidence_id": pieces[2], "released": "yes"}
    assert (await leader.send_form(f"{hearing}/release", released)).status_code == 303

    experts = [await _enter(await client(None), link, word, clock) for link, word in invited]
    first, link = experts[0], invited[0][0]
    seen = (await first.get(link)).text
    assert "手术中宠物死亡" in seen
    assert "周文博" not in seen
    assert "13878106871" not in seen
    assert "微信记录" in seen
    assert "手术病历" not in seen
    assert "手术顺利" in (await first.send_form(f"{link}/evidence/{pieces[2]}")).text
    assert (await first.send_form(f"{link}/evidence/{pieces[0]}")).status_code == 404
    async with clinic.unit("team_leader") as uow:
        assert (await list_custody(uow, complaint_id))[0].by_name == "王教授"
    early = await first.send_form(f"{link}/sign", {"stance": "agrees", "signature__typed": "王教授"})
    assert early.status_code == 409
    await _finish(leader, hearing, clinic, complaint_id, clock)
    assert "14:32" in (await first.get(link)).text
    mute = await first.send_form(f"{link}/sign", {"stance": "dissents", "signature__typed": "王教授"})
    assert mute.status_code == 422
    said: dict[str, object] = {"stance": "dissents", "words": "样本不足", "signature__typed": "王教授"}
    assert (await first.send_form(f"{link}/sign", said)).status_code == 303
    agreed = await experts[1].send_form(f"{invited[1][0]}/sign", {"stance": "agrees", "signature__typed": "李医生"})
    assert agreed.status_code == 303
    assert (await first.send_form(f"{link}/sign", said)).status_code == 409
    own = await leader.send_form(f"{hearing}/sign", {"stance": "agrees", "signature__typed": "组长"})
    assert own.status_code == 303
    page = (await leader.get(hearing)).text
    assert "样本不足" in page
    assert "Has not signed yet" not in page


async def _finish(leader: Browser, hearing: str, clinic: TestTenant, complaint_id: UUID, clock: MovableClock) -> None:
    async with clinic.unit("team_leader") as uow:
        [one] = await list_hearings(uow, complaint_id)
        ids = [str(member.member_id) for member in await list_members(uow, one.hearing_id)]
        at = (uow.now - timedelta(minutes=1)).isoformat(timespec="minutes")
    form: dict[str, object] = {
        "held_at": at,
        "attended": ids[:1],
        "minutes": "14:32 起无记录",
        "finding": "监护缺失",
        "shares": "麻醉监护 70\n术前评估 20",
    }
    short = await leader.send_form(f"{hearing}/minutes", form)
    assert short.status_code == 422
    assert "The shares must make 100 percent." in short.text
    form["shares"] = "麻醉监护 70\n术前评估 30"
    few = await leader.send_form(f"{hearing}/minutes", form)
    assert few.status_code == 422
    assert "14:32 起无记录" in few.text
    done = await leader.send_form(f"{hearing}/minutes", form | {"attended": ids})
    assert done.status_code == 303, done.text
    async with clinic.unit("team_leader") as uow:
        assert "internal_hearing" in (await get_complaint(uow, complaint_id=complaint_id)).done


async def test_another_browser_is_refused_and_told_to_ask_for_a_new_word(
    client: Client, clinic: TestTenant, clock: MovableClock
) -> None:
    complaint_id = await secured(clinic)
    hearing_id, [expert, _], _ = await planned(clinic, complaint_id)
    link = f"/h/{expert.code}"
    own, other = await client(None), await client(None)
    assert (await own.send_form(f"{link}/open", {"word": expert.word})).status_code == 303
    assert (await own.get(link)).status_code == 200
    refused = await other.get(link)
    assert refused.status_code == 403
    assert "ask for a new word" in refused.text
    assert "手术中" not in refused.text
    assert (await other.send_form(f"{link}/sign", {"stance": "agrees"})).status_code == 403
    clock.advance(timedelta(seconds=5))
    assert (await other.send_form(f"{link}/open", {"word": expert.word})).status_code == 422
    leader = await client("team_leader")
    member = f"/t/{clinic.slug}/complaints/{complaint_id}/hearings/{hearing_id}/members/{expert.member_id}"
    told = await leader.send_form(f"{member}/word")
    word = re.search(r'id="word">([^<]+)<', told.text)
    assert word is not None
    clock.advance(timedelta(seconds=5))
    assert (await other.send_form(f"{link}/open", {"word": word[1]})).status_code == 303
    assert (await other.get(link)).status_code == 200
    assert (await own.get(link)).status_code == 403
    assert (await leader.send_form(f"{member}/revoke")).status_code == 303
    assert (await other.get(link)).status_code == 410


async def test_a_hearing_called_off_ends_its_links(client: Client, clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    hearing_id, [expert, _], _ = await planned(clinic, complaint_id)
    leader = await client("team_leader")
    hearing = f"/t/{clinic.slug}/complaints/{complaint_id}/hearings/{hearing_id}"
    assert (await leader.send_form(f"{hearing}/cancel")).status_code == 303
    assert (await (await client(None)).get(f"/h/{expert.code}")).status_code == 410


async def test_a_cookie_of_another_invitation_or_tenant_opens_nothing(
    client: Client, clinic: TestTenant, tenant_b: TestTenant
) -> None:
    complaint_id = await secured(clinic)
    hearing_id, [expert, second], _ = await planned(clinic, complaint_id)
    browser = await client(None)
    opened = await browser.send_form(f"/h/{expert.code}/open", {"word": expert.word})
    token = next(value for name, value in opened.cookies.items() if "hearing" in name)
    browser.cookies.set(f"__Host-anxin-hearing-{second.member_id.hex}", token, domain="anxin.test")
    assert "手术中" not in (await browser.get(f"/h/{second.code}")).text
    stranger = await client("director", tenant_b)
    path = f"/t/{tenant_b.slug}/complaints/{complaint_id}/hearings/{hearing_id}"
    assert (await stranger.get(path)).status_code == 404


async def test_who_was_invited_of_the_house_signs_without_seeing_evidence_and_others_see_no_hearing(
    client: Client, clinic: TestTenant
) -> None:
    complaint_id = await secured(clinic)
    hearing_id, experts, _ = await planned(clinic, complaint_id)
    person = clinic.staff["doctor"]
    assert person.id is not None
    async with clinic.unit("team_leader") as uow:
        ref = StaffRef(staff_id=person.id, name=person.name)
        seat = await add_staff(uow, hearing_id=hearing_id, complaint_id=complaint_id, staff=ref)
        await finish_minutes(
            uow,
            hearing_id=hearing_id,
            complaint_id=complaint_id,
            held_at=uow.now,
            attended=frozenset({one.member_id for one in experts} | {seat}),
            minutes="逐项核对",
            finding="监护缺失",
            shares=SHARES,
        )
    root = f"/t/{clinic.slug}/complaints/{complaint_id}"
    hearing = f"{root}/hearings/{hearing_id}"
    doctor = await client("doctor")
    assert hearing in (await doctor.get(root)).text
    page = (await doctor.get(hearing)).text
    assert "微信记录" not in page
    assert "/h/" not in page
    assert (await doctor.send_form(f"{hearing}/sign", {"stance": "agrees"})).status_code == 422
    signed = await doctor.send_form(f"{hearing}/sign", {"stance": "agrees", "signature__typed": "医师"})
    assert signed.status_code == 303
    desk = await client("front_desk")
    assert (await desk.get(hearing)).status_code == 404
    assert f"{root}/hearings" not in (await desk.get(root)).text
