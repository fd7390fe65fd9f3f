"""What is to decide in the browser, without script: referrals, reviews, birthdays, and the customers' own pages."""

import io
import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

import httpx
import pytest
from PIL import Image

from core.birthdays.actions import open_gifts
from core.birthdays.queries import list_due_gifts
from core.customers.actions import join_household
from core.customers.queries import find_by_phones
from core.referrals.invitations import give_referral_code
from core.referrals.queries import find_case_of, get_case
from core.reviews.actions import give_review_link
from core.reviews.queries import list_claims
from core.rewards.queries import list_coupons
from core.visits.actions.visits import give_link, open_visit
from tests.referrals import BIRTHDAY, BOTH_50, REVIEW, add_person, buy, case_of, night, pet, refer, use_rules
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant
from web.page import LOCALE_COOKIE

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
def client(client: Client) -> Client:
    """Browsers that read Chinese."""

    async def make(role: str | None = "director") -> Browser:
        made = await client(role)
        made.cookies.set(LOCALE_COOKIE, "zh_CN")
        return made

    return make


async def _held(tenant: TestTenant, clock: MovableClock) -> UUID:
    case_id, member, newcomer = await refer(tenant)
    async with tenant.unit() as uow:
        await join_household(uow, customer_id=member, other_id=newcomer)
    await buy(tenant, newcomer)
    await night(tenant, clock, days=8)
    return case_id


def _root(tenant: TestTenant) -> str:
    return f"/t/{tenant.slug}"


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "orange").save(buffer, "PNG")
    return buffer.getvalue()


async def test_a_manager_sees_why_a_referral_is_held_and_lets_it_pass(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    case_id = await _held(tenant_a, clock)
    browser = await client("team_leader")
    page = (await browser.get(f"{_root(tenant_a)}/decide")).text
    assert "同一家庭" in page
    assert "李新" in page
    one = f"{_root(tenant_a)}/decide/referrals/{case_id}"
    assert "两人属于同一家庭" in (await browser.get(one)).text
    refused = await browser.send_form(f"{one}/approve", {"reason": ""})
    assert refused.status_code == 422
    done = await browser.send_form(f"{one}/approve", {"reason": "合租"})
    assert done.status_code == 303
    page = (await browser.get(one)).text
    assert "合租" in page
    assert "50 元优惠券" in page
    assert "李新" in (await browser.get(f"{_root(tenant_a)}/decide?which=rewarded")).text
    taken = await browser.send_form(f"{one}/reverse", {"reason": "误放行"})
    assert taken.status_code == 303
    assert (await case_of(tenant_a, case_id)).state == "reversed"
    again = await browser.send_form(f"{one}/reject", {"reason": "x"})
    assert again.status_code == 409
    assert "已有决定" in again.text


async def test_a_list_of_referrals_is_exported(client: Client, tenant_a: TestTenant, clock: MovableClock) -> None:
    await _held(tenant_a, clock)
    browser = await client("director")
    answer = await browser.get(f"{_root(tenant_a)}/decide/referrals.csv?which=held")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "R-0001,王小明,李新,待决定" in answer.content.decode("utf-8-sig")
    assert (await browser.get(f"{_root(tenant_a)}/decide/reviews.csv")).status_code == 200
    assert (await browser.get(f"{_root(tenant_a)}/birthdays.csv")).status_code == 200


async def test_empty_lists_say_what_will_stand_there(client: Client, tenant_a: TestTenant) -> None:
    browser = await client("director")
    for path, words in (
        ("/decide", "没有待决定的事项"),
        ("/decide?which=open&after=x", "这里没有推荐"),
        ("/decide/reviews", "没有待处理的评价"),
        ("/decide/reviews?which=approved", "这里没有评价"),
        ("/birthdays", "近期没有生日"),
        ("/birthdays?which=handed", "还没有发放过生日礼"),
        ("/birthdays?code=nothing", "没有这个取货码"),
        ("/birthdays?after=x", "近期没有生日"),
    ):
        assert words in (await browser.get(_root(tenant_a) + path)).text, path


async def test_the_desk_makes_an_invitation_and_writes_down_who_invited(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BOTH_50, REVIEW)
    async with tenant_a.unit() as uow:
        member, newcomer = await add_person(uow, "王小明"), await add_person(uow, "李新")
    browser = await client("front_desk")
    mine, theirs = (f"{_root(tenant_a)}/customers/{one}/thanks" for one in (member, newcomer))
    assert (await browser.send_form(f"{mine}/code", {})).status_code == 303
    page = (await browser.get(mine)).text
    short = re.search(r"<dd>([A-Z0-9]{5})</dd>", page)
    assert short is not None
    refused = await browser.send_form(f"{theirs}/invited", {"code": "???"})
    assert refused.status_code == 422
    assert "没有这个邀请码" in refused.text
    assert (await browser.send_form(f"{theirs}/invited", {"code": short[1].lower()})).status_code == 303
    assert "王小明" in (await browser.get(theirs)).text
    assert (await browser.send_form(f"{theirs}/invited", {"code": short[1]})).status_code == 409
    assert "通过邀请而来" in (await browser.get(f"{_root(tenant_a)}/customers/{newcomer}")).text
    assert (await browser.send_form(f"{mine}/review-link", {})).status_code == 303
    assert "/r/" in (await browser.get(mine)).text


async def test_a_new_customer_is_written_down_with_who_invited_them(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BOTH_50)
    async with tenant_a.unit() as uow:
        code = await give_referral_code(uow, customer_id=await add_person(uow, "王小明"))
    browser = await client("front_desk")
    form: dict[str, object] = {"full_name": "李新", "phone": "13955588888"}
    refused = await browser.send_form(f"{_root(tenant_a)}/customers", form | {"invited_by": "???"})
    assert refused.status_code == 422
    assert "没有这个邀请码" in refused.text
    done = await browser.send_form(f"{_root(tenant_a)}/customers", form | {"invited_by": code.short})
    assert done.status_code == 303
    async with tenant_a.unit() as uow:
        newcomer = (await find_by_phones(uow, ["+8613955588888"]))["+8613955588888"][0]
        assert await find_case_of(uow, newcomer) is not None
    await use_rules(tenant_a)
    form = {"full_name": "周三", "phone": "13955599999", "invited_by": code.short}
    assert "目前邀请没有奖励" in (await browser.send_form(f"{_root(tenant_a)}/customers", form)).text


async def test_a_stranger_sees_a_first_name_and_registers(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BOTH_50)
    async with tenant_a.unit() as uow:
        code = (await give_referral_code(uow, customer_id=await add_person(uow, "王小明"))).code
    browser = await client(None)
    page = (await browser.get(f"/i/{code}")).text
    assert "小明邀请您" in page
    assert "王小明" not in page
    refused = await browser.send_form(f"/i/{code}", {"full_name": "李新", "phone": "12"})
    assert refused.status_code == 422
    assert "请先勾选同意" in refused.text
    refused = await browser.send_form(f"/i/{code}", {"full_name": "李新", "phone": "12", "agreed": "true"})
    assert refused.status_code == 422
    answers = [
        await browser.send_form(f"/i/{code}", {"full_name": "李新", "phone": "13955577777", "agreed": "true"})
        for _ in range(2)
    ]
    assert [(one.status_code, one.headers["location"]) for one in answers] == [(303, f"/i/{code}?done=yes")] * 2
    assert "已为您登记" in (await browser.get(f"/i/{code}?done=yes")).text
    async with tenant_a.unit() as uow:
        newcomer = (await find_by_phones(uow, ["+8613955577777"]))["+8613955577777"][0]
        case_id = await find_case_of(uow, newcomer)
        assert case_id is not None
        assert (await get_case(uow, case_id)).via == "page"


async def test_a_phone_keeps_the_number_that_it_took(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BOTH_50)
    async with tenant_a.unit() as uow:
        code = (await give_referral_code(uow, customer_id=await add_person(uow, "王小明"))).code
    browser = await client(None)
    assert (await browser.send_form(f"/i/{code}/number", {})).status_code == 303
    slips = {_slip(await browser.get(f"/i/{code}")) for _ in range(2)}
    assert (await browser.send_form(f"/i/{code}/number", {})).status_code == 303
    assert slips == {_slip(await browser.get(f"/i/{code}"))}
    other = await client(None)
    assert "said-code" not in (await other.get(f"/i/{code}")).text


def _slip(answer: httpx.Response) -> str:
    found = re.search(r'said-code">([A-Z0-9]{6})<', answer.text)
    assert found is not None
    return found[1]


async def test_an_invitation_without_a_rule_says_that_it_is_over(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a)
    async with tenant_a.unit() as uow:
        code = (await give_referral_code(uow, customer_id=await add_person(uow, "王小明"))).code
    browser = await client(None)
    assert "邀请已结束" in (await browser.get(f"/i/{code}")).text
    form: dict[str, object] = {"full_name": "李新", "phone": "13955577777", "agreed": "true"}
    assert (await browser.send_form(f"/i/{code}", form)).headers["location"] == f"/i/{code}"
    assert (await browser.send_form(f"/i/{code}/number", {})).headers["location"] == f"/i/{code}"
    assert (await browser.get(f"/i/{code[::-1]}x")).status_code == 404


async def test_a_customer_shows_a_review_and_a_colleague_rewards_it(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, REVIEW)
    async with tenant_a.unit() as uow:
        customer = await add_person(uow, "王小明")
        code = (await give_review_link(uow, customer_id=customer)).code
    phone = await client(None)
    assert "请写真实感受" in (await phone.get(f"/r/{code}")).text
    refused = await phone.post(f"/r/{code}", data={"platform": "dianping", "link": "很好"})
    assert refused.status_code == 422
    assert "文字里没有链接" in refused.text
    sent = await phone.post(
        f"/r/{code}",
        data={"platform": "dianping", "link": "http://dpurl.cn/x 来自大众点评", "choice": "0"},
        files={"picture": ("好评.png", _picture(), "image/png")},
    )
    assert sent.headers["location"] == f"/r/{code}?done=yes"
    assert "谢谢" in (await phone.get(f"/r/{code}?done=yes")).text
    async with tenant_a.unit() as uow:
        claim_id = (await list_claims(uow))[0].claim_id
    browser = await client("director")
    assert "王小明" in (await browser.get(f"{_root(tenant_a)}/decide/reviews")).text
    one = f"{_root(tenant_a)}/decide/reviews/{claim_id}"
    page = (await browser.get(one)).text
    assert "好评返现" in page
    picture = re.search(r'src="(/t/[^"]+/files/[^"]+)"', page)
    assert picture is not None
    assert (await browser.get(picture[1].replace("&amp;", "&"))).headers["content-type"] == "image/png"
    assert (await browser.send_form(f"{one}/reject", {"why": ""})).status_code == 422
    assert (await browser.send_form(f"{one}/approve", {"choice": "9"})).status_code == 422
    assert (await browser.send_form(f"{one}/approve", {"choice": "0"})).status_code == 303
    assert (await browser.send_form(f"{one}/reject", {"why": "晚了"})).status_code == 409
    assert "director" in (await browser.get(one)).text
    async with tenant_a.unit() as uow:
        assert len(await list_coupons(uow, customer)) == 1


async def test_a_bill_leads_to_a_review_of_its_visit(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, REVIEW)
    async with tenant_a.unit() as uow:
        customer = await add_person(uow, "王小明")
        visit_id = await open_visit(
            uow, customer_id=customer, subject_id=None, branch_id=tenant_a.signed_up.branch_id, reason="体检"
        )
        code = (await give_link(uow, visit_id=visit_id)).code
    phone = await client(None)
    assert f"/b/{code}/review" in (await phone.get(f"/b/{code}")).text
    answers = [
        await phone.post(
            f"/b/{code}/review",
            data={"platform": platform, "link": "", "choice": "0"},
            files={"picture": ("x.png", _picture(), "image/png")},
        )
        for platform in ("dianping", "meituan")
    ]
    assert [one.status_code for one in answers] == [303, 422]
    assert "已提交过评价" in answers[1].text
    async with tenant_a.unit() as uow:
        assert [one.visit_id for one in await list_claims(uow)] == [visit_id]


async def test_a_picture_that_is_none_is_refused_at_its_field(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, REVIEW)
    async with tenant_a.unit() as uow:
        customer = await add_person(uow, "王小明")
    desk = await client("front_desk")
    page = f"{_root(tenant_a)}/customers/{customer}/thanks"
    refused = await desk.post(
        f"{page}/review",
        data={"_csrf": desk.csrf, "platform": "dianping", "choice": "0"},
        files={"picture": ("x.png", b"%PDF-1.7", "image/png")},
    )
    assert refused.status_code == 422
    assert "JPEG" in refused.text
    async with tenant_a.unit() as uow:
        assert await list_claims(uow) == []


async def test_the_desk_hands_a_birthday_gift_out_by_its_code(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BIRTHDAY)
    async with tenant_a.unit() as uow:
        owner = await add_person(uow, "王小明", pets=(pet("豆豆", date(2020, 11, 23)),))
        await open_gifts(uow)
        gift = (await list_due_gifts(uow))[0]
    browser = await client("front_desk")
    found = (await browser.get(f"{_root(tenant_a)}/birthdays?code={gift.pickup_code.lower()}")).text
    assert "豆豆" in found
    assert "勿致电" in found
    assert gift.pickup_code in (await browser.get(f"{_root(tenant_a)}/customers/{owner}")).text
    one = f"{_root(tenant_a)}/birthdays/{gift.gift_id}"
    assert "生日蛋糕" in (await browser.get(one)).text
    assert (await browser.send_form(f"{one}/hand-over", {})).status_code == 422
    assert (await browser.send_form(f"{one}/hand-over", {"choice": "1"})).status_code == 303
    assert (await browser.send_form(f"{one}/hand-over", {"choice": "1"})).status_code == 409
    assert "零食" in (await browser.get(f"{_root(tenant_a)}/birthdays?which=handed")).text
    assert "领取了生日礼" in (await browser.get(f"{_root(tenant_a)}/customers/{owner}")).text


async def test_birthdays_go_on_from_page_to_page(client: Client, tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BIRTHDAY)
    async with tenant_a.unit() as uow:
        pets = tuple(pet(f"宠{n}", date(2020, 11, 23) + timedelta(days=n % 3)) for n in range(30))
        await add_person(uow, "王小明", pets=pets)
        await open_gifts(uow)
    browser = await client("front_desk")
    first = (await browser.get(f"{_root(tenant_a)}/birthdays")).text
    more = re.search(r'href="([^"]+after=[^"]+)"', first)
    assert more is not None
    second = (await browser.get(more[1])).text
    names = [set(re.findall(r'<tr id="gift-([0-9a-f-]+)"', page)) for page in (first, second)]
    assert (len(names[0]), len(names[1]), names[0] & names[1]) == (25, 5, set())
